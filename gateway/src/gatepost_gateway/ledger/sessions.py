"""Sessions in this process: turns by session, sessions by mark. The oldest go first when there are too many."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from gatepost_gateway.domain.ports import SESSION_LIFE

MOST = 65_536
"""Sessions, and as many marks: some 40 MB when both are full."""
MOST_WAITING = 16
"""Sessions that one mark may lead to: conversations that so far are word for word the same."""


class Live(Struct):
    owner: str
    turn: int
    at: int


class Led(Struct):
    """Where a mark leads: to sessions that nobody has continued from there, and to the one that was given last."""

    at: int
    waiting: tuple[str, ...] = ()
    last: str | None = None


class MemorySessions:
    """Implements `ports.SessionStore`. `live` and `marks` are what another run left."""

    def __init__(
        self, live: Iterable[tuple[str, str, int, int]] = (), marks: Iterable[tuple[bytes, str, int]] = ()
    ) -> None:
        self._live: OrderedDict[str, Live] = OrderedDict()
        self._marks: OrderedDict[bytes, Led] = OrderedDict()
        for session_id, owner, turn, at in sorted(live, key=lambda one: one[3]):
            self._live[session_id] = Live(owner, turn, at)
            _bound(self._live)
        for mark, session_id, at in sorted(marks, key=lambda one: one[2]):
            self._lead(mark, session_id, at)

    async def turn(self, session_id: str, owner: str, base: int, now: int) -> int | None:
        live = self._live.get(session_id)
        if live is None or live.at + SESSION_LIFE < now:
            live = Live(owner, base if live is None else 0, now)
        elif live.owner != owner:
            return None
        live.turn += 1
        live.at = now
        self._live[session_id] = live
        self._live.move_to_end(session_id)
        _bound(self._live)
        return live.turn

    async def adopt(self, mark: bytes, session_id: str, now: int) -> str:
        led = self._find(mark, now)
        if led is None:
            self._lead(mark, session_id, now)
            return session_id
        led.at = now
        self._marks.move_to_end(mark)
        return led.last or led.waiting[-1]

    async def claim(self, mark: bytes, now: int) -> str | None:
        led = self._find(mark, now)
        if led is None:
            return None
        if led.waiting:
            led.last, led.waiting = led.waiting[0], led.waiting[1:]
        led.at = now
        self._marks.move_to_end(mark)
        return led.last

    async def keep(self, marks: Sequence[bytes], session_id: str, now: int) -> None:
        for mark in marks:
            self._lead(mark, session_id, now)

    async def close(self) -> None:
        """Nothing is open."""

    async def sweep(self, now: int) -> None:
        # Cheap: both are in the order of their last use.
        for held in (self._live, self._marks):
            while held and next(iter(held.values())).at + SESSION_LIFE < now:
                held.popitem(last=False)

    def _find(self, mark: bytes, now: int) -> Led | None:
        led = self._marks.get(mark)
        return led if led is not None and led.at + SESSION_LIFE >= now else None

    def _lead(self, mark: bytes, session_id: str, now: int) -> None:
        led = self._find(mark, now)
        if led is None:
            led = self._marks[mark] = Led(now)
        elif session_id not in led.waiting and len(led.waiting) >= MOST_WAITING:
            led.waiting = led.waiting[1:]
        if session_id not in led.waiting:
            led.waiting += (session_id,)
        led.at = now
        self._marks.move_to_end(mark)
        _bound(self._marks)


def _bound(held: OrderedDict[str, Live] | OrderedDict[bytes, Led]) -> None:
    while len(held) > MOST:
        held.popitem(last=False)
