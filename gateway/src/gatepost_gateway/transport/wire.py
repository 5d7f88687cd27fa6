"""One request as bytes. Refuses what could be read as two requests."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv6Address

from gatepost_gateway.domain.ports import Origin
from gatepost_gateway.transport.faults import Fault, TransportError

DEFAULT_PORTS = {"http": 80, "https": 443}

# RFC 9110 section 5.6.2.
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# RFC 9112 section 3.2.1: visible characters; `#` would begin a fragment, which is never sent.
_TARGET = re.compile(rb"/[!\"$-~]{0,16383}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9.])?")

# Ours to say, or of one hop only (RFC 9110 section 7.6.1): from a caller they would break the framing.
_RESERVED = frozenset({
    b"host", b"content-length", b"transfer-encoding", b"connection", b"keep-alive", b"upgrade", b"expect",
    b"te", b"trailer", b"proxy-connection", b"proxy-authorization",
})  # fmt: skip
_WITHOUT_BODY = frozenset({b"GET", b"HEAD", b"OPTIONS", b"DELETE"})


def unsendable(reason: str) -> TransportError:
    return TransportError(Fault.REFUSED, reason, sent=False)


def authority(origin: Origin) -> bytes:
    """The value of Host (RFC 9110 section 7.2). Raises TransportError when the host is not a name or an address."""
    if origin.scheme not in DEFAULT_PORTS:
        raise unsendable("the scheme is not http or https")
    if not 0 < origin.port < 65536:
        raise unsendable("the port is not between 1 and 65535")
    host = origin.host
    if ":" in host:
        try:
            address = IPv6Address(host)
        except ValueError:
            raise unsendable("the host is not a name or an address") from None
        if address.scope_id is not None:  # a zone may hold any byte, and means nothing to the peer
            raise unsendable("the host is not a name or an address")
        host = f"[{address.compressed}]"
    elif _HOST.fullmatch(host) is None:
        raise unsendable("the host is not a name or an address")
    if origin.port == DEFAULT_PORTS[origin.scheme]:
        return host.encode("ascii")
    return f"{host}:{origin.port}".encode("ascii")


@lru_cache(maxsize=1024)
def _label(name: bytes) -> bytes:
    """The name as it goes out, with its colon. Raises TransportError when it is not the caller's to say."""
    if _TOKEN.fullmatch(name) is None:
        raise unsendable("a header name is not a token")
    lower = name.lower()
    if lower in _RESERVED:
        raise unsendable("a header is the transport's own: " + lower.decode("ascii"))
    return lower + b": "


@lru_cache(maxsize=1024)
def _opening(method: bytes, target: bytes, host: bytes, proxied: tuple[bytes, bytes]) -> bytes:
    """The request line, Host, and what a proxy wants."""
    if _TOKEN.fullmatch(method) is None or method == b"CONNECT":
        raise unsendable("the method cannot be sent")
    if _TARGET.fullmatch(target) is None:
        raise unsendable("the target is not an absolute path of visible characters")
    before, after = proxied
    return b"%b %b%b HTTP/1.1\r\nhost: %b\r\n%b" % (method, before, target, host, after)


def compose(
    method: bytes,
    target: bytes,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    host: bytes,
    *,
    proxied: tuple[bytes, bytes] = (b"", b""),
) -> bytes:
    """Head and body in one piece. `proxied`: what stands before the target and after Host on the way to a proxy.

    Raises TransportError (REFUSED, nothing sent) when a part could break out of its place.
    """
    parts = [_opening(method, target, host, proxied)]
    lines = 3 if proxied[1] else 2
    identity = True
    for name, value in headers:
        label = _label(name)
        if label == b"accept-encoding: ":
            identity = False
        parts += (label, value, b"\r\n")
        lines += 1
    if identity:
        parts.append(b"accept-encoding: identity\r\n")
        lines += 1
    if body or method not in _WITHOUT_BODY:  # RFC 9110 section 8.6
        parts.append(b"content-length: %d\r\n" % len(body))
        lines += 1
    parts.append(b"\r\n")
    head = b"".join(parts)
    # Each line brings one CR and one LF, and so does the empty one at the end: any more came in with a value (RFC
    # 9110 section 5.5) and would split the request. Counting in the finished head checks all values at once.
    if head.count(b"\r") != lines + 1 or head.count(b"\n") != lines + 1 or b"\0" in head:
        raise unsendable("a header value holds CR, LF or NUL")
    return head + body if body else head
