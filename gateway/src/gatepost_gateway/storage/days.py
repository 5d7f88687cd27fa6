"""What must be there in PostgreSQL before a batch is written: the partitions of its days, the names of its projects."""

from collections.abc import Iterable

from gatepost_gateway.domain.clock import DAY_MICROS
from gatepost_gateway.storage.batch import Batch
from gatepost_gateway.storage.database import Database
from gatepost_gateway.storage.queries import Queries

_FIRST, _LAST = 10_957, 84_004
"""Days since 1970: what is before the year 2000 or after 2199 has no partition of its own."""


class Days:
    """Remembers what is there; makes what is not, outside the batch's transaction: nobody waits for it long."""

    def __init__(self, db: Database, sql: Queries) -> None:
        self._db = db
        self._sql = sql
        self._there: set[int] = set()
        self._projects: set[str] = set()

    def ready(self, batch: Batch) -> None:
        """Raises DatabaseError."""
        self._make({row[2] // DAY_MICROS for row in batch.steps} | {row[3] // DAY_MICROS for row in batch.bodies})
        self._name({row[4] for row in batch.steps} | {row[3] for row in batch.opened_traces})

    def _make(self, days: set[int]) -> None:
        wanted = {day for day in days if _FIRST <= day <= _LAST}
        if wanted <= self._there:
            return
        # Retention may have taken days away that were there.
        self._there = {day for (day,) in self._db.all(self._sql["days"])}
        # A day ahead, so that the first call of a day does not wait for it.
        for day in sorted((wanted | {day + 1 for day in wanted}) - self._there):
            with self._db.transaction("days"):
                self._db.one(self._sql["make_day"], (day,))
            self._there.add(day)

    def _name(self, projects: Iterable[str]) -> None:
        for project in sorted(set(projects) - self._projects):
            self._db.run(self._sql["add_project"], (project,))
            self._projects.add(project)
