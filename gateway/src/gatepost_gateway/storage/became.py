"""What became of calls, by their step ids: what a ledger outside this process must hear after a crash."""

from collections.abc import Iterable

from gatepost_gateway.domain.governance import Became
from gatepost_gateway.domain.records import Closed, Outcome, StepKind
from gatepost_gateway.storage.database import Dialect
from gatepost_gateway.storage.queries import Queries
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.steps import Step, read_step

AROUND = 2_000_000
"""Microseconds that a step may be apart from the time in its id."""
_SQL = {dialect: Queries("became.sql", dialect) for dialect in Dialect}


def became(records: Records, step_ids: list[str]) -> dict[str, Became]:
    """What each call was settled at, as far as the journal is folded. One that began and did not end: its whole hold.

    One that is not in the answer never began.
    """
    begun = {opened.step_id: opened for opened in records.open_holds()}
    found: dict[str, Became] = {}
    sql = _SQL[records.dialect]
    with records.reading() as db:
        projects: list[str] = [row[0] for row in db.all(sql["projects"])]
        for step_id in step_ids:
            if (opened := begun.get(step_id)) is not None:
                found[step_id] = Became(opened.held, presumed=True)
                continue
            at = made_at(step_id)
            for project in projects:
                row = db.one(sql["step"], (project, at - AROUND, at + AROUND, step_id))
                step = read_step(row[0]) if row is not None else None
                if isinstance(step, Closed) and step.outcome is Outcome.INTERRUPTED:
                    steps = [read_step(row[0]) for row in db.all(sql["of_trace"], (step.trace_id,))]
                    found[step_id] = Became(settled_at(step, steps), presumed=True)
                elif isinstance(step, Closed):
                    found[step_id] = Became(step.settled, presumed=False)
    return found


def settled_at(one: Closed, steps: Iterable[Step]) -> int:
    """What a call was settled at, with its corrections among the `steps` of its trace."""
    corrected = (step for step in steps if isinstance(step, Closed) and step.kind is StepKind.CORRECTION)
    return one.settled + sum(step.settled for step in corrected if step.parent_step_id == one.step_id)


def made_at(step_id: str) -> int:
    """The microseconds of a UUID of version 7; 0 for another text."""
    try:
        return int(step_id[:8] + step_id[9:13], 16) * 1000
    except ValueError:
        return 0
