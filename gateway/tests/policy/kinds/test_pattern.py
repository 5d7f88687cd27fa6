"""`pattern`."""

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.policy.rules import Reach, reach_of
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import answered, facts_of


def test_a_pattern_is_replaced_in_either_gate() -> None:
    for facts in (facts_of("case AB-123 é"), answered("case AB-123 é")):
        ruling = judged(facts, "pattern", patterns=[r"[A-Z]{2}-\d{3}"], action="redact", replacement="[CASE]")
        assert list(ruling.changes.values()) == ["case [CASE] é"]


def test_a_pattern_blocks_by_itself() -> None:
    assert judged(facts_of("AB-123"), "pattern", patterns=[r"zzz", r"\d{3}"]).effect is Effect.BLOCK


@pytest.mark.parametrize("source", ["(", r"a*", r"(?=x)y"])
def test_a_pattern_that_cannot_be_used_says_which(source: str) -> None:
    with pytest.raises(Unloadable) as caught:
        load_rule(spec("pattern", patterns=["fine", source]), Toolbox())
    assert caught.value.path == ("patterns", 1)


def test_without_a_bound_it_needs_the_whole_answer() -> None:
    assert reach_of(load_rule(spec("pattern", patterns=["a+"]), Toolbox()).rule) is Reach.WHOLE
    assert reach_of(load_rule(spec("pattern", patterns=["a{1,9}"]), Toolbox()).rule) is Reach.SPAN


def test_an_empty_list_does_not_load() -> None:
    with pytest.raises(Unloadable):
        load_rule(spec("pattern", patterns=[]), Toolbox())
