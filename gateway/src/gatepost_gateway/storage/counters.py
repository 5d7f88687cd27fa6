"""The journal's entries, counted as they go in, for those who scrape: labels are bounded by construction.

A provider is one of a closed list, a status one of `Status`. A model has a label of its own when the configuration
declares it or when it has answered, up to `MOST_MODELS`; what comes after that, or was only ever asked for, is `other`.
No user, key, project or session is a label.
"""

from bisect import bisect_left
from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct, field

from gatepost_gateway.domain.ports import Recorder
from gatepost_gateway.domain.records import Closed, Entry, Outcome, StepKind
from gatepost_gateway.storage.tally import OTHER, Status, status_of

MOST_MODELS = 200
ALERT = "alert"
"""The signal by which a rule asks that its decision be counted."""
NONE = "none"
"""The label of a call that went nowhere: refused before a model was chosen."""
BOUNDS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000)
"""Upper bounds of the latency's buckets, in milliseconds."""
_TIMED = frozenset({Status.SUCCESS, Status.CACHE_HIT})


class OfModel(Struct):
    """What the calls to one model of one provider add up to. Money in nano-dollars."""

    statuses: dict[Status, int] = field(default_factory=dict[Status, int])
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost: int = 0
    saved: int = 0
    unpriced: int = 0


class Latency(Struct):
    """A histogram: how many calls fell into each bucket, the last one without a bound. `micros`: of all of them."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    micros: int = 0

    def count(self, micros: int) -> None:
        self.counts[bisect_left(BOUNDS, micros / 1000)] += 1
        self.micros += micros


class Declares(Protocol):
    """Whether the configuration has a model of this id."""

    def __call__(self, model: str, /) -> bool: ...


class Counters:
    """`declares` says which models the configuration has now."""

    def __init__(self, declares: Declares) -> None:
        self._declares = declares
        self._models: set[str] = set()
        self.calls: dict[tuple[str, str], OfModel] = {}
        self.latency: dict[str, Latency] = {}
        self.streams: dict[str, int] = {}
        self.alerts: dict[str, int] = {}
        """Decisions that are alerts, by the kind of their rule."""
        self.entries = 0

    def take(self, entry: Entry) -> None:
        """An entry of the journal."""
        self.entries += 1
        if not isinstance(entry, Closed) or entry.kind is not StepKind.RUN:
            return
        status, provider = status_of(entry), entry.provider or NONE
        name = (provider, self._label(entry))
        found = self.calls.get(name)
        if found is None:
            found = self.calls[name] = OfModel()
        _add(found, entry, status)
        if status in _TIMED:
            latency = self.latency.get(provider)
            if latency is None:
                latency = self.latency[provider] = Latency()
            latency.count(entry.micros)
        for one in entry.decisions:
            if ALERT in one.signals:
                self.alerts[one.kind] = self.alerts.get(one.kind, 0) + 1
        if entry.stream:
            self.streams[provider] = self.streams.get(provider, 0) + 1

    def _label(self, one: Closed) -> str:
        model = one.model
        if model is None:
            return NONE
        if model in self._models:
            return model
        if len(self._models) < MOST_MODELS and (one.outcome is Outcome.ANSWERED or self._declares(model)):
            self._models.add(model)
            return model
        return OTHER


def _add(sums: OfModel, one: Closed, status: Status) -> None:
    usage = one.usage
    sums.statuses[status] = sums.statuses.get(status, 0) + 1
    sums.input += usage.input
    sums.output += usage.output
    sums.cache_read += usage.cache_read
    sums.cache_write += usage.cache_write
    sums.saved += one.saved or 0
    if one.cost is not None:
        sums.cost += one.cost
    elif one.attempts:
        sums.unpriced += 1


class CountedRecorder:
    """Implements `ports.Recorder` over another one: an entry counts when it was taken."""

    def __init__(self, recorder: Recorder, taken: Callable[[Entry], None]) -> None:
        self._recorder = recorder
        self._taken = taken
        self.durable: Callable[[], Awaitable[None]] = recorder.durable

    def append(self, entry: Entry) -> None:
        self._recorder.append(entry)
        self._taken(entry)
