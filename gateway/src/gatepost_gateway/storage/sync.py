"""Makes written bytes last through a power cut, off the loop, in one thread."""

import asyncio
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

log = logging.getLogger("gatepost.journal")


class Fsync(StrEnum):
    """When written entries are made to last through a power cut; a dead process loses none either way.

    NEVER: when the system sees fit. INTERVAL: some time later, at most once an interval. ALWAYS: before an entry
    counts as durable.
    """

    NEVER = "never"
    INTERVAL = "interval"
    ALWAYS = "always"


Done = Callable[[OSError | None], None]


class Syncer:
    """Runs `fdatasync` one at a time, and once for everybody who came meanwhile."""

    def __init__(self, loop: asyncio.AbstractEventLoop, interval: float) -> None:
        self._loop = loop
        self._interval = interval
        self._thread = ThreadPoolExecutor(1, "journal-sync")
        self._waiting: list[Done] = []
        self._running = False
        self._timer: asyncio.TimerHandle | None = None

    def later(self, fd: Callable[[], int]) -> None:
        """Syncs what `fd()` is then, after the interval; calls in between are the same one."""
        if self._timer is None:
            self._timer = self._loop.call_later(self._interval, self._due, fd)

    def _due(self, fd: Callable[[], int]) -> None:
        self._timer = None
        self.soon(fd, _told)

    def soon(self, fd: Callable[[], int], done: Done) -> None:
        """Calls `done` on the loop after a sync that began after this call."""
        self._waiting.append(done)
        if not self._running:
            self._start(fd)

    def _start(self, fd: Callable[[], int]) -> None:
        waiting, self._waiting = self._waiting, []
        self._running = True
        running = self._loop.run_in_executor(self._thread, _sync, fd())
        running.add_done_callback(lambda ran: self._ended(ran.result(), waiting, fd))

    def _ended(self, error: OSError | None, waiting: list[Done], fd: Callable[[], int]) -> None:
        self._running = False
        for done in waiting:
            done(error)
        if self._waiting:
            self._start(fd)

    def retire(self, fd: int) -> None:
        """Syncs and closes a file that is no longer written, behind what is under way."""
        self._thread.submit(_retire, fd)

    def close(self, fd: int) -> OSError | None:
        """Waits for what is under way, then syncs `fd` a last time for everybody who still waits."""
        if self._timer is not None:
            self._timer.cancel()
        self._thread.shutdown(wait=True)
        error = _sync(fd)
        waiting, self._waiting = self._waiting, []
        for done in waiting:
            done(error)
        return error


def _sync(fd: int) -> OSError | None:
    try:
        os.fdatasync(fd)
    except OSError as error:
        return error
    return None


def _retire(fd: int) -> None:
    _told(_sync(fd))
    os.close(fd)


def _told(error: OSError | None) -> None:
    if error is not None:
        log.error("the journal could not be synced: %s", error)
