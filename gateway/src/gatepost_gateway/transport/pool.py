"""Idle connections, the last used first."""

import asyncio
import re
from dataclasses import dataclass, field

from gatepost_gateway.domain.ports import Origin
from gatepost_gateway.transport.connection import Connection
from gatepost_gateway.transport.framing import IDLE
from gatepost_gateway.transport.wire import authority

_TIMEOUT = re.compile(rb"timeout\s*=\s*\"?(\d{1,6})", re.IGNORECASE)


@dataclass(slots=True, eq=False)
class Slot:
    """What is kept for one origin. `host` is its Host header; `listed` falls when the pool has let go of it."""

    origin: Origin
    host: bytes
    idle: list[Connection] = field(default_factory=list[Connection])
    listed: bool = True


class Pool:
    """`max_idle` connections per origin, each for `idle_ttl` seconds at most. Never touches one that is in use."""

    def __init__(self, *, max_idle: int, idle_ttl: float) -> None:
        self._max_idle = max_idle
        self._idle_ttl = idle_ttl
        self._slots: dict[Origin, Slot] = {}
        self._sweeper: asyncio.TimerHandle | None = None
        self.closed = False

    def slot(self, origin: Origin) -> Slot:
        """Raises TransportError when the origin is not one that a request can be written for."""
        slot = self._slots.get(origin)
        if slot is None:
            slot = self._slots[origin] = Slot(origin, authority(origin))
        return slot

    def take(self, slot: Slot, now: float) -> Connection | None:
        """The connection used last, if the peer has not closed it and it is not too old."""
        idle = slot.idle
        while idle:
            connection = idle.pop()
            connection.home = None
            if connection.fresh(now):
                return connection
            connection.abort()
        return None

    def give(self, slot: Slot, connection: Connection) -> None:
        """Takes a connection back after an exchange: keeps it if another can follow, cuts it if not."""
        if not slot.listed or self.closed or len(slot.idle) >= self._max_idle or not connection.reusable():
            connection.abort()
            return
        loop = asyncio.get_running_loop()
        ttl = self._idle_ttl
        if connection.keep_alive is not None:
            ttl = min(ttl, _announced(connection.keep_alive))
        connection.expires_at = loop.time() + ttl
        connection.phase = IDLE
        connection.home = slot.idle
        slot.idle.append(connection)
        if self._sweeper is None:
            self._sweeper = loop.call_later(self._idle_ttl, self._sweep, loop)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweeper = None
        now = loop.time()
        for slot in list(self._slots.values()):
            for connection in [one for one in slot.idle if not one.fresh(now)]:
                connection.abort()
            if not slot.idle:
                slot.listed = False
                del self._slots[slot.origin]
        if self._slots:
            self._sweeper = loop.call_later(self._idle_ttl, self._sweep, loop)

    def idle(self) -> int:
        """How many connections lie idle now."""
        return sum(len(slot.idle) for slot in self._slots.values())

    def close(self) -> None:
        """Cuts what is idle; what is in use is cut when it is given back."""
        self.closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for slot in self._slots.values():
            for connection in list(slot.idle):
                connection.abort()
        self._slots.clear()


def _announced(value: bytes) -> float:
    """Seconds for which a peer says that it keeps the connection, less one for the way there."""
    match = _TIMEOUT.search(value)
    return max(int(match[1]) - 1.0, 0.0) if match else float("inf")
