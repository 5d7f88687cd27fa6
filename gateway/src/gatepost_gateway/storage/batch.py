"""Entries of the journal as rows of the records: pure, one pass, in the journal's order.

The first `Closed` of a step counts, whoever wrote it; a later one changes nothing, not even money. So a call that the
next start closed as INTERRUPTED stays so, and an entry that were ever written twice would settle once. A call that is
opened and never closed stays an open hold until a start closes it.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import msgspec

from gatepost_gateway.domain.records import Closed, Entry, Kept, Logged, Opened, TraceOpened, TraceSealed
from gatepost_gateway.storage.steps import Row, expiry, write_event, write_step

_encode = msgspec.msgpack.Encoder().encode
_LARGEST = 10**18


class Batch:
    """`known`: steps that are in the records already. `traces`: when the explicit traces in question were made."""

    def __init__(
        self, entries: list[Entry], known: AbstractSet[str] = frozenset(), traces: Mapping[str, int] | None = None
    ) -> None:
        self.entries = len(entries)
        self.repeated = 0
        self.steps: list[Row] = []
        self.opened_traces: list[Row] = []
        self.additions: list[Row] = []
        self.seals: list[Row] = []
        self.facets: list[Row] = []
        self.settled: dict[str, int] = {}
        self.closed_holds: list[tuple[str]] = []
        self._seen = set(known)
        self._times = dict(traces or {})
        self._opened: dict[str, Opened] = {}
        self._kept: dict[tuple[str, str], Kept] = {}
        for entry in entries:
            self._take(entry)

    def bound(self) -> None:
        """Cuts absurd numbers down to what SQLite can store, so that no single entry stops the fold."""
        self.steps = [_bounded(row) for row in self.steps]
        self.additions = [_bounded(row) for row in self.additions]
        self.seals = [_bounded(row) for row in self.seals]
        self.opened_traces = [_bounded(row) for row in self.opened_traces]
        self.settled = {name: min(amount, _LARGEST) for name, amount in self.settled.items()}

    @property
    def opened_holds(self) -> list[Row]:
        """Calls that this batch opens and does not close."""
        return [(one.step_id, _encode(one)) for one in self._opened.values()]

    @property
    def kept(self) -> list[Row]:
        return [(one.kind, one.id, one.project, one.expires_at, one.box) for one in self._kept.values() if one.box]

    @property
    def dropped(self) -> list[Row]:
        return [(one.kind, one.id) for one in self._kept.values() if not one.box]

    def _take(self, entry: Entry) -> None:
        match entry:
            case Opened():
                self._opened[entry.step_id] = entry
            case Closed():
                self._close(entry)
            case Logged():
                self._log(entry)
            case TraceOpened():
                self._times.setdefault(entry.trace_id, entry.at)
                self.opened_traces.append(
                    (entry.trace_id, entry.at, entry.org, entry.project, entry.key_id, entry.metadata, entry.revenue)
                )
            case TraceSealed():
                self.seals.append((entry.at, entry.cost, entry.micros, entry.steps, entry.unpriced, entry.trace_id))
            case Kept():
                self._kept[entry.kind, entry.id] = entry

    def _first(self, step_id: str) -> bool:
        if step_id in self._seen:
            self.repeated += 1
            return False
        self._seen.add(step_id)
        return True

    def _close(self, one: Closed) -> None:
        if self._opened.pop(one.step_id, None) is None:
            self.closed_holds.append((one.step_id,))
        if not self._first(one.step_id):
            return
        self.steps.append(write_step(one))
        project, unpriced = one.project or "", one.cost is None and (one.estimated or bool(one.attempts))
        self.additions.append(
            (
                one.trace_id,
                one.at,
                one.implicit,
                one.org,
                project,
                one.key_id,
                unpriced,
                one.cost or 0,
                one.micros,
                one.outcome.value,
                one.session_id,
                one.user,
                expiry(one),
            )
        )
        for claim in one.claims:
            self.settled[claim.account] = self.settled.get(claim.account, 0) + one.settled
        self._describe(one, project)

    def _describe(self, one: Closed, project: str) -> None:
        """What the trace is found by. Kept equal to the view `step_facets`; a test compares them."""
        at, trace_id = one.at, one.trace_id
        if not one.implicit:
            at = self._times.setdefault(trace_id, at)
        if one.model is not None:
            self.facets.append((project, "model", one.model, at, trace_id))
        if one.user is not None:
            self.facets.append((project, "user", one.user, at, trace_id))
        if one.properties:
            for key, value in one.properties.items():
                self.facets.append((project, f"property:{key}", value, at, trace_id))

    def _log(self, one: Logged) -> None:
        if not self._first(one.step_id):
            return
        self.steps.append(write_event(one))
        self._times.setdefault(one.trace_id, one.at)
        self.additions.append(
            (one.trace_id, one.at, False, one.org, one.project, one.key_id, 0, 0, 0, None, None, None, 0)
        )


def _bounded(row: Row) -> Row:
    return tuple(max(-_LARGEST, min(one, _LARGEST)) if type(one) is int else one for one in row)


def explicit_traces(entries: list[Entry]) -> set[str]:
    """The traces whose time must be known before the batch is made."""
    return {one.trace_id for one in entries if isinstance(one, Closed) and not one.implicit}


def step_ids(entries: list[Entry]) -> list[str]:
    return [one.step_id for one in entries if isinstance(one, Closed | Logged)]
