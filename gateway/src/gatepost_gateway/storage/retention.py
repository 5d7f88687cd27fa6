"""Retention: what is over its time leaves, a bounded batch at a time, so that nothing else waits long for the file.

Steps go when the `retention_days` of their model are over (400 days where none are named), a trace when its last such
step has gone, conversation state when it expires, spending 400 days after its period, rollups as storage/metrics.py
says. sql/schema.sql says it table by table.
"""

from typing import Any

from gatepost_gateway.domain.clock import DAY_MICROS, month
from gatepost_gateway.storage.metrics import KEPT
from gatepost_gateway.storage.queries import Queries
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.rows import Expired
from gatepost_gateway.storage.tally import DAY

BATCH = 500
OPEN_LIFE = 30 * DAY_MICROS
"""Microseconds that an open explicit trace outlives its steps at most."""
ESCALATION_LIFE = 400 * DAY_MICROS
SETTLED_LIFE = 400 * DAY_MICROS
"""Microseconds that spending stays at least after its period; whole months leave."""


class Retention:
    """Deletes from `records`; safe from a worker thread."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._sql = Queries("retention.sql")
        self._rollups = Queries("rollups.sql")
        with records.writing() as db:
            db.execute(self._sql["make_doomed_steps"])
            db.execute(self._sql["make_doomed_traces"])

    def expire(self, now: int, limit: int = BATCH) -> Expired:
        """One batch: at most `limit` rows of each kind that are over at `now` (microseconds); again while `more`."""
        moment = {"now": now, "limit": limit, "open_before": now - OPEN_LIFE}
        with self._records.writing() as db:

            def run(query: str, values: dict[str, Any] | None = None) -> int:
                return db.execute(self._sql[query], values or {}).rowcount

            steps = run("pick_steps", moment)
            if steps:
                run("drop_facets")
                run("drop_bodies")
                run("drop_steps")
                run("say_facets_again")
            traces = run("pick_traces", moment)
            if traces:
                run("drop_events")
                run("drop_traces")
            run("clear_steps")
            run("clear_traces")
            kept = run("drop_kept", moment)
            settled = run("drop_settled", {"period": month(now - SETTLED_LIFE), "limit": limit})
            rollups = max(
                db.execute(
                    self._rollups["drop_rollups"],
                    {"grain": grain, "before": now // 1_000_000 - kept_for, "limit": limit},
                ).rowcount
                for grain, kept_for in KEPT.items()
            )
            day = now // DAY_MICROS - KEPT[DAY] // DAY
            activity = db.execute(self._rollups["drop_activity"], {"before": day, "limit": limit}).rowcount
            old = {"before": now - ESCALATION_LIFE, "limit": limit}
            run("drop_escalation_turns", old)
            escalations = run("drop_escalations", old)
        self._give_back()
        gone = (steps, traces, kept, settled, rollups, activity, escalations)
        return Expired(steps, traces, kept, settled, more=limit in gone)

    def _give_back(self) -> None:
        """Returns free pages to the file system, as many as go quickly."""
        with self._records.reading() as db:
            db.execute(self._sql["give_back"]).fetchall()
