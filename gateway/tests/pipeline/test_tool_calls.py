"""The calls that one turn of a model asks for, side by side."""

import asyncio

import pytest

from gatepost_gateway.domain.errors import Code, Refused, ToolServerError
from gatepost_gateway.domain.mcp import McpLimits, RemoteResult
from gatepost_gateway.domain.records import Outcome, StepKind

from .fakes import run
from .test_rounds import ANSWERED, Desk, asks, done
from .tool_house import FakeServers

CALL, RESULT = StepKind.TOOL_CALL, StepKind.TOOL_RESULT
SERVER = {"type": "mcp", "server_label": "docs", "server_url": "https://tools.test/mcp"}
NAMES = ("a", "b", "c")


class Slow:
    """A server whose calls end when a test says so: `ends[name]`."""

    def __init__(self, desk, *names):
        self.under_way = set()
        self.most = 0
        self.ends = {name: asyncio.get_running_loop().create_future() for name in names}
        desk.servers.answers.update({name: self._answer(name) for name in names})

    def _answer(self, name):
        async def answer():
            self.under_way.add(name)
            self.most = max(self.most, len(self.under_way))
            try:
                said = await self.ends[name]
            finally:
                self.under_way.discard(name)
            if isinstance(said, Exception):
                raise said
            return said

        return answer

    async def reach(self, task, *names):
        while self.under_way != set(names):
            assert not task.done(), task.result()
            await asyncio.sleep(0)


def desk_of(*answers, **more):
    return Desk(*answers, servers=FakeServers(docs=list(NAMES)), **more)


def going(desk):
    return asyncio.ensure_future(desk.go(input="hi", model="m", tools=[SERVER]))


def told(desk):
    return [(one["tool_call_id"], one["content"]) for one in desk.sent()["messages"] if one["role"] == "tool"]


def names(desk, kind):
    return [one.tool_calls[0] for one in desk.house.recorder.closed if one.kind is kind]


def test_they_run_side_by_side_and_everything_else_keeps_their_order():
    desk = desk_of(asks(*NAMES), done())

    async def main():
        slow = Slow(desk, *NAMES)
        task = going(desk)
        await slow.reach(task, *NAMES)
        for name in ("c", "a", "b"):
            slow.ends[name].set_result(RemoteResult(f"{name} is slow"))
            await asyncio.sleep(0.02)
        await task

    run(main())
    assert told(desk) == [("c0", "a is slow"), ("c1", "b is slow"), ("c2", "c is slow")]
    assert names(desk, CALL) == names(desk, RESULT) == list(NAMES)
    kinds = [kind for kind, _ in desk.story]
    assert kinds == [StepKind.RUN, CALL, CALL, CALL, RESULT, RESULT, RESULT, StepKind.RUN]
    closed = desk.house.recorder.closed
    assert [one.parent_step_id for one in closed[4:7]] == [one.step_id for one in closed[1:4]]
    # The fastest is heard last, and its record says how fast it was.
    assert closed[6].micros + 15_000 < closed[4].micros


@pytest.mark.parametrize(("at_once", "first"), [(1, {"a"}), (2, {"a", "b"})])
def test_only_so_many_run_at_once(at_once, first):
    desk = desk_of(asks(*NAMES), done(), limits=McpLimits(at_once=at_once))

    async def main():
        slow = Slow(desk, *NAMES)
        task = going(desk)
        await slow.reach(task, *first)
        for name in NAMES:
            slow.ends[name].set_result(RemoteResult(name))
        await task
        assert slow.most == at_once

    run(main())
    assert [text for _, text in told(desk)] == list(NAMES)


def test_what_went_out_before_a_refused_call_is_waited_for_and_what_is_behind_it_stays():
    desk = desk_of(asks(*NAMES))
    asked = desk.executions._seams.steps.asked

    async def refusing(inbound, session, use, closed):
        if use.tool == "b":
            raise Refused("no", code=Code.INPUT_BLOCKED, rule="none-of-b")
        return await asked(inbound, session, use, closed)

    desk.executions._seams.steps.asked = refusing

    async def main():
        slow = Slow(desk, *NAMES)
        task = going(desk)
        await slow.reach(task, "a")
        slow.ends["a"].set_result(RemoteResult("late"))
        with pytest.raises(Refused, match="no"):
            await task

    run(main())
    assert [name for _, name, _ in desk.servers.asked] == ["a"]
    assert desk.story == [ANSWERED, (CALL, Outcome.ANSWERED), (RESULT, Outcome.ANSWERED)]
    assert desk.servers.open_sessions == 0


def test_one_that_fails_does_not_hide_what_the_others_did():
    desk = desk_of(asks(*NAMES), done())

    async def main():
        slow = Slow(desk, *NAMES)
        task = going(desk)
        await slow.reach(task, *NAMES)
        slow.ends["b"].set_result(ToolServerError("docs", "took too long", code=Code.MCP_TIMEOUT, status=504))
        slow.ends["c"].set_result(ToolServerError("docs", "closed", code=Code.MCP_UNREACHABLE))
        slow.ends["a"].set_result(RemoteResult("fine"))
        with pytest.raises(ToolServerError) as caught:
            await task
        assert (caught.value.code, caught.value.again) == (Code.MCP_TIMEOUT, False)

    run(main())
    assert [outcome for kind, outcome in desk.story if kind is RESULT] == [
        Outcome.ANSWERED, Outcome.FAILED, Outcome.FAILED,
    ]  # fmt: skip
    assert desk.house.ledger.open_holds() == 0


def test_a_caller_that_leaves_ends_all_of_them_and_each_is_written_down():
    desk = desk_of(asks(*NAMES))

    async def main():
        slow = Slow(desk, *NAMES)
        task = going(desk)
        await slow.reach(task, *NAMES)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert slow.under_way == set()

    run(main())
    assert [outcome for kind, outcome in desk.story if kind is RESULT] == [Outcome.ABANDONED] * 3
    assert names(desk, RESULT) == list(NAMES)
    assert (desk.servers.open_sessions, desk.house.ledger.open_holds()) == (0, 0)


def test_calls_that_were_approved_open_their_server_once():
    desk = desk_of(asks(*NAMES), done())
    first = desk.run(mcp={"require_approval": "always"})
    opened = len(desk.servers.opened)
    desk.run(
        parent_step_id=first.record.step_id,
        approvals=[{"id": f"c{number}", "approve": number != 1} for number in range(3)],
    )
    assert len(desk.servers.opened) == opened + 1
    assert told(desk) == [("c0", "a is done"), ("c1", "error: the call was not approved"), ("c2", "c is done")]
    assert [outcome for kind, outcome in desk.story if kind is CALL] == [
        Outcome.ANSWERED, Outcome.REFUSED, Outcome.ANSWERED,
    ]  # fmt: skip
