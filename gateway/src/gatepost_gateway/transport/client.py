"""The pooled client: one request, one answer, on a connection of our own."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from math import inf

from gatepost_gateway.domain.ports import Origin
from gatepost_gateway.domain.snapshot import Timeouts
from gatepost_gateway.transport.answer import Answer
from gatepost_gateway.transport.connection import Connection
from gatepost_gateway.transport.dialler import Dialler, Proxy
from gatepost_gateway.transport.egress import Egress
from gatepost_gateway.transport.faults import Fault, TransportError
from gatepost_gateway.transport.pool import Pool, Slot
from gatepost_gateway.transport.resolver import Resolver, system_resolver
from gatepost_gateway.transport.tls import client_context
from gatepost_gateway.transport.wire import compose

# RFC 9110 section 9.2.2: sent twice, these mean the same as sent once.
_IDEMPOTENT = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"})


class Client:
    """Follows no redirect, reads no environment, decompresses nothing, and sends a request twice in one case only.

    That case is a kept connection that the peer closed in the meantime, with no byte of an answer. An idempotent
    request then goes out once more, on a new connection. Any other goes out once more only when it is proved that
    the peer had closed before any of it arrived (`Connection._proved_unsent`); in doubt it fails with RESET.
    """

    def __init__(
        self,
        *,
        egress: Egress,
        ssl_context: ssl.SSLContext | None = None,
        resolver: Resolver = system_resolver,
        proxies: Mapping[str, Proxy | None] | None = None,
        max_idle_per_origin: int = 64,
        idle_ttl: float = 30.0,
    ) -> None:
        """`proxies` is keyed by scheme or by `scheme://host`, which goes first; None there means directly."""
        self._pool = Pool(max_idle=max_idle_per_origin, idle_ttl=idle_ttl)
        self._dialler = Dialler(
            egress=egress, ssl_context=ssl_context or client_context(), resolver=resolver, proxies=proxies or {}
        )

    async def open(
        self,
        origin: Origin,
        method: bytes,
        target: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes,
        timeouts: Timeouts,
    ) -> Answer:
        """Sends one request and returns when the head of its answer is here. Raises TransportError.

        Cancelled, at whatever point, it leaves no socket open.
        """
        if self._pool.closed:
            raise TransportError(Fault.REFUSED, "the client is closed", sent=False)
        slot = self._pool.slot(origin)
        request = compose(method, target, headers, body, slot.host, proxied=self._dialler.proxied(origin, slot.host))
        bodyless = method == b"HEAD"
        now = asyncio.get_running_loop().time()
        total_at = now + timeouts.total if timeouts.total else inf
        connection = self._pool.take(slot, now)
        if connection is not None:
            try:
                return await self._exchange(connection, slot, request, timeouts, total_at, bodyless=bodyless)
            except TransportError as error:
                stale = error.fault is Fault.RESET and not connection.head_bytes
                if not stale or (error.sent and method not in _IDEMPOTENT):
                    raise
        connection = await self._dialler.dial(origin, slot.host, timeouts.connect, total_at)
        return await self._exchange(connection, slot, request, timeouts, total_at, bodyless=bodyless)

    async def _exchange(
        self, connection: Connection, slot: Slot, request: bytes, timeouts: Timeouts, total_at: float, *, bodyless: bool
    ) -> Answer:
        connection.begin(request, timeouts, total_at, bodyless=bodyless)
        while not connection.status:
            if connection.fault is not None:
                raise connection.fault
            await connection.wait()
        return Answer(connection, self._pool, slot)

    def idle(self) -> int:
        """How many connections are kept now."""
        return self._pool.idle()

    async def close(self) -> None:
        """Closes what is idle now, and what is in use as soon as its answer is closed. Idempotent."""
        self._pool.close()
        await asyncio.sleep(0)  # the loop closes a socket on its next turn
