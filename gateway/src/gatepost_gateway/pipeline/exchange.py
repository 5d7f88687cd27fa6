"""The story of a call, from the key it shows to the record it leaves. Read it top to bottom."""

import asyncio
from collections.abc import Callable

from msgspec import Struct

from gatepost_gateway.dialects.transcript_stream import Words
from gatepost_gateway.domain import ids
from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.errors import GatewayError, GatewayFault, Refused, UpstreamError
from gatepost_gateway.domain.ports import Headers, Ledger, Rates
from gatepost_gateway.domain.records import Closed, Outcome
from gatepost_gateway.domain.snapshot import Snapshot
from gatepost_gateway.pipeline.bind import bind
from gatepost_gateway.pipeline.call import Call, Inbound, Outlet
from gatepost_gateway.pipeline.chain import follow, remember
from gatepost_gateway.pipeline.decode import decode
from gatepost_gateway.pipeline.dispatch import Dispatcher, finish, read_events
from gatepost_gateway.pipeline.escalations import Escalations
from gatepost_gateway.pipeline.identify import identify
from gatepost_gateway.pipeline.journal import Journal
from gatepost_gateway.pipeline.judge import Engines, judge, note_unjudged
from gatepost_gateway.pipeline.permits import over
from gatepost_gateway.pipeline.plan import Planner
from gatepost_gateway.pipeline.recall import recall
from gatepost_gateway.pipeline.reserve import reserve
from gatepost_gateway.pipeline.responses import Responses, only_there
from gatepost_gateway.pipeline.sessions import Sessions
from gatepost_gateway.pipeline.watch import watch, watch_whole

_PASSED_ANSWER_HEADERS = frozenset({b"openai-processing-ms", b"openai-version", b"openai-organization", b"x-ms-region"})
"""Answer headers of a provider that its caller may see."""
_TAIL_SECONDS = 0.25
"""How long a finished stream may take to close its body before its connection is given up."""


class Stages(Struct, frozen=True):
    """What the stages work with. Built once, by the composition root."""

    snapshot: Callable[[], Snapshot]
    planner: Planner
    dispatcher: Dispatcher
    journal: Journal
    ledger: Ledger
    rates: Rates
    sessions: Sessions
    responses: Responses
    engines: Engines
    escalations: Escalations
    clock: Clock
    salt: bytes


class Exchange:
    """One governed call after another; the call in hand keeps the snapshot that it began with."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages

    def open(self, inbound: Inbound) -> Call:
        """A call with its ids, before anything is known of it."""
        stages = self._stages
        record = Closed(
            step_id=ids.new(),
            trace_id=inbound.trace_id or ids.new(),
            at=stages.clock.micros(),
            surface=inbound.surface,
            operation=inbound.operation.value,
            implicit=inbound.trace_id is None,
            parent_step_id=inbound.parent_step_id,
            request_id=inbound.request_id,
        )
        snapshot = stages.snapshot()
        record.config_version = snapshot.version
        return Call(inbound, snapshot, record, stages.clock.monotonic())

    def snapshot(self) -> Snapshot:
        """What is true now."""
        return self._stages.snapshot()

    async def run(self, call: Call, outlet: Outlet) -> None:
        """Takes a call through the stages and answers it.

        Raises GatewayError, already recorded, when there is no answer or its stream broke; the edge dresses it.
        Cancelled when the caller leaves: the record says `abandoned`.
        """
        journal = self._stages.journal
        try:
            await self._admit(call)
            await self._answer(call, outlet)
        except GatewayError as error:
            over(call, error)
            if isinstance(error, Refused):
                self._stages.escalations.hold(call, error)
            note_unjudged(call, "there was no answer")
            if call.record.session_id is None:
                # Nobody knows whose it would be: an id of no owner, that anybody may go on with.
                call.record.session_id = ids.new()
            if isinstance(error, Refused) and call.inbound.presented.proxy is not None:
                error.veiled = True
            journal.close(call, _outcome(call, error), error.status, error)
            await self._stages.journal.durable()
            raise
        except asyncio.CancelledError:
            note_unjudged(call, "the caller left")
            journal.close(call, Outcome.ABANDONED, 499)
            raise
        except Exception as bug:
            note_unjudged(call, "the gateway failed")
            fault = GatewayFault("the gateway failed: give the request id to whoever runs it")
            journal.close(call, Outcome.FAILED, fault.status, fault)
            raise fault from bug
        finally:
            over(call, left=True)
            self._stages.escalations.give_back(call)
            if call.answer is not None:
                call.answer.close()

    async def _admit(self, call: Call) -> None:
        """The request gate: stages 1 to 7."""
        stages, inbound, snapshot = self._stages, call.inbound, call.snapshot
        call.principal = principal = identify(snapshot, inbound.presented, call.record.at, stages.salt)
        await bind(call, principal, stages.sessions, stages.rates)
        call.asked = asked = decode(inbound)
        asked.at, asked.name = call.record.at // 1_000_000, call.record.step_id.replace("-", "")
        call.record.model_asked, call.record.stream = asked.model, asked.stream
        await follow(call, stages.sessions)
        stages.escalations.admit(call)
        chain = await stages.responses.follow(call)
        judge(stages.engines, call)
        passed = inbound.presented.bearer if principal.passed_through else None
        call.plan = only_there(stages.planner.plan(call, passed), chain)
        await reserve(stages.ledger, stages.rates, call)
        recall(call)
        stages.escalations.write(call)
        await stages.journal.open(call)

    async def _answer(self, call: Call, outlet: Outlet) -> None:
        """The response gate: stages 8 to 10. The last byte goes out when the record is written."""
        await self._stages.dispatcher.reach(call, self._again)
        call.record.first_micros = int((self._stages.clock.monotonic() - call.started) * 1_000_000)
        assert call.answer is not None
        headers = [*call.ids, *_passed(call.answer.headers)]
        if call.reader is None:
            body = watch_whole(call, call.body)
            self._stages.responses.keep(call, body)
            await remember(call, self._stages.sessions, body)
            self._stages.journal.close(call, Outcome.ANSWERED, call.answer.status)
            await self._stages.journal.durable()
            await outlet.whole(call.answer.status, headers, body)
        else:
            await self._stream(call, outlet, headers)

    async def _again(self, call: Call, failure: UpstreamError) -> None:
        """Before another attempt follows one that may be billed: under a budget each such attempt is a step of its own.

        The hold pays for one attempt. The failed one settles at its estimate, the next one gets a hold of its own.
        Raises LimitExceeded when there is no money for it.
        """
        if call.hold is None:
            return
        stages = self._stages
        stages.journal.close(call, Outcome.FAILED, failure.status, failure)
        call.fork(ids.new(), stages.clock.micros(), stages.clock.monotonic())
        await reserve(stages.ledger, stages.rates, call)
        await stages.journal.open(call)

    async def _stream(self, call: Call, outlet: Outlet, headers: Headers) -> None:
        """Batches go out from where they come in; the task wakes for the end, for trouble, and for a slow caller."""
        answer, reader = call.answer, call.reader
        assert answer is not None
        assert reader is not None
        assert call.asked is not None
        call.words = Words(call.asked.dialect)
        flow = Flow(call, outlet)
        await outlet.begin(headers)
        call.begun = True
        flow.release(watch(call, call.first))
        while not reader.ended:
            ended = await answer.pump(flow.take)
            flow.check()
            if ended:
                flow.release(watch(call, finish(call)))
            else:
                await outlet.drain()
        over(call)
        self._stages.responses.keep(call, flow.last)
        await remember(call, self._stages.sessions)
        self._stages.journal.close(call, Outcome.ANSWERED, answer.status)
        await self._stages.journal.durable()
        await outlet.end(flow.last)
        await _finish_reading(call)


class Flow:
    """A stream's way out: each batch is read, watched and sent. `last` is what must wait for the record."""

    __slots__ = ("_call", "_outlet", "_trouble", "last")

    def __init__(self, call: Call, outlet: Outlet) -> None:
        self._call = call
        self._outlet = outlet
        self._trouble: Exception | None = None
        self.last = b""

    def take(self, data: bytes) -> bool:
        """A sink: whether more may come at once. Trouble is kept for `check`."""
        try:
            return self.release(watch(self._call, read_events(self._call, data)))
        except Exception as error:  # noqa: BLE001 - raised where the task can tell a failure from a bug
            self._trouble = error
            return False

    def release(self, batch: bytes) -> bool:
        reader, words = self._call.reader, self._call.words
        assert reader is not None
        if words is not None:
            words.feed(batch)
        if reader.ended:
            self.last = batch
            return False
        return self._outlet.push(batch) if batch else True

    def check(self) -> None:
        """Raises what went wrong in `take`."""
        if self._trouble is not None:
            raise self._trouble


def _outcome(call: Call, error: GatewayError) -> Outcome:
    if isinstance(error, Refused):
        return Outcome.BLOCKED
    if call.sent or error.status >= 500:
        return Outcome.FAILED
    return Outcome.REFUSED


def _passed(headers: Headers) -> Headers:
    return [header for header in headers if header[0] in _PASSED_ANSWER_HEADERS]


async def _finish_reading(call: Call) -> None:
    """Lets a finished stream close its body, so that its connection can serve the next call."""
    answer = call.answer
    assert answer is not None
    timer = asyncio.get_running_loop().call_later(_TAIL_SECONDS, answer.close)
    try:
        while await answer.read():
            pass
    except GatewayError:
        # The answer is whole and recorded; only the connection is lost.
        answer.close()
    finally:
        timer.cancel()
