import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatepost_gateway.domain.webhooks import Happening, Topic, Webhook
from gatepost_gateway.storage import outbox as outbox_module
from gatepost_gateway.storage.outbox import DONE_LIFE, LEASE, Delivery, Outbox, Outcome, State
from gatepost_gateway.storage.records import Records

from .making import NOW, fork
from .stores import Opener

ALL = Webhook(id="all", url="https://x.test")
ONE = Webhook(id="one", url="https://x.test", project="p", thresholds=(90,))


@pytest.fixture
def records(tmp_path: Path, home: Opener) -> Any:
    with Records(home(tmp_path / "records.db")) as records:
        yield records


def happening(number: int, topic: Topic = Topic.KEY_PAUSED, **said: Any) -> Happening:
    base: dict[str, Any] = {"project": "p", "data": "{}"}
    return Happening(**(base | {"id": f"evt_{number}", "at": NOW + number, "topic": topic} | said))


def filled(records: Records, *happenings: Happening, hooks: Any = (ALL,)) -> Outbox:
    outbox = Outbox(records)
    outbox.happen(happenings, {}, NOW)
    outbox.spread(outbox.happened(), hooks, NOW)
    return outbox


def ids(outbox: Outbox, webhook: str = "all", state: State | None = None) -> list[str]:
    return [one.event_id for one in outbox.page(webhook, state, 2**62, 200)]


def test_each_webhook_gets_what_it_wants_once(records: Records) -> None:
    crossed = [happening(number, Topic.BUDGET, data=f'{{"threshold":{number}}}') for number in (80, 90)]
    foreign, mine = happening(1, project="q"), happening(2, webhook="one")
    outbox = filled(records, foreign, mine, *crossed, hooks=(ALL, ONE))
    assert ids(outbox) == ["evt_80", "evt_1"]
    assert ids(outbox, "one") == ["evt_90", "evt_2"]
    assert outbox.happened() == []
    outbox.happen([foreign], {}, NOW)
    outbox.spread(outbox.happened(), (ALL, ONE), NOW)
    assert ids(outbox) == ["evt_80", "evt_1"], "told again it is the same"
    (body,) = {one.body for one in outbox.page("one", None, 2**62, 9) if one.event_id == "evt_2"}
    assert msgspec.json.decode(body) == {
        "id": "evt_2", "type": "key.paused", "created_at": "2026-11-20T14:30:00.000002Z", "project": "p", "data": {},
    }  # fmt: skip


def test_what_another_gateway_handed_on_is_left_alone(records: Records) -> None:
    outbox = Outbox(records)
    outbox.happen([happening(1), happening(2)], {}, NOW)
    found = outbox.happened()
    outbox.spread(found[:1], (ALL,), NOW)
    outbox.spread(found, (ALL, ONE), NOW)
    assert (ids(outbox), ids(outbox, "one")) == (["evt_2", "evt_1"], ["evt_2"])


def test_what_was_told_meanwhile_is_not_told_again(records: Records) -> None:
    outbox = Outbox(records)
    assert outbox.happen([happening(1)], {"spiking w": "p"}, NOW, {"spiking w": ""})
    assert not outbox.happen([happening(2)], {"spiking w": "p", "more": ""}, NOW, {"spiking w": ""})
    assert ([one.id for one in outbox.happened()], outbox.told(["more"])) == (["evt_1"], {})
    assert outbox.happen([happening(3)], {"spiking w": ""}, NOW, {"spiking w": "p"})


def test_a_full_queue_takes_no_more_and_counts(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "MOST_PENDING", 3)
    outbox = filled(records, *(happening(number) for number in range(5)), hooks=(ALL, ONE))
    assert ids(outbox) == ["evt_2", "evt_1", "evt_0"], "the oldest stay"
    assert outbox.counts("all") == {"pending": 3, "delivered": 0, "failed": 0, "dropped": 2}
    assert outbox.counts("one")["dropped"] == 2


def test_a_delivery_is_taken_by_one_and_given_back_by_time(records: Records) -> None:
    outbox = filled(records, *(happening(number) for number in range(3)))
    first = outbox.claim(NOW, {"all": 2})
    assert [one.attempts for one in first] == [1, 1]
    assert len(outbox.claim(NOW, {"all": 5})) == 1
    assert outbox.claim(NOW + LEASE - 1, {"all": 5}) == []
    assert [one.attempts for one in outbox.claim(NOW + LEASE, {"all": 5})] == [2, 2, 2]
    assert outbox.claim(NOW + LEASE, {"other": 5}) == []


def test_how_deliveries_end(records: Records) -> None:
    outbox = filled(records, *(happening(number) for number in range(3)))
    good, bad, later = sorted(outbox.claim(NOW, {"all": 3}), key=lambda one: one.event_id)
    outbox.settle(good, Outcome(State.DELIVERED, NOW + 5, answered=204))
    outbox.settle(good, Outcome(State.FAILED, NOW + 6))
    outbox.settle(bad, Outcome(State.FAILED, NOW + 5, answered=410, trouble="it answered 410"))
    outbox.settle(later, Outcome(State.PENDING, NOW + 5, NOW + 50, 503, "it answered 503"))
    assert outbox.counts("all") == {"pending": 1, "delivered": 1, "failed": 1, "dropped": 0}
    assert ids(outbox, state=State.DELIVERED) == ["evt_0"]
    (failed,) = outbox.page("all", State.FAILED, 2**62, 9)
    assert (failed.answered, failed.trouble, failed.done_at) == (410, "it answered 410", NOW + 5)
    (waits,) = outbox.page("all", State.PENDING, 2**62, 9)
    assert (waits.next_at, waits.answered, waits.done_at) == (NOW + 50, 503, None)
    assert outbox.claim(NOW + 49, {"all": 9}) == []
    assert len(outbox.claim(NOW + 50, {"all": 9})) == 1


def test_what_is_over_leaves(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "MOST_DONE", 2)
    outbox = filled(records, *(happening(number) for number in range(6)), hooks=(ALL, ONE))
    for one in outbox.claim(NOW, {"all": 5}):
        outbox.settle(one, Outcome(State.DELIVERED, NOW))
    outbox.trim(NOW, ["all"], ["all"])
    assert ids(outbox, "one") != [], "nobody asked what it is"
    outbox.trim(NOW, outbox.addressed(), ["all"])
    assert ids(outbox) == ["evt_5", "evt_4", "evt_3"], "the last that are over, and what waits"
    assert ids(outbox, "one") == []
    outbox.trim(NOW + DONE_LIFE + 100, ["all"], ["all"])
    assert ids(outbox) == ["evt_5"]
    outbox.drop("all")
    assert ids(outbox) == []
    assert outbox.counts("all")["delivered"] == 0


def test_nobody_wants_to_know(records: Records) -> None:
    outbox = Outbox(records)
    outbox.happen([happening(1)], {"identities": "7", "budget x 80": ""}, NOW)
    outbox.forget_looks()
    assert outbox.told(["identities", "budget x 80", "none"]) == {"budget x 80": ""}


def test_a_kill_loses_nothing(tmp_path: Path) -> None:
    def run() -> None:
        records = Records(tmp_path / "records.db")
        filled(records, happening(1)).claim(NOW, {"all": 1})
        os.kill(os.getpid(), 9)

    assert os.waitpid(fork(run), 0)[1] == 9
    with Records(tmp_path / "records.db") as records:
        (again,) = Outbox(records).claim(NOW + LEASE, {"all": 1})
    assert isinstance(again, Delivery)
    assert (again.event_id, again.attempts) == ("evt_1", 2)
