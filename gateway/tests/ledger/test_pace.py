import pytest

from gatepost_gateway.ledger import MemoryPace, pace

from .test_rates import HandClock


def made():
    clock = HandClock()
    return clock, MemoryPace(clock)


def test_an_estimate_follows_the_newest_answers_and_keeps_plain_and_streamed_apart():
    _, held = made()
    assert held.latency("a", False) is None
    held.note("a", False, 1.0)
    assert held.latency("a", False) == 1.0
    held.note("a", False, 2.0)
    assert held.latency("a", False) == pytest.approx(1.3)
    assert held.latency("a", True) is None


def test_an_old_estimate_says_nothing_and_does_not_weigh_in_the_next():
    clock, held = made()
    held.note("a", True, 9.0)
    clock.now += pace.FRESH
    assert held.latency("a", True) is None
    held.note("a", True, 1.0)
    assert held.latency("a", True) == 1.0


def test_one_call_now_and_then_looks():
    clock, held = made()
    assert [held.look("a", False), held.look("a", False), held.look("b", False)] == [True, False, True]
    clock.now += pace.LOOK_AGAIN
    assert held.look("a", False)


def test_rest_ends_by_itself_and_is_bounded():
    clock, held = made()
    assert not held.rests("a")
    held.rest("a", 20)
    held.rest("a", 5)
    assert held.rests("a")
    clock.now += 20
    assert not held.rests("a")
    held.rest("a", 86_400)
    clock.now += pace.LONGEST_REST
    assert not held.rests("a")


def test_the_number_of_entries_is_bounded(monkeypatch):
    monkeypatch.setattr(pace, "MOST", 2)
    _, held = made()
    for name in "abc":
        held.note(name, False, 1.0)
    assert [held.latency(name, False) for name in "abc"] == [None, 1.0, 1.0]
