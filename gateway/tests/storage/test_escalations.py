import pytest

from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.escalation import ADMITS_MICROS, HumanVerdict, State
from gatepost_gateway.domain.records import Admitted, Escalated
from gatepost_gateway.storage.database import Sql
from gatepost_gateway.storage.escalations import Escalations
from gatepost_gateway.storage.retention import ESCALATION_LIFE, Retention

from .making import NOW, folded

pytestmark = pytest.mark.usefixtures("home")

HOUR = 3_600_000_000
LAST = 2**62


def escalated(number: int = 1, **said) -> Escalated:
    base = {
        "id": f"e{number}",
        "at": NOW + number,
        "expires_at": NOW + HOUR,
        "fingerprint": f"f{number}",
        "step_id": f"s{number}",
        "trace_id": f"t{number}",
        "org": "o",
        "project": "p",
        "key_id": "k",
        "rule": "ask",
        "kind": "human-oversight",
        "phase": "request",
        "config_version": 1,
    }
    return Escalated(**(base | said))


@pytest.fixture
def records(tmp_path):
    with folded(tmp_path, [escalated(1), escalated(2, project="q"), escalated(3)]) as records:
        yield records


def listed(records, now=NOW, **said):
    asked = {"project": None, "state": None, "before": LAST, "limit": 50} | said
    return [one.entry.id for one in Escalations(records).page(now, **asked)]


def test_the_newest_come_first_and_filters_hold(records):
    assert listed(records) == ["e3", "e2", "e1"]
    assert listed(records, project="p") == ["e3", "e1"]
    assert listed(records, before=NOW + 3) == ["e2", "e1"]
    assert listed(records, limit=1) == ["e3"]
    assert listed(records, state=State.CLAIMED) == []


def test_what_nobody_decided_in_time_has_expired(records):
    assert listed(records, state=State.EXPIRED) == []
    assert listed(records, NOW + HOUR, state=State.EXPIRED) == ["e3", "e2", "e1"]
    assert listed(records, NOW + HOUR, state=State.QUEUED) == []
    with pytest.raises(CallerError, match="is expired and cannot become approved"):
        Escalations(records).turn("e1", State.APPROVED, by="a", note="", now=NOW + HOUR)


def test_a_claim_an_approval_and_their_history(records):
    queue = Escalations(records)
    queue.turn("e1", State.CLAIMED, by="ann", note="mine", now=NOW + 10)
    held = queue.turn("e1", State.APPROVED, by="bob", note="", now=NOW + 20)
    assert [(turn.by, turn.state, turn.note) for turn in held.turns] == [
        ("ann", State.CLAIMED, "mine"),
        ("bob", State.APPROVED, ""),
    ]
    assert held.admits_until == NOW + 20 + ADMITS_MICROS
    assert Escalations(records).page(NOW, project=None, state=State.APPROVED, before=LAST, limit=9) == [held]
    with pytest.raises(CallerError) as caught:
        queue.turn("e1", State.DENIED, by="ann", note="", now=NOW + 30)
    assert caught.value.status == 409
    assert queue.get("e1", NOW + 30) == held


def test_a_verdict_holds_until_it_is_used_or_over(records, tmp_path):
    queue = Escalations(records)
    queue.turn("e1", State.APPROVED, by="ann", note="", now=NOW)
    queue.turn("e3", State.DENIED, by="ann", note="", now=NOW)
    until = NOW + ADMITS_MICROS
    assert queue.verdicts(NOW) == (HumanVerdict("e1", "f1", True, until), HumanVerdict("e3", "f3", False, until))
    assert queue.verdicts(until) == ()


def test_an_approval_is_used_by_the_first_request_that_goes_on(tmp_path):
    with folded(tmp_path, [escalated(1), Admitted("e1", "first", NOW), Admitted("e1", "second", NOW)]) as records:
        queue = Escalations(records)
        assert queue.get("e1", NOW).admitted_step == "first"
        queue.turn("e1", State.APPROVED, by="ann", note="", now=NOW)
        assert queue.verdicts(NOW) == ()


def test_of_several_gateways_one_step_is_admitted(records):
    queue = Escalations(records)
    assert queue.admit("e1", "first")
    assert queue.admit("e1", "first"), "asked again it is the same"
    assert not queue.admit("e1", "second")
    assert not queue.admit("gone", "first")
    queue.turn("e1", State.APPROVED, by="ann", note="", now=NOW)
    assert (queue.verdicts(NOW), queue.get("e1", NOW).admitted_step) == ((), "first")


def test_an_absent_one_is_404(records):
    with pytest.raises(CallerError) as caught:
        Escalations(records).get("x", NOW)
    assert caught.value.status == 404


def test_they_leave_with_their_history(records):
    Escalations(records).turn("e1", State.RESOLVED, by="ann", note="", now=NOW)
    Retention(records).expire(NOW + ESCALATION_LIFE + 3)
    assert listed(records) == ["e3"]
    with records.reading() as db:
        assert db.one(Sql("SELECT count(*) FROM escalation_turns")) == (0,)
