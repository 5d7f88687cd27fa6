"""The conversations that are going on: who owns a session, which turn comes next, and which marks lead to it.

A session id that the gateway makes carries a keyed mark of its owner, so that it needs no memory until the caller comes
back. What must be remembered is in a `SessionStore`, thirty minutes after the last turn.
"""

import hashlib

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.ports import SESSION_LIFE, SessionStore


class Sessions:
    """`key` marks the ids that this deployment makes, and keys every hash that is kept."""

    def __init__(self, key: bytes, store: SessionStore) -> None:
        self._key = key
        self.store = store

    def fresh(self, owner: str, now: int) -> str:
        """A new session id: UUIDv7 whose last 40 bits say that it was made here, and for whom."""
        stamp = f"{now // 1000:012x}"
        noise = ids.random_hex(9)
        head = f"{stamp[:8]}-{stamp[8:]}-7{noise[:3]}-{'89ab'[int(noise[3], 16) & 3]}{noise[4:7]}-{noise[7:9]}"
        return head + self._mark(head) + self._mark(f"{head}|{owner}")

    def mark(self, way: str, scope: str, value: bytes) -> bytes:
        """The keyed hash under which a session is found: by `way` (a strategy), in one scope only."""
        return hashlib.blake2b(f"{way}|{scope}|".encode() + value, key=self._key, digest_size=16).digest()

    async def named(self, session_id: str, owner: str, now: int) -> int | None:
        """The number of the next turn of a session that its caller named; None: it is another owner's."""
        head = session_id[:26]
        made_here = session_id[26:31] == self._mark(head)
        if made_here and session_id[31:] != self._mark(f"{head}|{owner}"):
            return None
        # An id that we made had its first turn when we made it.
        young = made_here and int(head[:8] + head[9:13], 16) * 1000 + SESSION_LIFE >= now
        return await self.store.turn(session_id, owner, 1 if young else 0, now)

    async def found(self, session_id: str, owner: str, now: int) -> int | None:
        """The number of the next turn of a session that a mark led to: it has had one at least."""
        return await self.store.turn(session_id, owner, 1, now)

    def _mark(self, text: str) -> str:
        return hashlib.blake2b(text.encode(), key=self._key, digest_size=5).hexdigest()[:5]
