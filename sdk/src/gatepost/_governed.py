"""Operations that may take several calls, written once for both shells: local traces, failing open.

Nothing here does I/O: a `Flow` yields calls, and whoever drives it sends them.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from . import _bypass, _calls, wire
from ._calls import Call, Flow, Streamed
from ._reports import EVENT, Report, Reports, report_of
from ._reports import KEPT as KEPT_REPORTS
from ._settings import Fallback, Settings, require_fallback
from ._stream import StreamChunk
from .errors import CircuitBreakerError, ConflictError, GatepostError, GatewayError, NotFoundError, ValidationError

if TYPE_CHECKING:
    from .results import ExecuteResult

T = TypeVar("T")

log = logging.getLogger("gatepost.bypass")

LOCAL = "local-"
MOST_AT_ONCE = 16
"""Bypassed calls that are told beside one other call."""
KEPT = 1024


class Kept(Generic[T]):
    """The last `KEPT` things by id. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._things: OrderedDict[str, T] = OrderedDict()

    def put(self, name: str, thing: T) -> None:
        """Keep a thing; the oldest one beyond the bound is forgotten."""
        with self._lock:
            self._things[name] = thing
            while len(self._things) > KEPT:
                self._things.popitem(last=False)

    def get(self, name: str) -> T | None:
        """The thing kept under this id, if it still is."""
        with self._lock:
            return self._things.get(name)


class Memory:
    """What was begun without the gateway: traces to be registered there, conversations to go on with."""

    def __init__(self) -> None:
        self.traces: Kept[Call[wire.Trace]] = Kept()
        self.registered: Kept[str] = Kept()
        self.steps: Kept[_bypass.Conversation] = Kept()
        self.reports = Reports()


class Governed:
    """The operations that are bound to a trace."""

    def __init__(self, settings: Settings, memory: Memory) -> None:
        self._settings = settings
        self.memory = memory

    def create_trace(self, *, metadata: Mapping[str, Any] | None, revenue: _calls.Dollars | None) -> Flow[wire.Trace]:
        """Open a trace; failing open, a local one that is registered when the gateway is back."""
        name = LOCAL + token_hex(16)
        call = _calls.create_trace(metadata=metadata, revenue=revenue, idempotency_key=name)
        try:
            opened: wire.Trace = yield call
        except GatewayError:
            if not self._settings.fail_open:
                raise
        else:
            yield from self._catch_up()
            return opened
        self.memory.traces.put(name, call)
        return wire.Trace.model_validate({**(call.body or {}), "id": name, "status": "open"})

    def complete_trace(self, trace_id: str) -> Flow[wire.TraceSummary]:
        """Seal a trace; what went past the gateway is told first, while the trace is open."""
        known = yield from self._registered(trace_id)
        yield from self._catch_up(KEPT_REPORTS)
        return (yield _calls.complete_trace(known))

    def get_trace(self, trace_id: str) -> Flow[wire.TraceDetail]:
        """A trace with its steps."""
        known = yield from self._registered(trace_id)
        return (yield _calls.get_trace(known))

    def log(self, *, trace_id: str, **event: Any) -> Flow[wire.LogRecorded]:
        """Record a custom event."""
        known = yield from self._registered(trace_id)
        return (yield _calls.log(trace_id=known, **event))

    def check(self, trace_id: str, **asked: Any) -> Flow[wire.CheckResult]:
        """The request gate's word."""
        known = yield from self._registered(trace_id)
        return (yield _calls.check(trace_id=known, **asked))

    def embed(self, trace_id: str, **asked: Any) -> Flow[wire.EmbeddingResult]:
        """Vectors of texts."""
        known = yield from self._registered(trace_id)
        return (yield _calls.embed(trace_id=known, **asked))

    def draw(self, trace_id: str, **asked: Any) -> Flow[wire.ImageResult]:
        """Pictures of a prompt."""
        known = yield from self._registered(trace_id)
        return (yield _calls.draw(trace_id=known, **asked))

    def execute(self, trace_id: str, *, fail_open: bool | None = None, **asked: Any) -> Flow[ExecuteResult]:
        """A governed call; failing open, the same question to the fallback provider."""
        opens = self._settings.fail_open if fail_open is None else fail_open
        fallback = require_fallback(self._settings) if opens else None
        asked = self._resumed(asked)
        try:
            known = yield from self._registered(trace_id)
            governed: ExecuteResult = yield _calls.execute(trace_id=known, unanswered=CircuitBreakerError, **asked)
        except GatewayError:
            # The conversation of a step at the gateway is kept there: nobody else can go on with it.
            if fallback is None or asked.get("parent_step_id") is not None:
                raise
        else:
            yield from self._catch_up()
            return governed
        return (yield from self._past(trace_id, asked, fallback))

    def stream(self, trace_id: str, **asked: Any) -> Flow[Streamed[StreamChunk | ExecuteResult]]:
        """The call whose answer comes as it is written; a local trace is registered first."""
        known = yield from self._registered(trace_id)
        return _calls.execute_stream(trace_id=known, unanswered=CircuitBreakerError, **self._resumed(asked))

    def instead_of_stream(self, trace_id: str, *, fail_open: bool | None, **asked: Any) -> Flow[ExecuteResult | None]:
        """What the fallback provider says when a stream did not begin; None where the call may not fail open."""
        opens = self._settings.fail_open if fail_open is None else fail_open
        asked = self._resumed(asked)
        if not opens or asked.get("parent_step_id") is not None:
            return None
        return (yield from self._past(trace_id, asked, require_fallback(self._settings)))

    def _past(self, trace_id: str, asked: Mapping[str, Any], fallback: Fallback) -> Flow[ExecuteResult]:
        """The question to the fallback provider, past the gateway, which will be told."""
        step_id = LOCAL + token_hex(16)
        conversation = _bypass.begin(asked)
        result: ExecuteResult = yield _bypass.ask(fallback, conversation, trace_id=trace_id, step_id=step_id)
        if result.tool_calls_pending:
            self.memory.steps.put(step_id, _bypass.answered(conversation, result))
        self.memory.reports.add(report_of(trace_id, asked, result))
        return result

    def report(self, most: int = KEPT_REPORTS) -> Flow[int]:
        """Tell the gateway what went past it, oldest first, at most so many; how many it heard of."""
        told = 0
        while told < most and (report := self.memory.reports.take()) is not None:
            try:
                yield from self._tell(report)
            except BaseException:
                self.memory.reports.give_back(report)
                raise
            told += 1
        return told

    def _tell(self, report: Report) -> Flow[None]:
        known = yield from self._registered(report.trace_id)
        try:
            yield _calls.log(trace_id=known, name=EVENT, data=report.data)
        except (ConflictError, NotFoundError):
            # Its trace is sealed, or gone: the event gets one of its own, which names that one.
            metadata = {"bypassed_trace": report.trace_id}
            other: wire.Trace = yield _calls.create_trace(
                metadata=metadata, idempotency_key=f"{report.data['step_id']}"
            )
            yield _calls.log(trace_id=other.id, name=EVENT, data=report.data)

    def _catch_up(self, most: int = MOST_AT_ONCE) -> Flow[None]:
        """Tell some of it beside a call; where that fails, it waits for the next one."""
        if not self.memory.reports:
            return
        try:
            yield from self.report(most)
        except GatepostError as error:
            log.info("bypassed calls wait to be told: %s", error)

    def _registered(self, trace_id: str) -> Flow[str]:
        """The id by which the gateway knows a trace; a local one is registered first, once however often asked."""
        if not isinstance(trace_id, str):
            raise ValidationError(f"a trace's id is a text, not a `{type(trace_id).__name__}`: pass `trace.id`")
        call = self.memory.traces.get(trace_id) if trace_id.startswith(LOCAL) else None
        if call is None:
            return trace_id
        known = self.memory.registered.get(trace_id)
        if known is None:
            trace: wire.Trace = yield call
            known = trace.id
            self.memory.registered.put(trace_id, known)
        return known

    def _resumed(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The question; where it goes on from a bypassed step, with the conversation that only we know."""
        step = asked.get("parent_step_id")
        conversation = None if step is None else self.memory.steps.get(step)
        return asked if conversation is None else _bypass.resume(conversation, asked)
