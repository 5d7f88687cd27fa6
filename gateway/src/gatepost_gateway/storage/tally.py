"""Calls added up while they are folded: how many, how much, how long, by what they are asked about later.

Steps are first added up by everything that is said of them at once, which a batch of the fold repeats often, and only
then spread over the dimensions: a call costs one look-up. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct, field

from gatepost_gateway.domain.errors import Code
from gatepost_gateway.domain.records import Closed, Outcome, StepKind
from gatepost_gateway.storage import histogram
from gatepost_gateway.storage.steps import Row

MINUTE, HOUR, DAY = 60, 3600, 86_400
GRAINS = (MINUTE, HOUR, DAY)
MOST_KEYS = 8
"""Metadata keys that may be declared as dimensions."""
MOST_VALUES = 10_000
"""Values of one dimension in one project on one day; what comes after them is `other`."""
OTHER = "other"
LONGEST = 500
"""Characters of a name that are told apart."""
_SECOND = 1_000_000
_LARGEST = 10**18


class Status(StrEnum):
    """How a call ended, as metrics count it."""

    SUCCESS = "success"
    CACHE_HIT = "cache_hit"
    BLOCKED = "blocked"
    RATE_LIMITED = "rate_limited"
    BUDGET_EXCEEDED = "budget_exceeded"
    ERROR = "error"
    ABANDONED = "abandoned"


ERRORS = frozenset({Status.ERROR, Status.RATE_LIMITED, Status.BUDGET_EXCEEDED})
"""What the error rate counts; a block is policy at work, and a caller who leaves is no error."""
_TIMED = frozenset({Status.SUCCESS, Status.CACHE_HIT})
_REFUSALS: Mapping[str, Status] = {
    Code.RATE_LIMITED.value: Status.RATE_LIMITED,
    Code.BUDGET_EXCEEDED.value: Status.BUDGET_EXCEEDED,
    Code.PRICE_UNKNOWN.value: Status.BUDGET_EXCEEDED,
    Code.LOOP_DETECTED.value: Status.RATE_LIMITED,
    Code.CIRCUIT_OPEN.value: Status.BUDGET_EXCEEDED,
}


def status_of(one: Closed) -> Status:
    """The first thing that holds."""
    if one.outcome is Outcome.ANSWERED:
        return Status.CACHE_HIT if one.cached else Status.SUCCESS
    if one.outcome is Outcome.BLOCKED:
        return Status.BLOCKED
    if one.outcome is Outcome.ABANDONED:
        return Status.ABANDONED
    return _REFUSALS.get(one.error or "", Status.ERROR)


class Sums(Struct):
    """Money in nano-dollars, `micros` over the `timed` calls. `unpriced`: calls whose cost nobody knows."""

    requests: int = 0
    errors: int = 0
    hits: int = 0
    prompt: int = 0
    completion: int = 0
    cost: int = 0
    unpriced: int = 0
    revenue: int = 0
    micros: int = 0
    timed: int = 0
    buckets: dict[int, int] = field(default_factory=dict[int, int])

    def count(self, one: Closed, status: Status) -> None:
        """One call more."""
        usage = one.usage
        self.requests += 1
        self.errors += status in ERRORS
        self.hits += status is Status.CACHE_HIT
        self.prompt += usage.input + usage.cache_read + usage.cache_write
        self.completion += usage.output
        if one.cost is not None:
            self.cost += one.cost
        elif one.attempts:
            self.unpriced += 1
        if status in _TIMED:
            self.micros += one.micros
            self.timed += 1
            bucket = histogram.bucket_of(one.micros)
            self.buckets[bucket] = self.buckets.get(bucket, 0) + 1

    def add(self, other: "Sums") -> None:
        self.requests += other.requests
        self.errors += other.errors
        self.hits += other.hits
        self.prompt += other.prompt
        self.completion += other.completion
        self.cost += other.cost
        self.unpriced += other.unpriced
        self.revenue += other.revenue
        self.micros += other.micros
        self.timed += other.timed
        if other.buckets:
            histogram.add(self.buckets, other.buckets)

    def row(self) -> tuple[Any, ...]:
        """As the columns of `rollups` stand."""
        return (*(min(getattr(self, name), _LARGEST) for name in _ADDED), histogram.encode(self.buckets))


_ADDED = tuple(name for name in Sums.__struct_fields__ if name != "buckets")


class Dimensions(Struct, frozen=True):
    """What is said of a call that it is added up by. `metadata` in the order of the declared keys."""

    project: str
    provider: str
    model: str
    status: str
    user: str
    key: str
    feature: str
    metadata: tuple[str, ...] = ()

    def spread(self, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
        """(name, value) of each dimension; the whole is the dimension without a name."""
        yield "", ""
        yield "provider", self.provider
        yield "model", self.model
        yield "status", self.status
        yield "user", self.user
        yield "key", self.key
        yield "feature", self.feature
        for key, value in zip(keys, self.metadata, strict=False):
            yield f"metadata:{key}", value


_OF_CALLS = frozenset({"provider", "model", "status", "key"})
"""What only a call has: what a trace earns is not of them."""

Cell = tuple[int, str, str, int, str]
"""(grain, project, name, start of the bucket in seconds, value)."""


class Tally:
    """`keys`: the metadata keys that are declared as dimensions, at most eight."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self.keys = tuple(keys)[:MOST_KEYS]
        self._sums: dict[tuple[int, Dimensions], Sums] = {}

    def take(self, one: Closed, metadata: Mapping[str, Any]) -> None:
        """A closed call. `metadata`: of its trace; the properties of the call itself come first."""
        if one.kind not in (StepKind.RUN, StepKind.CORRECTION):
            return
        said = {**metadata, **(one.properties or {})} if one.properties else metadata
        status = status_of(one)
        dimensions = Dimensions(
            project=one.project or "",
            provider=one.provider or "",
            model=(one.model or one.model_asked or "")[:LONGEST],
            status=status.value,
            user=one.user[:LONGEST] if one.user else text_of(said.get("user_id")),
            key=one.key_id or "",
            feature=text_of(said.get("feature")),
            metadata=tuple(text_of(said.get(key)) for key in self.keys),
        )
        sums = self._of(one.at, dimensions)
        if one.kind is StepKind.CORRECTION:
            sums.cost += one.cost or 0
        else:
            sums.count(one, status)

    def earn(self, project: str, at: int, revenue: int, metadata: Mapping[str, Any]) -> None:
        """A trace that brings `revenue` (nano-dollars). Its models get their shares when it is sealed."""
        dimensions = Dimensions(
            project=project,
            provider="",
            model="",
            status="",
            user=text_of(metadata.get("user_id")),
            key="",
            feature=text_of(metadata.get("feature")),
            metadata=tuple(text_of(metadata.get(key)) for key in self.keys),
        )
        self._of(at, dimensions).revenue += revenue

    def _of(self, at: int, dimensions: Dimensions) -> Sums:
        name = (at // _SECOND // MINUTE * MINUTE, dimensions)
        found = self._sums.get(name)
        if found is None:
            found = self._sums[name] = Sums()
        return found

    def cells(self) -> dict[Cell, Sums]:
        """Everything, spread over the dimensions and the grains. What only brought revenue has no status or model."""
        found: dict[Cell, Sums] = {}
        for (minute, dimensions), sums in self._sums.items():
            for name, value in dimensions.spread(self.keys):
                if sums.requests or sums.cost or name not in _OF_CALLS:
                    _add(found, (MINUTE, dimensions.project, name, minute, value), sums)
        minutes = list(found.items())
        for grain in (HOUR, DAY):
            for (_, project, name, minute, value), sums in minutes:
                _add(found, (grain, project, name, minute // grain * grain, value), sums)
        return found

    def active(self) -> set[tuple[str, str, str, int]]:
        """(project, feature, user, day): who was there, for all features together ("") and for each."""
        found: set[tuple[str, str, str, int]] = set()
        for (minute, dimensions), sums in self._sums.items():
            if dimensions.user and sums.requests:
                for feature in {"", dimensions.feature}:
                    found.add((dimensions.project, feature, dimensions.user, minute // DAY))
        return found


class Known:
    """Which values a dimension has had today: past `MOST_VALUES` of them a new one is `other`.

    Bounded: one day is remembered, and `MOST_VALUES` of each dimension and project.
    """

    def __init__(self) -> None:
        self._day = 0
        self._values: dict[tuple[str, str], set[str]] = {}

    def bounded(self, cells: Mapping[Cell, Sums]) -> dict[Cell, Sums]:
        """The same sums, with no more values than there may be."""
        found: dict[Cell, Sums] = {}
        for (grain, project, name, start, value), sums in cells.items():
            kept = value if not name or self._admits(project, name, start // DAY, value) else OTHER
            _add(found, (grain, project, name, start, kept), sums)
        return found

    def learn(self, day: int, rows: Iterable[tuple[str, str, str]]) -> None:
        """(project, name, value) of the day's rows: what a fold before this one has written."""
        self._day, self._values = day, {}
        for project, name, value in rows:
            self._values.setdefault((project, name), set()).add(value)

    def knows(self, day: int) -> bool:
        return day == self._day

    def _admits(self, project: str, name: str, day: int, value: str) -> bool:
        if day != self._day:
            # Late records of another day are few: their values are taken as they are.
            return True
        values = self._values.setdefault((project, name), set())
        if value in values:
            return True
        if len(values) >= MOST_VALUES:
            return False
        values.add(value)
        return True


def _add(cells: dict[Cell, Sums], cell: Cell, sums: Sums) -> None:
    found = cells.get(cell)
    if found is None:
        found = cells[cell] = Sums()
    found.add(sums)


def rows_of(cells: Mapping[Cell, Sums]) -> list[Row]:
    """The values of `add_rollup`."""
    return [(*cell, *sums.row()) for cell, sums in cells.items()]


def text_of(value: Any) -> str:
    """A metadata value as the name of a group: short text; "" for what is no plain value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)[:200]
    return ""


def metadata_of(text: str) -> dict[str, Any]:
    """The metadata of a trace; empty for what is no object."""
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}
