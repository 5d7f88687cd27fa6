"""Rounds of an execution over scripted tool servers."""

import asyncio

import msgspec
import pytest

from gatepost_gateway.domain.errors import CallerError, Code, LimitExceeded, ToolServerError, UpstreamError
from gatepost_gateway.domain.mcp import McpLimits, RemoteResult
from gatepost_gateway.domain.records import Outcome, StepKind
from gatepost_gateway.pipeline.executions import Execution, inbound_of
from gatepost_gateway.pipeline.traces import Traces

from .fakes import Answer, House, KeptArchive, ScriptedTransport, completion, daily, entry, run, snapshot_of
from .test_executions import ME, call, calls
from .tool_house import FakeServers, executions_of, tool

OWN = {"type": "function", "function": {"name": "weather", "parameters": {}}}


def asks(*wanted):
    """An answer that asks for tools, each a name or (id, name, arguments)."""
    listed = []
    for number, one in enumerate(wanted):
        id, name, arguments = one if isinstance(one, tuple) else (f"c{number}", one, "{}")
        listed.append({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
    return calls(*listed)


def done(text="done"):
    return Answer(200, [completion(text)])


class Desk:
    """Executions over scripted servers, with one open trace."""

    def __init__(self, *answers, servers=None, limits=None, **more):
        more.setdefault("budgets", (daily(10**9),))
        self.house = House(snapshot_of(entry(), **more), ScriptedTransport(*answers))
        self.servers = servers or FakeServers(docs=["search", "delete"])
        self.limits = limits
        self.traces = Traces(self.house.recorder, self.house.archive, self.house.clock)
        self.executions = self.another()
        self.trace = run(self.traces.create(ME, {}, None))[0]

    def another(self):
        archive = KeptArchive(self.house.recorder)
        return executions_of(self.house, self.traces, archive, self.servers, self.limits)

    async def go(self, executions=None, **said):
        asked = msgspec.convert({"trace_id": self.trace, **said}, Execution)
        inbound = inbound_of("native", {}, "req-1", self.house.inbound({}).presented)
        return await (executions or self.executions).run(asked, self.house.snapshot.projects["p"], inbound)

    def run(self, executions=None, *, named="docs", tools=(), **said):
        server = {"type": "mcp", "server_label": named, "server_url": "https://tools.test/mcp", **said.pop("mcp", {})}
        if "parent_step_id" not in said:
            said = {"input": "hi", "model": "m", "tools": [server, *tools], **said}
        return run(self.go(executions, **said))

    def fails(self, kind, executions=None, **said):
        with pytest.raises(kind) as caught:
            self.run(executions, **said)
        assert self.servers.open_sessions == 0
        assert self.house.ledger.open_holds() == 0
        assert run(self.traces.find(self.trace, "p")).running == 0
        return caught.value

    def sent(self, at=-1):
        return msgspec.json.decode(self.house.transport.asked[at].body)

    @property
    def story(self):
        return [(one.kind, one.outcome) for one in self.house.recorder.closed]


CALLED = [(StepKind.TOOL_CALL, Outcome.ANSWERED), (StepKind.TOOL_RESULT, Outcome.ANSWERED)]
ANSWERED = (StepKind.RUN, Outcome.ANSWERED)


def test_tools_are_called_and_their_answers_go_back():
    desk = Desk(asks(("c1", "search", '{"q":1}')), done())
    made = desk.run()
    assert (made.message["content"], len(made.rounds), made.attempts, made.pending) == ("done", 2, 2, False)
    assert desk.servers.asked == [("docs", "search", {"q": 1})]
    assert desk.story == [ANSWERED, *CALLED, ANSWERED]
    assert desk.sent(0)["messages"] == [{"role": "user", "content": "hi"}]
    assert [one["function"]["name"] for one in desk.sent(0)["tools"]] == ["search", "delete"]
    assert desk.sent()["messages"][1:] == [
        {"role": "assistant", "content": None, "tool_calls": [call("c1", "search") | {
            "function": {"name": "search", "arguments": '{"q":1}'}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "search is done"},
    ]  # fmt: skip
    first, asked, answered, last = desk.house.recorder.closed
    assert asked.parent_step_id == first.step_id == last.parent_step_id
    assert answered.parent_step_id == asked.step_id
    assert {one.session_id for one in (first, asked, answered, last)} == {first.session_id}
    assert run(desk.traces.complete(desk.trace, "p")).cost == first.cost + last.cost
    assert [one.held > 0 for one in (first, asked, answered, last)] == [True, False, False, True]
    assert desk.servers.open_sessions == 0


def test_several_calls_of_a_round_are_made_in_order():
    desk = Desk(asks("search", "delete", "search"), done())
    desk.run()
    assert [name for _, name, _ in desk.servers.asked] == ["search", "delete", "search"]
    assert [one["tool_call_id"] for one in desk.sent()["messages"] if one["role"] == "tool"] == ["c0", "c1", "c2"]


def test_a_failure_that_the_server_tells_goes_to_the_model():
    desk = Desk(asks("search"), done())
    desk.servers.answers["search"] = RemoteResult("out of paper", failed=True)
    assert desk.run().message["content"] == "done"
    assert desk.sent()["messages"][-1]["content"] == "error: out of paper"


@pytest.mark.parametrize("arguments", ["not JSON", "[1]", '"x"', "[" * 5000])
def test_arguments_that_are_no_object_are_told_to_the_model(arguments):
    desk = Desk(asks(("c1", "search", arguments)), done())
    assert desk.run().message["content"] == "done"
    assert "not a JSON object" in desk.sent()["messages"][-1]["content"]
    assert (desk.servers.asked, desk.story[1]) == ([], (StepKind.TOOL_CALL, Outcome.REFUSED))


def test_a_name_that_nobody_offered_is_told_to_the_model():
    desk = Desk(asks("nonsense"), done())
    assert desk.run().message["content"] == "done"
    assert desk.sent()["messages"][-1]["content"] == "error: there is no tool of this name"


def test_the_callers_own_tools_end_the_rounds_and_keep_what_was_answered():
    desk = Desk(asks("weather", "search"), done())
    first = desk.run(tools=[OWN])
    assert ([one["id"] for one in first.calls], first.waiting, first.pending) == (["c0"], (), True)
    assert [name for _, name, _ in desk.servers.asked] == ["search"]
    desk.run(desk.another(), parent_step_id=first.record.step_id, tool_results=[{"tool_call_id": "c0", "content": "x"}])
    assert {one["tool_call_id"]: one["content"] for one in desk.sent()["messages"][2:]} == {
        "c0": "x", "c1": "search is done",
    }  # fmt: skip
    assert len(desk.servers.opened) == 1  # the second execution needed no server


APPROVE = {"require_approval": "always"}


def test_a_call_waits_for_its_approval_in_any_process():
    desk = Desk(asks("search", "delete"), done())
    first = desk.run(mcp=APPROVE)
    assert [(one.id, one.server, one.tool) for one in first.waiting] == [
        ("c0", "docs", "search"),
        ("c1", "docs", "delete"),
    ]
    assert desk.servers.asked == []
    said = [{"id": "c0", "approve": True}, {"id": "c1", "approve": False, "reason": "no"}]
    made = desk.run(desk.another(), parent_step_id=first.record.step_id, approvals=said)
    assert made.message["content"] == "done"
    assert [name for _, name, _ in desk.servers.asked] == ["search"]
    assert desk.sent()["messages"][-1]["content"] == "error: the call was not approved: no"
    words = [(one.effect, one.reason) for step in desk.house.recorder.closed for one in step.decisions]
    assert words == [("allow", "approved by the caller"), ("block", "denied by the caller")]
    assert desk.house.recorder.closed[1].session_id == first.record.session_id


@pytest.mark.parametrize(
    "said",
    [
        {"approvals": []},
        {"approvals": [{"id": "c0", "approve": True}, {"id": "c0", "approve": True}]},
        {"approvals": [{"id": "c0", "approve": True}, {"id": "c9", "approve": True}]},
        {"approvals": [{"id": "c0", "approve": True}], "tool_results": [{"tool_call_id": "c0"}]},
        {"tool_results": [{"tool_call_id": "c0"}]},
    ],
)
def test_approvals_answer_each_call_once(said):
    desk = Desk(asks("search"))
    first = desk.run(mcp=APPROVE)
    error = desk.fails(CallerError, parent_step_id=first.record.step_id, **said)
    assert (error.status, "each call" in error.public, desk.servers.asked) == (422, True, [])


def test_an_approval_is_good_for_one_execution():
    desk = Desk(asks("search"), done(), done())
    first = desk.run(mcp=APPROVE)
    said = {"parent_step_id": first.record.step_id, "approvals": [{"id": "c0", "approve": True}]}
    desk.run(**said)
    for executions in (None, desk.another()):
        assert desk.fails(CallerError, executions, **said).code is Code.STEP_NOT_FOUND
    assert len(desk.servers.asked) == 1


def test_two_that_approve_at_once_make_one_call():
    desk = Desk(asks("search"), done(), done())
    first = desk.run(mcp=APPROVE)
    said = {"parent_step_id": first.record.step_id, "approvals": [{"id": "c0", "approve": True}]}

    async def twice():
        return await asyncio.gather(desk.go(**said), desk.go(**said), return_exceptions=True)

    results = run(twice())
    assert sorted(isinstance(one, CallerError) for one in results) == [False, True]
    assert len(desk.servers.asked) == 1


def test_a_tool_that_changed_since_it_was_offered_is_not_called():
    desk = Desk(asks("search"), done())
    first = desk.run(mcp=APPROVE)
    desk.servers.tools["docs"] = [tool("search", "Now it does something else.")]
    error = desk.fails(ToolServerError, parent_step_id=first.record.step_id, approvals=[{"id": "c0", "approve": True}])
    assert "any more as it did" in error.public
    assert desk.servers.asked == []


def test_a_server_that_breaks_off_fails_the_execution_and_it_is_not_repeated():
    desk = Desk(asks("search"))
    desk.servers.answers["search"] = ToolServerError("docs", "took too long", code=Code.MCP_TIMEOUT, status=504)
    error = desk.fails(ToolServerError)
    assert (error.status, error.again) == (504, False)
    result = desk.house.recorder.closed[-1]
    assert (result.kind, result.outcome, result.error, result.status) == (
        StepKind.TOOL_RESULT, Outcome.FAILED, "mcp_timeout", 504,
    )  # fmt: skip


def test_a_server_that_is_not_there_costs_nothing():
    desk = Desk()
    error = desk.fails(ToolServerError, named="gone")
    assert (error.code, error.again, desk.story) == (Code.MCP_UNREACHABLE, True, [])


def test_a_model_that_fails_in_a_later_round_is_not_asked_again_by_a_client():
    desk = Desk(asks("search"), Answer(400, [b'{"error":{"message":"no"}}']))
    assert desk.fails(UpstreamError).again is False
    first = Desk(Answer(400, [b'{"error":{"message":"no"}}']))
    assert first.fails(UpstreamError).again is True


def test_rounds_and_calls_are_bounded():
    desk = Desk(*[asks("search") for _ in range(9)], limits=McpLimits(rounds=3))
    error = desk.fails(CallerError)
    assert (error.code, error.status, len(desk.house.transport.asked)) == (Code.TOOL_ROUNDS_EXCEEDED, 422, 3)
    desk = Desk(asks(*["search"] * 5), limits=McpLimits(calls=2))
    assert desk.fails(CallerError).code is Code.TOOL_ROUNDS_EXCEEDED
    assert len(desk.servers.asked) == 2


def test_results_and_time_are_bounded():
    desk = Desk(asks("search", "search"), limits=McpLimits(result_bytes=20))
    error = desk.fails(ToolServerError)
    assert (error.code, len(desk.servers.asked)) == (Code.MCP_TOO_LARGE, 2)
    desk = Desk(asks("search"), limits=McpLimits(total=0))
    assert (desk.fails(ToolServerError).code, desk.servers.asked) == (Code.MCP_TIMEOUT, [])


def test_a_budget_stops_a_later_round():
    desk = Desk(*[asks("search") for _ in range(20)], budgets=(daily(2_500_000),))
    error = desk.fails(LimitExceeded)
    assert (error.code, error.again) == (Code.BUDGET_EXCEEDED, False)
    rounds = [one for one in desk.house.recorder.closed if one.kind is StepKind.RUN]
    assert 1 < len(rounds) < 16
    assert sum(one.cost or 0 for one in rounds) <= 2_500_000


def test_a_caller_that_leaves_is_written_down_and_ends_everything():
    desk = Desk(asks("search"))

    async def main():
        asked = asyncio.Event()

        async def hang():
            asked.set()
            await asyncio.get_running_loop().create_future()

        desk.servers.answers["search"] = hang
        server = {"type": "mcp", "server_label": "docs", "server_url": "https://tools.test/mcp"}
        task = asyncio.ensure_future(desk.go(input="hi", model="m", tools=[server]))
        await asked.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    run(main())
    assert desk.story[-1] == (StepKind.TOOL_RESULT, Outcome.ABANDONED)
    assert (desk.servers.open_sessions, desk.house.ledger.open_holds()) == (0, 0)
    assert run(desk.traces.find(desk.trace, "p")).running == 0


def test_without_servers_nothing_is_opened():
    desk = Desk(done())
    assert run(desk.go(input="hi", model="m", tools=[OWN])).rounds == (desk.house.record,)
    assert desk.servers.opened == []
