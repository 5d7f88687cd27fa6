"""Rules that do one thing with all that their detector finds."""

from gatepost_gateway.detect.keywords import keywords
from gatepost_gateway.domain.findings import Finding
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.kinds.kind import Instance
from gatepost_gateway.policy.kinds.texts import EFFECTS, Action, Finder
from gatepost_gateway.policy.rules import Label, TextRule, Vote


def test_a_finder_is_a_text_rule() -> None:
    instance = Instance(Label("r", "k"), frozenset(Phase), None)
    vote = Vote(Effect.REDACT)
    rule = Finder(
        instance, keywords("k", "K", ["a"], whole_words=False), vote, lambda finding, found: f"{finding.kind}{found}"
    )
    assert isinstance(rule, TextRule)
    assert rule.weigh(Finding(0, 1, "K", "k")) is vote
    assert rule.replacement(Finding(0, 1, "K", "k"), "a") == "Ka"


def test_every_action_has_an_effect() -> None:
    assert set(EFFECTS) == set(Action)
