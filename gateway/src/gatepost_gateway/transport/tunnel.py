"""The plain stretch of a connection before TLS: a tunnel through a proxy, where one is configured."""

import asyncio
from typing import cast

from gatepost_gateway.transport.faults import Fault, TransportError

MAX_ANSWER = 16 * 1024
"""Bytes of a proxy's answer to CONNECT."""


class Tunnel(asyncio.Protocol):
    """RFC 9110 section 9.3.6. Without a proxy it only holds the place until TLS takes over."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._transport: asyncio.Transport | None = None
        self._came = bytearray()
        self._answered: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by shape, not by class

    def data_received(self, data: bytes) -> None:
        self._came += data
        if b"\r\n\r\n" in self._came or len(self._came) > MAX_ANSWER:
            self._settle()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # what was to come did not: `establish` says so
        self._settle()

    def _settle(self) -> None:
        if not self._answered.done():
            self._answered.set_result(None)

    async def establish(self, name: bytes, extra: bytes) -> None:
        """Asks for a tunnel to `name` (host:port). Raises TransportError (CONNECT) unless the proxy grants it."""
        assert self._transport is not None
        self._transport.write(b"CONNECT %b HTTP/1.1\r\nhost: %b\r\n%b\r\n" % (name, name, extra))
        await self._answered
        head, end, rest = bytes(self._came).partition(b"\r\n\r\n")
        words = head.split(b"\r\n", 1)[0].split(b" ", 2)
        if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
            raise TransportError(Fault.CONNECT, "the proxy did not answer in HTTP", sent=False)
        if not end or rest:  # nothing may come before our handshake begins
            raise TransportError(Fault.CONNECT, "the proxy's answer is cut, too long, or followed by more", sent=False)
        if not 200 <= int(words[1]) < 300:
            raise TransportError(Fault.CONNECT, f"the proxy refused the tunnel: {int(words[1])}", sent=False)
