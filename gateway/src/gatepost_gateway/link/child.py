"""The control plane as a child process: started with one end of a socket pair, started again when it dies."""

import asyncio
import logging
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence

from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.link.channel import Channel, Handler

log = logging.getLogger("gatepost.link")
FIRST_WAIT = 0.2
LONGEST_WAIT = 5.0


class Child:
    """`command` is run with `--fd N` added, and inherits `keep` (the lock: a child that still folds keeps others out).

    `attached` is called with the channel whenever a child is there. One that is started again is told so: `--again`.
    """

    def __init__(
        self,
        command: Sequence[str],
        handlers: Mapping[str, Handler],
        attached: Callable[[Channel], Awaitable[None]],
        keep: Sequence[int] = (),
    ) -> None:
        self._command = command
        self._handlers = handlers
        self._attached = attached
        self._keep = tuple(keep)
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._ending = False

    async def start(self, *words: str) -> None:
        """Returns when the child runs and its channel is attached. Raises what `attached` raises."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            self._process = subprocess.Popen(  # noqa: ASYNC220, S603 - our own interpreter; once, at start
                [sys.executable, *self._command, *words, "--fd", str(theirs.fileno())],
                pass_fds=(theirs.fileno(), *self._keep),
                stdin=subprocess.DEVNULL,
            )
        reader, writer = await asyncio.open_connection(sock=ours, limit=2**20)
        self._channel = Channel(reader, writer, self._handlers)
        self._reading = asyncio.get_running_loop().create_task(self._channel.run())
        await self._attached(self._channel)

    async def keep_alive(self) -> None:
        """Starts the child again when it dies, until `end`."""
        wait = FIRST_WAIT
        while not self._ending:
            await self._reading
            if self._ending:
                return
            log.error("the control plane has died: calls go on, it is started again in %.1f s", wait)
            await asyncio.sleep(wait)
            await self._reap()
            began = asyncio.get_running_loop().time()
            try:
                await self.start("--again")
            except (ConnectionError, RuntimeError, OSError, GatewayError) as error:
                # Where it says why it cannot, it says so until it is let go of.
                log.error("the control plane did not start: %s", error)  # noqa: TRY400 - its words say it all
                if self._channel is not None:
                    self._channel.close()
            wait = (
                FIRST_WAIT if asyncio.get_running_loop().time() - began > LONGEST_WAIT else min(LONGEST_WAIT, wait * 2)
            )

    async def end(self, within: float) -> None:
        """Closes the channel, which tells the child to finish, and waits; after `within` seconds it is killed."""
        self._ending = True
        if self._channel is not None:
            self._channel.close()
        if self._process is None:
            return
        try:
            async with asyncio.timeout(within):
                await _ended(self._process)
        except TimeoutError:
            log.warning("the control plane did not finish within %g s and is killed", within)
        await self._reap()

    async def _reap(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()
            await _ended(process)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None


async def _ended(process: subprocess.Popen[bytes]) -> None:
    # A child ends twice in a gateway's life: asking it now and then is simpler than a watcher.
    while process.poll() is None:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
