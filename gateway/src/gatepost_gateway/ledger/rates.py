"""Rates in one process: exact in every window of sixty seconds, bounded in memory.

A fixed window admits twice its limit around its edge; this one keeps what was counted in buckets of a twentieth of a
second and forgets a bucket only when all of it is more than sixty seconds old, so it never admits too much and is late
by at most one bucket.
"""

from collections import OrderedDict

from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.limits import MOST_SUBJECTS, SLOT_RETRY, WINDOW, Ask, Taken, Window, group_of

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
        self._slots: dict[str, int] = {}
        self._groups: dict[str, int] = {}
        """How many accounts a group has."""

    async def take(self, asks: tuple[Ask, ...]) -> Taken:
        """Looks at every limit before it counts anything; nothing waits in between."""
        now = self._clock.monotonic()
        placed = tuple([self._placed(ask) for ask in asks])
        if all(self._fits(ask, now) for ask in placed):
            return Taken(True, placed, tuple([self._count(ask, now) for ask in placed]), now)
        return Taken(False, placed, tuple([self._look(ask, now) for ask in placed]), now)

    def give_back(self, account: str, amount: int, at: float) -> None:
        counter = self._counters.get(account)
        if counter is not None:
            counter.give_back(at, amount)

    def release(self, account: str) -> None:
        held = self._slots.get(account, 0)
        if held > 1:
            self._slots[account] = held - 1
        elif held:
            del self._slots[account]
            self._grow(account, -1)

    async def close(self) -> None:
        """Nothing is open."""

    async def sweep(self) -> None:
        """Forgets accounts that counted nothing for a whole window."""
        now = self._clock.monotonic()
        for name in list(self._counters):
            counter = self._counters[name]
            counter.expire(now)
            if not counter.buckets:
                del self._counters[name]
                self._grow(name, -1)

    def _placed(self, ask: Ask) -> Ask:
        """`ask` where it counts: in its own account, or where there are too many, in its group's."""
        if ask.account in (self._slots if ask.slot else self._counters):
            return ask
        group = group_of(ask.account)
        if group is None or self._groups.get(group, 0) < MOST_SUBJECTS:
            return ask
        return Ask(group, ask.limit, ask.amount, ask.slot)

    def _fits(self, ask: Ask, now: float) -> bool:
        if ask.slot:
            return self._slots.get(ask.account, 0) + ask.amount <= ask.limit
        counter = self._counters.get(ask.account)
        if counter is None:
            return ask.amount <= ask.limit
        counter.expire(now)
        return counter.total + ask.amount <= ask.limit

    def _count(self, ask: Ask, now: float) -> Window:
        if ask.slot:
            held = self._slots.get(ask.account)
            if held is None:
                self._grow(ask.account, 1)
            self._slots[ask.account] = held = (held or 0) + 1
            return Window(True, ask.limit, ask.limit - held, 0.0)
        counter = self._counters.get(ask.account)
        if counter is None:
            counter = self._counters[ask.account] = _Counter()
            self._grow(ask.account, 1)
        counter.count(now, ask.amount)
        return Window(True, ask.limit, ask.limit - counter.total, _leaves(next(iter(counter.buckets))) - now)

    def _look(self, ask: Ask, now: float) -> Window:
        """What a limit says of a call that is not counted."""
        if ask.slot:
            left = max(0, ask.limit - self._slots.get(ask.account, 0))
            return Window(True, ask.limit, left, 0.0) if left else Window(False, ask.limit, 0, SLOT_RETRY, SLOT_RETRY)
        counter = self._counters.get(ask.account) or _Counter()
        left, over = max(0, ask.limit - counter.total), counter.total + ask.amount - ask.limit
        if over <= 0:
            first = _leaves(next(iter(counter.buckets))) - now if counter.buckets else 0.0
            return Window(True, ask.limit, left, first)
        # More than the limit at once never fits: say a whole window, not a wait that does not help.
        wait = WINDOW if ask.amount > ask.limit else counter.wait(now, over)
        return Window(False, ask.limit, left, wait, wait)

    def _grow(self, account: str, change: int) -> None:
        group = group_of(account)
        if group is None:
            return
        self._groups[group] = self._groups.get(group, 0) + change
        if not self._groups[group]:
            del self._groups[group]
