"""`tool-validation`."""

from typing import Any

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.policy.rules import Reach, reach_of
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import asking, call, replying, tools

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def code(facts: Facts, **settings: Any) -> str | None:
    return judged(facts, "tool-validation", **settings).code


def test_a_tool_that_the_request_did_not_declare() -> None:
    """A model makes names up; whoever runs them may have such a tool."""
    facts = asking(tools=tools("look"))
    assert code(replying(facts, None, call("look"))) is None
    assert code(replying(asking(tools=tools("look")), None, call("delete"))) == "tool_undeclared"
    assert code(replying(asking(), None, call("look"))) == "tool_undeclared"


def test_a_history_may_hold_tools_that_are_offered_no_more() -> None:
    assert code(asking(messages=[{"role": "assistant", "tool_calls": [call("look")]}])) is None


def test_tools_that_the_rule_declares() -> None:
    assert code(asking(tools=tools("look")), declared_tools=["look"]) is None
    assert code(asking(tools=tools("look", "x")), declared_tools=["look"]) == "tool_undeclared"
    assert code(asking(tools=tools("look")), schemas={"look": SCHEMA}) is None
    history = asking(messages=[{"role": "assistant", "tool_calls": [call("x")]}])
    assert code(history, declared_tools=["look"]) == "tool_undeclared"


def test_arguments_that_do_not_fit() -> None:
    facts = replying(asking(tools=tools("look")), None, call("look", {"n": 1}), call("look", {"n": "one"}))
    ruling = judged(facts, "tool-validation", schemas={"look": SCHEMA})
    assert (ruling.effect, ruling.code) == (Effect.BLOCK, "tool_arguments")
    assert ruling.reason == "the arguments of `look`: they do not fit its schema at `properties/n/type`"
    fits = replying(asking(tools=tools("look")), None, call("look", {"n": 1}))
    assert code(fits, schemas={"look": SCHEMA}) is None


def test_arguments_in_the_history() -> None:
    history = asking(messages=[{"role": "assistant", "tool_calls": [call("look", {})]}])
    assert code(history, schemas={"look": SCHEMA}) == "tool_arguments"


def test_others_may_be_let_through() -> None:
    facts = replying(asking(), None, call("other"))
    assert code(facts, schemas={"look": SCHEMA}, allow_undeclared=True) is None


def test_it_holds_back_calls_and_nothing_else() -> None:
    assert reach_of(load_rule(spec("tool-validation"), Toolbox()).rule) is Reach.TOOL_CALLS


@pytest.mark.parametrize(
    "settings",
    [
        {"semantic_validation": {"enabled": True}},
        {"allow_undeclared": True},
        {"schemas": {"look": {"$ref": "https://example.com"}}},
    ],
)
def test_what_it_cannot_honour_does_not_load(settings: dict[str, Any]) -> None:
    with pytest.raises(Unloadable):
        load_rule(spec("tool-validation", **settings), Toolbox())
