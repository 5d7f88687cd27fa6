"""A cheap OpenAI-compatible provider that answers at once and counts what it would bill.

It is not what is measured, so it does as little as it can: one parse, one write. Streams have one event a
write, 6 to 8 ms apart, so that a proxy cannot save work by finding several events in one read.
"""

import argparse
import asyncio
import gc
import re
import socket
import time
from itertools import count
from typing import cast

import httptools
import msgspec
import uvloop

from bench.bodies import ARRIVAL, STAMP_DIGITS, STAMPED_EVENTS, Stream
from bench.formats import ENDS, HEADS, all_replies, all_streams, family_of, framed

_STREAM = re.compile(rb'"stream"\s*:\s*true')
_USAGE = re.compile(rb'"include_usage"\s*:\s*true')
_PAUSES = (0.006, 0.008, 0.007)
"""The event loop rounds to a millisecond and may be one early: 6 is never less than 5."""


class Bill(msgspec.Struct):
    """What the provider served, and would charge for."""

    calls: int = 0
    streams: int = 0
    abandoned: int = 0
    events: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    refused: int = 0
    cpu_seconds: float = 0.0


class Shelf:
    """The replies that all connections take from, and the bill that they write on."""

    def __init__(self) -> None:
        """Makes every reply before the first call."""
        self.bill = Bill()
        self.number = count()
        self.replies = all_replies()
        self.streams = all_streams()


class Connection(asyncio.Protocol):
    """One connection of a client: one call at a time, as HTTP clients do."""

    def __init__(self, shelf: Shelf) -> None:
        """Keeps the shelf; the parser calls back into this object."""
        self._shelf = shelf
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._body = b""
        self._playing: _Playing | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport to answer on."""
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the stream that nobody reads any more."""
        del exc
        self._transport = None
        if self._playing is not None:
            self._playing.abandon()

    def data_received(self, data: bytes) -> None:
        """Feeds the parser."""
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        """Forgets the call before."""
        self._url = self._body = b""

    def on_url(self, url: bytes) -> None:
        """Collects the target."""
        self._url += url

    def on_body(self, body: bytes) -> None:
        """Collects the body."""
        self._body += body

    def on_message_complete(self) -> None:
        """Answers the call."""
        transport = self._transport
        if transport is None:
            return
        family = family_of(self._url)
        if family is None:
            transport.write(self._other())
            return
        shelf = self._shelf
        number = next(shelf.number)
        if _STREAM.search(self._body) or b"stream" in self._url:
            streams = shelf.streams[family]
            usage = family != "openai" or _USAGE.search(self._body) is not None
            self._playing = _Playing(transport, streams[number % len(streams)], shelf.bill, family, usage=usage)
            self._playing.begin(number)
            return
        replies = shelf.replies[family]
        reply = replies[number % len(replies)]
        bill = shelf.bill
        bill.calls += 1
        bill.prompt_tokens += reply.prompt_tokens
        bill.completion_tokens += reply.completion_tokens
        transport.write(reply.raw)

    def _other(self) -> bytes:
        """Returns the bill, or says that there is nothing here."""
        if self._url == b"/bill":
            self._shelf.bill.cpu_seconds = time.process_time()
            return _answer(b"200 OK", msgspec.json.encode(self._shelf.bill))
        self._shelf.bill.refused += 1
        return _answer(b"404 Not Found", b'{"error":{"message":"no such path","type":"invalid_request_error"}}')


class _Playing:
    """A stream on its way: one timer at a time, one event a timer."""

    __slots__ = (
        "_arrived", "_at", "_bill", "_family", "_loop", "_number", "_stream", "_timer", "_transport", "_usage",
    )  # fmt: skip

    def __init__(self, transport: asyncio.Transport, stream: Stream, bill: Bill, family: str, *, usage: bool) -> None:
        self._transport = transport
        self._stream = stream
        self._bill = bill
        self._family = family
        self._number = 0
        self._usage = usage
        self._at = 0
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._arrived = b""

    def begin(self, number: int) -> None:
        self._number = number
        self._arrived = _stamp()
        self._transport.write(HEADS[self._family])
        self._wait()

    def abandon(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._bill.abandoned += 1

    def _wait(self) -> None:
        pause = _PAUSES[(self._number + self._at) % len(_PAUSES)]
        self._timer = self._loop.call_later(pause, self._next)

    def _next(self) -> None:
        at = self._at
        self._at = at + 1
        if at < STAMPED_EVENTS:
            head, tail = self._stream.events[at]
            if at == 0:
                head = head.replace(ARRIVAL, self._arrived)
            whole = framed(head, _stamp(), tail) if self._family == "bedrock" else head + _stamp() + tail
            self._transport.write(whole)
        elif at == STAMPED_EVENTS:
            self._transport.write(self._stream.finish)
            self._at += 0 if self._usage else 1
        elif at == STAMPED_EVENTS + 1:
            self._transport.write(self._stream.usage)
        else:
            self._finish()
            return
        self._wait()

    def _finish(self) -> None:
        self._timer = None
        self._transport.write(ENDS[self._family])
        bill = self._bill
        bill.streams += 1
        bill.events += STAMPED_EVENTS + 1
        bill.prompt_tokens += self._stream.prompt_tokens
        bill.completion_tokens += self._stream.completion_tokens


def _stamp() -> bytes:
    """Returns the time of a clock that all processes of the machine share."""
    return b"%0*d" % (STAMP_DIGITS, time.monotonic_ns())


def _answer(status: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(body))
    return head + body


async def serve(listener: socket.socket) -> None:
    """Serves until it is cancelled."""
    shelf = Shelf()
    # What is on the shelf stays for ever: no collection needs to look at it.
    gc.freeze()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(shelf), sock=listener, backlog=1024)
    async with server:
        await server.serve_forever()


def main() -> None:
    """Runs the provider as a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port: int = parser.parse_args().port
    listener = socket.create_server(("127.0.0.1", port))
    uvloop.run(serve(listener))


if __name__ == "__main__":
    main()
