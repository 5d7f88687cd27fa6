"""The queue of what waits for a person: listed, turned, and read by the data plane as verdicts that hold."""

from typing import Any

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.escalation import ADMITS_MICROS, TURNS, WAITING, HumanVerdict, State
from gatepost_gateway.domain.records import Escalated
from gatepost_gateway.storage.happenings import of_resolution
from gatepost_gateway.storage.queries import Queries
from gatepost_gateway.storage.records import TURN, Records

MOST = 200
"""Escalations in one page."""

_decode = msgspec.msgpack.Decoder(Escalated).decode


class Turn(Struct, frozen=True):
    """A person's step. `at` in microseconds."""

    at: int
    by: str
    state: State
    note: str


class Held(Struct, frozen=True):
    """An escalation with its history. `admitted_step`: the request that an approval let through."""

    entry: Escalated
    state: State
    turns: tuple[Turn, ...] = ()
    admits_until: int = 0
    admitted_step: str | None = None


class Escalations:
    """Safe from any thread; what must be fresh is folded by the caller before."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._sql = Queries("escalations.sql", records.dialect)
        written = Queries("records.sql", records.dialect)
        self._happen, self._admit = written["happen"], written["admit_escalated"]

    def page(self, now: int, *, project: str | None, state: State | None, before: int, limit: int) -> list[Held]:
        """The newest first. `before` in microseconds, not included; `project` None: of every project."""
        values = {
            "project": project,
            "status": state.value if state is not None else "",
            "before": before,
            "now": now,
            "limit": max(1, min(limit, MOST)),
        }
        query = "page_of_all" if project is None else "page_of_project"
        with self._records.reading() as db:
            rows = db.all(self._sql[query], values)
            found = [_held(row, now) for row in rows]
            ids = msgspec.json.encode([one.entry.id for one in found]).decode()
            turns: dict[str, list[Turn]] = {}
            for id, at, by, status, note in db.all(self._sql["turns"], (ids,)):
                turns.setdefault(id, []).append(Turn(at, by, State(status), note))
        return [msgspec.structs.replace(one, turns=tuple(turns.get(one.entry.id, ()))) for one in found]

    def get(self, id: str, now: int) -> Held:
        """Raises CallerError (404) for an id that is not there."""
        with self._records.reading() as db:
            row = db.one(self._sql["one"], (id,))
            if row is None:
                raise CallerError(f"there is no escalation `{id[:64]}`", code=Code.NOT_FOUND, status=404)
            ids = msgspec.json.encode([id]).decode()
            turns = tuple(Turn(at, by, State(to), note) for _, at, by, to, note in db.all(self._sql["turns"], (ids,)))
        return msgspec.structs.replace(_held(row, now), turns=turns)

    def turn(self, id: str, to: State, *, by: str, note: str, now: int) -> Held:
        """Takes the step, whole or not at all.

        Raises CallerError: 404, or 409 where the escalation is not in a state that `to` may follow.
        """
        with self._records.writing(TURN) as db:
            held = self.get(id, now)
            if held.state not in TURNS[to]:
                raise CallerError(
                    f"the escalation is {held.state.value} and cannot become {to.value}", code=Code.CONFLICT, status=409
                )
            judged = to in (State.APPROVED, State.DENIED)
            until = now + ADMITS_MICROS if judged else 0
            db.run(self._sql["turn"], {"status": to.value, "admits_until": until, "id": id})
            db.run(self._sql["add_turn"], {"id": id, "at": now, "by": by, "status": to.value, "note": note})
            if to is not State.CLAIMED:
                db.run(self._happen, of_resolution(held.entry, to, by, now))
        return self.get(id, now)

    def admit(self, id: str, step_id: str) -> bool:
        """Whether this step is the one that the approval admits: the first that asks."""
        with self._records.writing(TURN) as db:
            if db.run(self._admit, (step_id, id)):
                return True
            row = db.one(self._sql["one"], (id,))
        return row is not None and row[3] == step_id

    def verdicts(self, now: int) -> tuple[HumanVerdict, ...]:
        """What the data plane acts on."""
        with self._records.reading() as db:
            rows = db.all(self._sql["verdicts"], (now,))
        found: list[HumanVerdict] = []
        for status, until, entry in rows:
            one = _decode(entry)
            found.append(HumanVerdict(one.id, one.fingerprint, State(status) is State.APPROVED, until))
        return tuple(sorted(found, key=lambda one: one.escalation_id))


def _held(row: Any, now: int) -> Held:
    status, expires_at, admits_until, admitted_step, entry = row
    state = State(status)
    if state in WAITING and expires_at <= now:
        state = State.EXPIRED
    return Held(_decode(entry), state, (), admits_until, admitted_step or None)
