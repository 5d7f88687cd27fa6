"""A new connection: name to address, address past the egress rule, socket, tunnel, TLS."""

import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from math import inf

from gatepost_gateway.domain.ports import Origin
from gatepost_gateway.transport.connection import Connection
from gatepost_gateway.transport.egress import Egress
from gatepost_gateway.transport.faults import Fault, TransportError
from gatepost_gateway.transport.resolver import Resolver
from gatepost_gateway.transport.tunnel import Tunnel


@dataclass(frozen=True, slots=True)
class Proxy:
    """A plain HTTP proxy. `authorization` is the whole value of Proxy-Authorization.

    It is the operator who names it, so it may be in a private network; link-local stays refused.
    """

    host: str
    port: int
    authorization: bytes | None = field(default=None, repr=False)


class Dialler:
    """Opens connections, each to an address that was resolved once and checked."""

    def __init__(
        self, *, egress: Egress, ssl_context: ssl.SSLContext, resolver: Resolver, proxies: Mapping[str, Proxy | None]
    ) -> None:
        self._egress = egress
        self._context = ssl_context
        self._resolve = resolver
        self._proxies = proxies

    def _proxy(self, origin: Origin) -> Proxy | None:
        proxies = self._proxies
        if not proxies:
            return None
        exact = f"{origin.scheme}://{origin.host}"
        return proxies[exact] if exact in proxies else proxies.get(origin.scheme)

    def proxied(self, origin: Origin, host: bytes) -> tuple[bytes, bytes]:
        """What a request carries on its way through a proxy (RFC 9112 section 3.2.2, absolute form), if any."""
        proxy = self._proxy(origin)
        if proxy is None or origin.scheme != "http":
            return b"", b""
        return b"http://" + host, _proxy_header(proxy)

    async def dial(self, origin: Origin, host: bytes, seconds: float, total_at: float) -> Connection:
        """A connection that nothing was sent on yet, within `seconds` (0: without bound) and before `total_at`.

        Raises TransportError, never with anything sent; leaves no socket behind, cancelled or not.
        """
        loop = asyncio.get_running_loop()
        connect_at = loop.time() + seconds if seconds else inf
        deadline = min(connect_at, total_at)
        try:
            async with asyncio.timeout_at(deadline if deadline < inf else None):
                return await self._dial(loop, origin, host, deadline)
        except TimeoutError:
            if total_at <= connect_at:
                raise TransportError(Fault.TOTAL_TIMEOUT, "no connection in time", sent=False) from None
            raise TransportError(Fault.CONNECT_TIMEOUT, "no connection in time", sent=False) from None

    async def _dial(self, loop: asyncio.AbstractEventLoop, origin: Origin, host: bytes, deadline: float) -> Connection:
        proxy = self._proxy(origin)
        if proxy is None:
            addresses = await self._addresses(origin.host, origin.port, private_ok=origin.private_ok)
            sock = await _connect(loop, addresses, origin.port, deadline)
        else:
            self._check_literal(origin)
            addresses = await self._addresses(proxy.host, proxy.port, private_ok=True)
            sock = await _connect(loop, addresses, proxy.port, deadline)
        connection = Connection(loop, sock)
        if origin.scheme == "http":
            await _adopt(loop, sock, connection)
            return connection
        tunnel = Tunnel(loop)
        raw = await _adopt(loop, sock, tunnel)
        try:
            if proxy is not None:
                await tunnel.establish(_tunnel_name(origin, host), _proxy_header(proxy))
            secured = await _secure(loop, raw, connection, self._context, origin.host)
        except BaseException:
            raw.abort()
            raise
        connection.connection_made(secured)
        return connection

    async def _addresses(self, host: str, port: int, *, private_ok: bool) -> Sequence[str]:
        """Raises TransportError when there is none, or when any of them is refused.

        A name with one forbidden address among good ones is an attack or a mistake; neither should half work.
        """
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise TransportError(Fault.RESOLVE, "the host has no address", sent=False) from error
        if not found:
            raise TransportError(Fault.RESOLVE, "the host has no address", sent=False)
        for address in found:
            refusal = self._egress.refusal(address, private_ok=private_ok)
            if refusal is not None:
                raise TransportError(Fault.REFUSED, f"the host resolves to {refusal}", sent=False)
        return found

    def _check_literal(self, origin: Origin) -> None:
        """Behind a proxy names are the proxy's to resolve; an address written out is still ours to refuse."""
        try:
            ip_address(origin.host)
        except ValueError:
            return
        refusal = self._egress.refusal(origin.host, private_ok=origin.private_ok)
        if refusal is not None:
            raise TransportError(Fault.REFUSED, f"the host is {refusal}", sent=False)


def _proxy_header(proxy: Proxy) -> bytes:
    return b"proxy-authorization: %b\r\n" % proxy.authorization if proxy.authorization is not None else b""


def _tunnel_name(origin: Origin, host: bytes) -> bytes:
    """RFC 9112 section 3.2.3: the authority form names the port always."""
    return host if host.endswith(b":%d" % origin.port) else b"%b:%d" % (host, origin.port)


async def _connect(
    loop: asyncio.AbstractEventLoop, addresses: Sequence[str], port: int, deadline: float
) -> socket.socket:
    """Tries the addresses in order; each may use its share of the time that is left."""
    failure: Exception | None = None
    for index, address in enumerate(addresses):
        left = len(addresses) - index
        share = None if deadline == inf or left == 1 else loop.time() + (deadline - loop.time()) / left
        try:
            async with asyncio.timeout_at(share):
                return await _reach(loop, address, port)
        except OSError as error:  # asyncio's timeout is one too
            failure = error
    raise TransportError(Fault.CONNECT, "no address took the connection", sent=False) from failure


async def _reach(loop: asyncio.AbstractEventLoop, address: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # A numeric address: the loop resolves nothing, so the address is the one that was checked.
        await loop.sock_connect(sock, (address, port))
    except BaseException:
        sock.close()
        raise
    return sock


async def _adopt(
    loop: asyncio.AbstractEventLoop, sock: socket.socket, protocol: Connection | Tunnel
) -> asyncio.Transport:
    try:
        transport, _ = await loop.create_connection(lambda: protocol, sock=sock)
    except OSError as error:
        sock.close()
        raise TransportError(Fault.CONNECT, "the connection broke at once", sent=False) from error
    except BaseException:
        sock.close()
        raise
    return transport


async def _secure(
    loop: asyncio.AbstractEventLoop,
    raw: asyncio.Transport,
    connection: Connection,
    context: ssl.SSLContext,
    name: str,
) -> asyncio.Transport:
    try:
        secured = await loop.start_tls(raw, connection, context, server_hostname=name)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError; ValueError: a name that TLS cannot carry
        raise TransportError(Fault.TLS, "the peer did not prove who it is", sent=False) from error
    if secured is None:
        raise TransportError(Fault.TLS, "the connection broke in the handshake", sent=False)
    return secured
