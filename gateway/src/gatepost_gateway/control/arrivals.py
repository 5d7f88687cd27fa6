"""How often an address may sign up."""

from collections import OrderedDict, deque

from gatepost_gateway.domain.clock import Clock

EACH = 5
ALL = 100
WINDOW = 3600.0
"""Sign-ups from one address, and from all, in any so many seconds."""
MOST = 10_000
"""Addresses that are remembered; the one that was quiet longest is forgotten."""


class Arrivals:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._of: OrderedDict[str, deque[float]] = OrderedDict()
        self._all: deque[float] = deque()

    def admit(self, address: str) -> float:
        """0 and counted, or the seconds to wait."""
        now = self._clock.monotonic()
        own = self._of.setdefault(address, deque())
        self._of.move_to_end(address)
        while len(self._of) > MOST:
            self._of.popitem(last=False)
        wait = max(_wait(own, EACH, now), _wait(self._all, ALL, now))
        if wait <= 0:
            own.append(now)
            self._all.append(now)
        return wait


def _wait(times: deque[float], most: int, now: float) -> float:
    while times and times[0] <= now - WINDOW:
        times.popleft()
    return times[0] + WINDOW - now if len(times) >= most else 0.0
