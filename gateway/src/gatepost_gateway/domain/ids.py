"""Identifiers: UUID version 7 (RFC 9562 section 5.7), so that ids sort by the time they were made."""

import os
import re
import time

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_POOL_BYTES = 4096
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class _Entropy:
    """Random bytes drawn from the system in large gulps: a call needs thirty of them."""

    def __init__(self) -> None:
        self.pool = ""
        self.at = 0
        # A forked process must not draw the same bytes again.
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        self.pool, self.at = "", 0

    def take(self, digits: int) -> str:
        end = self.at + digits
        if end > len(self.pool):
            self.pool, self.at, end = os.urandom(_POOL_BYTES).hex(), 0, digits
        piece = self.pool[self.at : end]
        self.at = end
        return piece


random_hex = _Entropy().take
"""So many random hexadecimal digits."""


def new() -> str:
    """A fresh UUIDv7 in its usual text form; later ones are greater, down to a quarter of a microsecond.

    The twelve bits behind the milliseconds are their fraction (RFC 9562 section 6.2, method 3).
    """
    millis, rest = divmod(time.time_ns(), 1_000_000)
    stamp, tail = f"{millis:012x}", random_hex(16)
    return f"{stamp[:8]}-{stamp[8:]}-7{(rest << 12) // 1_000_000:03x}-{_VARIANT[tail[0]]}{tail[1:4]}-{tail[4:]}"


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID in its usual text form, of any version."""
    return _UUID.fullmatch(text) is not None
