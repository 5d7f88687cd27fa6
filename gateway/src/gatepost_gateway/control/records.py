"""What the admin API asks of the records. Every answer holds all that was answered to callers before the question."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from msgspec import Struct

from gatepost_gateway.domain.clock import Clock, SystemClock
from gatepost_gateway.domain.escalation import HumanVerdict, State
from gatepost_gateway.domain.records import Closed, Stored
from gatepost_gateway.storage.bodies import Bodies
from gatepost_gateway.storage.escalations import Escalations, Held
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.metrics import Cohort, Metrics, Series, pieces, span
from gatepost_gateway.storage.outbox import Outbox
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.rows import Filters, Page, TraceDetail
from gatepost_gateway.storage.steps import Step
from gatepost_gateway.storage.tally import Sums

T = TypeVar("T")
Books = Callable[[Sequence[str]], Awaitable[dict[str, tuple[int, int]]]]
"""(settled, held) in nano-dollars, by account."""


class Told(Struct, frozen=True):
    """What happened in a window: in all, by the values of one dimension, over time."""

    totals: Sums
    groups: dict[str, Sums]
    series: list[Series]


class MetricSource(Protocol):
    """Calls added up. Windows in seconds since the epoch, `end` not included."""

    async def told(self, projects: Sequence[str], start: int, end: int, name: str, grain: int) -> Told: ...
    async def by_project(self, projects: Sequence[str], start: int, end: int) -> dict[str, Sums]: ...
    async def cohorts(self, project: str, feature: str, first: int, last: int, length: int) -> list[Cohort]: ...


class EscalationSource(Protocol):
    """What waits for a person. Times in microseconds."""

    async def page(self, project: str | None, state: State | None, before: int, limit: int) -> list[Held]: ...
    async def get(self, id: str) -> Held: ...
    async def turn(self, id: str, to: State, by: str, note: str) -> Held: ...
    def verdicts(self) -> tuple[HumanVerdict, ...]:
        """What holds now, as far as the journal is folded."""
        ...


class TraceSource(Protocol):
    """Traces, steps, sessions and what was spent."""

    @property
    def metrics(self) -> MetricSource: ...
    @property
    def queue(self) -> EscalationSource: ...
    @property
    def outbox(self) -> Outbox: ...
    async def traces(self, filters: Filters, limit: int, cursor: str | None) -> Page: ...
    async def trace(self, trace_id: str) -> TraceDetail | None: ...
    async def bodies(self, trace_id: str) -> dict[str, Stored]:
        """What was said in its steps, where it is kept, by step."""
        ...

    async def over_calls(
        self, project: str | None, since: int, until: int, work: Callable[[Iterator[tuple[Closed, Stored | None]]], T]
    ) -> T:
        """What `work` makes of the calls of a window, in microseconds; it runs in a thread."""
        ...

    async def over_records(self, work: Callable[[Records], T]) -> T:
        """What `work` makes of all that the journal said so far; it runs in a thread."""
        ...

    async def session(self, session_id: str) -> tuple[Step, ...]: ...
    async def spent(self, accounts: Iterable[str]) -> dict[str, tuple[int, int]]:
        """(settled, held) in nano-dollars, by account."""
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
        self._folder.fold_everywhere()
        return self._queue.get(id, self._clock.micros())

    def _turn(self, id: str, to: State, by: str, note: str) -> Held:
        self._folder.fold_everywhere()
        return self._queue.turn(id, to, by=by, note=note, now=self._clock.micros())


class FoldedMetrics:
    """Implements `MetricSource` over `records.db`."""

    def __init__(self, folder: Folder, records: Records, clock: Clock) -> None:
        self._folder = folder
        self._metrics = Metrics(records)
        self._clock = clock

    async def told(self, projects: Sequence[str], start: int, end: int, name: str, grain: int) -> Told:
        return await asyncio.to_thread(self._told, projects, start, end, name, grain)

    async def by_project(self, projects: Sequence[str], start: int, end: int) -> dict[str, Sums]:
        return await asyncio.to_thread(self._by_project, projects, start, end)

    async def cohorts(self, project: str, feature: str, first: int, last: int, length: int) -> list[Cohort]:
        return await asyncio.to_thread(self._cohorts, project, feature, first, last, length)

    def _told(self, projects: Sequence[str], start: int, end: int, name: str, grain: int) -> Told:
        self._folder.fold_to_end()
        now = self._clock.micros() // 1_000_000
        window = pieces(start, end, now)
        series = self._metrics.series(projects, span(start, end, grain, now))
        return Told(self._metrics.totals(projects, window), self._metrics.groups(projects, window, name), series)

    def _by_project(self, projects: Sequence[str], start: int, end: int) -> dict[str, Sums]:
        self._folder.fold_to_end()
        return self._metrics.by_project(projects, pieces(start, end, self._clock.micros() // 1_000_000))

    def _cohorts(self, project: str, feature: str, first: int, last: int, length: int) -> list[Cohort]:
        self._folder.fold_to_end()
        return self._metrics.cohorts(project, feature, first, last, length)


class FoldedRecords:
    """Implements `TraceSource` over `records.db`: folds what the journal has, then asks. Off the event loop."""

    def __init__(
        self, folder: Folder, records: Records, clock: Clock | None = None, shared: Books | None = None
    ) -> None:
        """`shared`: where what is spent is kept, when that is not this gateway's journal."""
        self._folder = folder
        self._records = records
        self._shared = shared
        self._bodies = Bodies(records)
        clock = clock or SystemClock()
        self.metrics: MetricSource = FoldedMetrics(folder, records, clock)
        self.outbox = Outbox(records)
        self.queue: EscalationSource = FoldedEscalations(folder, records, clock)

    async def traces(self, filters: Filters, limit: int, cursor: str | None) -> Page:
        return await asyncio.to_thread(self._traces, filters, limit, cursor)

    async def trace(self, trace_id: str) -> TraceDetail | None:
        return await asyncio.to_thread(self._trace, trace_id)

    async def bodies(self, trace_id: str) -> dict[str, Stored]:
        return await asyncio.to_thread(self._bodies.of_trace, trace_id)

    async def over_calls(
        self, project: str | None, since: int, until: int, work: Callable[[Iterator[tuple[Closed, Stored | None]]], T]
    ) -> T:
        def run() -> T:
            self._folder.fold_to_end()
            return work(self._bodies.calls(project, since, until))

        return await asyncio.to_thread(run)

    async def over_records(self, work: Callable[[Records], T]) -> T:
        def run() -> T:
            self._folder.fold_to_end()
            return work(self._records)

        return await asyncio.to_thread(run)

    async def session(self, session_id: str) -> tuple[Step, ...]:
        return await asyncio.to_thread(self._session, session_id)

    async def spent(self, accounts: Iterable[str]) -> dict[str, tuple[int, int]]:
        if self._shared is not None:
            return await self._shared(tuple(accounts))
        return await asyncio.to_thread(self._spent, tuple(accounts))

    def _traces(self, filters: Filters, limit: int, cursor: str | None) -> Page:
        self._folder.fold_to_end()
        return self._records.traces(filters, limit=limit, cursor=cursor)

    def _trace(self, trace_id: str) -> TraceDetail | None:
        self._folder.fold_everywhere()
        return self._records.trace(trace_id)

    def _session(self, session_id: str) -> tuple[Step, ...]:
        self._folder.fold_everywhere()
        return self._records.session(session_id)

    def _spent(self, accounts: tuple[str, ...]) -> dict[str, tuple[int, int]]:
        self._folder.fold_everywhere()
        settled = self._records.settled(accounts)
        held = dict.fromkeys(accounts, 0)
        for opened in self._records.open_holds():
            for claim in opened.claims:
                if claim.account in held:
                    held[claim.account] += claim.amount
        return {account: (settled.get(account, 0), held[account]) for account in accounts}
