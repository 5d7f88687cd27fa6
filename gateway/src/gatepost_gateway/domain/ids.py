"""Identifiers: UUID version 7 (RFC 9562 section 5.7), so that ids sort by the time they were made."""

import os
import re
import time

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_POOL_BYTES = 4096


class _Entropy:
    """Random bytes drawn from the system in large gulps: a call needs thirty of them."""

    def __init__(self) -> None:
        self.pool = b""
        self.at = 0
        self.pid = 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.pool) or self.pid != os.getpid():
            self.pool, self.at, end, self.pid = os.urandom(_POOL_BYTES), 0, count, os.getpid()
        piece = self.pool[self.at : end]
        self.at = end
        return piece


_take = _Entropy().take


def new() -> str:
    """A fresh UUIDv7 in its usual text form."""
    stamp = f"{time.time_ns() // 1_000_000:012x}"
    tail = _take(10).hex()
    # 8, 9, a or b: the two variant bits are 10.
    return f"{stamp[:8]}-{stamp[8:]}-7{tail[:3]}-{'89ab'[int(tail[3], 16) & 3]}{tail[4:7]}-{tail[7:19]}"


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID in its usual text form, of any version."""
    return _UUID.fullmatch(text) is not None
