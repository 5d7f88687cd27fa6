"""`keyword`."""

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import answered, facts_of


def test_a_term_blocks_in_either_gate_and_either_case() -> None:
    for facts in (facts_of("Project TITAN is late"), answered("Project TITAN is late")):
        ruling = judged(facts, "keyword", terms=["project titan"])
        assert (ruling.effect, ruling.code) == (Effect.BLOCK, "keyword")
        assert "titan" not in (ruling.reason or "").lower()


def test_whole_words_only_where_asked() -> None:
    assert judged(facts_of("titanic"), "keyword", terms=["titan"]).effect is Effect.BLOCK
    assert judged(facts_of("titanic"), "keyword", terms=["titan"], match="whole_word").effect is Effect.ALLOW
    assert judged(facts_of("my titan."), "keyword", terms=["titan"], match="whole_word").effect is Effect.BLOCK


@pytest.mark.parametrize(
    ("action", "effect"), [("block", "block"), ("redact", "redact"), ("escalate", "escalate"), ("alert", "allow")]
)
def test_each_action(action: str, effect: str) -> None:
    ruling = judged(facts_of("a titan b"), "keyword", terms=["titan"], action=action, replacement="-", message="no")
    assert ruling.effect == effect
    assert ruling.decisions[0].found == 1
    assert list(ruling.changes.values()) == (["a - b"] if action == "redact" else [])


def test_only_in_the_places_that_it_names() -> None:
    assert judged(facts_of("titan"), "keyword", terms=["titan"], places=["system"]).effect is Effect.ALLOW


@pytest.mark.parametrize(("terms", "path"), [([], ("terms",)), (["a", " "], ("terms", 1))])
def test_what_finds_nothing_or_everything_does_not_load(terms: list[str], path: tuple[object, ...]) -> None:
    with pytest.raises(Unloadable) as caught:
        load_rule(spec("keyword", terms=terms), Toolbox())
    assert caught.value.path == path
