"""One connection to one origin: its socket, its deadlines, and who waits for what comes.

Nothing runs here but the callbacks of the loop: no task, no queue, at most one wake-up per read of the socket.
"""

import asyncio
import socket
from collections.abc import Callable
from math import inf
from typing import Final, cast

from gatepost_gateway.domain.snapshot import Timeouts
from gatepost_gateway.transport.evidence import unacknowledged
from gatepost_gateway.transport.faults import Fault, TransportError
from gatepost_gateway.transport.framing import BODY, GONE, HEAD, IDLE, WHOLE, Framing
from gatepost_gateway.transport.tls import ended_properly

HIGH_WATER: Final = 256 * 1024
"""Unread bytes of a body at which the socket is no longer read."""

Sink = Callable[[bytes], bool]
"""Takes a batch at once; False: no more, until it is asked again. Must not raise."""

_TICK: Final = 0.001  # seconds; the clock of a loop may be that coarse


class Connection(Framing, asyncio.Protocol):
    """One exchange at a time: `begin`, then `wait` until there is something in `parts`, then back to the pool."""

    __slots__ = (
        "_first_at", "_idle_for", "_last", "_loop", "_paused", "_request_bytes", "_sink", "_sock", "_timer",
        "_timer_at", "_total_at", "_transport", "_waiter", "_whole_limit", "expires_at", "fault", "home", "sent",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
        super().__init__()
        self._loop = loop
        self._sock = sock
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = inf
        self._waiter: asyncio.Future[None] | None = None
        self._first_at = self._total_at = self._idle_for = inf
        self._last = 0.0
        self._request_bytes = 0
        self._paused = False
        self._whole_limit = -1
        self._sink: Sink | None = None
        self.fault: TransportError | None = None
        self.sent = False
        self.home: list[Connection] | None = None
        """Where it lies while it is idle, so that it can leave by itself when the peer closes it."""
        self.expires_at = inf

    # The way of one exchange.

    def begin(self, request: bytes, timeouts: Timeouts, total_at: float, *, bodyless: bool) -> None:
        """Writes the whole request at once. `total_at` is a time of the loop; the first byte's clock starts here."""
        transport = self._transport
        assert transport is not None
        if self.phase != IDLE or transport.is_closing():  # the peer closed it, or spoke first, before we wrote
            self._fail(Fault.RESET, "closed before the request")
            return
        self.begin_answer(bodyless=bodyless)
        now = self._loop.time()
        self._last = now
        self._first_at = now + timeouts.first_byte if timeouts.first_byte else inf
        self._idle_for = timeouts.idle or inf
        self._total_at = total_at
        self._whole_limit = -1
        self._request_bytes = len(request)
        due = min(self._first_at, total_at)
        if due < self._timer_at:
            self._arm(due)
        self.sent = True
        transport.write(request)

    async def wait(self) -> None:
        """Returns when there may be news; the caller looks again. Cancelled, it cuts the connection at once."""
        if self._waiter is not None:
            raise RuntimeError("two readers of one answer")
        waiter = self._waiter = self._loop.create_future()
        try:
            await waiter
        except BaseException:
            self.abort()
            raise
        finally:
            self._waiter = None

    async def pour(self, sink: Sink) -> bool:
        """As `wait`, but hands what comes to `sink` from the loop's own callback; whether it would take more."""
        self._whole_limit = -1
        self._sink = sink
        try:
            await self.wait()
            return self._sink is not None
        finally:
            self._sink = None

    async def wait_whole(self, limit: int) -> None:
        """As `wait`, but only for the end of the body, or for more than `limit` bytes of it."""
        self._whole_limit = limit
        if self._paused:
            self._resume()
        await self.wait()

    def take(self) -> bytes:
        """Everything unread, as one batch."""
        parts = self.parts
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        self.size = 0
        if self._paused:
            self._resume()
        return data

    def reusable(self) -> bool:
        """Whether another request can follow: the answer is whole, and so is what we wrote."""
        transport = self._transport
        return (
            self.keep
            and self.phase == WHOLE
            and transport is not None
            and not transport.is_closing()
            and not transport.get_write_buffer_size()
        )

    def fresh(self, now: float) -> bool:
        """Whether it can still be used after lying idle."""
        transport = self._transport
        return self.phase == IDLE and self.expires_at > now and transport is not None and not transport.is_closing()

    def abort(self) -> None:
        """Closes the socket at once, whatever is under way. Idempotent."""
        self._fail(Fault.RESET, "closed on this side")

    # Deadlines: one timer per connection, left in place between calls and moved only when it would fire too late.

    def _arm(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = due
        self._timer = self._loop.call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._timer_at = inf
        if self.phase not in (HEAD, BODY):
            return
        now = self._loop.time()
        if not self.spoke:
            due, fault, reason = self._first_at, Fault.FIRST_BYTE_TIMEOUT, "no byte of an answer in time"
        elif self._paused:  # it is the reader who is slow, not the peer
            due, fault, reason = now + self._idle_for, Fault.IDLE_TIMEOUT, ""
        else:
            due, fault, reason = self._last + self._idle_for, Fault.IDLE_TIMEOUT, "nothing came for too long"
        if self._total_at <= due:
            due, fault, reason = self._total_at, Fault.TOTAL_TIMEOUT, "the answer took too long as a whole"
        if due - now < _TICK:
            self._fail(fault, reason)
        elif due < inf:
            self._arm(due)

    # The loop's callbacks.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by shape, not by class

    def data_received(self, data: bytes) -> None:
        before = self.phase
        if before not in (HEAD, BODY):
            # Bytes that no request asked for: what follows can no longer be trusted.
            self.keep = False
            if before == IDLE:
                self._fail(Fault.GARBAGE, "bytes that no request asked for")
            return
        now = self._last = self._loop.time()
        self.feed(data)
        if self.broken is not None:
            self._fail(*self.broken)
            return
        phase = self.phase
        if phase == HEAD:
            self._watch(now)
            return
        if self._sink is not None and self.parts and not self._sink(self.take()):
            self._sink = None
            self._wake()
        if self._waiter is not None and (phase == WHOLE or before == HEAD or (self._sink is None and self._wanted())):
            self._wake()
        if phase == BODY:
            self._watch(now)
            if self.size > HIGH_WATER and self._whole_limit < 0 and not self._paused:
                self._pause()

    def eof_received(self) -> None:
        if self.phase not in (HEAD, BODY):
            self.keep = False
            return
        assert self._transport is not None
        self.feed_end(proper=ended_properly(self._transport))
        if self.broken is None:
            self._wake()
            return
        if not self.head_bytes and self._proved_unsent():
            self.sent = False
        self._fail(*self.broken)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.phase in (HEAD, BODY):
            # Without an end of stream before it: a reset, or TLS cut off without close_notify, which must not pass
            # for the end of a body (RFC 9112 section 9.8).
            fault = Fault.RESET if exc is not None or not self.head_bytes else Fault.TRUNCATED
            self._fail(fault, "the connection broke")
        elif self.phase == IDLE:
            self._fail(Fault.RESET, "closed while idle")
        self.keep = False
        self._drop_timer()

    # Small parts of the above.

    def _wanted(self) -> bool:
        limit = self._whole_limit
        return bool(self.parts) if limit < 0 else self.size > limit

    def _watch(self, now: float) -> None:
        due = now + self._idle_for
        if due < self._timer_at:
            self._arm(due)

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _pause(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
            self._paused = True

    def _resume(self) -> None:
        self._paused = False
        self._last = self._loop.time()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _proved_unsent(self) -> bool:
        """Whether the peer had closed before any of this request reached it.

        Every segment acknowledges all that its sender has received (RFC 9293 section 3.10.7.4), the one with the end
        of the stream included. So when the end has come and all we wrote still lies unacknowledged on our side, the
        peer had ended the stream before any of it arrived, and nobody on a closed stream can act on it. Under TLS
        what lies there is longer than the request by some 20 bytes a record, far less than the first record: the
        peer holds no whole record, let alone a request.
        """
        assert self._transport is not None
        waiting = self._transport.get_write_buffer_size() + unacknowledged(self._sock)
        return waiting >= self._request_bytes

    def _fail(self, fault: Fault, reason: str) -> None:
        if self.phase == GONE:
            return
        self.fault = TransportError(fault, reason, sent=self.sent)
        self.phase = GONE
        self.keep = False
        if self.home is not None:
            self.home.remove(self)
            self.home = None
        self._drop_timer()
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    def _drop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._timer_at = inf
