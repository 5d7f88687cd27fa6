"""Upstreams that do exactly what a test says: an HTTP/1.1 server in a thread, with the wire in the test's hands."""

import asyncio
import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass
class Seen:
    """One request as it came, and what became of its connection."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)
    closed_at: float | None = None
    """When the peer closed its connection, if it did before the answer was out."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """The way back of one request."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.keep = True

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status: int, headers: Iterable[tuple[str, str]] = ()) -> None:
        lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers)]
        await self.raw("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")

    async def plain(
        self, body: bytes | dict[str, Any], status: int = 200, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """A whole answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        said = list(headers)
        if not any(name.lower() == "content-type" for name, _ in said):
            said.append(("content-type", "application/json"))
        await self.head(status, [*said, ("content-length", str(len(data)))])
        await self.raw(data)

    async def begin(self, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> None:
        """The head of a chunked answer."""
        said = list(headers) or [("content-type", "text/event-stream")]
        await self.head(status, [*said, ("transfer-encoding", "chunked")])

    async def chunk(self, data: bytes) -> None:
        await self.raw(b"%x\r\n%b\r\n" % (len(data), data))

    async def end(self) -> None:
        await self.raw(b"0\r\n\r\n")

    def cut(self) -> None:
        """Closes the connection politely."""
        self.keep = False
        self.writer.close()

    def reset(self) -> None:
        """Closes it with an RST."""
        self.keep = False
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Answer = Callable[[Seen, Wire], Awaitable[None]]


class Upstream:
    """A server on a free port of the loopback that answers with `answer`; `seen` keeps the requests in order."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.seen: list[Seen] = []
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def last(self) -> Seen:
        return self.seen[-1]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=64 * 1024 * 1024, backlog=512)
        self.port = server.sockets[0].getsockname()[1]
        self._up.set()
        await self._stop.wait()
        server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.sleep(0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._connections.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = asyncio.ensure_future(reader.readuntil(b"\r\n\r\n"))
        while True:
            seen = _request(await head)
            seen.body = await reader.readexactly(int(seen.headers.get("content-length", 0)))
            self.seen.append(seen)
            # The next head is waited for while the answer goes out: it is how a peer that leaves is noticed.
            head = asyncio.ensure_future(reader.readuntil(b"\r\n\r\n"))
            head.add_done_callback(lambda done, seen=seen: _note_end(done, seen))
            wire = Wire(writer)
            try:
                await self._answer(seen, wire)
            except BaseException:
                head.cancel()
                raise
            if not wire.keep:
                head.cancel()
                return


def _note_end(done: "asyncio.Future[bytes]", seen: Seen) -> None:
    if not done.cancelled() and done.exception() is not None:
        seen.closed_at = time.monotonic()


def _request(head: bytes) -> Seen:
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, target, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    return Seen(method, target, {name.lower(): value.strip() for name, _, value in pairs}, b"")


# Answers in OpenAI's format, for tests whose subject is something else.


def completion(text: str = "Hello.", *, prompt: int = 10, output: int = 5, **more: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-e2e", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}, **more,
    }  # fmt: skip


def chunk(text: str | None = None, *, finish: str | None = None, **more: Any) -> bytes:
    delta = {} if text is None else {"content": text}
    event = {
        "id": "chatcmpl-e2e", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more,
    }  # fmt: skip
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def usage_chunk(prompt: int = 10, output: int = 5) -> bytes:
    numbers = {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}
    return chunk(choices=[], usage=numbers)


DONE = b"data: [DONE]\n\n"


async def say(seen: Seen, wire: Wire) -> None:
    """A good answer, plain or streamed as it was asked for."""
    if not seen.json.get("stream"):
        await wire.plain(completion())
        return
    await wire.begin()
    for event in (chunk("Hel"), chunk("lo."), chunk(finish="stop"), usage_chunk(), DONE):
        await wire.chunk(event)
    await wire.end()


@contextlib.contextmanager
def standing_by() -> Any:
    """An address where connections are taken by nobody: bound, with its backlog full."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        host = sock.getsockname()
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(host)
            fillers.append(filler)
        try:
            yield f"http://127.0.0.1:{host[1]}"
        finally:
            for filler in fillers:
                filler.close()
