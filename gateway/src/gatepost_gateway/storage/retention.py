"""Retention: what is over its time leaves, a bounded batch at a time, so that nothing else waits long for the file.

Steps go when the `retention_days` of their model are over (400 days where none are named), a trace when its last such
step has gone, conversation state when it expires, spending 400 days after its period, rollups as storage/metrics.py
says. sql/schema.sql says it table by table.
"""

from collections.abc import Sequence

from gatepost_gateway.domain.clock import DAY_MICROS, month
from gatepost_gateway.storage.database import Database, Dialect
from gatepost_gateway.storage.metrics import KEPT
from gatepost_gateway.storage.queries import Queries
from gatepost_gateway.storage.records import TURN, Records
from gatepost_gateway.storage.rows import Expired
from gatepost_gateway.storage.tally import DAY

BATCH = 500
OPEN_LIFE = 30 * DAY_MICROS
"""Microseconds that an open explicit trace outlives its steps at most."""
ESCALATION_LIFE = 400 * DAY_MICROS
SETTLED_LIFE = 400 * DAY_MICROS
"""Microseconds that spending stays at least after its period; whole months leave."""

_Due = tuple[int, int, int]
"""A day, from and to before, and when the last of its steps is over."""


class Retention:
    """Deletes from `records`; safe from a worker thread.

    In PostgreSQL a day leaves as a whole when the last of its steps is over. Where that is within a day, those before
    it wait for it; steps that are over much sooner than others of their day leave row by row, as those of traces do.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._by_day = records.dialect is Dialect.POSTGRES
        self._sql = Queries("retention.sql", records.dialect)
        self._rollups = Queries("rollups.sql", records.dialect)
        with records.writing() as db:
            self._make_lists(db)

    def _make_lists(self, db: Database) -> None:
        """They last as long as the connection."""
        db.run(self._sql["make_doomed_steps"])
        db.run(self._sql["make_doomed_traces"])

    def expire(self, now: int, limit: int = BATCH) -> Expired:
        """One batch: at most `limit` rows of each kind that are over at `now` (microseconds); again while `more`."""
        days, due = self._drop_days(now) if self._by_day else (0, [])
        with self._records.writing(TURN) as db:
            steps = self._expire_steps(db, now, limit, due)
            traces = self._expire_traces(db, now, limit)
            others = self._expire_others(db, now, limit)
        self._give_back()
        gone = (steps, traces, *others)
        return Expired(*gone[:4], days=days, more=limit in gone or bool(self._by_day and steps))

    def _drop_days(self, now: int) -> tuple[int, list[_Due]]:
        """How many days left as a whole, and those of which something is over and something stays."""
        with self._records.reading() as db:
            found = db.all(self._sql["days_due"], {"now": now})
        dropped, due = 0, list[_Due]()
        for since, until, last in found:
            if (last or 0) <= now and self._drop_day(since, now):
                dropped += last is not None
            else:
                due.append((since, until, last or 0))
        return dropped, due

    def _drop_day(self, since: int, now: int) -> bool:
        with self._records.writing() as db:
            row = db.one(self._sql["drop_day"], {"since": since, "now": now})
        return row is not None and bool(row[0])

    def _expire_steps(self, db: Database, now: int, limit: int, due: Sequence[_Due]) -> int:
        if self._by_day:
            self._make_lists(db)
            db.all(self._sql["look_up"])
        steps = self._pick_steps(db, {"now": now, "limit": limit}, due)
        if steps:
            for query in ("drop_facets", "drop_bodies", "drop_steps", "say_facets_again"):
                db.run(self._sql[query])
        db.run(self._sql["clear_steps"])
        return steps

    def _pick_steps(self, db: Database, moment: dict[str, int], due: Sequence[_Due]) -> int:
        """Of PostgreSQL one day at a time."""
        if not self._by_day:
            return db.run(self._sql["pick_steps"], moment)
        steps = db.run(self._sql["pick_others"], moment)
        for since, until, last in due:
            if steps:
                break
            waits = abs(last - moment["now"]) < DAY_MICROS
            day = {"since": since, "until": until, "alone": 0 if waits else 1}
            steps = db.run(self._sql["pick_steps"], moment | day)
        return steps

    def _expire_traces(self, db: Database, now: int, limit: int) -> int:
        moment = {"now": now, "limit": limit, "open_before": now - OPEN_LIFE}
        traces = db.run(self._sql["pick_traces"], moment)
        if traces:
            db.run(self._sql["drop_events"])
            db.run(self._sql["drop_traces"])
        db.run(self._sql["clear_traces"])
        return traces

    def _expire_others(self, db: Database, now: int, limit: int) -> tuple[int, ...]:
        """(kept, settled, rollups, activity, escalations)"""
        kept = db.run(self._sql["drop_kept"], {"now": now, "limit": limit})
        settled = db.run(self._sql["drop_settled"], {"period": month(now - SETTLED_LIFE), "limit": limit})
        rollups = max(
            db.run(self._rollups["drop_rollups"], {"grain": grain, "before": now // 1_000_000 - life, "limit": limit})
            for grain, life in KEPT.items()
        )
        day = now // DAY_MICROS - KEPT[DAY] // DAY
        activity = db.run(self._rollups["drop_activity"], {"before": day, "limit": limit})
        old = {"before": now - ESCALATION_LIFE, "limit": limit}
        db.run(self._sql["drop_escalation_turns"], old)
        return kept, settled, rollups, activity, db.run(self._sql["drop_escalations"], old)

    def _give_back(self) -> None:
        """Returns free pages to the file system, as many as go quickly."""
        with self._records.reading() as db:
            db.all(self._sql["give_back"])
