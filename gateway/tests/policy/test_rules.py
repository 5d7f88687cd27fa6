from collections.abc import Sequence
from typing import Any

from gatepost_gateway.domain.findings import Finding, Place
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.rules import CallRule, Label, Reach, TextRule, Vote, reach_of

BOTH = frozenset(Phase)


class Found:
    name = "found"

    def __init__(self, span: int | None) -> None:
        self.span = span

    def begin(self) -> "Found":
        self.settled = 0
        return self

    def feed(self, text: str, base: int, ended: bool) -> Sequence[Finding]:
        return []


class Texts:
    label = Label("texts", "keyword")
    places: frozenset[Place] = frozenset()

    def __init__(self, phases: frozenset[Phase], *spans: int | None) -> None:
        self.phases = phases
        self.detectors: Any = tuple(Found(span) for span in spans)

    def weigh(self, finding: Finding) -> Vote:
        return Vote(Effect.BLOCK)

    def replacement(self, finding: Finding, found: str) -> str:
        return ""


class Tools:
    label = Label("tools", "agent-firewall")
    phases = BOTH
    reach = Reach.TOOL_CALLS

    def judge(self, facts: Facts) -> Vote | None:
        return None


def test_a_text_rule_reaches_as_far_as_its_widest_detector():
    assert reach_of(Texts(BOTH, 10, 300)) is Reach.SPAN
    assert reach_of(Texts(BOTH, 10, None)) is Reach.WHOLE


def test_a_rule_of_the_request_gate_holds_no_stream_back():
    assert reach_of(Texts(frozenset({Phase.REQUEST}), None)) is Reach.NOTHING


def test_a_rule_of_calls_says_its_reach_itself():
    assert reach_of(Tools()) is Reach.TOOL_CALLS


def test_the_two_sorts_are_told_apart():
    assert isinstance(Tools(), CallRule)
    assert not isinstance(Tools(), TextRule)
    assert isinstance(Texts(BOTH), TextRule)
