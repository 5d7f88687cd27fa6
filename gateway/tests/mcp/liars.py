"""Tool servers on real sockets that say what a test tells them, however wrong that is."""

import json
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

from gatepost_gateway.domain.mcp import McpLimits, ToolServer
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.mcp.session import Session
from gatepost_gateway.transport import Egress

from ..transport.peers import CONTEXT, Peer, Server, serving

LOOPBACK = Egress.of("127.0.0.0/8", "::1/128")
TOOLS = [{"name": "echo", "inputSchema": {"type": "object"}}]
Answer = Callable[[dict[str, Any]], Any]
"""From a request to its result; bytes are sent as they are, None sends nothing at all."""


class Liar:
    """Shakes hands in the older way, lists `TOOLS`, and answers `tools/call` as it is told."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {"initialize": _hello, "tools/list": lambda _: {"tools": TOOLS}, **answers}
        self.asked: list[dict[str, Any]] = []
        self.heads: list[bytes] = []

    async def __call__(self, peer: Peer) -> None:
        while True:
            head, body = await peer.request()
            self.heads.append(head)
            asked = json.loads(body) if body else {"method": head.split(b" ")[0].decode()}
            self.asked.append(asked)
            answer = self._answer(asked)
            if answer is None:
                await peer.gone()
                return
            await peer.send(answer)

    def _answer(self, asked: dict[str, Any]) -> bytes | None:
        method = asked["method"]
        if "id" not in asked:
            return plain(b"", 202)
        if method not in self.answers:
            return rpc(asked, error={"code": -32601, "message": "no such method"})
        answer = self.answers[method](asked)
        return answer if isinstance(answer, bytes | None) else rpc(asked, result=answer)

    @property
    def methods(self) -> list[str]:
        return [one["method"] for one in self.asked]


def _hello(_: Any) -> dict[str, Any]:
    return {
        "protocolVersion": "2025-06-18",
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "liar", "version": "1"},
    }


def plain(body: bytes, status: int = 200, *, kind: bytes = b"application/json", more: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d X\r\ncontent-type: %b\r\ncontent-length: %d\r\n%b\r\n%b" % (
        status, kind, len(body), more, body,
    )  # fmt: skip


def rpc(asked: dict[str, Any], **said: Any) -> bytes:
    return plain(json.dumps({"jsonrpc": "2.0", "id": asked.get("id"), **said}).encode())


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": words}], **more}


@asynccontextmanager
async def talking(liar: Any, *, limits: McpLimits | None = None, resolver: Any = None, headers: Any = ()) -> Any:
    """A session with `liar` that was not begun yet, its server, and its wire."""
    async with serving(liar) as server:
        session = session_with(server, limits=limits, resolver=resolver, headers=headers)
        try:
            yield session, server
        finally:
            await session.close()


def session_with(
    server: Server, *, limits: Any = None, resolver: Any = None, headers: Any = (), egress: Egress = LOOPBACK
) -> Session:
    async def loopback(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    url = f"http://tools.test:{server.port}/mcp?key=canary"
    named = ToolServer("liar", Secret(url), tuple((name, Secret(value)) for name, value in headers))
    return Session(named, limits or McpLimits(), egress, CONTEXT, resolver or loopback)
