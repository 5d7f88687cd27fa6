"""`gatepost serve`: the data plane in this process, the control plane in a child, one address for both."""

import asyncio
import gc
import json
import logging
import os
import secrets
import signal
import socket
import ssl
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import uvicorn
import uvloop

from gatepost_gateway.app.dataplane import Beginning, DataPlane, Foundation
from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.edge.http import BodyLimits
from gatepost_gateway.edge.protocol import HeadLimits, guarded, sweep
from gatepost_gateway.link.channel import Channel
from gatepost_gateway.link.child import Child
from gatepost_gateway.link.data_end import DataEnd
from gatepost_gateway.link.messages import Start
from gatepost_gateway.settings import Settings
from gatepost_gateway.storage.faults import Locked
from gatepost_gateway.storage.lock import Lock, acquire

log = logging.getLogger("gatepost")
LOCK_SECONDS = 5.0
"""How long a start waits for the last run's control plane to finish folding."""
CHILD_SECONDS = 20.0
KEEP_ALIVE = 75


class StartFailed(Exception):
    """The gateway cannot start; the text says why and what to do."""


async def locked(path: Path) -> Lock:
    """The data directory's lock. Raises Locked when another gateway runs on it."""
    until = asyncio.get_running_loop().time() + LOCK_SECONDS
    while True:
        try:
            return acquire(path)
        except Locked:
            if asyncio.get_running_loop().time() > until:
                raise
            await asyncio.sleep(0.1)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises StartFailed when the address cannot be had."""
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048, reuse_port=False
        )
    except OSError as error:
        raise StartFailed(
            f"cannot listen on `{host}:{port}`: {error.strerror or error}; choose another address with GATEPOST_LISTEN"
        ) from error


class _Server(uvicorn.Server):
    """uvicorn's server with our own signals: it would end the process before the journal is closed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Gateway:
    """One running gateway."""

    def __init__(self, settings: Settings, command: Sequence[str]) -> None:
        self._settings = settings
        self._command = command
        self._end = DataEnd()
        self._server: _Server | None = None
        self._plane: DataPlane | None = None

    async def run(self) -> None:
        """Serves until SIGTERM or SIGINT, then drains. Raises StartFailed, Locked, and what storage raises."""
        server = self._settings.server
        server.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with await locked(server.data_dir / "lock") as lock, listen(server.host, server.port) as sock:
            child = Child(self._command, {"publish": self._end.published}, self._attached, (lock.fileno(),))
            try:
                await child.start()
                start = await self._begin()
                await self._serve(start, sock, child)
            finally:
                await child.end(CHILD_SECONDS)

    async def _attached(self, channel: Channel) -> None:
        self._end.attach(channel)
        if self._plane is not None:
            self._plane.publish((await self._end.start()).snapshot)

    async def _begin(self) -> Start:
        try:
            return await self._end.start()
        except (GatewayError, RuntimeError) as error:
            raise StartFailed(str(error)) from error
