"""Server-sent events, incrementally: bytes in, events out, and back. Pure.

However the bytes of a stream are cut, the events are the same.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_EVENT_BYTES = 16 * 1024 * 1024


class StreamError(ValueError):
    """The bytes are not a stream of events that can be read."""


@dataclass(frozen=True)
class Event:
    """One event. `data` has its lines joined by newlines; `retry` is in milliseconds."""

    data: str
    event: str = "message"
    id: str | None = None
    retry: int | None = None


class Decoder:
    """Reads a stream of events.

    Args:
        max_event_bytes: The largest event that is read; a larger one is a StreamError, not a full memory.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._partial: list[bytes] = []
        self._size = 0
        self._after_cr = False
        self._first = True
        self._clear()

    def feed(self, data: bytes) -> list[Event]:
        """The events that are complete now."""
        if self._after_cr and data:
            # The line feed of a CRLF that was cut in two ends nothing more.
            self._after_cr = False
            data = data[1:] if data[:1] == b"\n" else data
        events: list[Event] = []
        for line in data.splitlines(keepends=True):
            self._count(len(line))
            ended = line[-1:] in {b"\n", b"\r"}
            self._partial.append(line.rstrip(b"\r\n") if ended else line)
            if ended:
                whole = b"".join(self._partial)
                self._partial.clear()
                self._line(whole, events)
        self._after_cr = data[-1:] == b"\r" or (self._after_cr and not data)
        return events

    @property
    def unfinished(self) -> bool:
        """True where the stream ended here would have cut an event short."""
        return bool(self._partial or self._data or self._event)

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > self._max:
            raise StreamError(f"an event is larger than {self._max} bytes")

    def _line(self, line: bytes, events: list[Event]) -> None:
        if self._first:
            self._first = False
            line = line[3:] if line[:3] == b"\xef\xbb\xbf" else line
        if not line:
            self._end(events)
            return
        name, _, value = line.partition(b":")
        self._field(name, (value[1:] if value[:1] == b" " else value).decode("utf-8", "replace"))

    def _field(self, name: bytes, value: str) -> None:
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._event = value
        elif name == b"id" and "\0" not in value:
            self._id = value
        elif name == b"retry" and value.isascii() and value.isdigit():
            self._retry = int(value)

    def _end(self, events: list[Event]) -> None:
        if self._data:
            events.append(Event("\n".join(self._data), self._event or "message", self._id, self._retry))
        self._clear()

    def _clear(self) -> None:
        self._data: list[str] = []
        self._event = ""
        self._id: str | None = None
        self._retry: int | None = None
        self._size = 0


def encode(data: str, *, event: str | None = None, id: str | None = None) -> bytes:
    """One event as bytes.

    Raises:
        StreamError: `event` or `id` holds a line break, which would begin another field.
    """
    fields = [(name, value) for name, value in (("event", event), ("id", id)) if value is not None]
    if any(mark in value for _, value in fields for mark in "\r\n\0"):
        raise StreamError("a line break inside `event` or `id`")
    lines = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    said = [f"{name}: {value}\n" for name, value in fields] + [f"data: {line}\n" for line in lines]
    return ("".join(said) + "\n").encode()


def comment(text: str = "") -> bytes:
    """A comment: keeps a connection awake, and is no event."""
    return f": {' '.join(text.splitlines())}\n\n".encode()
