"""Questions and answers over a stream socket, both ways at once.

A frame is a 4-byte length (big endian) and a MessagePack array: [number, kind, name, payload]. `kind` is `q` for a
question, `a` for its answer, `e` for a failure in words. Each side numbers its own questions.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.errors import GatewayError

log = logging.getLogger("gatepost.link")
Handler = Callable[[bytes], Awaitable[bytes]]
MAX_FRAME = 256 * 1024 * 1024


class _Frame(Struct, array_like=True):
    number: int
    kind: str
    name: str
    payload: bytes


class ChannelClosed(ConnectionError):
    """The other side has gone."""


class Channel:
    """One end. `handlers` answer the other side's questions, each in a task of its own."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handlers: Mapping[str, Handler]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self.handlers = handlers
        self._asked: dict[int, asyncio.Future[bytes]] = {}
        self._next = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.closed = False

    async def ask(self, name: str, payload: bytes = b"") -> bytes:
        """The other side's answer. Raises ChannelClosed when it has gone, RuntimeError when it failed."""
        if self.closed:
            raise ChannelClosed(name)
        self._next += 1
        number = self._next
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            self._send(_Frame(number, "q", name, payload))
            await self._writer.drain()
            return await answer
        except ConnectionError as error:
            raise ChannelClosed(name) from error
        finally:
            self._asked.pop(number, None)
            answer.cancel()
            if not answer.cancelled():
                answer.exception()  # taken note of, whether or not anybody still waits for it

    async def run(self) -> None:
        """Reads until the other side goes; then every open question fails with ChannelClosed."""
        try:
            while True:
                size = int.from_bytes(await self._reader.readexactly(4), "big")
                if size > MAX_FRAME:
                    log.error("a frame of %d bytes is too large: the link is cut", size)
                    return
                self._took(msgspec.msgpack.decode(await self._reader.readexactly(size), type=_Frame))
        except (asyncio.IncompleteReadError, ConnectionError):
            log.debug("the other side of the link has gone")
        except msgspec.DecodeError:
            log.exception("a frame is not one of ours: the link is cut")
        finally:
            self.closed = True
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(ChannelClosed("the link is closed"))
            self._writer.close()

    async def finish(self) -> None:
        """Waits for the answers that are being made."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    def close(self) -> None:
        self._writer.close()

    def _took(self, frame: _Frame) -> None:
        if frame.kind == "q":
            task = asyncio.get_running_loop().create_task(self._answer(frame))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        answer = self._asked.get(frame.number)
        if answer is None or answer.done():
            return
        if frame.kind == "a":
            answer.set_result(frame.payload)
        else:
            answer.set_exception(RuntimeError(frame.payload.decode()))

    async def _answer(self, frame: _Frame) -> None:
        try:
            payload = await self.handlers[frame.name](frame.payload)
            reply = _Frame(frame.number, "a", "", payload)
        except GatewayError as error:
            log.error("the question `%s` was refused: %s", frame.name, error)  # noqa: TRY400 - its words say it all
            reply = _Frame(frame.number, "e", "", str(error).encode())
        except Exception as error:
            log.exception("the question `%s` failed", frame.name)
            reply = _Frame(frame.number, "e", "", f"{type(error).__name__}: {error}".encode())
        with contextlib.suppress(ConnectionError):  # the other side went while its answer was made
            if not self.closed:
                self._send(reply)
                await self._writer.drain()

    def _send(self, frame: _Frame) -> None:
        body = msgspec.msgpack.encode(frame)
        self._writer.write(len(body).to_bytes(4, "big") + body)
