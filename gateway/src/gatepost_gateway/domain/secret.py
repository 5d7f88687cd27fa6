"""A secret is a type that does not print."""

import hashlib
import hmac
from typing import NoReturn


class Secret:
    """Text that must not reach a log, a record or an error: no repr, no str, no serialiser."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself: call it only where the secret leaves for its owner."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        msg = "a secret is not serialised"
        raise TypeError(msg)


def digest(text: str) -> bytes:
    """SHA-256 of a key's secret part: keys are random and long, so a slow hash would only cost time."""
    return hashlib.sha256(text.encode()).digest()


def same(left: bytes, right: bytes) -> bool:
    """Constant-time equality."""
    return hmac.compare_digest(left, right)
