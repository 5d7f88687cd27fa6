"""What the admin API asks of the records. Every answer holds all that was answered to callers before the question."""

import asyncio
from collections.abc import Iterable
from typing import Protocol

from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.escalation import HumanVerdict, State
from gatepost_gateway.storage.escalations import Escalations, Held
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.rows import Filters, Page, TraceDetail
from gatepost_gateway.storage.steps import Step


class TraceSource(Protocol):
    """Traces, steps, sessions and what was spent."""

    async def traces(self, filters: Filters, limit: int, cursor: str | None) -> Page: ...
    async def trace(self, trace_id: str) -> TraceDetail | None: ...
    async def session(self, session_id: str) -> tuple[Step, ...]: ...
    async def spent(self, accounts: Iterable[str]) -> dict[str, tuple[int, int]]:
        """(settled, held) in nano-dollars, by account."""
        ...


class EscalationSource(Protocol):
    """What waits for a person. Times in microseconds."""

    async def page(self, project: str | None, state: State | None, before: int, limit: int) -> list[Held]: ...
    async def get(self, id: str) -> Held: ...
    async def turn(self, id: str, to: State, by: str, note: str) -> Held: ...
    def verdicts(self) -> tuple[HumanVerdict, ...]:
        """What holds now, as far as the journal is folded."""
        ...


class FoldedEscalations:
    """Implements `EscalationSource` over `records.db`: folds what the journal has, then asks. Off the event loop."""

    def __init__(self, folder: Folder, records: Records, clock: Clock) -> None:
        self._folder = folder
        self._queue = Escalations(records)
        self._clock = clock

    async def page(self, project: str | None, state: State | None, before: int, limit: int) -> list[Held]:
        return await asyncio.to_thread(self._page, project, state, before, limit)

    async def get(self, id: str) -> Held:
        return await asyncio.to_thread(self._get, id)

    async def turn(self, id: str, to: State, by: str, note: str) -> Held:
        return await asyncio.to_thread(self._turn, id, to, by, note)

    def verdicts(self) -> tuple[HumanVerdict, ...]:
        return self._queue.verdicts(self._clock.micros())

    def _page(self, project: str | None, state: State | None, before: int, limit: int) -> list[Held]:
        self._folder.fold_to_end()
        return self._queue.page(self._clock.micros(), project=project, state=state, before=before, limit=limit)

    def _get(self, id: str) -> Held:
        self._folder.fold_to_end()
        return self._queue.get(id, self._clock.micros())

    def _turn(self, id: str, to: State, by: str, note: str) -> Held:
        self._folder.fold_to_end()
        return self._queue.turn(id, to, by=by, note=note, now=self._clock.micros())


class FoldedRecords:
    """Implements `TraceSource` over `records.db`: folds what the journal has, then asks. Off the event loop."""

    def __init__(self, folder: Folder, records: Records) -> None:
        self._folder = folder
        self._records = records

    async def traces(self, filters: Filters, limit: int, cursor: str | None) -> Page:
        return await asyncio.to_thread(self._traces, filters, limit, cursor)

    async def trace(self, trace_id: str) -> TraceDetail | None:
        return await asyncio.to_thread(self._trace, trace_id)

    async def session(self, session_id: str) -> tuple[Step, ...]:
        return await asyncio.to_thread(self._session, session_id)

    async def spent(self, accounts: Iterable[str]) -> dict[str, tuple[int, int]]:
        return await asyncio.to_thread(self._spent, tuple(accounts))

    def _traces(self, filters: Filters, limit: int, cursor: str | None) -> Page:
        self._folder.fold_to_end()
        return self._records.traces(filters, limit=limit, cursor=cursor)

    def _trace(self, trace_id: str) -> TraceDetail | None:
        self._folder.fold_to_end()
        return self._records.trace(trace_id)

    def _session(self, session_id: str) -> tuple[Step, ...]:
        self._folder.fold_to_end()
        return self._records.session(session_id)

    def _spent(self, accounts: tuple[str, ...]) -> dict[str, tuple[int, int]]:
        self._folder.fold_to_end()
        settled = self._records.settled(accounts)
        held = dict.fromkeys(accounts, 0)
        for opened in self._records.open_holds():
            for claim in opened.claims:
                if claim.account in held:
                    held[claim.account] += claim.amount
        return {account: (settled.get(account, 0), held[account]) for account in accounts}
