"""Traces that a caller opens, fills with steps and seals."""

from collections import OrderedDict
from typing import Any

import msgspec

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.errors import CallerError, Code, GatewayError
from gatepost_gateway.domain.governance import Principal
from gatepost_gateway.domain.ports import Archive, Recorder, TraceState
from gatepost_gateway.domain.records import Closed, Logged, TraceOpened, TraceSealed

MOST = 20_000
"""Traces remembered in this process; the control plane knows them all."""
MOST_BYTES = 16 * 1024 * 1024
"""Of the metadata that is remembered with them; a trace that was let go is asked for again."""
MAX_METADATA = 16 * 1024
MAX_DATA = 64 * 1024


class Traces:
    """Open and lately sealed traces. A trace that is not in memory is asked for at the control plane."""

    def __init__(self, recorder: Recorder, archive: Archive, clock: Clock) -> None:
        self._recorder = recorder
        self._archive = archive
        self._clock = clock
        self._known: OrderedDict[str, TraceState] = OrderedDict()
        self._bytes = 0

    def now(self) -> int:
        return self._clock.micros()

    async def create(self, principal: Principal, metadata: dict[str, Any], revenue: int | None) -> tuple[str, int]:
        """(id, microseconds of creation) of a new trace, when it is written. `revenue` in nano-dollars."""
        text = _json(metadata, MAX_METADATA, "metadata")
        trace_id, now = ids.new(), self._clock.micros()
        self._recorder.append(
            TraceOpened(trace_id, now, principal.org, principal.project, principal.key_id, text, revenue)
        )
        self._remember(trace_id, TraceState(principal.project, text, revenue, at=now))
        await self._recorder.durable()
        return trace_id, now

    async def find(self, trace_id: str, project: str) -> TraceState:
        """Raises CallerError 404 when the trace is absent or another project's."""
        state = self._known.get(trace_id)
        if state is None and ids.is_uuid(trace_id):
            state = await self._archive.trace(trace_id)
            known = self._known.get(trace_id)
            # Another call may have asked at the same time: the first answer stays, it may have counted since.
            if known is None and state is not None:
                self._remember(trace_id, state)
            state = known or state
        if state is None or state.project != project:
            raise CallerError(f"trace `{trace_id[:64]}` does not exist here", code=Code.TRACE_NOT_FOUND, status=404)
        return state

    async def enter(self, trace_id: str, project: str) -> TraceState:
        """The trace, with one more call running in it. Raises CallerError 404, or 409 when it is sealed."""
        state = await self.find(trace_id, project)
        if state.sealed:
            raise _sealed(trace_id)
        state.running += 1
        return state

    def leave(self, state: TraceState, *records: Closed) -> None:
        """One call less is running; what its steps cost is added."""
        state.running -= 1
        for record in records:
            self._count(state, record)

    def _count(self, state: TraceState, record: Closed) -> None:
        state.steps += 1
        state.micros += record.micros
        if record.cost is not None:
            state.cost += record.cost
        elif record.attempts:
            state.unpriced += 1

    async def complete(self, trace_id: str, project: str) -> TraceSealed:
        """Seals the trace. Raises CallerError 404, or 409 when it is sealed already or calls still run in it."""
        state = await self.find(trace_id, project)
        if state.sealed:
            raise _sealed(trace_id)
        if state.running:
            raise CallerError(
                f"trace `{trace_id}` has {state.running} running calls: complete it when they have ended",
                code=Code.TRACE_BUSY,
                status=409,
            )
        sealed = TraceSealed(
            trace_id, self._clock.micros(), project, state.cost, state.micros, state.steps, state.unpriced
        )
        self._recorder.append(sealed)
        state.sealed = True
        try:
            await self._recorder.durable()
        except GatewayError:
            # It was not written: the trace is open, and its completion may be tried again.
            state.sealed = False
            raise
        if self._known.get(trace_id) is state:
            # Nothing runs in it any more.
            self._bytes -= len(state.metadata) - len("{}")
            state.metadata = "{}"
        return sealed

    async def log(
        self, principal: Principal, trace_id: str, name: str, data: dict[str, Any], parent_step_id: str | None
    ) -> str:
        """The step id of a custom event, when it is written."""
        text = _json(data, MAX_DATA, "data")
        state = await self.enter(trace_id, principal.project)
        state.running -= 1
        state.steps += 1
        step_id = ids.new()
        now = self._clock.micros()
        self._recorder.append(
            Logged(
                step_id, trace_id, now, principal.org, principal.project, principal.key_id, name, text, parent_step_id
            )
        )
        await self._recorder.durable()
        return step_id

    def _remember(self, trace_id: str, state: TraceState) -> None:
        self._known[trace_id] = state
        self._bytes += len(state.metadata)
        while len(self._known) > MOST or (self._bytes > MOST_BYTES and len(self._known) > 1):
            oldest = next(iter(self._known))
            if self._known[oldest].running:
                self._known.move_to_end(oldest)
                return
            self._bytes -= len(self._known.pop(oldest).metadata)


def _sealed(trace_id: str) -> CallerError:
    return CallerError(f"trace `{trace_id}` is completed: start a new one", code=Code.TRACE_SEALED, status=409)


def _json(value: dict[str, Any], most: int, name: str) -> str:
    text = msgspec.json.encode(value)
    if len(text) > most:
        raise CallerError(f"`{name}` is larger than {most} bytes", code=Code.VALIDATION_FAILED, status=422)
    return text.decode()
