"""uvicorn's httptools protocol with what it lacks: limits and a deadline for heads, and word of a caller that left.

Pinned to uvicorn 0.54: the overridden methods are its own callbacks, and a test compares the version.
"""

import asyncio
import time
from typing import Any

import msgspec
from msgspec import Struct
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.errors import Code

PINNED = "0.54.0"
TASK = "gatepost.task"
"""The scope's key under which the edge leaves the task of a request, to be cancelled when its caller goes."""


CORK = "gatepost.cork"
"""The scope's key for the connection's transport, to be held and released around a head and its body."""


LINGER = 1.0
"""Seconds that a refused caller may go on sending before its connection is cut."""


class HeadLimits(Struct, frozen=True):
    """Bytes and number of a request's headers, seconds for all of them."""

    bytes: int = 64 * 1024
    count: int = 100
    seconds: float = 10.0


class Corked:
    """The connection's transport, with a way to hold back writes: a head and its body then leave as one."""

    __slots__ = ("_flow", "_held", "_transport", "is_closing", "pause_reading", "resume_reading")

    def __init__(self, transport: asyncio.Transport, flow: FlowControl) -> None:
        self._transport = transport
        self._flow = flow
        self._held: list[bytes] | None = None
        self.is_closing = transport.is_closing
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading

    def hold(self) -> None:
        """What is written from here on waits for `release`."""
        if self._held is None:
            self._held = []

    def release(self) -> None:
        held, self._held = self._held, None
        if held:
            self._transport.write(held[0] if len(held) == 1 else b"".join(held))

    def chunk(self, data: bytes) -> bool:
        """Sends a piece of a chunked body (RFC 9112 section 7.1); False when the peer reads slower than we write."""
        if not self.is_closing():
            self.write(b"%x\r\n%b\r\n" % (len(data), data))
        return not self._flow.write_paused

    async def drain(self) -> None:
        """Returns when the peer has taken enough."""
        if self._flow.write_paused:
            await self._flow.drain()

    def write(self, data: bytes) -> None:
        if self._held is None:
            self._transport.write(data)
        else:
            self._held.append(data)

    def close(self) -> None:
        self.release()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class GuardedProtocol(HttpToolsProtocol):
    """`limits` is set on a subclass by `guarded`."""

    limits = HeadLimits()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.transport = Corked(transport, self.flow)  # type: ignore[assignment]
        self._head_bytes = 0
        self._in_head = True
        self._refused = False
        self.head_due = time.monotonic() + self.limits.seconds

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self._in_head:
            self._head_bytes += len(data)
            # The bytes of a body that came along are counted too, so the exact sum is made when the head is whole.
            if self._head_bytes > self.limits.bytes and not self._whole_head(data):
                self._refuse(
                    431, Code.HEADERS_TOO_LARGE, f"the request's head is larger than {self.limits.bytes} bytes"
                )
                return
        super().data_received(data)

    def _whole_head(self, data: bytes) -> bool:
        return b"\r\n\r\n" in data or b"\n\n" in data

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self.head_due = time.monotonic() + self.limits.seconds

    def on_headers_complete(self) -> None:
        self.scope[CORK] = self.transport  # type: ignore[typeddict-unknown-key]
        self._in_head = False
        self._head_bytes = 0
        self.head_due = 0.0
        if len(self.headers) > self.limits.count:
            self._refuse(431, Code.HEADERS_TOO_LARGE, f"the request has more than {self.limits.count} headers")
            return
        if sum(len(name) + len(value) for name, value in self.headers) + len(self.url) > self.limits.bytes:
            self._refuse(431, Code.HEADERS_TOO_LARGE, f"the request's head is larger than {self.limits.bytes} bytes")
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self.cycle and not self._refused and not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self.cycle and not self._refused and not self.transport.is_closing():
            super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        cycles = [self.cycle, *(cycle for cycle, _ in self.pipeline)] if self.cycle else []
        super().connection_lost(exc)
        for cycle in cycles:
            _abandon(cycle)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - ours says it in JSON
        self._refuse(400, Code.INVALID_REQUEST, "this is not a valid HTTP/1.1 request")

    def slow(self) -> None:
        """The head did not come in time."""
        if not self.cycle and self._head_bytes == 0:
            self.transport.close()  # a connection that never said anything gets no words either
            return
        self._refuse(408, Code.REQUEST_TIMEOUT, f"the request's head did not come within {self.limits.seconds:g} s")

    def _refuse(self, status: int, code: Code, words: str) -> None:
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        self.head_due = 0.0
        cycle = self.cycle
        if cycle and not cycle.response_complete and (cycle.response_started or not cycle.more_body):
            # An earlier request is being answered, and these words would stand in the middle of its answer.
            self.transport.close()
            return
        self.transport.write(refusal(status, code, words))
        if cycle:
            _abandon(cycle)
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        # What the caller still sends is read and dropped: closed on it, the connection would be reset, and the words
        # lost with it.
        self.transport.write_eof()
        self.loop.call_later(LINGER, self.transport.close)


def _abandon(cycle: RequestResponseCycle) -> None:
    cycle.disconnected = True
    task = cycle.scope.get(TASK)
    if task is not None and not cycle.response_complete:
        task.cancel()


_PHRASES = {400: b"Bad Request", 408: b"Request Timeout", 431: b"Request Header Fields Too Large"}


def refusal(status: int, code: Code, words: str) -> bytes:
    """A whole answer for a request whose surface is not known yet: its body carries the keys of every surface."""
    error = {"message": words, "type": "invalid_request_error", "param": None, "code": code.value}
    body = msgspec.json.encode({"error": error, "code": code.value, "detail": words})
    head = (
        b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
        b"x-request-id: %s\r\nconnection: close\r\n\r\n"
    )
    return head % (status, _PHRASES[status], len(body), ids.new().encode()) + body


def guarded(limits: HeadLimits) -> type[GuardedProtocol]:
    """The protocol class with these limits."""
    return type("LimitedProtocol", (GuardedProtocol,), {"limits": limits})


async def sweep(connections: set[Any], every: float = 0.25) -> None:
    """Ends connections whose head is late: one timer for all of them."""
    while True:
        await asyncio.sleep(every)
        now = time.monotonic()
        for connection in [one for one in connections if getattr(one, "head_due", 0.0) and one.head_due < now]:
            connection.slow()
