"""One conversation with one tool server, kept by the `mcp` package in a task of its own.

The package's tasks and scopes end with that task: what goes wrong in them cannot reach the call, and a call can always
be left. Loaded by `servers` when the first session is opened.
"""

import asyncio
import logging
import ssl
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import httpx2
import mcp_types as types
import msgspec
from mcp import Client as McpClient
from mcp import MCPError
from mcp.client.streamable_http import streamable_http_client
from pydantic import ValidationError

from gatepost_gateway.domain.errors import Code, ToolServerError
from gatepost_gateway.domain.mcp import McpLimits, RemoteResult, RemoteTool, ToolServer, place_of
from gatepost_gateway.mcp.wire import Wire
from gatepost_gateway.transport import Client, Egress, Origin, Resolver
from gatepost_gateway.version import VERSION

log = logging.getLogger("gatepost.mcp")
CLOSING_SECONDS = 2.0
"""What a server may take to hear that a session is over."""
_MOST_PAGES = 64
_LONGEST_NAME = 128
_LONGEST_WORDS = 2000
_ME = types.Implementation(name="gatepost", version=VERSION)
_SYNTHETIC = frozenset({types.CONNECTION_CLOSED, types.PARSE_ERROR, types.INVALID_REQUEST, types.REQUEST_TIMEOUT})
"""Codes by which the package says that the other side does not keep to the protocol."""
T = TypeVar("T")

for _name in ("mcp", "mcp_types", "client", "httpx2", "httpcore2"):
    # They speak of addresses, session ids, arguments and results.
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


class Session:
    """Implements `ToolSession`. Whoever made it closes it."""

    def __init__(
        self, server: ToolServer, limits: McpLimits, egress: Egress, context: ssl.SSLContext, resolver: Resolver
    ) -> None:
        scheme, host, port = place_of(server.url.reveal())
        client = Client(egress=egress, ssl_context=context, resolver=_pinned(resolver), max_idle_per_origin=2)
        self._server = server
        self._limits = limits
        self._wire = Wire(server.label, Origin(scheme, host, port), client, limits.answer_bytes)
        self._life: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[McpClient] | None = None
        self._over = asyncio.Event()

    async def begin(self, seconds: float) -> None:
        """Shakes hands. Raises ToolServerError."""
        loop = asyncio.get_running_loop()
        self._ready = loop.create_future()
        self._wire.until = loop.time() + seconds
        self._life = loop.create_task(self._live(self._ready))
        await self._settled(self._ready, seconds)
        self._wire.failure = None  # a server may have refused the newer handshake and taken the older one

    async def tools(self) -> Sequence[RemoteTool]:
        limits = self._limits
        found: list[RemoteTool] = []
        size, cursor = 0, None
        for _ in range(_MOST_PAGES):
            page = await self._ask(self._list(cursor), limits.connect)
            found += [RemoteTool(one.name, one.description, one.input_schema) for one in page.tools]
            size += sum(len(msgspec.json.encode((one.name, one.description, one.input_schema))) for one in page.tools)
            if size > limits.answer_bytes:
                raise self._error("lists more than the gateway takes", Code.MCP_TOO_LARGE)
            cursor = page.next_cursor
            if cursor is None:
                break
        else:
            raise self._error("lists its tools without an end")
        names = [one.name for one in found]
        if len(names) != len(set(names)) or not all(0 < len(name) <= _LONGEST_NAME for name in names):
            raise self._error("lists a tool without a name, with one that is too long, or twice")
        return found

    async def call(self, name: str, arguments: Mapping[str, Any], seconds: float) -> RemoteResult:
        asked = types.CallToolRequest(params=types.CallToolRequestParams(name=name, arguments=dict(arguments)))
        try:
            # Not `call_tool`: that one checks the answer by the server's own schema, whose patterns may never end.
            result = await self._ask(self._client.session.send_request(asked, types.CallToolResult), seconds)
        except _Told as told:
            return RemoteResult(told.words, failed=True)
        if result.result_type != "complete":
            raise self._error("asks for something before it answers, and there is nobody to ask")
        return RemoteResult(_text(result), failed=result.is_error)

    async def close(self) -> None:
        """Tells the server that the session is over, and closes everything whether it heard that or not."""
        self._wire.until = asyncio.get_running_loop().time() + CLOSING_SECONDS
        self._over.set()
        try:
            if self._life is not None:
                await asyncio.wait({self._life}, timeout=CLOSING_SECONDS)
        finally:
            if self._life is not None:
                self._life.cancel()
            await self._wire.cut()

    async def _live(self, ready: asyncio.Future[McpClient]) -> None:
        """The life of the package's own objects, from the handshake to the end."""
        url = self._server.url.reveal()
        headers = {"user-agent": f"gatepost/{VERSION}"}
        headers |= {name.lower(): value.reveal() for name, value in self._server.headers}
        try:
            async with (
                httpx2.AsyncClient(transport=self._wire, headers=headers, timeout=None, trust_env=False) as http,
                McpClient(
                    streamable_http_client(url, http_client=http, max_sse_event_size=self._limits.answer_bytes),
                    client_info=_ME,
                    cache=None,
                ) as client,
            ):
                if not ready.done():
                    ready.set_result(client)
                await self._over.wait()
        except Exception as error:  # noqa: BLE001 - whatever the package raises, the session has failed
            if ready.done():
                log.debug("the session with `%s` did not end well: %s", self._server.label, type(error).__name__)
            else:
                ready.set_exception(error)

    @property
    def _client(self) -> McpClient:
        assert self._ready is not None
        return self._ready.result()

    def _list(self, cursor: str | None) -> Coroutine[Any, Any, types.ListToolsResult]:
        params = types.PaginatedRequestParams(cursor=cursor) if cursor is not None else None
        return self._client.session.list_tools(params=params)

    async def _ask(self, asking: Coroutine[Any, Any, T], seconds: float) -> T:
        """Raises ToolServerError, or _Told when the server itself says no."""
        self._wire.until = asyncio.get_running_loop().time() + seconds
        return await self._settled(asyncio.ensure_future(asking), seconds)

    async def _settled(self, waiting: "asyncio.Future[T]", seconds: float) -> T:
        """What `waiting` comes to, as long as the session lives and the time allows."""
        assert self._life is not None
        try:
            await asyncio.wait({waiting, self._life}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done() and not waiting.cancelled():
                return waiting.result()
        except MCPError as error:
            raise self._meant(error) from None
        except (ValidationError, RuntimeError, ValueError, ExceptionGroup):
            raise self._wire.failure or self._error("does not keep to the protocol") from None
        finally:
            waiting.cancel()
            waiting.add_done_callback(_heard)
        if self._wire.failure is not None:
            raise self._wire.failure
        if self._life.done():
            raise self._error("ended the session")
        raise self._error("took too long to answer", Code.MCP_TIMEOUT, 504)

    def _meant(self, error: MCPError) -> Exception:
        if self._wire.failure is not None:
            return self._wire.failure
        if error.code in _SYNTHETIC or not (self._ready and self._ready.done()):
            return self._error("does not keep to the protocol")
        return _Told(error.message[:_LONGEST_WORDS])

    def _error(self, words: str, code: Code = Code.MCP_FAILED, status: int = 502) -> ToolServerError:
        return ToolServerError(self._server.label, words, code=code, status=status)


class _Told(Exception):
    """The server answered with an error of its own."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def _heard(waiting: "asyncio.Future[Any]") -> None:
    """Nobody waits for it any more: its exception is looked at, so that the loop does not complain."""
    if not waiting.cancelled():
        waiting.exception()


def _pinned(resolver: Resolver) -> Resolver:
    """Each name is resolved once a session: what it leads to later is nothing to this session."""
    known: dict[tuple[str, int], Sequence[str]] = {}

    async def resolve(host: str, port: int) -> Sequence[str]:
        if (host, port) not in known:
            known[host, port] = tuple(await resolver(host, port))
        return known[host, port]

    return resolve


def _text(result: types.CallToolResult) -> str:
    """What a model can read of a result: texts as they are, of other things that they are there."""
    parts = [_part(block) for block in result.content]
    if not parts and result.structured_content is not None:
        return msgspec.json.encode(result.structured_content).decode()
    return "\n".join(parts)


def _part(block: types.ContentBlock) -> str:
    match block:
        case types.TextContent():
            return block.text
        case types.EmbeddedResource(resource=types.TextResourceContents() as resource):
            return resource.text
        case types.ResourceLink():
            return f"[resource {block.uri}]"
        case types.EmbeddedResource():
            return f"[resource {block.resource.uri}, not shown]"
        case _:
            return f"[{block.type}, not shown]"
