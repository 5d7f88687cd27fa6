"""Findings that are sure enough."""

import pytest
from msgspec import structs

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Finding
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.kinds.kind import Instance
from gatepost_gateway.policy.kinds.weighed import Weighed, check_kinds, check_style, check_threshold
from gatepost_gateway.policy.redaction_styles import RedactionStyle
from gatepost_gateway.policy.rules import Label, Vote

VOTE = Vote(Effect.REDACT, "found", "x")


def test_what_is_not_sure_enough_stands() -> None:
    rule = Weighed(Instance(Label("r", "k"), frozenset(Phase), None), (), VOTE, 0.7)
    assert rule.weigh(Finding(0, 1, "A", "d", 0.7)) == structs.replace(VOTE, threshold=0.7)
    assert rule.weigh(Finding(0, 1, "A", "d", 0.6)).effect is Effect.ALLOW
    assert rule.replacement(Finding(0, 1, "A", "d"), "a") == "[A]"
    assert rule.standing((), lambda _, __: "!").replacement(Finding(0, 1, "A", "d"), "a") == "!"


@pytest.mark.parametrize("threshold", [0, -1, 1.1])
def test_a_threshold_that_means_nothing(threshold: float) -> None:
    with pytest.raises(Unloadable):
        check_threshold(threshold)


def test_kinds_are_those_that_are_known() -> None:
    assert check_kinds("kinds", (), ("A", "B")) == {"A", "B"}
    assert check_kinds("kinds", ("A",), ("A", "B")) == {"A"}
    with pytest.raises(Unloadable) as caught:
        check_kinds("kinds", ("A", "C"), ("A", "B"))
    assert caught.value.path == ("kinds", 1)


def test_a_style_that_is_not_done() -> None:
    check_style(RedactionStyle(custom_markers={"A": "x"}), ("A",))
    for style in (RedactionStyle(include_metadata=False), RedactionStyle(custom_markers={"B": "x"})):
        with pytest.raises(Unloadable):
            check_style(style, ("A",))
