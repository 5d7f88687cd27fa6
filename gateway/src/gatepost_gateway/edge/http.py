"""The few things of ASGI that every surface needs: read a body within its bounds, write an answer."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, ClassVar, Protocol

import msgspec
from msgspec import Struct, structs

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.ports import Headers
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.pipeline.call import Presented

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_SAFE_ID = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:")
EVENT_STREAM = ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"))


class BodyLimits(Struct, frozen=True):
    """Bytes of a body, and seconds for all of it."""

    bytes: int = 32 * 1024 * 1024
    seconds: float = 60.0


class Request:
    """One request: what the surfaces ask of it, read once."""

    __slots__ = ("headers", "locate", "method", "path", "proxy", "query", "receive", "request_id", "scope")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.receive = receive
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.proxy: str | None = None
        """The proxy that the path named; `path` is then what stands behind it."""
        self.query: bytes = scope["query_string"]
        self.locate: Callable[[Request], str | None] = _peer
        """How the address that asks is found."""
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        given = self.headers.get(b"x-request-id")
        # A caller's own id is kept when it is short and plain: it ends in headers, logs and records.
        known = given is not None and 0 < len(given) <= 128 and _SAFE_ID.issuperset(given)
        self.request_id = given.decode() if known and given is not None else ids.new()

    def client(self) -> str | None:
        """The address that asks, as far as it can be known."""
        return self.locate(self)

    async def body(self, limits: BodyLimits) -> bytes:
        """Raises CallerError: 413 when it is too large, 408 when it does not come in time."""
        length = self.headers.get(b"content-length")
        if length is not None and len(length) < 20 and length.isdigit() and int(length) > limits.bytes:
            raise _too_large(limits)
        message = await self.receive()
        body: bytes = message.get("body", b"")
        if message.get("more_body"):
            body = await self._rest(body, limits)
        if len(body) > limits.bytes:
            raise _too_large(limits)
        if message["type"] == "http.disconnect":
            raise asyncio.CancelledError
        return body

    async def _rest(self, first: bytes, limits: BodyLimits) -> bytes:
        pieces, size = [first], len(first)
        try:
            async with asyncio.timeout(limits.seconds):
                while True:
                    message = await self.receive()
                    if message["type"] == "http.disconnect":
                        raise asyncio.CancelledError
                    piece = message.get("body", b"")
                    pieces.append(piece)
                    size += len(piece)
                    if size > limits.bytes:
                        raise _too_large(limits)
                    if not message.get("more_body"):
                        return b"".join(pieces)
        except TimeoutError:
            raise CallerError(
                f"the request's body did not come within {limits.seconds:g} s", code=Code.REQUEST_TIMEOUT, status=408
            ) from None

    def presented(self) -> Presented:
        """The keys in `Authorization: Bearer` and `x-api-key`."""
        bearer = self.headers.get(b"authorization")
        beside = self.headers.get(b"x-api-key")
        secret = None
        if bearer is not None:
            scheme, _, token = bearer.partition(b" ")
            if scheme.lower() == b"bearer" and token.strip():
                secret = Secret(token.strip().decode("latin-1"))
        second = Secret(beside.decode("latin-1")) if beside else None
        return Presented(secret, second, self.proxy, self.path, self.client)

    def presented_by_key(self) -> Presented:
        """The same where clients put their key into `x-api-key`: alone there, it is what speaks for the caller."""
        shown = self.presented()
        return shown if shown.bearer is not None else structs.replace(shown, bearer=shown.beside, beside=None)

    def presented_key_first(self) -> Presented:
        """The same for the simple API: `x-api-key` is the key, and a bearer beside it is not looked at."""
        shown = self.presented()
        return shown if shown.beside is None else structs.replace(shown, bearer=shown.beside, beside=None)


def _peer(request: Request) -> str | None:
    client = request.scope.get("client")
    return client[0] if client else None


def _too_large(limits: BodyLimits) -> CallerError:
    return CallerError(f"the request's body is larger than {limits.bytes} bytes", code=Code.BODY_TOO_LARGE, status=413)


class Cork(Protocol):
    """Holds back what is written to a connection, so that a head and its body leave in one write."""

    def hold(self) -> None: ...
    def release(self) -> None: ...
    def chunk(self, data: bytes) -> bool: ...
    async def drain(self) -> None: ...


async def respond(send: Send, status: int, headers: Headers, body: bytes, cork: Cork | None = None) -> None:
    """A whole answer."""
    length = (b"content-length", str(len(body)).encode())
    if cork is not None:
        cork.hold()
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
    if cork is not None:
        cork.release()


async def respond_json(send: Send, status: int, value: Any, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    await respond(send, status, [(b"content-type", b"application/json"), *headers], msgspec.json.encode(value))


class HttpOutlet:
    """Implements `pipeline.call.Outlet`. `begun`: the head has gone out, so an error can only end the stream."""

    NOTHING: ClassVar = b": keep-alive\n\n"
    """A comment (WHATWG HTML, "Server-sent events", section 9.2.6)."""

    __slots__ = ("_cork", "_extra", "_send", "_waiting", "begun")

    def __init__(self, send: Send, cork: Cork | None = None, extra: Headers = ()) -> None:
        self._send = send
        self._cork = cork
        self._extra = extra
        """Headers that the surface puts on every answer."""
        self._waiting: list[bytes] = []
        self.begun = False

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        self.begun = True
        head = [(b"content-type", b"application/json"), *headers, *self._extra]
        await respond(self._send, status, head, body, self._cork)

    async def begin(self, headers: Headers) -> None:
        self.begun = True
        head = [*EVENT_STREAM, *headers, *self._extra]
        await self._send({"type": "http.response.start", "status": 200, "headers": head})

    def push(self, batch: bytes) -> bool:
        if self._cork is not None:
            return self._cork.chunk(batch)
        self._waiting.append(batch)
        return False

    async def alive(self) -> None:
        await self._send({"type": "http.response.body", "body": self.NOTHING, "more_body": True})

    async def drain(self) -> None:
        if self._cork is not None:
            await self._cork.drain()
        for batch in self._waiting:
            await self._send({"type": "http.response.body", "body": batch, "more_body": True})
        self._waiting.clear()

    async def end(self, batch: bytes) -> None:
        await self.drain()
        await self._send({"type": "http.response.body", "body": batch})
