"""What was said in calls, where it is kept, and the calls of a window of time for who judges them again."""

from collections.abc import Iterator, Sequence

import msgspec

from gatepost_gateway.domain.records import Closed, Stored
from gatepost_gateway.storage.queries import Queries
from gatepost_gateway.storage.records import MOST_STEPS, Records
from gatepost_gateway.storage.steps import read_step

_AT_ONCE = 100
_LAST = "g"
"""Above every id."""
_decode = msgspec.msgpack.Decoder(Stored).decode


class Bodies:
    """Reads from `records`; safe from a worker thread."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._sql = Queries("bodies.sql", records.dialect)

    def of_trace(self, trace_id: str) -> dict[str, Stored]:
        """By step."""
        with self._records.reading() as db:
            rows = db.all(self._sql["of_trace"], (trace_id, MOST_STEPS))
        return {one.step_id: one for one in (_decode(entry) for (entry,) in rows)}

    def calls(self, project: str | None, since: int, until: int) -> Iterator[tuple[Closed, Stored | None]]:
        """The calls of a project (None: of all) from `since` to before `until` (microseconds), the newest first of each
        project; a few at a time, so that nothing else waits long.
        """
        for name in [project] if project is not None else self._projects():
            for alone in (1, 0):
                yield from self._calls(name, alone, since, until)

    def _projects(self) -> list[str]:
        with self._records.reading() as db:
            return [name for (name,) in db.all(self._sql["projects"])]

    def _calls(self, project: str, alone: int, since: int, until: int) -> Iterator[tuple[Closed, Stored | None]]:
        at, last = until - 1, _LAST
        while True:
            place = {"alone": alone, "project": project, "since": since, "at": at, "id": last, "limit": _AT_ONCE}
            with self._records.reading() as db:
                rows = db.all(self._sql["calls_before"], place)
            steps = [one for one in (read_step(row[2]) for row in rows) if isinstance(one, Closed)]
            bodies = self._of_steps(steps)
            yield from ((one, bodies.get(one.step_id)) for one in steps)
            if len(rows) < _AT_ONCE:
                return
            at, last = rows[-1][0], rows[-1][1]

    def _of_steps(self, steps: Sequence[Closed]) -> dict[str, Stored]:
        wanted = msgspec.json.encode([(one.trace_id, one.step_id) for one in steps]).decode()
        with self._records.reading() as db:
            rows = db.all(self._sql["of_steps"], (wanted,))
        return {one.step_id: one for one in (_decode(entry) for (entry,) in rows)}
