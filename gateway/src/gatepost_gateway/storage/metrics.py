"""Questions about what was added up: totals, groups, a series over time, cohorts of users. Answered from rollups alone.

A window is put together from whole days, hours and minutes, the largest that fit: a month is some thirty rows of a
dimension's value, and not forty thousand. Its ends are whole minutes; of what is older than three days whole hours, and
older than a hundred days whole days, because smaller pieces are no longer kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from gatepost_gateway.storage import histogram
from gatepost_gateway.storage.queries import Queries
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.tally import DAY, GRAINS, HOUR, MINUTE, Sums

KEPT = {MINUTE: 3 * DAY, HOUR: 100 * DAY, DAY: 800 * DAY}
"""Seconds that the pieces of a grain are kept."""


class Piece(Struct, frozen=True):
    """Whole buckets of one grain, from `start` on, `end` not included. Seconds since the epoch."""

    grain: int
    start: int
    end: int


class Series(Struct, frozen=True):
    start: int
    sums: Sums


class Cohort(Struct, frozen=True):
    """The users who first came in `start` (days since the epoch), and how many of them came in each period since."""

    start: int
    size: int
    active: tuple[int, ...]


def pieces(start: int, end: int, now: int) -> list[Piece]:
    """The window [start, end) in the largest pieces. Seconds; the ends are widened to what is kept at `now`."""
    finest = next((grain for grain in GRAINS if start >= now - KEPT[grain]), DAY)
    start, end = start // finest * finest, -(-end // finest) * finest
    return sorted(_cut(start, end, [grain for grain in reversed(GRAINS) if grain >= finest]), key=lambda one: one.start)


def _cut(start: int, end: int, grains: Sequence[int]) -> Iterator[Piece]:
    if start >= end:
        return
    grain = grains[0]
    first, last = -(-start // grain) * grain, end // grain * grain
    if first >= last:
        yield from _cut(start, end, grains[1:])
        return
    yield Piece(grain, first, last)
    yield from _cut(start, first, grains[1:])
    yield from _cut(last, end, grains[1:])


def span(start: int, end: int, grain: int, now: int) -> Piece:
    """The window in buckets of one grain, or of the finest that is kept of its beginning."""
    while grain != DAY and start < now - KEPT[grain]:
        grain = HOUR if grain == MINUTE else DAY
    return Piece(grain, start // grain * grain, -(-end // grain) * grain)


class Metrics:
    """Safe from any thread; what must be fresh is folded by the caller before. `projects`: those that are asked for."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._sql = Queries("rollups.sql", records.dialect)

    def totals(self, projects: Iterable[str], window: Sequence[Piece]) -> Sums:
        """Everything together, with the histogram."""
        total = Sums()
        for project in projects:
            for sums in self.groups([project], window, "").values():
                total.add(sums)
            for piece in window:
                for (data,) in self._rows("histograms", project, piece):
                    histogram.add(total.buckets, histogram.decode(data))
        return total

    def groups(self, projects: Iterable[str], window: Sequence[Piece], name: str) -> dict[str, Sums]:
        """By the values of a dimension."""
        found: dict[str, Sums] = {}
        for project in projects:
            for piece in window:
                for value, *sums in self._rows("groups", project, piece, name):
                    found.setdefault(value, Sums()).add(Sums(*sums))
        return found

    def by_project(self, projects: Iterable[str], window: Sequence[Piece]) -> dict[str, Sums]:
        """One group a project."""
        found = {project: self.groups([project], window, "").get("", Sums()) for project in projects}
        return {project: sums for project, sums in found.items() if sums.requests or sums.revenue}

    def series(self, projects: Iterable[str], window: Piece) -> list[Series]:
        """One entry a bucket of the grain in which anything happened."""
        found: dict[int, Sums] = {}
        for project in projects:
            for bucket, *sums in self._rows("series", project, window):
                found.setdefault(bucket, Sums()).add(Sums(*sums))
        return [Series(bucket, found[bucket]) for bucket in sorted(found)]

    def cohorts(self, project: str, feature: str, first: int, last: int, length: int) -> list[Cohort]:
        """Cohorts that began from day `first` on, watched until day `last`. `length`: days of a period, 1, or 7 from
        Monday on.
        """
        values = {"project": project, "feature": feature, "first": first, "last": last, "length": length}
        with self._records.reading() as db:
            rows = db.all(self._sql["cohorts"], values)
        found: dict[int, dict[int, int]] = {}
        for cohort, offset, count in rows:
            found.setdefault(cohort, {})[offset] = count
        return [
            Cohort(cohort * length - 3, counts.get(0, 0), tuple(counts.get(at, 0) for at in range(max(counts) + 1)))
            for cohort, counts in found.items()
        ]

    def _rows(self, query: str, project: str, piece: Piece, name: str = "") -> list[Any]:
        values = {"grain": piece.grain, "project": project, "start": piece.start, "end": piece.end, "name": name}
        with self._records.reading() as db:
            return db.all(self._sql[query], values)
