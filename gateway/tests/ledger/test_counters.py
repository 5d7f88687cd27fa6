import asyncio

import pytest

from gatepost_gateway.ledger import MemoryCounters
from gatepost_gateway.ledger.counters import MOST

from ..counter_stores import CountersContract


class HandClock:
    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def micros(self):
        return int(self.now * 1e6)


def test_what_was_counted_is_forgotten_in_time_and_never_early():
    clock = HandClock()
    counters = MemoryCounters(clock)
    counters.add("a", 2, 60.0)
    clock.now += 30
    counters.add("a", 3, 60.0)
    assert counters.so_far("a", 60.0) == 5
    clock.now += 30
    assert counters.so_far("a", 60.0) == 5
    clock.now += 1.1
    assert counters.so_far("a", 60.0) == 3
    clock.now += 60
    assert counters.so_far("a", 60.0) == 0
    assert counters.so_far("b", 60.0) == 0


def test_it_is_bounded_and_forgets_the_one_that_was_not_used_for_longest():
    counters = MemoryCounters(HandClock())
    for number in range(MOST):
        counters.add(str(number), 1, 60.0)
    assert counters.so_far("0", 60.0) == 1
    counters.add("new", 1, 60.0)
    assert (counters.so_far("0", 60.0), counters.so_far("1", 60.0)) == (1, 0)


@pytest.mark.parametrize("name", [name for name in vars(CountersContract) if name.startswith("test_")])
def test_contract(name):
    asyncio.run(getattr(CountersContract(), name)(MemoryCounters(HandClock())))


def test_what_is_told_late_is_forgotten_in_its_time():
    clock = HandClock()
    counters = MemoryCounters(clock)
    counters.came("a", 3, 60.0, 40.0)
    counters.came("a", 2, 60.0, 10.0)
    clock.now += 21.1
    assert counters.so_far("a", 60.0) == 2
    # Older than what is known already: remembered as long as that, never shorter.
    counters.came("a", 5, 60.0, 50.0)
    clock.now += 28
    assert counters.so_far("a", 60.0) == 7
    clock.now += 2.1
    assert counters.so_far("a", 60.0) == 0
