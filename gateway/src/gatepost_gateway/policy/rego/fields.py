"""The words of `redact_fields`: what they mean, and what finds it."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from gatepost_gateway.detect.custom import custom
from gatepost_gateway.detect.pii import pii
from gatepost_gateway.domain.findings import Detector

FIELDS: Final[Mapping[str, str]] = {
    "email": "EMAIL",
    "ssn": "SSN",
    "phone": "PHONE",
    "creditcard": "CARD",
    "credit_card": "CARD",
    "card": "CARD",
    "ip": "IP",
    "ip_address": "IP",
    "url": "URL",
}
"""The kind of finding that each word means."""
_REST: Final = r"[^\s<>\"'`{}|\\^]"
_URL: Final = rf"(?i:https?|ftp|wss?)://{_REST}{{1,1000}}{_REST}{{0,1000}}"


@cache
def detectors(kinds: tuple[str, ...]) -> tuple[Detector, ...]:
    """What finds these kinds. One for each set of kinds, shared by all policies."""
    personal = frozenset(kinds) - {"URL"}
    found: list[Detector] = [pii(personal)] if personal else []
    if "URL" in kinds:
        found.append(custom("url", "URL", [_URL]))
    return tuple(found)
