"""A sign of life for a caller from whom everything is held back, so that nobody on the way gives the connection up."""

import asyncio
from collections.abc import Awaitable, Callable

EVERY = 15.0
"""Seconds of silence before it."""


class Beat:
    """One timer for a call. `say` is asked when nothing was sent for a while; never twice at a time."""

    __slots__ = ("_every", "_quiet", "_say", "_task", "_timer")

    def __init__(self, say: Callable[[], Awaitable[None]], every: float = EVERY) -> None:
        self._say = say
        self._every = every
        self._quiet = True
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._every, self._tick)

    def sent(self) -> None:
        """Something went out."""
        self._quiet = False

    def _tick(self) -> None:
        if self._quiet and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._run())
        self._quiet = True
        self.start()

    async def _run(self) -> None:
        await self._say()

    async def stop(self) -> None:
        """No more of it; what is under way is finished first. Raises what went wrong in it."""
        self._end()
        if self._task is not None:
            task, self._task = self._task, None
            await task

    def cancel(self) -> None:
        """The caller has gone: nothing is waited for."""
        self._end()
        if self._task is not None:
            self._task.cancel()

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
