"""What rules count, in one process: exact to a sixtieth of each account's time, bounded in memory.

A restart begins at nothing. Gateways that share their state read from each other what they count (`storage`).
"""

from collections import OrderedDict

from gatepost_gateway.domain.clock import Clock

MOST = 100_000
"""Accounts that are remembered: of more, the one that was not used for longest is forgotten."""
GRAINS = 60


class _Account:
    __slots__ = ("buckets", "grain", "total")

    def __init__(self, seconds: float) -> None:
        self.grain = seconds / GRAINS
        self.buckets: OrderedDict[int, int] = OrderedDict()
        self.total = 0

    def expire(self, now: float) -> None:
        """Lets go of buckets of which nothing is young enough."""
        while self.buckets and (next(iter(self.buckets)) + 1 + GRAINS) * self.grain <= now:
            self.total -= self.buckets.popitem(last=False)[1]


class MemoryCounters:
    """Implements `ports.Counters`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    def so_far(self, account: str, seconds: float) -> int:  # noqa: ARG002 - an account knows its own
        known = self._accounts.get(account)
        if known is None:
            return 0
        self._accounts.move_to_end(account)
        known.expire(self._clock.monotonic())
        return known.total

    def add(self, account: str, amount: int, seconds: float) -> None:
        self.came(account, amount, seconds, 0.0)

    def came(self, account: str, amount: int, seconds: float, age: float) -> None:
        """Counts what came `age` seconds ago, elsewhere. What is told late is remembered for so much longer."""
        now = self._clock.monotonic()
        known = self._accounts.get(account)
        if known is None:
            known = self._accounts[account] = _Account(seconds)
            while len(self._accounts) > MOST:
                self._accounts.popitem(last=False)
        self._accounts.move_to_end(account)
        known.expire(now)
        tick = max(int((now - age) / known.grain), next(reversed(known.buckets), 0))
        known.buckets[tick] = known.buckets.get(tick, 0) + amount
        known.total += amount
