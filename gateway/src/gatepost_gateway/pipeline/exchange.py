"""The story of a call, from the key it shows to the record it leaves. Read it top to bottom."""

import asyncio
from collections.abc import Callable

from msgspec import Struct

from gatepost_gateway.dialects.transcript_stream import Words
from gatepost_gateway.domain import ids
from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.errors import GatewayError, GatewayFault, Refused, UpstreamError
from gatepost_gateway.domain.ports import Counters, Headers, Ledger, Loops, Rates
from gatepost_gateway.domain.records import Closed, Outcome
from gatepost_gateway.domain.rego import Evaluator
from gatepost_gateway.domain.review import Nobody, Reviewers
from gatepost_gateway.domain.snapshot import Snapshot
from gatepost_gateway.pipeline.bind import bind
from gatepost_gateway.pipeline.call import Call, Inbound, Outlet
from gatepost_gateway.pipeline.chain import follow, remember
from gatepost_gateway.pipeline.decode import decode
from gatepost_gateway.pipeline.dispatch import Dispatcher, finish
from gatepost_gateway.pipeline.escalations import Escalations
from gatepost_gateway.pipeline.failure_words import hold_back
from gatepost_gateway.pipeline.flow import Flow
from gatepost_gateway.pipeline.govern import govern
from gatepost_gateway.pipeline.identify import identify
from gatepost_gateway.pipeline.journal import Journal
from gatepost_gateway.pipeline.judge import Engines, judge, note_unjudged
from gatepost_gateway.pipeline.limits import release
from gatepost_gateway.pipeline.loops import check_loop
from gatepost_gateway.pipeline.permits import over
from gatepost_gateway.pipeline.plan import Planner
from gatepost_gateway.pipeline.recall import Recall
from gatepost_gateway.pipeline.reserve import reserve
from gatepost_gateway.pipeline.responses import Responses, only_there
from gatepost_gateway.pipeline.restore import given_out, restore_whole
from gatepost_gateway.pipeline.sessions import Sessions
from gatepost_gateway.pipeline.tool_notes import ToolNotes
from gatepost_gateway.pipeline.watch import watch, watch_whole
from gatepost_gateway.policy.counting import Counting

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
    loops: Loops
    counters: Counters
    sessions: Sessions
    responses: Responses
    engines: Engines
    escalations: Escalations
    evaluator: Evaluator
    recall: Recall
    tools: ToolNotes
    clock: Clock
    salt: bytes
    reviewers: Reviewers = Nobody()


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
        call = Call(inbound, snapshot, record, stages.clock.monotonic())
        call.counting = Counting(stages.counters)
        return call

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
            self._ended(call, error)
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
            release(self._stages.rates, call)
            self._stages.escalations.give_back(call)
            if call.answer is not None:
                call.answer.close()

    def _ended(self, call: Call, error: GatewayError) -> None:
        """There is no answer, or not the whole of one: what that means for the call, its record and its caller."""
        over(call, error)
        if isinstance(error, UpstreamError):
            hold_back(call, error)
        if isinstance(error, Refused):
            error.step_id = call.record.step_id
            call.counting.halt()
            self._stages.escalations.hold(call, error)
        note_unjudged(call, "there was no answer")
        if call.record.session_id is None:
            # Nobody knows whose it would be: an id of no owner, that anybody may go on with.
            call.record.session_id = ids.new()
        if isinstance(error, Refused) and call.inbound.presented.proxy is not None:
            error.veiled = True

    async def _admit(self, call: Call) -> None:
        """The request gate: stages 1 to 7."""
        stages, inbound, snapshot = self._stages, call.inbound, call.snapshot
        call.principal = principal = identify(snapshot, inbound.presented, call.record.at, stages.salt)
        await bind(call, principal, stages.sessions, stages.rates)
        call.asked = call.received = asked = decode(inbound)
        asked.at, asked.name = call.record.at // 1_000_000, call.record.step_id.replace("-", "")
        call.record.model_asked, call.record.stream = asked.model, asked.stream
        await follow(call, stages.sessions)
        await check_loop(stages.loops, call, stages.salt)
        stages.escalations.admit(call)
        chain = await stages.responses.follow(call)
        await judge(stages.engines, call, stages.reviewers)
        passed = inbound.presented.bearer if principal.passed_through else None
        call.plan = only_there(stages.planner.plan(call, passed), chain)
        await govern(call, stages.evaluator)
        await reserve(stages.ledger, stages.rates, call)
        recalled = stages.recall.find(call)
        await stages.escalations.use(call)
        if not recalled:
            await stages.journal.open(call)

    async def _answer(self, call: Call, outlet: Outlet) -> None:
        """The response gate: stages 8 to 10. The last byte goes out when the record is written."""
        if not call.record.cached:
            await self._stages.dispatcher.reach(call, self._again)
        call.record.first_micros = int((self._stages.clock.monotonic() - call.started) * 1_000_000)
        assert call.answer is not None
        if call.reader is None:
            body = call.sent_body = await watch_whole(call, call.body, self._stages.evaluator, self._stages.reviewers)
            body = restore_whole(call, body)
            self._stages.responses.keep(call, body)
            await remember(call, self._stages.sessions, body)
            self._stages.tools.note(call, call.sent_body)
            self._stages.journal.close(call, Outcome.ANSWERED, call.answer.status)
            await self._stages.journal.durable()
            self._stages.recall.keep(call)
            # The call is settled: its answer says what is left of its budgets now.
            await outlet.whole(call.answer.status, _headers(call), body)
        else:
            await self._stream(call, outlet, _headers(call))

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
        assert call.asked is not None
        call.words = Words(call.asked.dialect)
        if given_out(call) is not None:
            call.masked_words = Words(call.asked.dialect)
        flow = Flow(call, outlet, headers)
        try:
            await self._pour(call, flow)
        except GatewayError:
            await flow.fail()
            raise
        finally:
            flow.leave()
        await _finish_reading(call)

    async def _pour(self, call: Call, flow: Flow) -> None:
        answer, reader = call.answer, call.reader
        assert answer is not None
        assert reader is not None
        await flow.open()
        flow.release(watch(call, call.first))
        while not reader.ended:
            await flow.drain()
            ended = await answer.pump(flow.take)
            flow.check()
            if ended:
                flow.release(watch(call, finish(call)))
        await flow.settle(self._stages.evaluator, self._stages.reviewers)
        over(call)
        self._stages.responses.keep(call, flow.last)
        await remember(call, self._stages.sessions)
        self._stages.tools.note(call)
        self._stages.journal.close(call, Outcome.ANSWERED, answer.status)
        await self._stages.journal.durable()
        self._stages.recall.keep(call)
        await flow.end()


def _outcome(call: Call, error: GatewayError) -> Outcome:
    if isinstance(error, Refused):
        return Outcome.BLOCKED
    if call.sent or error.status >= 500:
        return Outcome.FAILED
    return Outcome.REFUSED


def _headers(call: Call) -> Headers:
    assert call.answer is not None
    return [*call.ids, *(header for header in call.answer.headers if header[0] in _PASSED_ANSWER_HEADERS)]


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
