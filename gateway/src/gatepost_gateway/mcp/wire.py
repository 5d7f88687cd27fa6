"""The way out for the `mcp` package: its requests go over our own transport, to one origin, bounded in every way.

It never raises into the package, whose tasks would take everything down: a failure becomes an answer with a bad status,
and the reason is kept in `failure`.
"""

import asyncio
from collections.abc import AsyncIterator
from math import inf

import httpx2
import msgspec

from gatepost_gateway.domain.errors import Code, ToolServerError
from gatepost_gateway.transport import Answer, Client, Fault, Origin, Timeouts, TransportError

MOST_REQUESTS = 1000
"""Of one session: a server that keeps breaking off a stream has it asked for again, and again."""
_OURS = frozenset({b"host", b"connection", b"content-length", b"transfer-encoding", b"accept-encoding", b"keep-alive"})
_UNREACHABLE = (Code.MCP_UNREACHABLE, 502)
_TIMEOUT = (Code.MCP_TIMEOUT, 504)
_FAILED = (Code.MCP_FAILED, 502)
_MEANING: dict[Fault, tuple[tuple[Code, int], str]] = {
    Fault.REFUSED: ((Code.EGRESS_REFUSED, 422), "may not be called"),
    Fault.RESOLVE: (_UNREACHABLE, "has no address"),
    Fault.CONNECT: (_UNREACHABLE, "cannot be reached"),
    Fault.TLS: (_UNREACHABLE, "did not prove who it is"),
    Fault.CONNECT_TIMEOUT: (_TIMEOUT, "took too long to connect"),
    Fault.FIRST_BYTE_TIMEOUT: (_TIMEOUT, "took too long to answer"),
    Fault.IDLE_TIMEOUT: (_TIMEOUT, "fell silent in the middle of its answer"),
    Fault.TOTAL_TIMEOUT: (_TIMEOUT, "took too long to answer"),
    Fault.RESET: (_UNREACHABLE, "closed the connection without an answer"),
    Fault.TRUNCATED: (_FAILED, "stopped in the middle of its answer"),
    Fault.GARBAGE: (_FAILED, "answered something that is not HTTP"),
    Fault.TOO_LARGE: ((Code.MCP_TOO_LARGE, 502), "answered more than the gateway takes"),
}


class Wire(httpx2.AsyncBaseTransport):
    """`until`: the time of the loop at which everything under way must have ended. `most`: bytes of one answer."""

    def __init__(self, label: str, origin: Origin, client: Client, most: int) -> None:
        self._label = label
        self._origin = origin
        self._client = client
        self._answers: set[Answer] = set()
        self._left = MOST_REQUESTS
        self._dead = False
        self.most = most
        self.until = inf
        self.failure: ToolServerError | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self._dead:
            return _bad()
        if request.method == "GET" and b"last-event-id" not in {name.lower() for name, _ in request.headers.raw}:
            # What a server wants to say unasked is nothing that an execution waits for.
            return httpx2.Response(405)
        self._left -= 1
        url = request.url
        if (url.scheme, url.host, url.port or _default(url.scheme)) != _named(self._origin) or self._left < 0:
            return self._broken(*_FAILED, "led elsewhere" if self._left >= 0 else "broke off too often")
        try:
            return await self._sent(request)
        except TransportError as error:
            return self._faulty(error)

    async def _sent(self, request: httpx2.Request) -> httpx2.Response:
        body = await request.aread()
        headers = [(name, value) for name, value in request.headers.raw if name.lower() not in _OURS]
        left = self.until - asyncio.get_running_loop().time()
        if left <= 0:
            return self._broken(*_TIMEOUT, "took too long to answer")
        answer = await self._client.open(
            self._origin,
            request.method.encode(),
            request.url.raw_path,
            headers,
            body,
            Timeouts(connect=left, first_byte=left, idle=left, total=left),
        )
        self._answers.add(answer)
        return await self._judged(answer, request.method)

    async def _judged(self, answer: Answer, method: str) -> httpx2.Response:
        said = dict(answer.headers)
        if 300 <= answer.status < 400:
            self.let_go(answer)
            return self._broken(Code.EGRESS_REFUSED, 502, "answered with a redirect, and none is followed")
        if said.get(b"content-encoding", b"identity").strip().lower() not in (b"identity", b""):
            self.let_go(answer)
            return self._broken(*_FAILED, "compressed its answer, which nobody asked for")
        if answer.status >= 400 and method == "POST":
            return await self._refused(answer)
        return httpx2.Response(answer.status, headers=list(answer.headers), stream=_Body(self, answer))

    async def _refused(self, answer: Answer) -> httpx2.Response:
        """A bad status with an error of the protocol is the server's word; any other is a failure."""
        body = await answer.read_all(self.most)
        self.let_go(answer)
        if not _speaks_rpc(body):
            self.failure = self._error(*_FAILED, f"refused with {answer.status}")
        return httpx2.Response(answer.status, headers=[(b"content-type", b"application/json")], content=body)

    def note(self, error: TransportError) -> None:
        """Something broke in the middle of an answer."""
        self._faulty(error)

    def let_go(self, answer: Answer) -> None:
        answer.close()
        self._answers.discard(answer)

    async def cut(self) -> None:
        """Closes every socket, whatever is under way. Nothing goes out any more."""
        self._dead = True
        for answer in list(self._answers):
            self.let_go(answer)
        await self._client.close()

    def _faulty(self, error: TransportError) -> httpx2.Response:
        (code, status), words = _MEANING[error.fault]
        return self._broken(code, status, f"{words} ({error.reason})")

    def _broken(self, code: Code, status: int, words: str) -> httpx2.Response:
        """What broke on the wire stays broken: the package must not try and try."""
        if not self._dead:
            self._dead, self.failure = True, self._error(code, status, words)
        return _bad()

    def _error(self, code: Code, status: int, words: str) -> ToolServerError:
        return ToolServerError(self._label, words, code=code, status=status)


class _Body(httpx2.AsyncByteStream):
    """An answer's body as it comes. What breaks it off ends it, and is told to the wire."""

    def __init__(self, wire: Wire, answer: Answer) -> None:
        self._wire = wire
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        try:
            while data := await self._answer.read():
                size += len(data)
                if size > self._wire.most:
                    self._wire.note(TransportError(Fault.TOO_LARGE, f"over {self._wire.most} bytes", sent=True))
                    return
                yield data
        except TransportError as error:
            self._wire.note(error)
        finally:
            self._wire.let_go(self._answer)

    async def aclose(self) -> None:
        self._wire.let_go(self._answer)


class _Rpc(msgspec.Struct):
    jsonrpc: str
    error: msgspec.Raw


def _speaks_rpc(body: bytes) -> bool:
    try:
        msgspec.json.decode(body, type=_Rpc)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _bad() -> httpx2.Response:
    return httpx2.Response(503)


def _default(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _named(origin: Origin) -> tuple[str, str, int]:
    return origin.scheme, origin.host, origin.port
