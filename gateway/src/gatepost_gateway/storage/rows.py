"""What the records answer with, and what they are asked for."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.records import Closed, Logged, Outcome
from gatepost_gateway.storage.steps import read_step, unpriced

MOST = 200
"""Traces in one page."""
_LAST = 2**63 - 1


class Filters(Struct, frozen=True):
    """Which traces: all that is said must hold. Times in microseconds: `since` is in, `until` is out.

    `model`, `user` and the properties hold when one step says so, `session` when one step belongs to it, `outcome` is
    the last step's. `project` None: of every project.
    """

    project: str | None = None
    session: str | None = None
    user: str | None = None
    model: str | None = None
    properties: tuple[tuple[str, str], ...] = ()
    outcome: Outcome | None = None
    since: int | None = None
    until: int | None = None

    def said(self) -> list[tuple[str, str]]:
        """The properties as facets."""
        return [(f"property:{key}", value) for key, value in self.properties]

    def facets(self) -> list[tuple[str, str]]:
        """What a trace of several steps is looked up by."""
        found = self.said()
        if self.user is not None:
            found.append(("user", self.user))
        if self.model is not None:
            found.append(("model", self.model))
        return found


class TraceRow(Struct, frozen=True):
    """A trace with its sums: money in nano-dollars, times and durations in microseconds.

    `cost` adds the known costs up, `unpriced` says how many calls have none. `metadata` is JSON text. `outcome`,
    `session_id` and `user` are the last step's. `project` is None for a caller that nobody knew.
    """

    id: str
    at: int
    implicit: bool
    org: str | None
    project: str | None
    key_id: str | None
    metadata: str
    revenue: int | None
    steps: int
    unpriced: int
    cost: int
    micros: int
    outcome: Outcome | None
    session_id: str | None
    user: str | None
    sealed_at: int | None
    models: tuple[str, ...] = ()

    @property
    def completed(self) -> bool:
        """Whether no more steps come: it was sealed, or made for one call."""
        return self.implicit or self.sealed_at is not None


class Page(Struct, frozen=True):
    """`next_cursor` is None on the last page."""

    items: tuple[TraceRow, ...]
    next_cursor: str | None = None


class TraceDetail(Struct, frozen=True):
    """A trace and its steps in the order of their time; at most as many as were asked for."""

    row: TraceRow
    steps: tuple[Closed | Logged, ...]


class LiveSession(Struct, frozen=True):
    """A session that may go on. `at`: microseconds of its last turn."""

    id: str
    project: str
    proxy: str | None
    turn: int
    at: int
    marks: tuple[bytes, ...] = ()


class Counts(Struct, frozen=True):
    """Rows, and `entries` of the journal that were folded in all."""

    traces: int
    steps: int
    open_holds: int
    kept: int
    settled: int
    entries: int


class Expired(Struct, frozen=True):
    """What retention took in one batch; `more`: another batch would find more.

    `traces` counts those with a row of their own: of a call that was one step, the step is all there is.
    """

    steps: int = 0
    traces: int = 0
    kept: int = 0
    settled: int = 0
    days: int = 0
    """Whole days that were dropped: their steps are not counted one by one."""
    more: bool = False


class Place(Struct, frozen=True, array_like=True, order=True):
    """Where a page ends: traces are listed by (at, id), the newest first."""

    at: int = _LAST
    id: str = ""


def write_cursor(row: TraceRow) -> str:
    return f"{row.at}.{row.id}"


def read_cursor(text: str) -> Place:
    """Raises CallerError (400) for a text that `write_cursor` did not make."""
    at, _, trace_id = text.partition(".")
    if not (at.isascii() and at.isdigit() and len(at) < 19 and trace_id):
        raise CallerError(f"cursor `{text[:80]}` is not one of ours: take `next_cursor` of the page before")
    return Place(int(at), trace_id)


def read_trace(row: Sequence[Any]) -> TraceRow:
    """The trace of a row of an `alone_by_*` query, (at, id, entry), or of a `traces_by_*` query."""
    if row[2] is not None:
        step = read_step(row[2])
        assert isinstance(step, Closed)
        return trace_of(step)
    return TraceRow(
        id=row[1],
        at=row[0],
        implicit=bool(row[3]),
        org=row[4],
        project=row[5] or None,
        key_id=row[6],
        metadata=row[7],
        revenue=row[8],
        steps=row[9],
        unpriced=row[10],
        cost=row[11],
        micros=row[12],
        outcome=None if row[13] is None else Outcome(row[13]),
        session_id=row[14],
        user=row[15],
        sealed_at=row[16],
        models=msgspec.json.decode(row[17], type=tuple[str, ...]),
    )


def trace_of(step: Closed) -> TraceRow:
    """The trace that was made for this one step."""
    return TraceRow(
        id=step.trace_id,
        at=step.at,
        implicit=True,
        org=step.org,
        project=step.project,
        key_id=step.key_id,
        metadata="{}",
        revenue=None,
        steps=1,
        unpriced=int(unpriced(step)),
        cost=step.cost or 0,
        micros=step.micros,
        outcome=step.outcome,
        session_id=step.session_id,
        user=step.user,
        sealed_at=None,
        models=() if step.model is None else (step.model,),
    )
