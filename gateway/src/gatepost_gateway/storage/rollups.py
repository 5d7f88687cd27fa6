"""The fold's part of the metrics: what a batch adds up to goes into `rollups`, in the batch's own transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gatepost_gateway.domain.records import Closed
from gatepost_gateway.storage import histogram
from gatepost_gateway.storage.database import Database, Dialect
from gatepost_gateway.storage.queries import Queries
from gatepost_gateway.storage.steps import Row, read_step
from gatepost_gateway.storage.tally import DAY, Known, Sums, Tally, metadata_of, rows_of

_SECOND = 1_000_000


class Rollups:
    """`keys` gives the metadata keys that are dimensions now, at most eight."""

    def __init__(self, dialect: Dialect = Dialect.SQLITE, keys: Callable[[], Sequence[str]] = tuple) -> None:
        self._sql = Queries("rollups.sql", dialect)
        self._known = Known()
        self.keys = keys

    def tally(self) -> Tally:
        """An empty one, for the next batch."""
        return Tally(self.keys())

    def metadata(self, db: Database, trace_id: str) -> Mapping[str, Any]:
        """Of a trace that an earlier batch opened."""
        row = db.one(self._sql["metadata_of_trace"], (trace_id,))
        return metadata_of(row[0]) if row is not None else {}

    def write(self, db: Database, tally: Tally, sealed: Iterable[str]) -> None:
        """Inside the batch's transaction, after its rows. `sealed`: the traces that it sealed."""
        cells = tally.cells()
        for trace_id in sealed:
            self._share(db, trace_id, cells)
        if not cells:
            return
        today = max(start // DAY for _, _, _, start, _ in cells)
        if not self._known.knows(today):
            self._known.learn(today, db.all(self._sql["values_of_day"], (today * DAY,)))
        found = rows_of(self._known.bounded(cells))
        if db.dialect is Dialect.POSTGRES:
            found = self._merged(db, found)
        db.many(self._sql["add_rollup"], found)
        db.many(self._sql["add_active"], sorted(tally.active()))

    def _merged(self, db: Database, added: list[Row]) -> list[Row]:
        """The rows with their histograms added to those that are there: PostgreSQL cannot do it itself."""
        # A text is asked for as it is kept there: without NUL.
        added = [(*row[:4], row[4].replace("\0", "\ufffd"), *row[5:]) for row in added]
        cells = [list(column) for column in zip(*(row[:5] for row in added), strict=True)]
        there = {row[:5]: row[5] for row in db.all(self._sql["buckets_there"], cells)}
        return [(*row[:-1], histogram.merged(there[row[:5]], row[-1])) if row[:5] in there else row for row in added]

    def _share(self, db: Database, trace_id: str, cells: dict[Any, Sums]) -> None:
        """The revenue of a sealed trace goes to its models by their cost; evenly where none has a cost."""
        found = db.one(self._sql["revenue_of_trace"], (trace_id,))
        if found is None:
            return
        project, at, revenue = found
        costs: dict[str, int] = {}
        for (entry,) in db.all(self._sql["steps_of_sealed"], (trace_id,)):
            one = read_step(entry)
            if isinstance(one, Closed) and one.model:
                costs[one.model] = costs.get(one.model, 0) + (one.cost or 0)
        minute = at // _SECOND // 60 * 60
        for model, share in shares(revenue, costs).items():
            for grain in (60, 3600, DAY):
                cell = (grain, project, "model", minute // grain * grain, model)
                cells.setdefault(cell, Sums()).revenue += share


def shares(revenue: int, costs: Mapping[str, int]) -> dict[str, int]:
    """`revenue` shared out by cost, to the last nano-dollar: what does not divide goes to the first ones."""
    if not costs:
        return {}
    weights = costs if sum(costs.values()) else dict.fromkeys(costs, 1)
    total = sum(weights.values())
    parts = {name: revenue * weight // total for name, weight in sorted(weights.items())}
    for name in list(parts)[: revenue - sum(parts.values())]:
        parts[name] += 1
    return parts
