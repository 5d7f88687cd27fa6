"""Server-sent events, cut into whole events: bytes in, events out, whatever the chunks.

Source: WHATWG HTML, "Server-sent events", section 9.2.5 and 9.2.6 (line ends are CR LF, LF or CR; an event ends at an
empty line; a byte order mark at the start is dropped; several `data` lines are joined by LF).
"""

MAX_EVENT = 4 * 1024 * 1024
"""Bytes that one event may have: a provider that never ends one must not fill the memory."""

SHOWN = 500
"""Characters of a provider's own words that are shown."""


class EventTooLong(ValueError):
    """An event passed MAX_EVENT bytes without an end."""


class StreamFailed(ValueError):
    """The provider said in the stream that it failed."""

    def __init__(self, words: str) -> None:
        super().__init__(f"the provider reported an error in the stream: {words[:SHOWN]}")


class ModelFailed(ValueError):
    """The model ended without an answer, and said so."""


class EventSplitter:
    """Cuts a byte stream at the ends of events. What it returns, joined, is what it was fed, byte for byte."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The events that `data` completes, each with its own line ends and the empty line that ends it."""
        rest = self._rest + data if self._rest else data
        if b"\r" in rest:
            return self._mixed(rest)
        if rest.find(b"\n\n") == len(rest) - 2 >= 0:
            self._rest = b""
            return [rest]
        pieces = rest.split(b"\n\n")
        self._rest = pieces.pop()
        self._bounded()
        # Empty lines between events belong to the piece that follows; they stay with it as they came.
        return [piece + b"\n\n" for piece in pieces]

    def _mixed(self, rest: bytes) -> list[bytes]:
        events: list[bytes] = []
        start = at = 0
        blank = True
        while True:
            end, after = _line_end(rest, at)
            if end < 0:
                break
            if end == at and not blank:
                events.append(rest[start:after])
                start = after
            blank = end == at
            at = after
        self._rest = rest[start:]
        self._bounded()
        return events

    def _bounded(self) -> None:
        if len(self._rest) > MAX_EVENT:
            msg = f"an event is longer than {MAX_EVENT} bytes"
            raise EventTooLong(msg)

    @property
    def rest(self) -> bytes:
        """What has come and is not yet an event."""
        return self._rest


def _line_end(data: bytes, start: int) -> tuple[int, int]:
    """(where the line ends, where the next begins); (-1, -1) when the line is not whole yet."""
    lf, cr = data.find(b"\n", start), data.find(b"\r", start)
    if cr < 0 or 0 <= lf < cr:
        return (lf, lf + 1) if lf >= 0 else (-1, -1)
    if cr + 1 == len(data):
        return (-1, -1)  # a LF may follow in the next chunk
    return (cr, cr + 2) if data[cr + 1] == 0x0A else (cr, cr + 1)


def data_of(event: bytes) -> bytes | None:
    """The joined `data` of an event; None for a comment or an event without data."""
    if event.startswith(b"data: ") and event.find(b"\n") == len(event) - 2 and b"\r" not in event:
        return event[6:-2]
    lines = event.lstrip(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    said = [line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:")]
    return b"\n".join(said) if said else None
