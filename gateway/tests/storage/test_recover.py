import pytest

from gatepost_gateway.domain.clock import DAY_MICROS, HOUR_MICROS
from gatepost_gateway.domain.records import Outcome, StepKind
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.recover import correction, interrupted, recover, with_holds

from .making import DAILY, NOW, at_time, closed, opened, records_of, write

pytestmark = pytest.mark.usefixtures("home")


def test_a_start_knows_what_was_before(tmp_path):
    begun = opened()
    ended = closed(at_time(NOW), session_id="s", turn=2)
    write(tmp_path / "journal", [begun, ended])
    with records_of(tmp_path / "records.db") as records:
        found = recover(Folder(tmp_path / "journal", records), records, NOW)
        assert found.settled[DAILY.account] == 700
        assert found.open_holds == (begun,)
        assert [(one.id, one.turn) for one in found.sessions] == [("s", 2)]
        assert found.folded == 1


def test_a_key_that_was_paused_in_this_hour_is_known_and_no_other(tmp_path):
    hour = NOW // HOUR_MICROS * HOUR_MICROS
    refused = {"outcome": Outcome.REFUSED, "status": 429, "settled": 0, "claims": ()}
    entries = [
        closed(at=hour, tripped="cap for key a@now", **refused),
        closed(at=hour + 5, tripped="cap for key b@now", implicit=False, project="other", **refused),
        closed(at=hour - 1, tripped="cap for key c@before", **refused),
        closed(at=hour + 1, **refused),
    ]
    write(tmp_path / "journal", entries)
    with records_of(tmp_path / "records.db") as records:
        found = recover(Folder(tmp_path / "journal", records), records, NOW)
        assert found.tripped == ("cap for key a@now", "cap for key b@now")


def test_a_clock_that_is_put_right_finds_what_was_spent_before_midnight(tmp_path):
    write(tmp_path / "journal", [closed(at_time(NOW))])
    midnight = (NOW // DAY_MICROS + 1) * DAY_MICROS
    with records_of(tmp_path / "records.db") as records:
        folder = Folder(tmp_path / "journal", records)
        assert recover(folder, records, midnight + HOUR_MICROS - 1).settled[DAILY.account] == 700
        assert DAILY.account not in recover(folder, records, midnight + HOUR_MICROS).settled


def test_an_interrupted_call_settles_at_its_hold():
    begun = opened(proxy="bot", turn=4, session_id="s", user="u", parent_step_id="p", implicit=False)
    ended = interrupted(begun, NOW)
    assert (ended.outcome, ended.estimated, ended.usage.exact) == (Outcome.INTERRUPTED, True, False)
    assert (ended.cost, ended.settled, ended.held, ended.claims) == (100_000, 100_000, 100_000, begun.claims)
    shared = set(begun.__struct_fields__) - {"model"}
    assert {name: getattr(ended, name) for name in shared} == {name: getattr(begun, name) for name in shared}
    assert "the gateway stopped" in ended.message
    assert interrupted(begun, NOW) == ended


def test_without_a_hold_nobody_knows_the_cost():
    ended = interrupted(opened(claims=(), held=0, model=""), NOW)
    assert (ended.cost, ended.settled, ended.model_asked) == (None, 0, None)


def test_a_correction_belongs_to_what_it_corrects():
    died = interrupted(opened(user="u", proxy="bot"), NOW)
    said = correction(died, 100_000, 40_000, "corrected by ann")
    assert (said.cost, said.settled, said.held, said.estimated) == (-60_000, -60_000, 0, False)
    assert (said.kind, said.parent_step_id, said.message) == (StepKind.CORRECTION, died.step_id, "corrected by ann")
    for name in ("trace_id", "at", "org", "project", "proxy", "key_id", "user", "model_asked", "claims", "outcome"):
        assert getattr(said, name) == getattr(died, name)


def test_calls_that_died_are_spent_at_their_whole_holds():
    died = [opened(), opened(claims=(DAILY,))]
    sums = with_holds({DAILY.account: 5, "other": 1}, died)
    assert sums == {DAILY.account: 200_005, "other": 1, died[0].claims[1].account: 100_000}
