"""`records.db`: what the journal said, folded into tables that can be asked. Only the control process uses it.

One connection under one lock: every method may be called from any thread, and they run one at a time. Queries are
bounded (by an index and a limit), so that none holds the others up for long; `counts` is the exception, and says so.
"""

import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from functools import partial
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Any, Self

import msgspec

from gatepost_gateway.domain.clock import HOUR_MICROS, Clock, SystemClock, day, hour, month
from gatepost_gateway.domain.ports import SESSION_LIFE, Found, TraceState
from gatepost_gateway.domain.records import Closed, Opened, Outcome
from gatepost_gateway.storage import batch as batches
from gatepost_gateway.storage import histogram, migrate, rows
from gatepost_gateway.storage.batch import Batch, Folding
from gatepost_gateway.storage.database import PLACE, Database, DatabaseError, Dialect, RefusedError
from gatepost_gateway.storage.days import Days
from gatepost_gateway.storage.faults import unusable
from gatepost_gateway.storage.migrate import Phase
from gatepost_gateway.storage.queries import Queries, migrations_folder, migrations_of
from gatepost_gateway.storage.rollups import Rollups
from gatepost_gateway.storage.rows import Counts, Filters, LiveSession, Page, Place, TraceDetail
from gatepost_gateway.storage.segments import Position
from gatepost_gateway.storage.sqlite_database import SqliteDatabase
from gatepost_gateway.storage.steps import Payload, Step, read_step

FILE = "records.db"
TURN = "traces"
"""Who writes rows that another gateway may write as well waits for this turn."""
MOST_SESSIONS = 65_536
MOST_TOUCHED = 10_000
MOST_STEPS = 10_000
"""Steps that one answer shows."""

_PRAGMAS = (
    "PRAGMA page_size = 8192",
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA busy_timeout = 10000",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16000",
    # Pages: 32 MiB of log between two checkpoints.
    "PRAGMA wal_autocheckpoint = 4000",
)
_opened = msgspec.msgpack.Decoder(Opened).decode


class Records:
    """Owns the file. Every method raises StorageFault (503) when it cannot be used; writes are whole or not at all."""

    def __init__(self, home: Path | Database, clock: Clock | None = None) -> None:
        """Opens the file, made (0600) when it is not there, or takes the database; runs missing `pre` migrations."""
        self.path = home if isinstance(home, Path) else PLACE
        self._clock = clock or SystemClock()
        self._lock = threading.RLock()
        self._touched: set[str] | None = None
        self.watch: Callable[[Iterable[Payload]], None] | None = None
        """Is shown the steps that a fold took in. It must not wait, and may run in any thread."""
        with self._guarded():
            self._db = _file(home) if isinstance(home, Path) else home
            self._sql = Queries("records.sql", self._db.dialect)
            self.rollups = Rollups(self._db.dialect)
            try:
                self.migrated = tuple(self._migrate(frozenset({Phase.PRE})))
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    @property
    def dialect(self) -> Dialect:
        return self._db.dialect

    def _prepare(self) -> None:
        """Its own days of partitions and its own place, where several gateways fold into one database."""
        self._days = Days(self._db, self._sql) if self._db.dialect is Dialect.POSTGRES else None
        if self._days is not None:
            self._db.run(self._sql["begin"])

    def _migrate(self, phases: frozenset[Phase]) -> list[str]:
        folder = migrations_of(self._db.dialect, migrations_folder())
        return migrate.migrate(self._db, folder, phases, self._clock, self.path)

    def upgrade(self) -> list[str]:
        """Runs every migration that is missing, `post` ones too; the names of those that ran."""
        with self._guarded():
            return self._migrate(frozenset(Phase))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- writing: fold.py and retention.py ---------------------------------------------------------------------------

    @contextmanager
    def writing(self, turn: str | None = None) -> Generator[Database]:
        """One transaction, whole or not at all."""
        with self._guarded(), self._db.transaction(turn):
            yield self._db

    @contextmanager
    def reading(self) -> Generator[Database]:
        """The database, for this thread alone as long as it takes."""
        with self._guarded():
            yield self._db

    def position(self) -> Position:
        """How far the journal is folded."""
        segment, offset, _ = self._one("position")
        return Position(segment, offset)

    def fold(self, said: Callable[[], Iterable[tuple[Folding, Payload]]], end: Position) -> int:
        """Takes entries in, and the border behind them, in one transaction; how many were repeated and left out.

        `said` gives the entries, and gives them again when something about them is odd.
        """
        with self._guarded():
            batch = self._batch(said())
            try:
                return self._write(batch, end)
            except RefusedError:
                ids = msgspec.json.encode([(row[1], row[0]) for row in batch.steps]).decode()
                batch = self._batch(said(), frozenset(self._column("steps_there", ids)))
                batch.bound(texts=self._days is not None)
            return self._write(batch, end)

    def _batch(self, said: Iterable[tuple[Folding, Payload]], known: frozenset[str] = frozenset()) -> Batch:
        return Batch(said, known, self.rollups.tally(), partial(self.rollups.metadata, self._db))

    def _write(self, batch: Batch, end: Position) -> int:
        begin, db = self.position(), self._db
        if self._days is not None:
            self._days.ready(batch)
        with db.transaction(TURN if batch.shared else None):
            self._move(begin, end, batch.entries)
            self._many(db, "add_step", batch.steps)
            self._many(db, "add_facet", batch.facets)
            self._many(db, "open_trace", batch.opened_traces)
            self._join(db, batch)
            self._many(db, "add_to_trace", batch.additions())
            self._many(db, "seal_trace", batch.seals)
            self._many(db, "add_trace_facet", list(batch.trace_facets))
            self._many(db, "open_hold", list(batch.opened.items()))
            self._many(db, "close_hold", batch.closed_holds)
            self._many(db, "settle", [(name, name.rpartition("@")[2], sum_) for name, sum_ in batch.settled.items()])
            self._many(db, "keep", batch.kept)
            self._many(db, "drop_kept", batch.dropped)
            self._many(db, "add_body", batch.bodies if self._days is not None else [row[:3] for row in batch.bodies])
            self._many(db, "add_escalation", batch.escalations)
            self._many(db, "admit_escalated", batch.admissions)
            self._many(db, "happen", batch.happened)
            self.rollups.write(db, batch.tally, [seal[-1] for seal in batch.seals])
        if self.watch is not None:
            self.watch(row[-1] for row in batch.steps)
        if self._touched is not None:
            self._touched = self._touched | batch.settled.keys() if len(self._touched) < MOST_TOUCHED else None
        return batch.repeated

    def touched(self) -> set[str] | None:
        """The accounts that were spent from since this was last asked; None: too many, or nobody asked before."""
        with self._lock:
            touched, self._touched = self._touched, set()
            return touched

    def _move(self, begin: Position, end: Position, entries: int) -> None:
        """First of all: whoever folds the same journal at the same time, as only a copy of its folder would, stops."""
        values = {
            "segment": end.segment,
            "offset": end.offset,
            "entries": entries,
            "from_segment": begin.segment,
            "from_offset": begin.offset,
        }
        if not self._db.run(self._sql["move_position"], values):
            raise DatabaseError("another gateway folds a copy of this journal: one of the two must go")

    def _join(self, db: Database, batch: Batch) -> None:
        """Steps that were alone, and get company in this batch, go into the row of their trace."""
        for one in (one for one in batch.sums.values() if one.implicit):
            for (entry,) in db.all(self._sql["join_trace"], (one.trace_id,)):
                first = read_step(entry)
                assert isinstance(first, Closed)
                batch.join(first)
                self._many(db, "drop_alone_facet", batches.facets_alone(first))

    def _many(self, db: Database, query: str, values: Sequence[Sequence[Any]]) -> None:
        if values:
            db.many(self._sql[query], values)

    def ask_others(self) -> int | None:
        """Asks the other gateways to fold; when that was, by the database's clock. None: nobody is there."""
        return None if self._days is None else self._one("ask_others")[0]

    def others_behind(self, asked: int) -> bool:
        """Whether one that runs has not yet folded what it had at that moment."""
        return bool(self._one("others_behind", asked)[0])

    def say_folded(self, asked: int) -> None:
        """Answers `ask_others` of another gateway."""
        with self._guarded():
            self._db.run(self._sql["say_folded"], {"asked": asked})

    def sync(self) -> bool:
        """Brings all that was written to the disk itself. False when a reader was in the way: try again later."""
        row = self._one("sync")
        return not row[0]

    # -- asking ------------------------------------------------------------------------------------------------------

    def traces(self, filters: Filters, *, limit: int = 50, cursor: str | None = None) -> Page:
        """The newest first, at most `limit` (1 to 200). Raises CallerError (400) for a cursor that is not ours."""
        limit = max(1, min(limit, rows.MOST))
        place = rows.read_cursor(cursor) if cursor else Place()
        if filters.until is not None:
            place = min(place, Place(filters.until))
        if "" in (filters.session, filters.user, filters.model):
            return Page(())
        found: list[list[Any]] = []
        with self._lock:
            for source in ("alone", "traces"):
                asked = [filters.project] if filters.project is not None else self._column(f"projects_{source}")
                found += [self._page(source, filters, project, place, limit + 1) for project in asked]
        newest = merge(*found, key=lambda row: (row[0], row[1]), reverse=True)
        items = tuple(rows.read_trace(row) for row in islice(newest, limit + 1))
        if len(items) <= limit:
            return Page(items)
        return Page(items[:limit], rows.write_cursor(items[limit - 1]))

    def _page(self, source: str, filters: Filters, project: str, place: Place, limit: int) -> list[Any]:
        """Driven by the index that has the fewest rows; the other filters look at what it gives."""
        alone = source == "alone"
        facets = filters.said() if alone else filters.facets()
        values: dict[str, Any] = {
            "project": project,
            "at": place.at,
            "id": place.id,
            "since": filters.since or 0,
            "outcome": filters.outcome.value if filters.outcome is not None else "",
            "session": filters.session,
            "user": filters.user or "",
            "model": filters.model or "",
            "wanted": msgspec.json.encode(facets).decode(),
            "limit": limit,
        }
        if filters.session is not None:
            return self._all_named(f"{source}_by_session", values)
        drivers = [("facet", values | {"name": name, "value": value}) for name, value in facets]
        drivers += [(name, values) for name in ("user", "model") if alone and values[name]]
        if filters.outcome not in (None, Outcome.ANSWERED):
            drivers.append(("outcome", values))
        if not drivers:
            return self._all_named(f"{source}_by_project", values)
        kind, said = drivers[0]
        if len(drivers) > 1:
            kind, said = min(drivers, key=lambda one: self._all_named(f"size_{source}_{one[0]}", one[1])[0][0])
        return self._all_named(f"{source}_by_{kind}", said)

    def trace(self, trace_id: str, *, limit: int = MOST_STEPS) -> TraceDetail | None:
        """A trace with its first `limit` steps."""
        with self._lock:
            row = self._one("trace", trace_id)
            steps = tuple(read_step(entry) for entry in self._column("steps_of_trace", trace_id, limit))
        if row is not None:
            return TraceDetail(rows.read_trace(row), steps)
        if steps and isinstance(steps[0], Closed):
            return TraceDetail(rows.trace_of(steps[0]), steps)
        return None

    def session(self, session_id: str, *, limit: int = MOST_STEPS) -> tuple[Step, ...]:
        """The first `limit` calls of a session in the order of their turns; empty when there is none."""
        return tuple(read_step(entry) for entry in self._column("steps_of_session", session_id, limit))

    def settled(self, accounts: Iterable[str]) -> dict[str, int]:
        """Nano-dollars spent of each account; one of which nothing was spent is not in it."""
        return dict(self._all("settled_of", msgspec.json.encode(list(accounts)).decode()))

    def settled_now(self, now: int) -> dict[str, int]:
        """Nano-dollars spent of every account whose period (UTC hour, day or month) is that of `now` (microseconds)."""
        return dict(self._all("settled_in", msgspec.json.encode([hour(now), day(now), month(now)]).decode()))

    def tripped(self, now: int) -> list[str]:
        """The accounts of spend caps that were closed in the hour of `now` (microseconds)."""
        with self._lock:
            projects = {*self._column("projects_alone"), *self._column("projects_traces")}
            since = now // HOUR_MICROS * HOUR_MICROS
            values = {"projects": msgspec.json.encode(sorted(projects)).decode(), "since": since}
            found = [read_step(entry) for (entry,) in self._all_named("refused_since", values)]
        return sorted({one.tripped for one in found if isinstance(one, Closed) and one.tripped is not None})

    def open_holds(self, *, own: bool = False) -> list[Opened]:
        """Calls that began and have not ended, as far as the journal is folded. `own`: those of this journal alone."""
        return [_opened(entry) for entry in self._column("own_holds" if own else "open_holds")]

    def live_sessions(self, now: int) -> list[LiveSession]:
        """Sessions with a turn in the 30 minutes before `now` (microseconds), the latest first, at most 65536."""
        with self._lock:
            projects = {*self._column("projects_alone"), *self._column("projects_traces")}
            values = {"projects": msgspec.json.encode(sorted(projects)).decode(), "since": now - SESSION_LIFE}
            found = self._all_named("live_sessions", values | {"limit": MOST_SESSIONS})
        live: list[LiveSession] = []
        for _, entry in found:
            one = read_step(entry)
            if isinstance(one, Closed) and one.session_id is not None and one.turn is not None:
                live.append(LiveSession(one.session_id, one.project or "", one.proxy, one.turn, one.at, one.marks))
        return live

    def trace_state(self, trace_id: str) -> TraceState | None:
        """A trace as the data plane must know it. One that was made for a single call counts as sealed."""
        row = self._one("trace_state", trace_id)
        if row is None:
            return self._state_alone(trace_id)
        project, metadata, revenue, implicit, sealed_at, cost, micros, steps, unpriced, at = row
        return TraceState(
            project=project,
            metadata=metadata,
            revenue=revenue,
            sealed=bool(implicit) or sealed_at is not None,
            cost=cost,
            micros=micros,
            steps=steps,
            unpriced=unpriced,
            at=at,
        )

    def _state_alone(self, trace_id: str) -> TraceState | None:
        found = self.trace(trace_id, limit=1)
        if found is None:
            return None
        row = found.row
        return TraceState(
            project=row.project or "",
            sealed=True,
            cost=row.cost,
            micros=row.micros,
            steps=row.steps,
            unpriced=row.unpriced,
            at=row.at,
        )

    def kept(self, kind: str, id: str, now: int) -> Found | None:
        """Conversation state that has not expired at `now` (microseconds)."""
        row = self._one("kept", kind, id, now)
        return None if row is None else Found(project=row[0], box=row[1], expires_at=row[2])

    def counts(self) -> Counts:
        """Counts every row: seconds where there are millions. For the doctor and tests."""
        with self._lock:
            traces, steps, open_holds, kept, settled = self._one("counts")
            return Counts(traces, steps, open_holds, kept, settled, self._one("position")[2])

    def check(self) -> list[str]:
        """What SQLite finds wrong with the file; empty when all is well. Reads all of it."""
        found = [str(one) for one in self._column("integrity")]
        return [] if found == ["ok"] else found

    def _one(self, query: str, *values: Any) -> Any:
        with self._guarded():
            return self._db.one(self._sql[query], values)

    def _all(self, query: str, *values: Any) -> list[Any]:
        with self._guarded():
            return self._db.all(self._sql[query], values)

    def _all_named(self, query: str, values: dict[str, Any]) -> list[Any]:
        with self._guarded():
            return self._db.all(self._sql[query], values)

    def _column(self, query: str, *values: Any) -> list[Any]:
        return [row[0] for row in self._all(query, *values)]

    @contextmanager
    def _guarded(self) -> Generator[None]:
        """One thread at a time, and the database's errors as ours."""
        with self._lock:
            try:
                yield
            except (DatabaseError, OSError) as error:
                raise unusable(error, self.path) from error


def _file(path: Path) -> Database:
    found = SqliteDatabase(path, _PRAGMAS)
    found.teach("merged_buckets", 2, histogram.merged)
    return found
