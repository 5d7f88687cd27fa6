"""Repeated questions in one process, bounded in memory."""

from collections import OrderedDict, deque

from gatepost_gateway.domain.clock import Clock

MOST_OWNERS = 20_000
"""Traces and sessions whose last question is known; the ones that asked nothing for longest are forgotten first."""


class MemoryLoops:
    """Implements `ports.Loops`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: OrderedDict[str, tuple[bytes, deque[float]]] = OrderedDict()

    async def repeated(self, owner: str, mark: bytes, seconds: float, most: int) -> tuple[int, float]:
        now = self._clock.monotonic()
        known = self._last.pop(owner, None)
        times = known[1] if known is not None and known[0] == mark else deque[float]()
        times.append(now)
        while len(times) > most or times[0] <= now - seconds:
            times.popleft()
        self._last[owner] = (mark, times)
        if len(self._last) > MOST_OWNERS:
            self._last.popitem(last=False)
        # The next one would be counted with those that are still there then: the second oldest must have left.
        return len(times), times[min(1, len(times) - 1)] + seconds - now
