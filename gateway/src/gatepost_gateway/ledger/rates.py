"""Rates in one process: exact in every window of sixty seconds, bounded in memory.

A fixed window admits twice its limit around its edge; this one keeps what was counted in buckets of a twentieth of a
second and forgets a bucket only when all of it is more than sixty seconds old, so it never admits too much and is late
by at most one bucket.
"""

from collections import deque

from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.ports import Window

WINDOW = 60.0
GRAIN = 0.05


class _Counter:
    __slots__ = ("buckets", "total")

    def __init__(self) -> None:
        self.buckets: deque[list[int]] = deque()
        """[which twentieth of a second, pieces], oldest first."""
        self.total = 0

    def expire(self, now: float) -> None:
        while self.buckets and _leaves(self.buckets[0][0]) <= now:
            self.total -= self.buckets.popleft()[1]

    def count(self, now: float, amount: int) -> None:
        tick = int(now / GRAIN)
        if self.buckets and self.buckets[-1][0] == tick:
            self.buckets[-1][1] += amount
        else:
            self.buckets.append([tick, amount])
        self.total += amount

    def wait(self, now: float, needed: int) -> float:
        """Seconds until `needed` pieces have left the window."""
        freed = 0
        for tick, amount in self.buckets:
            freed += amount
            if freed >= needed:
                return max(0.0, _leaves(tick) - now)
        return WINDOW


def _leaves(tick: int) -> float:
    """When all of a bucket is out of the window."""
    return (tick + 1) * GRAIN + WINDOW


class MemoryRates:
    """Implements `ports.Rates`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counters: dict[str, _Counter] = {}

    def take(self, account: str, limit: int, amount: int = 1) -> Window:
        now = self._clock.monotonic()
        counter = self._counters.get(account)
        if counter is None:
            counter = self._counters[account] = _Counter()
        counter.expire(now)
        over = counter.total + amount - limit
        if over > 0:
            # More than the limit at once never fits: say a whole window, not a wait that does not help.
            wait = WINDOW if amount > limit else counter.wait(now, over)
            return Window(
                admitted=False, limit=limit, remaining=max(0, limit - counter.total), reset=wait, retry_after=wait
            )
        counter.count(now, amount)
        first = _leaves(counter.buckets[0][0]) - now
        return Window(admitted=True, limit=limit, remaining=limit - counter.total, reset=first, at=now)

    def correct(self, account: str, amount: int, at: float) -> None:
        counter, tick = self._counters.get(account), int(at / GRAIN)
        for bucket in counter.buckets if counter is not None else ():
            if counter is not None and bucket[0] == tick:
                back = min(amount, bucket[1])
                bucket[1] -= back
                counter.total -= back
                return

    def sweep(self) -> None:
        """Forgets accounts that counted nothing for a whole window."""
        now = self._clock.monotonic()
        for name in list(self._counters):
            counter = self._counters[name]
            counter.expire(now)
            if not counter.buckets:
                del self._counters[name]
