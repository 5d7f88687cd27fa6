"""What rules count of one call."""

from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.ledger.counters import MemoryCounters
from gatepost_gateway.policy.counting import Counting

ACCOUNT = ("a", 60.0)


def test_judging_alone_changes_nothing() -> None:
    counters = MemoryCounters(SystemClock())
    judged = Counting(counters)
    judged.add(ACCOUNT, 2)
    assert (judged.so_far(ACCOUNT), Counting(counters).so_far(ACCOUNT)) == (2, 0)


def test_what_goes_out_counts_once() -> None:
    counters = MemoryCounters(SystemClock())
    out = Counting(counters)
    out.add(ACCOUNT, 2)
    out.commit()
    out.commit()
    assert (out.so_far(ACCOUNT), Counting(counters).so_far(ACCOUNT)) == (2, 2)


def test_without_counters_it_forgets() -> None:
    alone = Counting()
    alone.add(ACCOUNT, 1)
    assert alone.so_far(ACCOUNT) == 1
    alone.commit()
    assert alone.so_far(ACCOUNT) == 0
