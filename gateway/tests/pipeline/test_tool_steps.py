"""What policy says of a call of a tool server and of its answer, and what is written down."""

import asyncio
from typing import Any

import msgspec
import pytest

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.errors import CallerError, Code, GatewayFault, Refused, ToolServerError, Unauthenticated
from gatepost_gateway.domain.mcp import RemoteResult
from gatepost_gateway.domain.records import Closed, Escalated, Outcome, StepKind, Stored, ToolUse
from gatepost_gateway.pipeline.tool_steps import ToolSteps, Use

from .fakes import House, PlainVault, entry, run, snapshot_of
from .test_govern import rego

FIREWALL = RuleSpec(name="no-deletes", kind="agent-firewall", settings={"blocked_tools": ["delete_*"]})
SCRUB = RuleSpec(name="scrub", kind="pii-detector", settings={"action": "redact"})
MAIL = "joe@example.com"


def word(action="block", **more):
    return RuleSpec(name="no-titan", kind="keyword", settings={"terms": ["titan"], "action": action}, **more)


class Desk:
    def __init__(self, *rules: RuleSpec, **more: Any) -> None:
        self.house = House(snapshot_of(entry(), rules=rules, **more))
        self.steps = ToolSteps(self.house.exchange, self.house.stages, PlainVault())
        self.closed: list[Closed] = []
        self.inbound = self.house.inbound({}, trace_id="01a228dd-8e55-768a-9146-18acca1305a6", parent_step_id="round")

    def asked(self, tool="search", arguments='{"q":"x"}', **more):
        return run(self.steps.asked(self.inbound, ("s", 3), Use("docs", tool, "c1", arguments, **more), self.closed))

    def answered(self, text, *, failed=False, tool="search"):
        ready = self.asked()
        use = Use("docs", tool, "c1", "{}")
        return run(self.steps.answered(self.inbound, ("s", 3), use, (ready, RemoteResult(text, failed)), self.closed))

    def use(self, at=-1) -> ToolUse:
        record = self.closed[at]
        box = PlainVault().open_state("tools", record.step_id, record.tools)
        [use] = msgspec.msgpack.decode(box, type=list[ToolUse])
        return use


def test_a_call_is_written_before_it_goes_out():
    desk = Desk()
    ready = desk.asked()
    record = desk.house.record
    assert ready.arguments == {"q": "x"}
    assert (ready.step_id, record.kind, record.outcome) == (record.step_id, StepKind.TOOL_CALL, Outcome.ANSWERED)
    assert (record.session_id, record.turn, record.parent_step_id, record.implicit) == ("s", 3, "round", False)
    assert (record.tool_calls, record.model_asked, record.operation) == (("search",), "mcp:docs", "action")
    assert (record.project, record.key_id, record.cost, record.claims) == ("p", "k1", None, ())


def test_a_project_that_keeps_nothing_is_told_that_a_tool_was_used_and_no_more():
    desk = Desk()
    assert desk.answered("rain") == "rain"
    assert [(desk.use(at).text, desk.use(at).whole, desk.use(at).name) for at in (0, 1)] == [("", False, "search")] * 2
    assert desk.house.record.kind is StepKind.TOOL_RESULT
    assert not [one for one in desk.house.recorder.entries if isinstance(one, Stored)]


def test_a_project_that_keeps_bodies_keeps_these():
    desk = Desk(body_bytes=10_000)
    desk.answered("rain", failed=True)
    assert [(desk.use(at).text, desk.use(at).failed) for at in (0, 1)] == [('{"q":"x"}', False), ("rain", True)]
    stored = [msgspec.json.decode(one.request) for one in desk.house.recorder.entries if isinstance(one, Stored)]
    assert stored[0]["messages"][0]["tool_calls"][0]["function"] == {"name": "search", "arguments": '{"q":"x"}'}
    assert stored[1]["messages"][0]["content"] == "rain"


def test_a_rule_blocks_a_call_by_the_servers_own_name():
    desk = Desk(FIREWALL)
    with pytest.raises(Refused) as caught:
        desk.asked("delete_file")
    record = desk.house.record
    assert (caught.value.rule, caught.value.step_id) == ("no-deletes", record.step_id)
    assert (record.outcome, record.kind, len(desk.closed)) == (Outcome.BLOCKED, StepKind.TOOL_CALL, 1)


@pytest.mark.parametrize("text", ["the titan project", "TITAN"])
def test_a_rule_blocks_a_result(text):
    desk = Desk(word())
    with pytest.raises(Refused):
        desk.answered(text)
    assert [one.outcome for one in desk.closed] == [Outcome.ANSWERED, Outcome.BLOCKED]


def test_what_is_redacted_is_not_sent_and_not_shown():
    desk = Desk(SCRUB)
    ready = desk.asked(arguments=msgspec.json.encode({"to": MAIL, "n": 1}).decode())
    assert (MAIL in str(ready.arguments), ready.arguments["n"]) == (False, 1)
    assert MAIL not in desk.answered(f"write to {MAIL}")


def test_a_rule_that_only_observes_lets_it_through_and_is_written_down():
    desk = Desk(word(mode="observe"))
    desk.asked(arguments='{"q":"titan"}')
    [said] = [one for one in desk.house.record.decisions if one.phase == "request"]
    assert (said.mode, said.effect) == ("observe", "block")


def test_a_call_that_is_escalated_passes_once_it_is_approved():
    desk = Desk(word("escalate"))
    with pytest.raises(Refused) as caught:
        desk.asked(arguments='{"q":"titan"}')
    [waiting] = [one for one in desk.house.recorder.entries if isinstance(one, Escalated)]
    assert (caught.value.code, caught.value.escalation) == (Code.ESCALATION_REQUIRED, waiting.id)
    assert (waiting.model, waiting.step_id) == ("mcp:docs", desk.house.record.step_id)


def test_policies_in_rego_judge_both():
    desk = Desk(rego=(rego('deny contains "no titan" if contains(json.marshal(input.messages), "titan")'),))
    assert desk.asked().arguments == {"q": "x"}
    with pytest.raises(Refused):
        desk.asked(arguments='{"q":"titan"}')
    with pytest.raises(Refused):
        desk.answered("titan")


def test_the_callers_approval_stands_in_the_record():
    desk = Desk()
    desk.asked(approved=True)
    [said] = desk.house.record.decisions
    assert (said.rule, said.kind, said.effect, said.reason) == (
        "require_approval", "approval", "allow", "approved by the caller",
    )  # fmt: skip
    run(desk.steps.denied(desk.inbound, ("s", 3), Use("docs", "search", "c1", "{}", approved=False), desk.closed))
    record = desk.house.record
    assert (record.outcome, record.error, record.decisions[0].effect) == (
        Outcome.REFUSED, "approval_denied", "block",
    )  # fmt: skip


def test_a_server_that_broke_off_and_a_caller_that_left_are_results():
    desk = Desk()
    ready, use = desk.asked(), Use("docs", "search", "c1", "{}")
    error = ToolServerError("docs", "fell silent", code=Code.MCP_TIMEOUT, status=504)
    run(desk.steps.failed(desk.inbound, ("s", 3), use, (ready, error), desk.closed))
    desk.steps.left(desk.inbound, ("s", 3), use, ready, desk.closed)
    said = [(one.kind, one.outcome, one.status, one.error) for one in desk.closed[1:]]
    assert said == [
        (StepKind.TOOL_RESULT, Outcome.FAILED, 504, "mcp_timeout"),
        (StepKind.TOOL_RESULT, Outcome.ABANDONED, 499, None),
    ]
    assert all(desk.use(at).failed for at in (1, 2))


def test_no_record_no_call():
    desk = Desk()
    desk.house.recorder.fail = GatewayFault("the disk is full", status=503)
    with pytest.raises(GatewayFault):
        desk.asked()


def test_a_key_that_was_revoked_meanwhile_calls_no_tool():
    desk = Desk()
    desk.inbound = desk.house.inbound({}, key="gp_none_" + "x" * 20)
    with pytest.raises(Unauthenticated):
        desk.asked()
    assert desk.house.record.outcome is Outcome.REFUSED


def test_a_bug_is_loud_and_written_down(monkeypatch):
    desk = Desk(word())

    def broken(_):
        raise ZeroDivisionError

    monkeypatch.setattr(desk.steps, "_judge", broken)
    with pytest.raises(ZeroDivisionError):
        desk.asked()
    assert (desk.house.record.outcome, desk.house.record.status) == (Outcome.FAILED, 500)


def test_a_caller_that_leaves_while_policy_thinks_is_written_down(monkeypatch):
    desk = Desk()

    async def thinking(_):
        raise asyncio.CancelledError

    monkeypatch.setattr(desk.steps, "_judge", thinking)
    with pytest.raises(asyncio.CancelledError):
        desk.asked()
    assert desk.house.record.outcome is Outcome.ABANDONED


def test_arguments_must_be_an_object():
    desk = Desk()
    assert desk.asked(arguments="").arguments == {}
    with pytest.raises(CallerError) as caught:
        desk.asked(arguments="[]")
    assert caught.value.code is Code.TOOL_CALL_INVALID
