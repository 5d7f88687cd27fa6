"""Entries of the journal as rows of the records: pure, one pass, in the journal's order.

The first `Closed` of a step counts, whoever wrote it; a later one changes nothing, not even money. So a call that the
next start closed as INTERRUPTED stays so, and an entry that were ever written twice would settle once. A call that is
opened and never closed stays an open hold until a start closes it.

Entries are looked at one by one and let go of: thousands of living objects would keep the collector busy.
"""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.records import (
    Admitted,
    BreakerTurned,
    Closed,
    Escalated,
    Kept,
    Logged,
    Outcome,
    TraceOpened,
    TraceSealed,
)
from gatepost_gateway.storage.happenings import of_breaker, of_escalation, of_trip
from gatepost_gateway.storage.steps import Payload, Row, expiry, unpriced, write_event, write_step
from gatepost_gateway.storage.tally import LONGEST, Tally, metadata_of

_LARGEST = 10**18
_EMPTY: Mapping[str, Any] = MappingProxyType({})


def _nothing(trace_id: str) -> Mapping[str, Any]:  # noqa: ARG001 - no trace is known
    return _EMPTY


class Begun(Struct, frozen=True, array_like=True, tag="o", gc=False):
    """An `Opened` of which only the first field is read: most are over before anybody asks for more."""

    step_id: str


class Said(Struct, frozen=True, array_like=True, tag="b", gc=False):
    """A `Stored` by the fields that it is found by."""

    step_id: str
    trace_id: str
    at: int = 0


Folding = Begun | Closed | TraceOpened | TraceSealed | Logged | Kept | Escalated | Admitted | Said | BreakerTurned
"""`Entry` as the fold reads it."""

decode = msgspec.msgpack.Decoder(Folding).decode


class Sum(Struct):
    """What steps add to the row of their trace."""

    trace_id: str
    at: int
    implicit: bool
    org: str | None
    project: str
    key_id: str | None
    steps: int = 0
    unpriced: int = 0
    cost: int = 0
    micros: int = 0
    outcome: Outcome | None = None
    session_id: str | None = None
    user: str | None = None
    expires_at: int = 0

    def add(self, one: Closed) -> None:
        """The next step."""
        self._count(one)
        self.outcome = one.outcome
        self.session_id = one.session_id or self.session_id
        self.user = one.user or self.user

    def begin(self, one: Closed) -> None:
        """The step that was alone until the others came: it was first."""
        self._count(one)
        self.at = one.at
        self.outcome = self.outcome or one.outcome
        self.session_id = self.session_id or one.session_id
        self.user = self.user or one.user

    def _count(self, one: Closed) -> None:
        self.steps += 1
        self.unpriced += unpriced(one)
        self.cost += one.cost or 0
        self.micros += one.micros
        self.expires_at = max(self.expires_at, expiry(one))

    def row(self) -> Row:
        """The values of `add_to_trace`."""
        outcome = self.outcome.value if self.outcome is not None else None
        return (*msgspec.structs.astuple(self)[:10], outcome, self.session_id, self.user, self.expires_at)


class Batch:
    """`said`: entries as `decode` gives them, each with its payload. `known`: steps that are in the records already.
    `metadata`: of a trace that an earlier batch opened.
    """

    def __init__(
        self,
        said: Iterable[tuple[Folding, Payload]],
        known: AbstractSet[str] = frozenset(),
        tally: Tally | None = None,
        metadata: Callable[[str], Mapping[str, Any]] = _nothing,
    ) -> None:
        self.tally = tally if tally is not None else Tally()
        self._metadata = metadata
        self._traces: dict[str, Mapping[str, Any]] = {}
        self.entries = 0
        self.cut = False
        self.repeated = 0
        self.steps: list[Row] = []
        self.opened_traces: list[Row] = []
        self.sums: dict[str, Sum] = {}
        self.seals: list[Row] = []
        self.facets: list[Row] = []
        self.trace_facets: dict[Row, None] = {}
        self.settled: dict[str, int] = {}
        self.opened: dict[str, Payload] = {}
        """Calls that this batch opens and does not close."""
        self.closed_holds: list[tuple[str]] = []
        self.escalations: list[Row] = []
        self.admissions: list[Row] = []
        self.bodies: list[Row] = []
        self.happened: list[Row] = []
        """What webhooks may want to know."""
        self._seen = set(known)
        self._kept: dict[tuple[str, str], Kept] = {}
        opened = self.opened
        for entry, payload in said:
            self.entries += 1
            if type(entry) is Begun:
                opened[entry.step_id] = payload
            elif type(entry) is Closed:
                self._close(entry, payload)
            else:
                self._take(entry, payload)

    @property
    def shared(self) -> bool:
        """Whether it writes rows that another gateway may write as well."""
        return bool(
            self.sums
            or self.opened_traces
            or self.seals
            or self._kept
            or self.escalations
            or self.admissions
            or self.happened
        )

    def bound(self, *, texts: bool = False) -> None:
        """Cuts absurd numbers down to what can be stored, so that no single entry stops the fold; and `texts` that are
        longer than an index of PostgreSQL takes.
        """
        self.steps = [_bounded(row) for row in self.steps]
        self.facets = [_bounded(row) for row in self.facets]
        self.seals = [_bounded(row) for row in self.seals]
        self.opened_traces = [_bounded(row) for row in self.opened_traces]
        if texts:
            self.steps, self.facets, self.opened_traces = map(_short, (self.steps, self.facets, self.opened_traces))
            self.trace_facets = dict.fromkeys(_short(list(self.trace_facets)))
            self.cut = True
        self.settled = {name: min(amount, _LARGEST) for name, amount in self.settled.items()}

    def additions(self) -> list[Row]:
        found = [_bounded(one.row()) for one in self.sums.values()]
        return _short(found) if self.cut else found

    @property
    def kept(self) -> list[Row]:
        return [(one.kind, one.id, one.project, one.expires_at, one.box) for one in self._kept.values() if one.box]

    @property
    def dropped(self) -> list[Row]:
        return [(one.kind, one.id) for one in self._kept.values() if not one.box]

    def join(self, one: Closed) -> None:
        """A step of the records that is alone no more."""
        self.sums[one.trace_id].begin(one)
        self._describe(one)

    def _take(self, entry: Folding, payload: Payload) -> None:
        match entry:
            case Logged():
                self._log(entry, payload)
            case TraceOpened():
                metadata = self._traces[entry.trace_id] = metadata_of(entry.metadata)
                if entry.revenue:
                    self.tally.earn(entry.project, entry.at, entry.revenue, metadata)
                self.opened_traces.append(
                    (entry.trace_id, entry.at, entry.org, entry.project, entry.key_id, entry.metadata, entry.revenue)
                )
            case TraceSealed():
                self.seals.append((entry.at, entry.cost, entry.micros, entry.steps, entry.unpriced, entry.trace_id))
            case Kept():
                self._kept[entry.kind, entry.id] = entry
            case Escalated():
                self.escalations.append((entry.id, entry.at, entry.project, entry.expires_at, payload))
                self.happened.append(of_escalation(entry))
            case BreakerTurned():
                self.happened.append(of_breaker(entry))
            case Admitted():
                self.admissions.append((entry.step_id, entry.escalation_id))
            case Said():
                self.bodies.append((entry.step_id, entry.trace_id, payload, entry.at))
            case Begun() | Closed():
                pass

    def _first(self, step_id: str) -> bool:
        if step_id in self._seen:
            self.repeated += 1
            return False
        self._seen.add(step_id)
        return True

    def _close(self, one: Closed, payload: Payload) -> None:
        step_id = one.step_id
        if self.opened.pop(step_id, None) is None:
            self.closed_holds.append((step_id,))
        if not self._first(step_id):
            return
        # A call of its own has no parent, unless it is the attempt that follows another under a budget.
        alone = one.implicit and one.parent_step_id is None
        self.steps.append(write_step(one, payload, alone))
        self.tally.take(one, _EMPTY if one.implicit else self._of_trace(one.trace_id))
        if one.tripped is not None:
            self.happened.append(of_trip(one))
        if one.settled:
            settled, amount = self.settled, one.settled
            for claim in one.claims:
                settled[claim.account] = settled.get(claim.account, 0) + amount
        if not alone:
            self._sum(one.trace_id, one).add(one)
            self._describe(one)
        elif one.properties:
            self.facets += facets_alone(one)

    def _of_trace(self, trace_id: str) -> Mapping[str, Any]:
        found = self._traces.get(trace_id)
        if found is None:
            found = self._traces[trace_id] = self._metadata(trace_id)
        return found

    def _sum(self, trace_id: str, one: Closed | Logged) -> Sum:
        found = self.sums.get(trace_id)
        if found is None:
            implicit = isinstance(one, Closed) and one.implicit
            found = self.sums[trace_id] = Sum(trace_id, one.at, implicit, one.org, one.project or "", one.key_id)
        return found

    def _describe(self, one: Closed) -> None:
        """What a trace with a row of its own is found by. Kept equal to the view `step_facets`: a test compares."""
        said = [(name, value) for name, value in (("model", one.model), ("user", one.user)) if value]
        said += [(f"property:{key}", value) for key, value in (one.properties or {}).items()]
        for name, value in said:
            self.trace_facets[name, value, one.trace_id] = None

    def _log(self, one: Logged, payload: Payload) -> None:
        if not self._first(one.step_id):
            return
        self.steps.append(write_event(one, payload))
        self._sum(one.trace_id, one).steps += 1


def facets_alone(one: Closed) -> list[Row]:
    """What a step that is alone is found by, beside its columns."""
    project, said = one.project or "", one.properties or {}
    return [(project, f"property:{key}", value, one.at, one.trace_id) for key, value in said.items()]


def _short(rows: list[Row]) -> list[Row]:
    """JSON is not cut: it stands in no index."""
    return [tuple(one[:LONGEST] if _too_long(one) else one for one in row) for row in rows]


def _too_long(one: Any) -> bool:
    return type(one) is str and len(one) > LONGEST and not one.startswith("{")


def _bounded(row: Row) -> Row:
    return tuple(max(-_LARGEST, min(one, _LARGEST)) if type(one) is int else one for one in row)
