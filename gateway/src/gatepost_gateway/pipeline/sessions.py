"""The conversations that are going on: who owns a session, and which turn comes next.

A session id that the gateway makes carries a keyed mark of its owner, so that it needs no memory until the caller comes
back with it. Only sessions that were continued or named by a caller are kept, thirty minutes after their last turn, at
most `MOST` of them; the oldest go first.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable

from msgspec import Struct

from gatepost_gateway.domain import ids

LIFE = 30 * 60 * 1_000_000
"""Microseconds after the last turn."""
MOST = 65_536


class Live(Struct):
    owner: str
    turn: int
    at: int


class Sessions:
    """`key` marks the ids that this deployment makes; `live` are the sessions that another run of it left."""

    def __init__(self, key: bytes, live: Iterable[tuple[str, str, int, int]] = ()) -> None:
        self._key = key
        self._live: OrderedDict[str, Live] = OrderedDict()
        for session_id, owner, turn, at in live:
            self._live[session_id] = Live(owner, turn, at)
            self._bound()

    def fresh(self, owner: str, now: int) -> str:
        """A new session id: UUIDv7 whose last 40 bits say that it was made here, and for whom."""
        stamp = f"{now // 1000:012x}"
        noise = ids.random_hex(9)
        head = f"{stamp[:8]}-{stamp[8:]}-7{noise[:3]}-{'89ab'[int(noise[3], 16) & 3]}{noise[4:7]}-{noise[7:9]}"
        return head + self._mark(head) + self._mark(f"{head}|{owner}")

    def _mark(self, text: str) -> str:
        return hashlib.blake2b(text.encode(), key=self._key, digest_size=5).hexdigest()[:5]

    def owned_by(self, session_id: str, owner: str, now: int) -> bool:
        """Whether `owner` may use the id: it is unknown, or its own."""
        live = self._live.get(session_id)
        if live is not None and live.at + LIFE >= now:
            return live.owner == owner
        head = session_id[:26]
        return session_id[26:31] != self._mark(head) or session_id[31:] == self._mark(f"{head}|{owner}")

    def turn(self, session_id: str, owner: str, now: int) -> int:
        """Counts one more turn and returns its number, from 1."""
        live = self._live.pop(session_id, None)
        if live is None or live.at + LIFE < now:
            # An id that we made had its first turn when we made it.
            head = session_id[:26]
            ours = live is None and self._mark(head) + self._mark(f"{head}|{owner}") == session_id[26:]
            made = int(head[:8] + head[9:13], 16) * 1000
            live = Live(owner, 1 if ours and made + LIFE >= now else 0, now)
        live.turn += 1
        live.at = now
        self._live[session_id] = live
        self._bound()
        return live.turn

    def _bound(self) -> None:
        while len(self._live) > MOST:
            self._live.popitem(last=False)
