"""How fast entries answer, and which of them asked for rest: estimates in this process, forgotten when they are old."""

from collections import OrderedDict

from gatepost_gateway.domain.clock import Clock

FRESH = 300.0
"""Seconds after which an estimate says nothing any more."""
LOOK_AGAIN = 30.0
"""Seconds between two calls that are sent to an entry only to learn how fast it is."""
LONGEST_REST = 300.0
MOST = 4096
"""Entries that are remembered; the one that was measured longest ago is forgotten first."""
_NEW = 0.3
"""What the newest of an entry's answers weighs in its estimate."""


class _Entry:
    __slots__ = ("at", "looked", "rests_until", "seconds")

    def __init__(self) -> None:
        self.seconds: float | None = None
        self.at = 0.0
        self.looked: float | None = None
        self.rests_until = 0.0


class MemoryPace:
    """Implements `ports.Pace`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: OrderedDict[tuple[str, bool], _Entry] = OrderedDict()

    def note(self, entry: str, stream: bool, seconds: float) -> None:
        now = self._clock.monotonic()
        kept = self._kept(entry, stream)
        fresh = kept.seconds is not None and now - kept.at < FRESH
        kept.seconds = seconds if not fresh or kept.seconds is None else kept.seconds + _NEW * (seconds - kept.seconds)
        kept.at = now

    def latency(self, entry: str, stream: bool) -> float | None:
        kept = self._entries.get((entry, stream))
        if kept is None or kept.seconds is None or self._clock.monotonic() - kept.at >= FRESH:
            return None
        return kept.seconds

    def look(self, entry: str, stream: bool) -> bool:
        now = self._clock.monotonic()
        kept = self._kept(entry, stream)
        if kept.looked is not None and now - kept.looked < LOOK_AGAIN:
            return False
        kept.looked = now
        return True

    def rest(self, entry: str, seconds: float) -> None:
        until = self._clock.monotonic() + min(seconds, LONGEST_REST)
        for stream in (False, True):
            kept = self._kept(entry, stream)
            kept.rests_until = max(kept.rests_until, until)

    def rests(self, entry: str) -> bool:
        kept = self._entries.get((entry, False))
        return kept is not None and kept.rests_until > self._clock.monotonic()

    def _kept(self, entry: str, stream: bool) -> _Entry:
        name = (entry, stream)
        kept = self._entries.get(name)
        if kept is None:
            kept = self._entries[name] = _Entry()
            if len(self._entries) > MOST:
                self._entries.popitem(last=False)
        else:
            self._entries.move_to_end(name)
        return kept
