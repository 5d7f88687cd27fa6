"""Detectors are shared between instances that want the same."""

from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.policy.kinds import BY_NAME, KINDS
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.policy.rules import TextRule
from tests.policy.kinds.making import spec


def test_equal_detectors_are_made_once() -> None:
    toolbox = Toolbox()
    one, other = (
        load_rule(spec("keyword", terms=["a"], action=action), toolbox).rule for action in ("block", "redact")
    )
    assert isinstance(one, TextRule)
    assert isinstance(other, TextRule)
    assert one.detectors[0] is other.detectors[0]


def test_where_a_rule_stands() -> None:
    loaded = load_rule(spec("keyword", terms=["a"]), Toolbox())
    assert loaded.gates(Operation.CHAT) == frozenset(Phase)
    assert loaded.gates(Operation.EMBED) == {Phase.REQUEST}


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(KINDS)
