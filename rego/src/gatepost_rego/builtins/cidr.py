"""Networks (OPA policy reference, section Net)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    NetmaskValueError,
    ip_address,
    ip_interface,
    summarize_address_range,
)
from typing import Final

from gatepost_rego.builtins.operands import string, strings_of
from gatepost_rego.builtins.registry import BuiltinError, Context, operand_error
from gatepost_rego.builtins.signature import declare
from gatepost_rego.values import RegoObject, RegoSet, Value, ordered_pairs

__all__ = ["BUILTINS"]

_Network = IPv4Network | IPv6Network
_Address = IPv4Address | IPv6Address
_Interface = IPv4Interface | IPv6Interface
# Version, first and last address as numbers, and the name of a network that stands alone.
_Range = tuple[int, int, int, str]
_MAPPED: Final = 96


def _address(text: str) -> _Address | None:
    """Read an address; a mapped one (`::ffff:1.2.3.4`) is IPv4, as in Go."""
    if "%" in text:
        return None
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def _network(text: str) -> _Network | None:
    base, slash, bits = text.partition("/")
    if not slash or not (bits.isascii() and bits.isdigit() and len(bits) < 4) or "%" in base:
        return None
    if len(bits) > 1 and bits[0] == "0":
        return None
    try:
        if ":" not in base:
            return IPv4Network((base, int(bits)), strict=False)
        found = IPv6Network((base, int(bits)), strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        return None
    mapped = found.network_address.ipv4_mapped
    if mapped is not None and found.prefixlen >= _MAPPED:
        return IPv4Network((mapped, found.prefixlen - _MAPPED), strict=False)
    return found


def _parsed(text: str) -> _Network:
    found = _network(text)
    if found is None:
        raise BuiltinError(f"invalid CIDR address: {text}")
    return found


def _single(address: _Address) -> _Network:
    if isinstance(address, IPv4Address):
        return IPv4Network(address)
    return IPv6Network(address)


def _either(text: str) -> _Network:
    """Read a network or an address."""
    address = _address(text)
    found = _single(address) if address is not None else _network(text)
    if found is None:
        raise BuiltinError(
            f"not a valid textual representation of an IP address or CIDR: {text}"
        )
    return found


def _within(inner: _Network, outer: _Network) -> bool:
    return (
        inner.version == outer.version
        and outer.network_address <= inner.network_address  # type: ignore[operator]
        and inner.broadcast_address <= outer.broadcast_address  # type: ignore[operator]
    )


def contains(cidr: Value, other: Value) -> bool:
    """Say whether a network holds an address or another network."""
    outer, inner = _parsed(string(cidr, 1)), _either(string(other, 2))
    return _within(inner, outer)


def intersects(left: Value, right: Value) -> bool:
    """Say whether two networks have an address in common."""
    one, other = _parsed(string(left, 1)), _parsed(string(right, 2))
    return _within(one, other) or _within(other, one)


def is_valid(value: Value) -> bool:
    """Say whether a string is a network."""
    return isinstance(value, str) and _network(value) is not None


def expand(ctx: Context, cidr: Value) -> RegoSet:
    """List the addresses of a network."""
    network = _parsed(string(cidr, 1))
    ctx.reserve(network.num_addresses * 3)
    found: list[Value] = []
    for number, address in enumerate(network):
        if number % 256 == 0:
            ctx.charge(1024)
        found.append(str(address))
    return RegoSet(found)


def _with_class(text: str) -> _Interface:
    """Read a network; an IPv4 address alone is the whole network of its historic class."""
    address = _address(text)
    if address is None:
        network = _parsed(text)
        return ip_interface(f"{network.network_address}/{network.prefixlen}")
    if isinstance(address, IPv6Address):
        raise BuiltinError("IPv6 invalid: needs prefix length")
    first = address.packed[0]
    bits = 8 if first < 128 else 16 if first < 192 else 24 if first < 224 else 32
    return IPv4Interface((address, bits))


def merge(ctx: Context, addresses: Value) -> RegoSet:
    """Give the smallest set of networks that covers the same addresses."""
    if not isinstance(addresses, (list, RegoSet)):
        raise operand_error(1, addresses, "set", "array")
    texts = strings_of(addresses, 1)
    ctx.charge(4 * len(texts))
    ranges: list[_Range] = []
    for text in texts:
        ctx.charge(16)
        given = _with_class(text)
        network = given.network
        ends = int(network.network_address), int(network.broadcast_address)
        ranges.append((given.version, *ends, str(given)))
    merged: list[_Range] = []
    for version, first, last, name in sorted(ranges):
        if merged and merged[-1][0] == version and first <= merged[-1][2] + 1:
            merged[-1] = (version, merged[-1][1], max(merged[-1][2], last), "")
        else:
            merged.append((version, first, last, name))
    return RegoSet(_summarised(ctx, merged))


def _summarised(ctx: Context, ranges: list[_Range]) -> Iterator[Value]:
    """Give the fewest networks that cover ranges; one that was not merged keeps its name."""
    for version, first, last, name in ranges:
        if name:
            yield name
            continue
        kind: type[IPv4Address] | type[IPv6Address] = IPv4Address if version == 4 else IPv6Address
        for network in summarize_address_range(kind(first), kind(last)):
            ctx.charge(16)
            yield str(network)


def _entries(value: Value, position: int) -> Iterator[tuple[Value, str]]:
    """Give what stands for each entry in the result, and the entry's text."""
    if isinstance(value, str):
        yield value, value
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield place, _entry(item, position)
    elif isinstance(value, RegoSet):
        for item in value.ordered():
            yield item, _entry(item, position)
    elif isinstance(value, (dict, RegoObject)):
        for key, item in ordered_pairs(value):
            yield key, _entry(item, position)
    else:
        raise operand_error(position, value, "string", "array", "set", "object")


def _entry(item: Value, position: int) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, list) and item:
        return string(item[0], position)
    raise BuiltinError(f"operand {position}: element must be string or non-empty array")


def contains_matches(ctx: Context, cidrs: Value, others: Value) -> RegoSet:
    """Give the pairs of a network and what it holds."""
    inner = [(name, _either(text)) for name, text in _entries(others, 2)]
    pairs: list[Value] = []
    for name, text in _entries(cidrs, 1):
        outer = _parsed(text)
        ctx.charge(2 * len(inner) + 1)
        found = [other for other, network in inner if _within(network, outer)]
        ctx.reserve(3 * len(found))
        pairs.extend([name, other] for other in found)
    return RegoSet(pairs)


def overlap(left: Value, right: Value) -> bool:
    """Say whether a network holds an address (the older name of `net.cidr_contains`)."""
    return contains(left, right)


BUILTINS: Final = (
    declare("net.cidr_contains", contains),
    declare("net.cidr_intersects", intersects),
    declare("net.cidr_is_valid", is_valid),
    declare("net.cidr_expand", expand, context=True),
    declare("net.cidr_merge", merge, context=True),
    declare("net.cidr_contains_matches", contains_matches, context=True),
    declare("net.cidr_overlap", overlap, deprecated=True),
)
