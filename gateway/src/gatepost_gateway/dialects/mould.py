"""The events of one stream mostly differ in a single text. What stands around it is compared, and not read again.

Many servers send `data: {"id":"c1",...,"delta":{"content":"` and `"},...}` with every word. An event that begins and
ends with the same bytes and has nothing between them that JSON writes in another way says the same with another text.
"""

from collections.abc import Callable

_PROBE = "?~ ~?"
_TRIES = 4
"""Events that a mould is made of before it is given up: there are servers that write something new into each."""


class Mould:
    """Made from events that were read; `text_of` reads those that fit."""

    __slots__ = ("_around", "_head", "_left", "_tail")

    def __init__(self) -> None:
        self._head = self._tail = b""
        self._around = 0
        self._left = _TRIES

    @property
    def learns(self) -> bool:
        """Whether `take` may still make something of an event."""
        return self._left > 0

    def text_of(self, event: bytes) -> str | None:
        """The text of an event that is like the one the mould was made of in all else; None: it must be read."""
        if not self._around or not event.startswith(self._head) or not event.endswith(self._tail):
            return None
        if len(event) <= self._around:
            return None
        piece = event[len(self._head) : -len(self._tail)]
        if b'"' in piece or b"\\" in piece:
            return None
        try:
            text = piece.decode()
        except UnicodeDecodeError:
            return None
        # JSON has no control characters in a text.
        return text if text.isprintable() else None

    def take(self, event: bytes, text: str, read: Callable[[bytes], str | None]) -> bool:
        """Makes the mould anew from an event whose only text is `text`; whether that could be done. `read` gives the
        text of such an event.
        """
        if not self._left:
            return False
        self._left -= 1
        head, found, tail = event.partition(b'"' + text.encode("utf-8", "replace") + b'"')
        if not found:
            return False
        head, tail = head + b'"', b'"' + tail
        # The same characters may stand elsewhere: only if another text in their place is read, it is the place.
        if read(head + _PROBE.encode() + tail) != _PROBE:
            return False
        self._head, self._tail, self._around = head, tail, len(head) + len(tail)
        return True
