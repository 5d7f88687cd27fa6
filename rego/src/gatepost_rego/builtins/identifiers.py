"""UUIDs and versions (OPA policy reference, sections UUID and SemVer)."""

from __future__ import annotations

import re
from typing import Final

from gatepost_rego.builtins.operands import string
from gatepost_rego.builtins.registry import BuiltinError, Context
from gatepost_rego.builtins.signature import declare
from gatepost_rego.golang.quoting import quote
from gatepost_rego.values import UNDEFINED, Undefined, Value

__all__ = ["BUILTINS"]

_HEX: Final = "[0-9a-fA-F]"
_DASHED: Final = f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
_UUID: Final = re.compile(
    rf"(?:[uU][rR][nN]:[uU][uU][iI][dD]:)?{_DASHED}|\{{{_DASHED}\}}|{_HEX}{{32}}"
)
_DOMAINS: Final = {0: "Person", 1: "Group", 2: "Org"}
# Ticks of 100 ns between the calendar reform of 1582, where UUID time begins, and 1970.
_GREGORIAN: Final = 0x01B21DD213814000
_VERSION: Final = re.compile(
    r"v?([0-9]+)\.([0-9]+)\.([0-9]+)(?:-([0-9A-Za-z.-]*))?(?:\+([0-9A-Za-z.-]*))?", re.ASCII
)


def rfc4122(ctx: Context, name: Value) -> str:
    """Give a random UUID, the same one for the same name within an evaluation."""
    key = ("uuid.rfc4122", string(name, 1))
    if key not in ctx.cache:
        bits = ctx.random.getrandbits(128)
        bits = bits & ~(0xF << 76) | 4 << 76
        bits = bits & ~(3 << 62) | 2 << 62
        text = f"{bits:032x}"
        ctx.cache[key] = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
    found: str = ctx.cache[key]
    return found


def parse_uuid(value: Value) -> dict[str, Value] | Undefined:
    """Take a UUID apart; undefined where the text is none."""
    text = string(value, 1)
    if not _UUID.fullmatch(text):
        return UNDEFINED
    digits = text.lower().removeprefix("urn:uuid:").strip("{}").replace("-", "")
    data = bytes.fromhex(digits)
    version = data[6] >> 4
    found: dict[str, Value] = {"version": version, "variant": _variant(data[8])}
    if version in (1, 2):
        found |= _timed(data)
    if version == 2:
        found["domain"] = _DOMAINS.get(data[9], f"Domain{data[9]}")
        found["id"] = int.from_bytes(data[:4], "big")
    return found


def _variant(octet: int) -> str:
    if octet & 0xC0 == 0x80:
        return "RFC4122"
    if octet & 0xE0 == 0xC0:
        return "Microsoft"
    return "Future" if octet & 0xE0 == 0xE0 else "Reserved"


def _timed(data: bytes) -> dict[str, Value]:
    low, middle = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:6], "big")
    high = int.from_bytes(data[6:8], "big") & 0xFFF
    nanos = ((high << 48 | middle << 32 | low) - _GREGORIAN) * 100
    # Go's int64 wraps around.
    nanos = (nanos + (1 << 63)) % (1 << 64) - (1 << 63)
    reach = "local" if data[10] & 2 else "global"
    cast = "multicast" if data[10] & 1 else "unicast"
    return {
        "time": nanos,
        "clocksequence": int.from_bytes(data[8:10], "big") & 0x3FFF,
        "nodeid": data[10:].hex("-"),
        "macvariables": f"{reach}:{cast}",
    }


_Version = tuple[tuple[int, ...], list[str]]


def _version(text: str) -> _Version | None:
    found = _VERSION.fullmatch(text)
    if found is None or any(len(part) > 25 for part in found.group(1, 2, 3)):
        return None
    numbers = tuple(int(part) for part in found.group(1, 2, 3))
    if max(numbers) >= 1 << 63:
        return None
    return numbers, found.group(4).split(".") if found.group(4) else []


def is_valid(value: Value) -> bool:
    """Say whether a value is the text of a semantic version."""
    return isinstance(value, str) and _version(value) is not None


def compare(left: Value, right: Value) -> int:
    """Order two semantic versions: -1, 0 or 1."""
    one, other = _operand(left, 1), _operand(right, 2)
    if one[0] != other[0]:
        return 1 if one[0] > other[0] else -1
    if not one[1] or not other[1]:
        return bool(other[1]) - bool(one[1])
    for part, part2 in zip(one[1], other[1], strict=False):
        found = _compare_part(part, part2)
        if found:
            return found
    return (len(one[1]) > len(other[1])) - (len(one[1]) < len(other[1]))


def _operand(value: Value, position: int) -> _Version:
    text = string(value, position)
    found = _version(text)
    if found is None:
        raise BuiltinError(f"operand {position}: string {quote(text)} is not a valid SemVer")
    return found


def _compare_part(left: str, right: str) -> int:
    """Compare two parts of a pre-release: numbers by value and before any text."""
    if left.isdigit() and right.isdigit():
        one, other = left.lstrip("0"), right.lstrip("0")
        longer = (len(one) > len(other)) - (len(one) < len(other))
        return longer or (one > other) - (one < other)
    if left.isdigit() or right.isdigit():
        return -1 if left.isdigit() else 1
    return (left > right) - (left < right)


BUILTINS: Final = (
    declare("uuid.rfc4122", rfc4122, context=True, nondeterministic=True),
    declare("uuid.parse", parse_uuid),
    declare("semver.is_valid", is_valid),
    declare("semver.compare", compare),
)
