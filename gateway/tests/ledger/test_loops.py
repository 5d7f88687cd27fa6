import asyncio

import pytest

from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.ledger import MemoryLoops, loops

from ..loop_stores import LoopsContract


@pytest.mark.parametrize("name", [name for name in vars(LoopsContract) if name.startswith("test_")])
def test_contract(name: str) -> None:
    asyncio.run(getattr(LoopsContract(), name)(MemoryLoops(SystemClock())))


class Hand(SystemClock):
    now = 100.0

    def monotonic(self) -> float:
        return self.now


def test_only_the_same_in_a_row_within_the_time_counts() -> None:
    clock = Hand()
    told = MemoryLoops(clock)

    def ask(mark: bytes, owner: str = "a") -> tuple[int, float]:
        return asyncio.run(told.repeated(owner, mark, 60, 5))

    assert [ask(b"x")[0] for _ in range(3)] == [1, 2, 3]
    assert ask(b"x", "b")[0] == 1
    assert ask(b"y")[0] == 1
    assert ask(b"x")[0] == 1
    clock.now += 30
    assert [ask(b"x")[0] for _ in range(6)] == [2, 3, 4, 5, 5, 5]
    count, wait = ask(b"x")
    clock.now += wait
    assert (count, ask(b"x")[0] < 5) == (5, True)
    clock.now += 60
    assert ask(b"x")[0] == 1


def test_what_asked_nothing_for_longest_is_forgotten(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(loops, "MOST_OWNERS", 2)
    told = MemoryLoops(Hand())
    counts = [asyncio.run(told.repeated(owner, b"x", 60, 5))[0] for owner in "abacba"]
    assert counts == [1, 1, 2, 1, 1, 1]
