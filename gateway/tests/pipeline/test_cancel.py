"""A caller may leave at any await: whatever the moment, the hold closes, one record is kept, nothing stays open."""

import asyncio
import gc
import types
from collections import Counter

import msgspec
import pytest

from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.domain.records import Closed, Outcome
from gatepost_gateway.domain.snapshot import Retries

from .fakes import (
    Answer,
    House,
    KeptRecorder,
    Outlet,
    ScriptedTransport,
    chat,
    completion,
    daily,
    entry,
    events,
    snapshot_of,
)

LIMIT = 10**9


@types.coroutine
def pause():
    """One suspension, as any await of a busy system may be."""
    yield


class CancelAt:
    """Runs a coroutine inside the current task and cancels that task at its `at`-th suspension, counted from 1."""

    def __init__(self, coroutine, at):
        self.coroutine, self.at, self.count = coroutine, at, 0

    def __await__(self):
        inner = self.coroutine.__await__()
        step, value = inner.send, None
        while True:
            try:
                waits = step(value)
            except StopIteration as end:
                return end.value
            self.count += 1
            if self.count == self.at:
                asyncio.current_task().cancel()
            try:
                step, value = inner.send, (yield waits)
            except BaseException as thrown:
                step, value = inner.throw, thrown


class SlowRecorder(KeptRecorder):
    async def durable(self):
        await pause()
        await super().durable()
        await pause()


class SlowAnswer(Answer):
    async def read(self):
        await pause()
        piece = await super().read()
        await pause()
        return piece


class SlowTransport(ScriptedTransport):
    async def open(self, request, timeouts, provider):
        await pause()
        return await super().open(request, timeouts, provider)


class SlowOutlet(Outlet):
    async def whole(self, status, headers, body):
        await pause()
        await super().whole(status, headers, body)
        await pause()

    async def begin(self, headers):
        await pause()
        await super().begin(headers)

    def push(self, batch):
        super().push(batch)
        return False

    async def drain(self):
        await pause()
        await super().drain()

    async def end(self, batch):
        await pause()
        await super().end(batch)
        await pause()


class SlowLedger:
    """The ledger behind a network: its answer takes a moment after the hold is made."""

    def __init__(self, ledger):
        self.ledger = ledger

    async def reserve(self, hold_id, claims):
        await pause()
        granted = await self.ledger.reserve(hold_id, claims)
        await pause()
        return granted

    def settle(self, hold, amount):
        self.ledger.settle(hold, amount)

    def used(self, account):
        return self.ledger.used(account)


class SlowHouse(House):
    """The house with a suspension before and after everything that may wait."""

    def __init__(self, snapshot, *answers):
        super().__init__(snapshot, SlowTransport(*answers))
        self.recorder = SlowRecorder()

        async def sleep(seconds):
            await pause()
            self.sleeps.append(seconds)

        stages = self.exchange._stages
        stages.dispatcher._sleep = sleep
        stages.journal._recorder = self.recorder
        self.exchange._stages = msgspec.structs.replace(stages, ledger=SlowLedger(self.ledger))


def refusal(status, *headers):
    return lambda: SlowAnswer(status, [b'{"error":{"message":"no"}}'], list(headers))


def plain():
    return SlowAnswer(200, [completion()[:20], completion()[20:]])


def stream(*words, done=True, usage=True):
    return SlowAnswer(200, events(*words, done=done, usage=usage))


BACKUP = entry("b", base_url="http://other.test/v1")
CASES = {
    "plain": (chat(), lambda: [plain()]),
    "streamed": (chat(stream=True), lambda: [stream("one", "two", "three")]),
    "streamed without usage": (chat(stream=True), lambda: [stream("one", "two", usage=False)]),
    "retried": (chat(), lambda: [refusal(429)(), refusal(503)(), plain()]),
    "fallen back": (chat(stream=True), lambda: [refusal(500)(), refusal(500)(), stream("x")]),
    "refused": (chat(), lambda: [refusal(400)()]),
    "cut": (chat(stream=True), lambda: [stream("one", "two", done=False, usage=False)]),
    "cut before content": (chat(stream=True), lambda: [stream(done=False, usage=False) for _ in range(4)]),
    "over its cap": (chat(stream=True, max_tokens=2), lambda: [stream(*"abcdefgh")]),
    "no model": (chat(model="nothing"), list),
    "too dear": (chat(max_tokens=90, text="x" * 10**6), list),
}


@pytest.fixture(autouse=True, scope="module")
def small_heap():
    """What is there already is not looked at again: each attempt collects what it left behind, and a heap is large."""
    gc.collect()
    gc.freeze()


def house_of(name):
    _, answers = CASES[name]
    snapshot = snapshot_of(
        entry(), BACKUP, budgets=(daily(LIMIT),), fallbacks={"m": ("b",)}, retries=Retries(attempts=2, budget=1e9)
    )
    made = answers()
    house = SlowHouse(snapshot, *made)
    house.made = made
    return house


def attempt(name, at):
    """One call, cancelled at its `at`-th suspension; (house, outlet, how many suspensions there were, how it ended)."""
    house = house_of(name)
    outlet = SlowOutlet(house.recorder)
    loose: list[dict] = []

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: loose.append(context))
        call = house.exchange.open(house.inbound(CASES[name][0]))
        run = CancelAt(house.exchange.run(call, outlet), at)
        task = loop.create_task(_drive(run))
        await asyncio.wait([task])
        gc.collect()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        timers = [timer for timer in loop._scheduled if not timer.cancelled()]
        return call, run.count, task, others, timers

    call, count, task, others, timers = asyncio.run(main())
    assert not others
    assert not timers
    assert not loose
    return house, outlet, call, count, task


async def _drive(run):
    await run


def check(house, call):
    """What must be true after every call, however it ended."""
    assert house.ledger.open_holds() == 0
    closed = [one for one in house.recorder.entries if isinstance(one, Closed)]
    # An attempt that may be billed and is followed by another is a step of its own: one record for each step.
    assert [one.step_id for one in closed] == [one.step_id for one in [*call.earlier, call.record]]
    assert len({one.step_id for one in closed}) == len(closed)
    record = closed[-1]
    settled: Counter[str] = Counter()
    for one in closed:
        settled.update({claim.account: one.settled for claim in one.claims})
    for account, amount in settled.items():
        assert house.ledger.used(account) == (amount, 0)
    assert all(answer.closed for answer in house.transport.given)
    if record.cost:
        assert record.settled == record.cost
    return record


@pytest.mark.parametrize("name", CASES)
def test_a_call_that_is_not_left_ends_as_it_should(name):
    house, _, call, _, task = attempt(name, 0)
    record = check(house, call)
    assert record.outcome is not Outcome.ABANDONED
    assert task.exception() is None or isinstance(task.exception(), GatewayError)


@pytest.mark.parametrize("name", CASES)
def test_a_call_that_is_left_at_any_await_leaves_no_hold_and_one_record(name):
    _, _, _, suspensions, _ = attempt(name, 0)
    assert suspensions >= 2
    spent = 0
    for at in range(1, suspensions + 1):
        house, _, call, _, task = attempt(name, at)
        record = check(house, call)
        assert task.cancelled(), at
        if record.outcome is Outcome.ABANDONED:
            assert record.status == 499
            spent += _abandoned_spend_is_honest(record)
        else:
            # Its end was decided and written before the caller left.
            assert record.outcome in (Outcome.ANSWERED, Outcome.FAILED, Outcome.REFUSED)
    assert spent or name in ("no model", "too dear")


def _abandoned_spend_is_honest(record):
    """Money that may have been spent is charged, as an estimate within the hold; else nothing is."""
    refused = [one for one in record.attempts if one.status is not None and one.status >= 300]
    if len(refused) == len(record.attempts):
        assert record.settled == 0
        assert not record.estimated
        return 0
    assert 0 < record.settled <= record.held
    assert record.estimated or record.usage.exact
    assert record.estimated or record.finish
    return 1


def test_a_call_that_is_left_while_a_silent_stream_is_open_closes_it_at_once():
    async def main():
        never = asyncio.get_running_loop().create_future()
        answer = Answer(200, [*events("one", "two")[:2], lambda: never])
        house = House(snapshot_of(entry(max_output=9000), budgets=(daily(LIMIT),)), ScriptedTransport(answer))
        task = asyncio.ensure_future(house.call(chat(stream=True)))
        while answer.pieces:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return house, answer

    house, answer = asyncio.run(main())
    assert answer.closed
    assert house.record.outcome is Outcome.ABANDONED
    assert house.record.estimated
    assert 0 < house.record.settled < house.record.held
    assert house.ledger.open_holds() == 0


def test_two_cancels_close_one_record():
    async def main():
        house = house_of("refused")
        call = house.exchange.open(house.inbound(chat()))
        run = CancelAt(house.exchange.run(call, SlowOutlet(house.recorder)), 9)
        task = asyncio.ensure_future(_drive(run))
        for _ in range(60):
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.wait([task])
        return house, call

    house, call = asyncio.run(main())
    assert check(house, call).step_id == call.record.step_id
    assert len([one for one in house.recorder.entries if isinstance(one, Closed)]) == 1
