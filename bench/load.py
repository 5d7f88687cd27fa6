"""A load driver of raw bytes: so many clients, each with one call at a time, on kept connections.

It runs as its own process and prints one report. Every reply is checked: status, size, and for a stream every
event and the end marker. A call that began is finished and counted, so that the processor time of a target, read
before and after, belongs to whole calls only.
"""

import argparse
import asyncio
import gc
import re
import sys
import time
from array import array
from pathlib import Path
from typing import cast

import httptools
import msgspec
import uvloop

from bench.bodies import NONCE_DIGITS, STAMPED_EVENTS, Template, request_templates
from bench.figures import percentile

_STAMP = re.compile(rb"@(\d{19}) ")
_ARRIVAL = re.compile(rb"\^(\d{19}) ")
_SMALLEST_REPLY = 900
_MOST_ERRORS = 20
_GRACE = 20.0


class Job(msgspec.Struct, frozen=True):
    """What to send, where, and for how long; `calls` bounds it by number instead of time."""

    port: int
    path: str
    headers: dict[str, str]
    clients: int = 1
    stream: bool = False
    seconds: float = 1.0
    calls: int = 0
    first_number: int = 0


class Spread(msgspec.Struct, frozen=True):
    """Microseconds: the middle and the tail."""

    p50: float
    p99: float
    count: int


class Report(msgspec.Struct):
    """What one run of the driver saw."""

    calls: int
    errors: int
    first_error: str
    reconnects: int
    seconds: float
    cpu_seconds: float
    latency: Spread
    first_event: Spread | None = None
    lateness: Spread | None = None


class Tally:
    """What all clients write on."""

    def __init__(self, job: Job) -> None:
        """Prepares every byte that can be prepared."""
        self.job = job
        self.number = job.first_number
        self.sent = self.calls = self.errors = self.reconnects = self.open = 0
        self.first_error = ""
        self.latency = array("q")
        self.first_event = array("q")
        self.lateness = array("q")
        self.began = self.ended = 0
        self.finished = asyncio.Event()
        head = f"POST {job.path} HTTP/1.1\r\nhost: 127.0.0.1:{job.port}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in job.headers.items())
        head += "content-type: application/json\r\naccept: */*\r\ncontent-length: "
        self._templates = [_whole(head, template) for template in request_templates(stream=job.stream)]

    def next_request(self) -> bytes:
        """Returns a request that was never sent before."""
        number = self.number
        self.number = number + 1
        self.sent += 1
        head, tail = self._templates[number % len(self._templates)]
        return b"%b%0*d%b" % (head, NONCE_DIGITS, number, tail)

    @property
    def done(self) -> bool:
        """Says whether no further call should begin."""
        if self.errors > _MOST_ERRORS:
            return True
        if self.job.calls:
            return self.sent >= self.job.calls
        return time.monotonic_ns() - self.began > self.job.seconds * 1e9

    def error(self, text: str) -> None:
        """Counts a call that failed, and keeps the first reason."""
        self.errors += 1
        if not self.first_error:
            self.first_error = text[:300]


def _whole(head: str, template: Template) -> tuple[bytes, bytes]:
    return head.encode() + b"%d\r\n\r\n" % template.length + template.head, template.tail


class Client(asyncio.Protocol):
    """One client: sends, reads the whole reply, notes it, sends again."""

    def __init__(self, tally: Tally) -> None:
        """Prepares the parser; the connection begins the first call."""
        self._tally = tally
        self._stream = tally.job.stream
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._warm = False
        self._sent_at = 0
        self._now = 0
        self._first = 0
        self._size = 0
        self._rest = b""
        self._late: list[int] = []
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the first request."""
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._tally.open += 1
        self._send()

    def _send(self) -> None:
        transport = self._transport
        assert transport is not None
        if self._tally.done:
            self._sent_at = 0
            transport.close()
            return
        self._size = self._first = 0
        self._rest = b""
        self._late = []
        self._ended = False
        request = self._tally.next_request()
        self._sent_at = time.monotonic_ns()
        transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Notes the time once for all that this read brought."""
        self._now = time.monotonic_ns()
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """Counts the body; in a stream, finds the events in it."""
        self._size += len(body)
        if not self._stream:
            if self._size == len(body):
                self._rest = body[:200]
            return
        text = self._rest + body
        cut = text.rfind(b"\n\n") + 1
        self._rest = text[cut:]
        now = self._now
        stamps = _STAMP.findall(text, 0, cut)
        for stamp in stamps:
            self._late.append(now - int(stamp))
        if stamps and not self._first:
            arrival = _ARRIVAL.search(text)
            # The provider waits before its first event; how long is told by the event and is not the target's.
            waited = int(stamps[0]) - int(arrival.group(1)) if arrival else 0
            self._first = now - self._sent_at - waited
        if b"data: [DONE]" in text:
            self._ended = True

    def on_message_complete(self) -> None:
        """Checks the reply, notes its times, and goes on with the next call."""
        tally = self._tally
        problem = self._problem()
        if problem:
            tally.error(problem)
        else:
            tally.calls += 1
            # The first call of a connection pays for opening it, on both sides; it is counted but not timed.
            if self._warm:
                tally.latency.append(self._now - self._sent_at)
                if self._stream:
                    tally.first_event.append(self._first)
                    tally.lateness.extend(self._late)
        self._warm = True
        self._sent_at = 0
        if self._parser.should_keep_alive():
            self._send()
        elif self._transport is not None:
            self._transport.close()

    def _problem(self) -> str:
        status = self._parser.get_status_code()
        if status != 200:
            return f"HTTP {status}: {self._rest[:200].decode(errors='replace')}"
        if not self._stream:
            return "" if self._size > _SMALLEST_REPLY else f"a reply of {self._size} bytes"
        if len(self._late) != STAMPED_EVENTS:
            return f"{len(self._late)} of {STAMPED_EVENTS} events"
        return "" if self._ended else "no end marker"

    def connection_lost(self, exc: Exception | None) -> None:
        """Opens a new connection when there is more to do."""
        tally = self._tally
        tally.open -= 1
        if self._sent_at:
            tally.error(f"connection lost within a call: {exc!r}")
        if not tally.done:
            tally.reconnects += 1
            loop = asyncio.get_running_loop()
            tally.open += 1
            opening = loop.create_task(_open(tally))
            opening.add_done_callback(lambda task: _opened(tally, task))
        elif tally.open == 0:
            tally.finished.set()


async def _open(tally: Tally) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: Client(tally), "127.0.0.1", tally.job.port)


def _opened(tally: Tally, task: asyncio.Task[None]) -> None:
    """Gives back the place that was held while a connection opened."""
    tally.open -= 1
    failure = None if task.cancelled() else task.exception()
    if failure is not None:
        tally.error(f"no connection: {failure!r}")
        if tally.open == 0:
            tally.finished.set()


def _spread(values: "array[int]") -> Spread:
    ordered = sorted(values)
    return Spread(percentile(ordered, 0.5) / 1e3, percentile(ordered, 0.99) / 1e3, len(ordered))


async def run(job: Job) -> Report:
    """Runs the job to its end."""
    tally = Tally(job)
    tally.began = time.monotonic_ns()
    for _ in range(job.clients):
        await _open(tally)
    try:
        await asyncio.wait_for(tally.finished.wait(), None if job.calls else job.seconds + _GRACE)
    except TimeoutError:
        tally.error(f"calls still open {_GRACE:.0f} s after the end")
    tally.ended = time.monotonic_ns()
    return Report(
        calls=tally.calls,
        errors=tally.errors,
        first_error=tally.first_error,
        reconnects=tally.reconnects,
        seconds=(tally.ended - tally.began) / 1e9,
        cpu_seconds=time.process_time(),
        latency=_spread(tally.latency),
        first_event=_spread(tally.first_event) if job.stream else None,
        lateness=_spread(tally.lateness) if job.stream else None,
    )


def main() -> None:
    """Reads a job from a file or from standard input and prints the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", nargs="?", type=Path, help="a job as JSON; standard input when it is not given")
    path: Path | None = parser.parse_args().job
    text = path.read_bytes() if path else sys.stdin.buffer.read()
    # A collection in the driver would look like a slow call; it lives for seconds and makes few cycles.
    gc.disable()
    report = uvloop.run(run(msgspec.json.decode(text, type=Job)))
    sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")


if __name__ == "__main__":
    main()
