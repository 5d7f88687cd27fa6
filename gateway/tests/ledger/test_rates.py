import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.ledger import MemoryRates
from gatepost_gateway.ledger.rates import GRAIN, WINDOW


class HandClock:
    def __init__(self, now=1000.0):
        self.now = now

    def monotonic(self):
        return self.now

    def micros(self):
        return int(self.now * 1e6)


STEPS = st.lists(
    st.tuples(st.floats(0, 40), st.integers(1, 12), st.floats(0, 1), st.floats(0, 90)), min_size=1, max_size=40
)


@settings(deadline=None, derandomize=True)
@given(STEPS, st.integers(1, 30))
def test_no_window_of_sixty_seconds_ever_holds_more_than_the_limit(steps, limit):
    clock = HandClock()
    rates = MemoryRates(clock)
    used: list[tuple[float, int]] = []
    later: list[tuple[float, int, int, float]] = []
    for wait, amount, share, after in steps:
        until = clock.now + wait
        for due in sorted(one for one in later if one[0] <= until):
            later.remove(due)
            clock.now = due[0]
            rates.correct("a", due[2], due[3])
            used.remove((due[3], due[1]))
            used.append((due[3], due[1] - due[2]))
        clock.now = until
        window = rates.take("a", limit, amount)
        inside = sum(one for at, one in used if at > clock.now - WINDOW)
        if window.admitted:
            used.append((clock.now, amount))
            assert window.at == clock.now
            assert inside + amount <= limit
            given_back = int(amount * share)
            later.append((clock.now + after, amount, given_back, clock.now))
        else:
            slack = sum(one for at, one in used if at > clock.now - WINDOW - 2 * GRAIN)
            assert slack + amount > limit


def test_after_the_wait_that_was_said_the_call_is_admitted():
    clock = HandClock()
    rates = MemoryRates(clock)
    for _ in range(3):
        assert rates.take("a", 3).admitted
        clock.now += 7.3
    refused = rates.take("a", 3)
    assert not refused.admitted
    assert refused.remaining == 0
    assert 0 < refused.retry_after <= WINDOW
    clock.now += refused.retry_after
    assert rates.take("a", 3).admitted
    assert not rates.take("a", 3).admitted


def test_more_than_the_limit_at_once_never_fits():
    assert MemoryRates(HandClock()).take("a", 3, 4).retry_after == WINDOW


def test_remaining_and_reset_come_from_the_same_decision():
    window = MemoryRates(HandClock()).take("a", 10, 4)
    assert (window.admitted, window.limit, window.remaining) == (True, 10, 6)
    assert WINDOW <= window.reset <= WINDOW + 2 * GRAIN


def test_what_has_left_the_window_is_not_given_back_from_what_others_used():
    clock = HandClock()
    rates = MemoryRates(clock)
    early = rates.take("a", 1000, 1000)
    clock.now += 90
    assert rates.take("a", 1000, 1000).admitted
    rates.correct("a", 990, early.at)
    assert not rates.take("a", 1000, 1).admitted


def test_giving_back_makes_room_at_once():
    rates = MemoryRates(HandClock())
    taken = rates.take("a", 10, 10)
    rates.correct("a", 4, taken.at)
    assert rates.take("a", 10, 4).admitted
    assert not rates.take("a", 10, 1).admitted
    rates.correct("nobody", 4, taken.at)


@pytest.mark.parametrize("calls", [20_000])
def test_memory_is_bounded_by_the_window_not_by_the_calls(calls):
    clock = HandClock()
    rates = MemoryRates(clock)
    for _ in range(calls):
        clock.now += 0.011
        rates.take("a", calls)
    assert len(rates._counters["a"].buckets) <= math.ceil(WINDOW / GRAIN) + 2
    clock.now += 2 * WINDOW
    rates.sweep()
    assert rates._counters == {}
