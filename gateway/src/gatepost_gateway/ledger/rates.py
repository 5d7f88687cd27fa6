"""Rates in one process: exact in every window of sixty seconds, bounded in memory.

A fixed window admits twice its limit around its edge; this one keeps what was counted in buckets of a twentieth of a
second and forgets a bucket only when all of it is more than sixty seconds old, so it never admits too much and is late
by at most one bucket.
"""

from collections import OrderedDict

from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.ports import Window

WINDOW = 60.0
GRAIN = 0.05


class _Counter:
    __slots__ = ("buckets", "total")

    def __init__(self) -> None:
        self.buckets: OrderedDict[int, int] = OrderedDict()
        """Pieces by twentieth of a second, oldest first."""
        self.total = 0

    def expire(self, now: float) -> None:
        while self.buckets and _leaves(next(iter(self.buckets))) <= now:
            self.total -= self.buckets.popitem(last=False)[1]

    def count(self, now: float, amount: int) -> None:
        tick = int(now / GRAIN)
        self.buckets[tick] = self.buckets.get(tick, 0) + amount
        self.total += amount

    def give_back(self, at: float, amount: int) -> None:
        tick = int(at / GRAIN)
        counted = self.buckets.get(tick)
        if counted is not None:
            back = min(amount, counted)
            self.buckets[tick] = counted - back
            self.total -= back

    def wait(self, now: float, needed: int) -> float:
        """Seconds until `needed` pieces have left the window."""
        freed = 0
        for tick, amount in self.buckets.items():
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
        first = _leaves(next(iter(counter.buckets))) - now
        return Window(admitted=True, limit=limit, remaining=limit - counter.total, reset=first, at=now)

    def correct(self, account: str, amount: int, at: float) -> None:
        counter = self._counters.get(account)
        if counter is not None:
            counter.give_back(at, amount)

    def sweep(self) -> None:
        """Forgets accounts that counted nothing for a whole window."""
        now = self._clock.monotonic()
        for name in list(self._counters):
            counter = self._counters[name]
            counter.expire(now)
            if not counter.buckets:
                del self._counters[name]
