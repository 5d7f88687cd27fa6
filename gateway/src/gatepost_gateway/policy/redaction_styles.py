"""What stands in place of what was found: a marker, a mask, a hash, or as many stars.

Each depends on the finding and its text alone, and nothing that it writes is found again.
"""

import hmac
from collections.abc import Callable, Mapping
from enum import StrEnum

from msgspec import Struct

from gatepost_gateway.domain.findings import Finding

_SHOWN = 4
_LONG = 12
"""Shorter values are masked whole."""


class MarkerFormat(StrEnum):
    LABEL = "label"
    """`[EMAIL]`."""
    MASK = "mask"
    """Stars, and the last four digits of a value of twelve characters or more that ends with digits."""
    HASH = "hash"
    """`[EMAIL:sha256:…]`, twelve digits by the deployment's key: the same for the same value, and not to be guessed."""


class RedactionStyle(Struct, frozen=True, forbid_unknown_fields=True):
    """`custom_markers`: by kind. `preserve_length`: the marker is cut, or filled up with stars."""

    marker_format: MarkerFormat = MarkerFormat.LABEL
    include_metadata: bool = True
    preserve_length: bool = False
    custom_markers: Mapping[str, str] = {}


def masked(found: str) -> str:
    """Separators stay, so that a number still looks like one."""
    shown = _SHOWN if len(found) >= _LONG and found[-_SHOWN:].isdecimal() else 0
    hidden = "".join("*" if mark.isalnum() else mark for mark in found[: len(found) - shown])
    return hidden + found[len(found) - shown :]


def replacing(style: RedactionStyle, key: bytes) -> Callable[[Finding, str], str]:
    """The function of a style. `key` is the deployment's."""

    def replace(finding: Finding, found: str) -> str:
        text = style.custom_markers.get(finding.kind) or _marker(style.marker_format, key, finding, found)
        if not style.preserve_length:
            return text
        return text[: len(found)].ljust(len(found), "*") if len(text) <= len(found) else "*" * len(found)

    return replace


def _marker(style: MarkerFormat, key: bytes, finding: Finding, found: str) -> str:
    if style is MarkerFormat.MASK:
        return masked(found)
    if style is MarkerFormat.HASH:
        digest = hmac.digest(key, found.encode("utf-8", "surrogatepass"), "sha256").hex()[:12]
        return f"[{finding.kind}:sha256:{digest}]"
    return f"[{finding.kind}]"
