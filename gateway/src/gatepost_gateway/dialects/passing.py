"""A stream whose caller and provider speak one format: whole events pass byte for byte, a decoder takes note."""

import contextlib

from gatepost_gateway.dialects.framing import EventSplitter
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.notes import Notes
from gatepost_gateway.dialects.sides import EventDecoder


class PassingReader:
    """Implements `ports.StreamReader` for formats that stream server-sent events."""

    __slots__ = ("_decoder", "_notes", "_splitter", "ended", "summary")

    def __init__(self, decoder: EventDecoder) -> None:
        self._decoder = decoder
        self._notes = Notes()
        self._splitter = EventSplitter()
        self.summary = self._notes.summary
        self.ended = False

    @property
    def spoke(self) -> bool:
        return self._notes.spoke

    @property
    def tokens(self) -> int:
        return self._notes.tokens

    def feed(self, data: bytes) -> bytes:
        out: list[bytes] = []
        for event in self._splitter.feed(data):
            if self.ended:
                break
            out.append(event)
            for said in self._decoder.feed(event):
                self._notes.take(said)
            self.ended = self._decoder.ended
        return b"".join(out)

    def close(self) -> bytes:
        """The last event, where the body ended without the empty line after it."""
        rest = self._splitter.rest
        if self.ended or not rest.strip():
            for said in self._decoder.close():
                self._notes.take(said)
            self.ended = self._decoder.ended
            return b""
        # What is cut in the middle of an event is cut, and not another format.
        with contextlib.suppress(Malformed):
            return self.feed(b"\n\n")
        return b""
