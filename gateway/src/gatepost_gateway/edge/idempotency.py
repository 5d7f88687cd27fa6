"""A creation that is repeated under the same `Idempotency-Key` is answered once, with the same words.

In this process, for ten minutes, bounded in number and bytes: long enough for a client's own retries.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from msgspec import Struct

from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.errors import CallerError, Code

Answer = tuple[int, bytes]
"""Status and body."""
LIFE = 600.0
MOST = 10_000
MOST_BYTES = 32 * 1024 * 1024


class _Kept(Struct):
    print: bytes
    at: float
    answer: Answer | None = None
    waiting: asyncio.Future[None] | None = None


class Idempotency:
    """Remembers answers by (owner, key)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[tuple[str, bytes], _Kept] = OrderedDict()
        self._bytes = 0

    async def once(self, owner: str, key: bytes | None, body: bytes, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer of `make`, or of the first call under the same key. A failure is not kept: it may be tried again.

        Raises CallerError (409) when the key was used with another body.
        """
        if key is None:
            return await make()
        name, mark = (owner, key[:256]), hashlib.sha256(body).digest()
        while (kept := self._fresh(name)) is not None:
            if kept.print != mark:
                raise CallerError(
                    "this Idempotency-Key was used with another body: use a new one", code=Code.CONFLICT, status=409
                )
            if kept.answer is not None:
                return kept.answer
            assert kept.waiting is not None
            await asyncio.shield(kept.waiting)
        return await self._make(name, mark, make)

    async def _make(self, name: tuple[str, bytes], mark: bytes, make: Callable[[], Awaitable[Answer]]) -> Answer:
        kept = _Kept(mark, self._clock.monotonic(), waiting=asyncio.get_running_loop().create_future())
        self._kept[name] = kept
        try:
            answer = kept.answer = await make()
            self._bytes += len(answer[1])
            self._bound()
        finally:
            if kept.answer is None:
                del self._kept[name]
            waiting, kept.waiting = kept.waiting, None
            if waiting is not None and not waiting.done():
                waiting.set_result(None)
        return answer

    def _fresh(self, name: tuple[str, bytes]) -> _Kept | None:
        kept = self._kept.get(name)
        if kept is not None and kept.answer is not None and kept.at + LIFE < self._clock.monotonic():
            self._drop(name)
            return None
        return kept

    def _bound(self) -> None:
        for name in list(self._kept):
            if len(self._kept) <= MOST and self._bytes <= MOST_BYTES:
                return
            if self._kept[name].answer is not None:
                self._drop(name)

    def _drop(self, name: tuple[str, bytes]) -> None:
        gone = self._kept.pop(name)
        if gone.answer is not None:
            self._bytes -= len(gone.answer[1])
