"""Rules that do one thing with all that their detector finds."""

from typing import Any

import pytest

from gatepost_gateway.detect.keywords import keywords
from gatepost_gateway.domain.chain import RuleSpec, Unloadable
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.findings import Finding
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.kinds.kind import Instance, Toolbox
from gatepost_gateway.policy.kinds.texts import EFFECTS, Action, Finder, vote_of
from gatepost_gateway.policy.loading import load_rule
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


KINDS: dict[str, dict[str, Any]] = {
    "dlp-filter": {},
    "entity-list-filter": {"entities": [{"name": "Acme"}]},
    "keyword": {"terms": ["titan"]},
    "pattern": {"patterns": ["TCK-[0-9]{6}"]},
    "pii-detector": {},
    "redactor": {},
    "secret-detector": {},
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_that_redacts_can_put_placeholders_at_the_request_gate(kind: str) -> None:
    said = {**KINDS[kind], "action": "placeholder"}
    rule = load_rule(RuleSpec(name="r", kind=kind, settings=said), Toolbox()).rule
    assert rule.phases == {Phase.REQUEST}
    loaded = load_rule(RuleSpec(name="r", kind=kind, settings=said), Toolbox())
    assert Operation.CHAT in loaded.operations[Phase.REQUEST]
    assert Operation.ACTION not in loaded.operations[Phase.REQUEST]
    with pytest.raises(Unloadable, match="nothing to look at at the response gate"):
        load_rule(RuleSpec(name="r", kind=kind, phases=(Phase.RESPONSE,), settings=said), Toolbox())


def test_only_a_placeholder_is_one() -> None:
    assert [vote_of(action, "why", "code").placeholder for action in Action] == [
        action is Action.PLACEHOLDER for action in Action
    ]


def test_an_attempt_gets_no_placeholder() -> None:
    spec = RuleSpec(name="r", kind="prompt-injection", settings={"response": {"action": "placeholder"}})
    with pytest.raises(Unloadable, match="say `redact`"):
        load_rule(spec, Toolbox())
