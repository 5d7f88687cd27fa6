"""`agent-firewall`."""

import json
from typing import Any

import pytest

from gatepost_gateway.dialects.leaves import open_answer
from gatepost_gateway.domain.chain import RuleSpec, Unloadable
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.facts import Facts, Said
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.policy.rules import Reach, reach_of
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import asking, facts_of, tools

CALL = {"id": "c", "type": "function", "function": {"name": "Delete_User", "arguments": "{}"}}


def declaring(*names: str) -> Facts:
    tools = [{"type": "function", "function": {"name": name}} for name in names]
    return facts_of({"model": "m", "messages": [], "tools": tools})


def answering(call: dict[str, Any]) -> Facts:
    facts = facts_of("hello")
    body = json.dumps({"choices": [{"message": {"role": "assistant", "tool_calls": [call]}}]}).encode()
    facts.answered(Said(body), lambda: open_answer(body))
    return facts


def test_a_declared_tool_that_is_blocked() -> None:
    ruling = judged(declaring("look", "delete_user"), "agent-firewall", blocked_tools=["delete_*"])
    assert (ruling.effect, ruling.code) == (Effect.BLOCK, "blocked_tool")
    assert judged(declaring("look"), "agent-firewall", blocked_tools=["delete_*"]).effect is Effect.ALLOW


def test_only_what_is_allowed() -> None:
    assert judged(declaring("look"), "agent-firewall", allowed_tools=["look"]).effect is Effect.ALLOW
    assert judged(declaring("look", "pay"), "agent-firewall", allowed_tools=["look"]).code == "tool_not_allowed"
    assert judged(declaring("Look"), "agent-firewall", allowed_tools=["look"]).effect is Effect.BLOCK


def test_a_call_in_the_history() -> None:
    facts = facts_of({"model": "m", "messages": [{"role": "assistant", "tool_calls": [CALL]}]})
    assert judged(facts, "agent-firewall", blocked_tools=["delete_*"]).effect is Effect.BLOCK


def test_a_call_that_the_model_asks_for_whatever_its_case() -> None:
    ruling = judged(answering(CALL), "agent-firewall", blocked_tools=["delete_*"], action="escalate")
    assert (ruling.effect, ruling.reason) == (Effect.ESCALATE, "the tool `Delete_User` is not allowed here")


def test_it_holds_back_calls_and_nothing_else() -> None:
    loaded = load_rule(spec("agent-firewall", blocked_tools=["x"]), Toolbox())
    assert reach_of(loaded.rule) is Reach.TOOL_CALLS


def test_without_any_tool_it_does_not_load() -> None:
    with pytest.raises(Unloadable):
        load_rule(spec("agent-firewall"), Toolbox())


ROLES = {"roles": {"analyst": {"allowed": ["read_*"], "denied": ["read_payroll"]}, "operator": {}}}


@pytest.mark.parametrize(
    ("role", "tool", "effect"),
    [
        ("analyst", "read_file", Effect.ALLOW),
        ("analyst", "read_payroll", Effect.BLOCK),
        ("analyst", "deploy", Effect.BLOCK),
        ("operator", "deploy", Effect.ALLOW),
        ("other", "read_file", Effect.BLOCK),
    ],
)
def test_tools_by_role(role: str, tool: str, effect: Effect) -> None:
    facts = asking({"X-User-Role": role}, tools=tools(tool))
    assert judged(facts, "agent-firewall", tools=ROLES).effect is effect


def test_limits_need_the_gate_of_answers() -> None:
    said = RuleSpec(name="r", kind="agent-firewall", phases=(Phase.REQUEST,), settings={"max_actions_per_session": 1})
    with pytest.raises(Unloadable, match="response gate"):
        load_rule(said, Toolbox())
