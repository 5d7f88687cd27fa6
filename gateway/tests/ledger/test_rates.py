import asyncio
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.domain.limits import WINDOW, Ask
from gatepost_gateway.ledger import MemoryRates, rates
from gatepost_gateway.ledger.rates import GRAIN

from ..rate_stores import RatesContract, ask, fill


class HandClock:
    def __init__(self, now=1000.0):
        self.now = now

    def monotonic(self):
        return self.now

    def micros(self):
        return int(self.now * 1e6)


@pytest.mark.parametrize("name", [name for name in vars(RatesContract) if name.startswith("test_")])
def test_contract(name):
    asyncio.run(getattr(RatesContract(), name)(MemoryRates(HandClock())))


def take(held, *asks):
    return asyncio.run(held.take(asks or (ask(),)))


STEPS = st.lists(
    st.tuples(st.floats(0, 40), st.integers(1, 12), st.integers(1, 12), st.floats(0, 1), st.floats(0, 90)),
    min_size=1,
    max_size=40,
)


def inside(used, now, within=WINDOW):
    return sum(one for at, one in used if at > now - within)


@settings(deadline=None, derandomize=True)
@given(STEPS, st.integers(1, 30), st.integers(1, 30))
def test_no_window_of_sixty_seconds_ever_holds_more_than_the_limits(steps, limit, other):
    """Two limits in one decision: neither is ever passed, and what one refuses the other does not count."""
    clock = HandClock()
    held = MemoryRates(clock)
    used = {"a": [], "b": []}
    later = []
    for wait, first, second, share, after in steps:
        until = clock.now + wait
        for due in sorted(one for one in later if one[0] <= until):
            later.remove(due)
            clock.now, at, amount, back = due
            held.give_back("a", back, at)
            used["a"].remove((at, amount))
            used["a"].append((at, amount - back))
        clock.now = until
        said = take(held, Ask("a", limit, first), Ask("b", other, second))
        asked = (("a", limit, first), ("b", other, second))
        if said.admitted:
            assert all(inside(used[name], clock.now) + amount <= most for name, most, amount in asked)
            for name, _, amount in asked:
                used[name].append((clock.now, amount))
            left = [window.remaining for window in said.windows]
            assert all(0 <= one <= most - amount for one, (_, most, amount) in zip(left, asked, strict=True))
            later.append((clock.now + after, clock.now, first, int(first * share)))
        else:
            slack = WINDOW + 2 * GRAIN
            assert any(inside(used[name], clock.now, slack) + amount > most for name, most, amount in asked)
            assert any(not window.admitted for window in said.windows)


def test_after_the_wait_that_was_said_the_call_is_admitted():
    clock = HandClock()
    held = MemoryRates(clock)
    for _ in range(3):
        assert take(held).admitted
        clock.now += 7.3
    refused = take(held).windows[0]
    clock.now += refused.retry_after
    assert take(held).admitted
    assert not take(held).admitted


def test_remaining_and_reset_come_from_the_same_decision():
    (window,) = take(MemoryRates(HandClock()), ask("a", 10, 4)).windows
    assert (window.admitted, window.limit, window.remaining) == (True, 10, 6)
    assert WINDOW <= window.reset <= WINDOW + 2 * GRAIN


def test_what_has_left_the_window_is_not_given_back_from_what_others_used():
    clock = HandClock()
    held = MemoryRates(clock)
    early = take(held, ask("a", 1000, 1000))
    clock.now += 90
    assert take(held, ask("a", 1000, 1000)).admitted
    held.give_back("a", 990, early.at)
    assert not take(held, ask("a", 1000, 1)).admitted


@pytest.mark.parametrize("calls", [20_000])
def test_memory_is_bounded_by_the_window_not_by_the_calls(calls):
    clock = HandClock()
    held = MemoryRates(clock)
    asks = (ask("a for user x", calls),)

    async def go():
        for _ in range(calls):
            clock.now += 0.011
            await held.take(asks)

    asyncio.run(go())
    assert len(held._counters["a for user x"].buckets) <= math.ceil(WINDOW / GRAIN) + 2
    clock.now += 2 * WINDOW
    asyncio.run(held.sweep())
    assert (held._counters, held._groups) == ({}, {})


def test_subjects_beyond_the_bound_share_one_account(monkeypatch):
    monkeypatch.setattr(rates, "MOST_SUBJECTS", 100)
    held = MemoryRates(HandClock())

    async def go():
        await fill(held, "l in p for user", 100)
        first = await held.take((ask("l in p for user new", 2, slot=True), ask("l in p for user new", 2)))
        assert [one.account for one in first.asks] == ["l in p for user"] * 2
        assert (await held.take((ask("l in p for user newer", 2),))).admitted
        assert not (await held.take((ask("l in p for user newest", 2),))).admitted
        # Who was there before keeps an account of his own, and so has another limit.
        assert (await held.take((ask("l in p for user u0", 2),))).admitted
        assert (await held.take((ask("k in p for user newest", 2),))).admitted
        held.release("l in p for user")
        assert held._slots == {}

    asyncio.run(go())
