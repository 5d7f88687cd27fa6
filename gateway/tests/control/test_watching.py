"""Budgets, keys, escalations and errors as webhooks hear of them, over records and a control plane that are real."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatepost_gateway.control.watching import SLOW_MICROS, Watch
from gatepost_gateway.domain.governance import Claim
from gatepost_gateway.domain.records import Closed, Outcome
from gatepost_gateway.domain.snapshot import KeyState
from gatepost_gateway.domain.webhooks import SpikeRules, Webhook
from gatepost_gateway.storage import batch
from gatepost_gateway.storage.database import Sql
from gatepost_gateway.storage.outbox import Outbox
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.segments import Position

from ..storage.making import closed
from ..storage.test_escalations import escalated
from .house import make

NOW = 1_795_185_000_000_000
"""2026-11-20, 14:30"""
MINUTE = 60_000_000
ALL = Webhook(id="w", url="https://x.test", error_spikes=SpikeRules(share=0.5, calm_share=0.2, calls=4, minutes=5))
CONFIG = """
projects:
  - {id: default, budgets: {daily_usd: 10}}
  - {id: other, budgets: {monthly_usd: 10}}
budgets:
  - {id: each, scope: user, daily_usd: 1}
  - {id: caps, scope: key, hourly_usd: 1}
"""
DOLLAR = 1_000_000_000


class Town:
    """Records, and what is true, with a watch over both."""

    def __init__(self, folder: Path) -> None:
        self.plane = make(folder, CONFIG)
        self.records = Records(folder / "records.db")
        self.outbox = Outbox(self.records)
        self.hooks = [ALL]
        self.at = 0
        self.begin()

    def begin(self) -> None:
        """A start: nothing is remembered but what is stored."""
        self.watch = Watch(self.records, self.outbox)
        last = self.watch.last_turn()
        self.turn = last if last is not None else self.plane.snapshot.document.identity_seq

    def fold(self, *entries: Any) -> None:
        self.at += 1
        payloads = [msgspec.msgpack.encode(one) for one in entries]
        self.records.fold(lambda: [(batch.decode(one), one) for one in payloads], Position(1, self.at))

    def spend(self, account: str, dollars: float, **said: Any) -> None:
        amount = round(dollars * DOLLAR)
        self.fold(closed(at=NOW, claims=(Claim(account, DOLLAR, amount),), settled=amount, **said))

    def look(self, now: int = NOW) -> list[tuple[str, str, Any]]:
        """What is new: (type, project, data)."""
        snapshot = self.plane.snapshot
        turns = self.plane.store.turns_since(self.turn)
        self.watch.look(self.hooks, snapshot, turns, now)
        self.turn = snapshot.document.identity_seq
        with self.records.reading() as db:
            rows = db.all(Sql("SELECT topic, project, data FROM happened ORDER BY at, data"))
        self.outbox.spread(self.outbox.happened(), (), now)
        return [(topic, project, msgspec.json.decode(data)) for topic, project, data in rows]

    def close(self) -> None:
        self.records.close()
        self.plane.close()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    yield town
    town.close()


def thresholds(found: list[tuple[str, str, Any]]) -> list[tuple[str, int]]:
    assert {topic for topic, _, _ in found} <= {"budget.threshold"}
    return sorted((project, data["threshold"]) for _, project, data in found)


def test_a_budget_is_told_once_a_period_for_each_threshold(town: Town) -> None:
    assert town.look() == []
    town.spend("default/daily@2026-11-20", 4.9)
    assert town.look() == []
    town.spend("default/daily@2026-11-20", 0.1)
    ((topic, project, data),) = town.look()
    assert (topic, project) == ("budget.threshold", "default")
    assert data == {
        "threshold": 50, "limit_id": "default/daily", "account": "default/daily@2026-11-20", "scope": "project",
        "match": "default", "period": "2026-11-20", "limit_usd": "10", "settled_usd": "5",
    }  # fmt: skip
    town.spend("default/daily@2026-11-20", 4.9)
    assert thresholds(town.look()) == [("default", 80)]
    town.spend("default/daily@2026-11-20", 0.1)
    assert thresholds(town.look()) == [("default", 100)]
    town.spend("default/daily@2026-11-20", 1)
    assert town.look() == []
    town.begin()
    assert town.look() == [], "a start tells nothing again"
    town.spend("default/daily@2026-11-21", 9)
    assert thresholds(town.look(NOW + 1440 * MINUTE)) == [("default", 50), ("default", 80)]


def test_what_was_spent_while_nobody_looked_is_found_after_a_start(town: Town) -> None:
    town.look()
    town.spend("other/monthly@2026-11", 8)
    town.begin()
    assert thresholds(town.look()) == [("other", 50), ("other", 80)]


def test_budgets_of_users_and_keys_belong_to_their_projects(town: Town) -> None:
    key = next(iter(town.plane.keyring.identities.keys))
    town.spend("each/daily in other for user ann@x.test@2026-11-20", 0.9)
    town.spend(f"caps/hourly for key {key}@2026-11-20T14", 0.5)
    town.spend("gone/daily@2026-11-20", 5)
    town.spend("each/daily in other for user bob@2026-11-19", 5)
    assert thresholds(town.look()) == [("default", 50), ("other", 50), ("other", 80)]


def test_new_thresholds_are_held_against_what_is_spent(town: Town) -> None:
    town.spend("default/daily@2026-11-20", 6)
    assert thresholds(town.look()) == [("default", 50)]
    town.hooks = [ALL, Webhook(id="v", url="https://x.test", thresholds=(60, 70))]
    assert thresholds(town.look()) == [("default", 60)]


def test_a_look_that_is_not_stored_is_made_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.look()
    town.spend("default/daily@2026-11-20", 5)
    with monkeypatch.context() as patch:
        patch.setattr(town.outbox, "happen", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            town.look()
    assert thresholds(town.look()) == [("default", 50)]


def test_keys_that_people_pause(town: Town) -> None:
    keyring = town.plane.keyring
    key = next(key for key in keyring.identities.keys.values() if key.kind.value == "runtime")
    town.look()
    for state in (KeyState.PAUSED, KeyState.ACTIVE, KeyState.REVOKED):
        keyring.turn(key.id, state, by="ann")
    town.plane.refresh()
    town.begin()
    paused, resumed = town.look()
    assert paused[:2] == ("key.paused", "default")
    assert (paused[2]["key_id"], paused[2]["by"]) == (key.id, "ann")
    assert resumed[0] == "key.resumed"
    town.begin()
    assert town.look() == []


def test_escalations_that_nobody_decided(town: Town) -> None:
    town.look()
    town.fold(escalated(1, expires_at=NOW + 10 * MINUTE), escalated(2, expires_at=NOW - MINUTE))
    assert {topic for topic, _, _ in town.look(NOW + MINUTE)} == {"escalation.created"}
    ((topic, project, data),) = town.look(NOW + 11 * MINUTE)
    assert (topic, project, data["escalation_id"]) == ("escalation.expired", "p", "e1")
    assert town.look(NOW + 12 * MINUTE) == []


BROKEN = {"outcome": Outcome.FAILED, "status": 502, "error": "upstream_failed"}


def calls(count: int, failed: int, minute: int) -> list[Closed]:
    return [closed(at=NOW + minute * MINUTE, **(BROKEN if at < failed else {})) for at in range(count)]


def test_errors_spike_and_calm_with_room_between(town: Town) -> None:
    town.fold(*calls(3, 3, 0))
    assert town.look(NOW) == [], "too few calls"
    town.fold(*calls(1, 0, 0))
    ((topic, project, data),) = town.look(NOW + SLOW_MICROS)
    assert (topic, project) == ("errors.spiked", "default")
    assert data == {"calls": 4, "errors": 3, "share": 0.75, "minutes": 5}
    town.fold(*calls(5, 0, 1))
    assert town.look(NOW + MINUTE) == [], "3 of 9 are fewer than half, and no calm yet"
    town.begin()
    assert town.look(NOW + MINUTE + SLOW_MICROS) == []
    town.fold(*calls(10, 0, 2))
    assert [topic for topic, _, _ in town.look(NOW + 2 * MINUTE)] == ["errors.calmed"]
    town.fold(*calls(8, 8, 9))
    assert [topic for topic, _, _ in town.look(NOW + 9 * MINUTE)] == ["errors.spiked"]
    assert [topic for topic, _, _ in town.look(NOW + 20 * MINUTE)] == ["errors.calmed"], "nobody calls any more"


def test_a_spike_that_two_gateways_see_is_told_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.look()
    town.fold(*calls(4, 4, 0))
    other, errors = Watch(town.records, town.outbox), town.outbox.errors

    def meanwhile(start: int) -> dict[str, tuple[int, int]]:
        monkeypatch.setattr(town.outbox, "errors", errors)
        other.look(town.hooks, town.plane.snapshot, (), NOW + SLOW_MICROS - 1)
        return errors(start)

    monkeypatch.setattr(town.outbox, "errors", meanwhile)
    assert [topic for topic, _, _ in town.look(NOW + SLOW_MICROS)] == ["errors.spiked"]
    assert town.look(NOW + SLOW_MICROS + 1) == [], "it knows what the other told"
    town.fold(*calls(40, 0, 1))
    assert [topic for topic, _, _ in town.look(NOW + MINUTE)] == ["errors.calmed"]


def test_a_webhook_of_one_project_hears_of_its_errors_only(town: Town) -> None:
    town.hooks = [Webhook(id="v", url="https://x.test", project="other", error_spikes=ALL.error_spikes)]
    town.fold(*calls(8, 8, 0))
    assert town.look() == []
