"""The start: what the data plane must know of the time before it, and how the calls that died with it are closed."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.clock import HOUR_MICROS, iso
from gatepost_gateway.domain.errors import Code
from gatepost_gateway.domain.records import Closed, Opened, Outcome, StepKind
from gatepost_gateway.domain.usage import Usage
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.rows import LiveSession


class Recovered(Struct, frozen=True):
    """What stood in the journal to its end. `folded`: the segment that was reached; new ones get higher numbers."""

    settled: dict[str, int]
    open_holds: tuple[Opened, ...]
    sessions: tuple[LiveSession, ...]
    folded: int
    tripped: tuple[str, ...] = ()
    """The accounts that a spend cap closed in this hour."""


def recover(folder: Folder, records: Records, now: int) -> Recovered:
    """Folds to the end and gathers what a data plane starts with. `now` in microseconds. Before any call is served.

    Raises what `Folder.fold` raises.
    """
    folder.fold_to_end()
    return Recovered(
        # A clock that is put right by an hour or less finds what was spent on the other side of midnight.
        settled={
            account: amount
            for moment in (now - HOUR_MICROS, now, now + HOUR_MICROS)
            for account, amount in records.settled_now(moment).items()
        },
        open_holds=tuple(records.open_holds(own=True)),
        sessions=tuple(records.live_sessions(now)),
        folded=records.position().segment,
        tripped=tuple(records.tripped(now)),
    )


def with_holds(settled: Mapping[str, int], open_holds: Iterable[Opened]) -> dict[str, int]:
    """What is spent when the calls that died are closed: each at its whole hold."""
    sums = dict(settled)
    for opened in open_holds:
        for claim in opened.claims:
            sums[claim.account] = sums.get(claim.account, 0) + opened.held
    return sums


def correction(one: Closed, before: int, after: int, words: str) -> Closed:
    """The record that puts right what an interrupted call was settled at: it cost `after`, and not `before`.

    It belongs to the same time, key, model and budgets, so that every sum is as if that had been known.
    """
    return Closed(
        step_id=ids.new(),
        trace_id=one.trace_id,
        at=one.at,
        surface=one.surface,
        operation=one.operation,
        kind=StepKind.CORRECTION,
        org=one.org,
        project=one.project,
        proxy=one.proxy,
        key_id=one.key_id,
        user=one.user,
        parent_step_id=one.step_id,
        implicit=one.implicit,
        model_asked=one.model_asked,
        outcome=one.outcome,
        status=one.status,
        error=one.error,
        message=words,
        cost=after - before,
        claims=one.claims,
        settled=after - before,
        retention_days=one.retention_days,
    )


def interrupted(opened: Opened, at: int) -> Closed:
    """The record of a call that was running when its process died, written by the next start at `at` (microseconds).

    Nobody knows what the provider did: it settles at the whole hold, marked as an estimate. Without a hold its cost is
    not known. How long it took is not known either, and counts as nothing.
    """
    return Closed(
        step_id=opened.step_id,
        trace_id=opened.trace_id,
        at=opened.at,
        surface=opened.surface,
        operation=opened.operation,
        org=opened.org,
        project=opened.project,
        proxy=opened.proxy,
        key_id=opened.key_id,
        user=opened.user,
        parent_step_id=opened.parent_step_id,
        implicit=opened.implicit,
        request_id=opened.request_id,
        session_id=opened.session_id,
        turn=opened.turn,
        model_asked=opened.model or None,
        outcome=Outcome.INTERRUPTED,
        status=500,
        error=Code.INTERNAL.value,
        message=f"the gateway stopped while this call was running; closed at {iso(at)}",
        usage=Usage(exact=False),
        cost=opened.held if opened.claims else None,
        claims=opened.claims,
        held=opened.held,
        settled=opened.held,
        estimated=True,
    )
