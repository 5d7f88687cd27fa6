"""Which addresses a connection may go to. Pure: numbers in, a reason or None out."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


# Addresses that hand out credentials of the machine itself: by cloud, in the order AWS and most others, Alibaba,
# Oracle, Azure, AWS over IPv6, Google over IPv6. An operator who vouches for a private network does not mean these.
_NEVER = _networks(
    "169.254.0.0/16",
    "fe80::/10",
    "100.100.100.200/32",
    "192.0.0.192/32",
    "168.63.129.16/32",
    "fd00:ec2::254/128",
    "fd20:ce::254/128",
)

# RFC 1918, RFC 6598 (shared by carriers, used by overlay networks), RFC 4193, loopback.
_PRIVATE = _networks(
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "::1/128", "fc00::/7"
)

# The IANA special-purpose registries (RFC 6890) that are neither private nor reachable by everyone. The library's
# own is_private and is_global differ between patch releases of Python: hence our own list.
_RESERVED = _networks(
    "0.0.0.0/8",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "2001::/23",
    "2001:db8::/32",
    "3fff::/20",
)

_GLOBAL_V6 = IPv6Network("2000::/3")
_SIXTOFOUR = IPv6Network("2002::/16")
_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a packet to `address` may end at."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    number = int(address)
    if address in _SIXTOFOUR:  # RFC 3056 section 2
        return IPv4Address((number >> 80) & 0xFFFFFFFF)
    if address in _NAT64:  # RFC 6052 section 2.1
        return IPv4Address(number & 0xFFFFFFFF)
    if address in _COMPATIBLE and number > 1:  # RFC 4291 section 2.5.5.1, deprecated but still routed by some
        return IPv4Address(number & 0xFFFFFFFF)
    if (number >> 32) & 0xFFFFFFFF in _ISATAP:  # RFC 5214 section 6.1
        return IPv4Address(number & 0xFFFFFFFF)
    return None


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


@dataclass(frozen=True, slots=True)
class Egress:
    """`allowed`: networks that may be reached although they are private, link-local or reserved."""

    allowed: tuple[Network, ...] = ()

    @classmethod
    def of(cls, *cidrs: str) -> "Egress":
        """Raises ValueError when a text is not a network."""
        return cls(_networks(*cidrs))

    def refusal(self, text: str, *, private_ok: bool) -> str | None:
        """Why a connection to the numeric address `text` is refused; None when it is allowed."""
        try:
            address = ip_address(text)
        except ValueError:
            return "not an address"
        if _within(address, self.allowed):
            return None
        inner = _embedded(address) if isinstance(address, IPv6Address) else None
        if inner is not None:
            return None if _within(inner, self.allowed) else self._plain(inner, private_ok=private_ok)
        return self._plain(address, private_ok=private_ok)

    def _plain(self, address: Address, *, private_ok: bool) -> str | None:
        if _within(address, _NEVER):
            return "a link-local or metadata address"
        if _within(address, _PRIVATE):
            return None if private_ok else "a private or loopback address"
        if _within(address, _RESERVED) or (address.version == 6 and address not in _GLOBAL_V6):
            return "a reserved, multicast or unspecified address"
        return None
