"""One answer out of bytes, without a socket: where its head ends, where its body ends, and whether it is acceptable."""

from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from gatepost_gateway.transport.faults import Fault

MAX_HEAD: Final = 64 * 1024
"""Bytes of an answer's head, the interim answers before it included."""
MAX_HEADERS: Final = 256
MAX_OVERHEAD: Final = 64 * 1024
"""Bytes in a row that are neither head nor body: chunk sizes, their extensions, trailers."""

# The phases of a connection, in their order. Plain numbers: reading an enum member costs more than the comparison.
IDLE: Final = 0
HEAD: Final = 1
BODY: Final = 2
WHOLE: Final = 3
GONE: Final = 4

_START = b"HTTP/1."
_VERSIONS = frozenset({"1.0", "1.1"})
_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"keep-alive"})


class _NotAcceptableError(Exception):
    """Stops the parser from inside one of its callbacks; it comes out as an HttpParserError."""


class Framing:
    """Reads one answer after another. `begin_answer`, then `feed` what comes, then `feed_end` if the stream ends."""

    __slots__ = (
        "_bodyless", "_interim", "_moved", "_overhead", "_parser", "_transfer", "_until_end", "broken", "head_bytes",
        "headers", "keep", "keep_alive", "length", "parts", "phase", "size", "spoke", "status",
    )  # fmt: skip

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self.phase = IDLE
        self.keep_alive: bytes | None = None
        self._reset()
        self._bodyless = False

    def _reset(self) -> None:
        # Fresh lists for every answer: the last one's may still be in its caller's hands.
        self.headers: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []
        self.size = 0
        self.status = 0
        self.head_bytes = 0
        self.keep = False
        self.length: bytes | None = None
        self.broken: tuple[Fault, str] | None = None
        self.spoke = False
        self._transfer: bytes | None = None
        self._until_end = False
        self._interim = False
        self._overhead = 0
        self._moved = False

    def begin_answer(self, *, bodyless: bool) -> None:
        """`bodyless`: the request was a HEAD, so no body follows whatever the head says (RFC 9112 section 6.3)."""
        self._reset()
        self._bodyless = bodyless
        self.phase = HEAD

    def feed(self, data: bytes) -> None:
        """Never raises: afterwards `phase`, `parts` and `broken` say what `data` brought."""
        try:
            if self.phase == HEAD:
                self._feed_head(data)
                return
            self._moved = False
            self._parser.feed_data(data)
            if self._moved:
                self._overhead = 0
            elif self.phase == BODY:
                self._overhead += len(data)
                if self._overhead > MAX_OVERHEAD:
                    self.broken = (Fault.TOO_LARGE, "chunk extensions or trailers over the limit")
        except (HttpParserError, HttpParserUpgrade):
            if self.phase == WHOLE:
                self.keep = False  # the answer is whole; what follows it belongs to nobody
            elif self.broken is None:
                self.broken = (Fault.GARBAGE, "not an acceptable HTTP/1.1 answer")

    def _feed_head(self, data: bytes) -> None:
        if not self.head_bytes and not _START.startswith(data[: len(_START)]):
            raise HttpParserError  # the parser itself would also take RTSP, ICY and empty lines
        room = MAX_HEAD - self.head_bytes
        if len(data) <= room:
            self.head_bytes += len(data)
            self._parser.feed_data(data)
            return
        self.head_bytes = MAX_HEAD
        if room:
            self._parser.feed_data(data[:room])
        if self.phase == HEAD:
            self.broken = (Fault.TOO_LARGE, "the head is over the limit")
        else:
            self._parser.feed_data(data[room:])

    def feed_end(self, *, proper: bool = True) -> None:
        """The stream ended: the end of the body where nothing else marks it, a break otherwise.

        `proper`: the peer meant it to end here. Cut off, not even such a body is whole (RFC 9112 section 9.8).
        """
        if self.phase == BODY and self._until_end and proper:  # RFC 9112 section 6.3, case 8
            self.phase = WHOLE
        elif self.phase == HEAD and not self.head_bytes:
            self.broken = (Fault.RESET, "closed before any byte of the answer")
        elif self.phase in (HEAD, BODY):
            self.broken = (Fault.TRUNCATED, "closed in the middle of the answer")

    # The parser's callbacks.

    def on_message_begin(self) -> None:
        if self.phase != HEAD:
            raise _NotAcceptableError  # a second answer to one request
        self.spoke = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.phase != HEAD:
            return  # a trailer; it may be dropped (RFC 9110 section 6.5.1), its bytes count as overhead
        headers = self.headers
        if len(headers) >= MAX_HEADERS:
            self.broken = (Fault.TOO_LARGE, "too many headers")
            raise _NotAcceptableError
        name = name.lower()
        if name in _FRAMING:
            self._note(name, value)
        headers.append((name, value))

    def _note(self, name: bytes, value: bytes) -> None:
        if name == b"content-length":
            self.length = value
        elif name == b"keep-alive":
            self.keep_alive = value
        else:
            # Said twice, it is not plain `chunked` any more.
            self._transfer = value.strip().lower() if self._transfer is None else b""

    def on_headers_complete(self) -> None:
        parser = self._parser
        status = parser.get_status_code()
        version = parser.get_http_version()
        if version not in _VERSIONS or not 100 <= status < 600 or status == 101:
            raise _NotAcceptableError  # 101: we never ask for an upgrade
        if status < 200:
            self._interim = True
            return
        transfer = self._transfer
        # We send no TE, so that `chunked` is all a peer may use; HTTP/1.0 has none (RFC 9112 section 6.1). Both ways
        # of framing at once (a smuggling attempt), and two lengths, are refused by the parser itself.
        if transfer is not None and (transfer != b"chunked" or version == "1.0"):
            raise _NotAcceptableError
        self.status = status
        if self._bodyless:
            # The parser cannot be told that no body follows, so it and its connection serve nobody after this.
            self.keep = False
            self.phase = WHOLE
            return
        self.keep = parser.should_keep_alive()
        self._until_end = self.length is None and transfer is None
        self.phase = BODY

    def on_body(self, body: bytes) -> None:
        if self.phase == BODY:
            self.parts.append(body)
            self.size += len(body)
            self._moved = True

    def on_message_complete(self) -> None:
        if not self._interim:
            self.phase = WHOLE
            return
        # RFC 9110 section 15.2: any number of interim answers may come first; we wait for the one that counts.
        self.headers.clear()
        self.length = self._transfer = None
        self._interim = False
        self.spoke = False
