"""What happened, on its way to the webhooks that want to know: in the records' own file, so that a kill loses nothing.

A happening is written with what it came from, in one transaction, and handed to each webhook as a delivery. A delivery
is tried until it is delivered or given up; who tries it takes it for a while first, and a process that dies meanwhile
leaves it to the next. A webhook's queue is bounded: what does not fit is dropped and counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.clock import DAY_MICROS, iso
from gatepost_gateway.domain.records import Escalated
from gatepost_gateway.domain.webhooks import Happening, Topic, Webhook, row_of
from gatepost_gateway.storage.database import Database
from gatepost_gateway.storage.queries import Queries
from gatepost_gateway.storage.records import TURN, Records

MOST_PENDING = 1000
"""Deliveries that wait for one webhook."""
MOST_DONE = 1000
DONE_LIFE = 30 * DAY_MICROS
TOLD_LIFE = 40 * DAY_MICROS
"""A month's budget is told of once a month."""
AT_ONCE = 200
LEASE = 20_000_000
"""Microseconds that a try may take before somebody else tries."""

NOTHING: Mapping[str, str] = MappingProxyType({})

_escalated = msgspec.msgpack.Decoder(Escalated).decode


class State(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


DROPPED = "dropped"


class Delivery(Struct, frozen=True):
    """`at` is when it happened, `next_at` when it is tried next; `answered` the receiver's last status."""

    webhook: str
    event_id: str
    at: int
    topic: str
    body: str
    state: State
    attempts: int
    next_at: int
    answered: int | None = None
    trouble: str | None = None
    done_at: int | None = None


class Outcome(Struct, frozen=True):
    """How a try ended; `next_at` (microseconds) where there is to be another."""

    state: State
    at: int
    next_at: int = 0
    answered: int | None = None
    trouble: str | None = None


class Outbox:
    """Safe from any thread."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._sql = Queries("outbox.sql", records.dialect)
        self._happen = Queries("records.sql", records.dialect)["happen"]

    def happened(self) -> list[Happening]:
        """Some of what nobody was handed yet, the oldest first."""
        with self._records.reading() as db:
            return [self._happening(row) for row in db.all(self._sql["happened"], (AT_ONCE,))]

    def spread(self, found: Iterable[Happening], hooks: Sequence[Webhook], now: int) -> None:
        """Hands what happened to who wants it, and forgets it; what another gateway has handed on is left alone.

        `hooks` must be looked at after `found`: else who came between them would hear of nothing.
        """
        with self._records.writing(TURN) as db:
            room = {hook.id: MOST_PENDING - self._pending(db, hook.id) for hook in hooks}
            for one in found:
                if not db.run(self._sql["unhappen"], (one.id,)):
                    continue
                for hook in hooks:
                    if one.webhook == hook.id or (not one.webhook and hook.wants(one.topic, one.project)):
                        self._hand(db, hook, one, room, now)

    def _hand(self, db: Database, hook: Webhook, one: Happening, room: dict[str, int], now: int) -> None:
        if not _crosses(hook, one):
            return
        if room[hook.id] <= 0:
            self._count(db, hook.id, DROPPED)
            return
        said = {"webhook": hook.id, "event_id": one.id, "at": one.at, "topic": one.topic.value, "body": body_of(one)}
        room[hook.id] -= db.run(self._sql["deliver"], {**said, "next_at": now})

    def happen(
        self, happenings: Iterable[Happening], told: Mapping[str, str], now: int, known: Mapping[str, str] = NOTHING
    ) -> bool:
        """Writes what happened together with what is told by it; nothing where `known` is not what is told any more."""
        with self._records.writing(TURN) as db:
            if known and dict.fromkeys(known, "") | self._told(db, known) != known:
                return False
            db.many(self._happen, [row_of(one) for one in happenings])
            for name, value in told.items():
                db.run(self._sql["tell"], {"name": name, "value": value, "at": now})
        return True

    def told(self, names: Iterable[str]) -> dict[str, str]:
        """What is known under these names."""
        with self._records.reading() as db:
            return self._told(db, names)

    def _told(self, db: Database, names: Iterable[str]) -> dict[str, str]:
        return dict(db.all(self._sql["told"], (msgspec.json.encode(list(names)).decode(),)))

    def forget_looks(self) -> None:
        """Nobody wants to know: how far was looked is where the next one begins."""
        with self._records.writing(TURN) as db:
            db.run(self._sql["forget_looks"])

    def claim(self, now: int, room: Mapping[str, int]) -> list[Delivery]:
        """Deliveries to try now, as many of each webhook as it has `room`; nobody else gets them meanwhile."""
        due: list[Delivery] = []
        with self._records.reading() as db:
            for webhook, limit in room.items():
                rows = db.all(self._sql["due"], {"webhook": webhook, "now": now, "limit": limit})
                due += [_delivery(row) for row in rows]
        if not due:
            return []
        claimed: list[Delivery] = []
        with self._records.writing(TURN) as db:
            for one in due:
                said = {"webhook": one.webhook, "event_id": one.event_id, "next_at": one.next_at, "until": now + LEASE}
                if db.run(self._sql["claim"], said):
                    claimed.append(msgspec.structs.replace(one, attempts=one.attempts + 1))
        return claimed

    def settle(self, one: Delivery, outcome: Outcome) -> None:
        """Keeps how a try ended."""
        over = outcome.state is not State.PENDING
        with self._records.writing(TURN) as db:
            done = db.run(
                self._sql["settle"],
                {
                    "webhook": one.webhook,
                    "event_id": one.event_id,
                    "state": outcome.state.value,
                    "next_at": outcome.next_at,
                    "answered": outcome.answered,
                    "trouble": outcome.trouble,
                    "done_at": outcome.at if over else None,
                },
            )
            if over and done:
                self._count(db, one.webhook, outcome.state.value)

    def page(self, webhook: str, state: State | None, before: int, limit: int) -> list[Delivery]:
        """The newest first. `before` in microseconds, not included."""
        said = {"webhook": webhook, "state": state.value if state else "", "before": before, "limit": limit}
        with self._records.reading() as db:
            return [_delivery(row) for row in db.all(self._sql["page"], said)]

    def counts(self, webhook: str) -> dict[str, int]:
        """How many deliveries wait, were delivered, failed and were dropped."""
        with self._records.reading() as db:
            counts = dict.fromkeys((State.DELIVERED.value, State.FAILED.value, DROPPED), 0)
            pending = self._pending(db, webhook)
            return {
                State.PENDING.value: pending,
                **counts,
                **dict(db.all(self._sql["counts"], (webhook,))),
            }

    def drop(self, webhook: str) -> None:
        """The webhook is gone, with all that was on its way to it."""
        with self._records.writing(TURN) as db:
            db.run(self._sql["drop_webhook"], (webhook,))
            db.run(self._sql["drop_counts"], (webhook,))

    def addressed(self) -> list[str]:
        """The webhooks that have deliveries."""
        with self._records.reading() as db:
            return [webhook for (webhook,) in db.all(self._sql["webhooks"])]

    def trim(self, now: int, addressed: Iterable[str], known: Iterable[str]) -> None:
        """Lets go of what is long over, and of what was on its way to webhooks that are not there any more.

        `known` must be looked at after `addressed`.
        """
        there = frozenset(known)
        with self._records.writing(TURN) as db:
            db.run(self._sql["drop_old"], {"before": now - DONE_LIFE})
            db.run(self._sql["drop_told"], (now - TOLD_LIFE,))
            for webhook in addressed:
                if webhook in there:
                    db.run(self._sql["drop_many"], {"webhook": webhook, "most": MOST_DONE})
                else:
                    db.run(self._sql["drop_webhook"], (webhook,))

    def expired(self, since: int, now: int) -> list[Escalated]:
        """Escalations that nobody turned in time, which was over between the two moments (microseconds)."""
        with self._records.reading() as db:
            rows = db.all(self._sql["expired"], {"since": since, "now": now})
        return [_escalated(entry) for (entry,) in rows]

    def errors(self, start: int) -> dict[str, tuple[int, int]]:
        """(calls, errors) of each project in the minutes from `start` (seconds since the epoch) on."""
        with self._records.reading() as db:
            rows = db.all(self._sql["errors"], {"start": start})
        return {project: (calls, errors) for project, calls, errors in rows}

    def _pending(self, db: Database, webhook: str) -> int:
        row = db.one(self._sql["pending"], (webhook,))
        return 0 if row is None else int(row[0])

    def _count(self, db: Database, webhook: str, outcome: str) -> None:
        db.run(self._sql["count"], {"webhook": webhook, "outcome": outcome, "amount": 1})

    def _happening(self, row: Sequence[Any]) -> Happening:
        id, at, topic, project, data, webhook = row
        return Happening(id, at, Topic(topic), project, data, webhook)


def body_of(one: Happening) -> str:
    """The body as it is sent, each time the same."""
    return msgspec.json.encode(
        {
            "id": one.id,
            "type": one.topic.value,
            "created_at": iso(one.at),
            "project": one.project or None,
            "data": msgspec.Raw(one.data.encode()),
        }
    ).decode()


def _crosses(hook: Webhook, one: Happening) -> bool:
    """Of a budget each webhook hears the thresholds that it named."""
    return one.topic is not Topic.BUDGET or msgspec.json.decode(one.data)["threshold"] in hook.thresholds


def _delivery(row: Sequence[Any]) -> Delivery:
    webhook, event_id, at, topic, body, state, attempts, next_at, answered, trouble, done_at = row
    return Delivery(webhook, event_id, at, topic, body, State(state), attempts, next_at, answered, trouble, done_at)
