"""Peers on real loopback sockets that do exactly what a test tells them, however wrong that is."""

import asyncio
import functools
import gc
import inspect
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop

from gatepost_gateway.transport import Client, Egress, Origin, Timeouts, client_context

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
NONE = Timeouts(connect=0, first_byte=0, idle=0, total=0)
SOME = Timeouts(connect=5, first_byte=5, idle=5, total=10)
CONTEXT = client_context()
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def run(
    loop_factory: Callable[[], asyncio.AbstractEventLoop], coro: Coroutine[Any, Any, Any], seconds: float = 20
) -> Any:
    """Runs `coro` to its end; fails when it hangs, or when a callback of the loop raised behind its back."""
    complaints: list[dict[str, Any]] = []

    async def bounded() -> Any:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        async with asyncio.timeout(seconds):
            return await coro

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        result = runner.run(bounded())
    assert complaints == []
    return result


def both_loops(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @pytest.mark.parametrize("loop", list(LOOPS))
    @functools.wraps(test)
    def wrapper(*args: Any, loop: str, **kwargs: Any) -> None:
        run(LOOPS[loop], test(*args, **kwargs))

    signature = inspect.signature(test)
    loop = inspect.Parameter("loop", inspect.Parameter.KEYWORD_ONLY)
    wrapper.__signature__ = signature.replace(parameters=[*signature.parameters.values(), loop])  # type: ignore[attr-defined]
    return wrapper


class Peer:
    """The server's side of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.closed_at: float | None = None
        self.left = asyncio.Event()

    async def head(self) -> bytes:
        return await self.reader.readuntil(b"\r\n\r\n")

    async def request(self) -> tuple[bytes, bytes]:
        """Head and body of the next request; IncompleteReadError when the client has gone."""
        head = await self.head()
        length = 0
        for line in head.split(b"\r\n"):
            if line.startswith(b"content-length: "):
                length = int(line[16:])
        return head, await self.reader.readexactly(length)

    async def send(self, data: bytes) -> None:
        if self.writer.transport.is_closing():
            raise ConnectionResetError
        self.writer.write(data)
        await self.writer.drain()

    def end(self) -> None:
        """A clean end of stream; the other direction stays open."""
        self.writer.write_eof()

    def reset(self) -> None:
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def gone(self) -> float:
        """When the client closed: `time.monotonic` seconds."""
        try:
            while await self.reader.read(65536):
                pass
        except OSError:
            pass
        self.closed_at = time.monotonic()
        return self.closed_at


class Server:
    def __init__(self) -> None:
        self.peers: list[Peer] = []
        self.errors: list[BaseException] = []
        self.arrived = asyncio.Event()
        self.origin = Origin("http", "127.0.0.1", 0, True)

    @property
    def port(self) -> int:
        return self.origin.port


Handler = Callable[[Peer], Awaitable[None]]


@asynccontextmanager
async def serving(
    handler: Handler, *, tls: Any = None, host: str = "localhost", lenient: bool = False
) -> AsyncIterator[Server]:
    """Runs `handler` once per connection; what it raises (but for a client that left) fails the test."""
    server = Server()
    tasks: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        server.peers.append(peer)
        server.arrived.set()
        try:
            await handler(peer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            server.errors.append(error)
        finally:
            peer.left.set()
            writer.transport.abort()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(one(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls, limit=1 << 20, backlog=4096)
    port = listener.sockets[0].getsockname()[1]
    server.origin = Origin("https" if tls else "http", host if tls else "127.0.0.1", port, True)
    try:
        yield server
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)
    if not lenient:
        assert server.errors == []


@asynccontextmanager
async def client(**options: Any) -> AsyncIterator[Client]:
    options.setdefault("egress", Egress())
    options.setdefault("ssl_context", CONTEXT)
    made = Client(**options)
    try:
        yield made
    finally:
        await made.close()


def answering(*answers: bytes) -> Handler:
    """One fixed answer per request on a connection, the last one again and again."""

    async def handler(peer: Peer) -> None:
        turn = 0
        while True:
            await peer.request()
            await peer.send(answers[min(turn, len(answers) - 1)])
            turn += 1

    return handler


def saying(*pieces: bytes, end: str = "stay", pause: float = 0.0) -> Handler:
    """One answer in pieces, then `stay` open, `end` the stream, or `reset`."""

    async def handler(peer: Peer) -> None:
        await peer.request()
        for piece in pieces:
            await peer.send(piece)
            if pause:
                await asyncio.sleep(pause)
        if end == "end":
            peer.end()
        elif end == "reset":
            await asyncio.sleep(0.02)
            peer.reset()
            return
        await peer.gone()

    return handler


async def post(made: Client, origin: Origin, timeouts: Timeouts = SOME, body: bytes = b"{}", **headers: bytes) -> Any:
    pairs = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    return await made.open(origin, b"POST", b"/v1/chat", pairs, body, timeouts)


def sockets_before() -> int:
    """`sockets`, once what earlier tests left to the garbage collector is gone: it must not go while a test counts."""
    gc.collect()
    return sockets()


def sockets() -> int:
    """Open sockets of this process."""
    count = 0
    for link in list(Path("/proc/self/fd").iterdir()):
        try:
            count += str(link.readlink()).startswith("socket:")
        except FileNotFoundError:
            continue
    return count
