"""Who really asks, when a proxy that we trust stands before us.

`X-Forwarded-For` is a claim of whoever wrote it: it is read from the right, and believed only as far as each hop is a
proxy that the operator listed (`server.trusted_proxies`).
"""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

Networks = tuple[IPv4Network | IPv6Network, ...]


def networks(cidrs: Sequence[str]) -> Networks:
    """Raises ValueError for what is not CIDR notation."""
    return tuple(ip_network(cidr, strict=False) for cidr in cidrs)


def client_address(peer: str | None, forwarded: bytes | None, trusted: Networks) -> str | None:
    """The nearest address that is no trusted proxy; the peer's own when it is not trusted or claims nothing."""
    if peer is None or forwarded is None or not trusted or not _within(peer, trusted):
        return peer
    nearest = peer
    for hop in reversed(forwarded.decode("latin-1").split(",")):
        address = hop.strip().removeprefix("[").partition("]")[0]
        if not _is_address(address):
            return nearest
        nearest = address
        if not _within(address, trusted):
            return nearest
    return nearest


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _within(text: str, trusted: Networks) -> bool:
    if not _is_address(text):
        return False
    address = ip_address(text)
    return any(address in network for network in trusted)
