"""Servers of tools that a caller names for one execution: what they are asked and offer, and how far they get."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol
from urllib.parse import urlsplit

from msgspec import Struct

from gatepost_gateway.domain.secret import Secret


class McpLimits(Struct, frozen=True):
    """What one execution may take of its tool servers. Times in seconds."""

    rounds: int = 16
    """Model calls."""
    calls: int = 64
    """Tool calls, in all rounds together."""
    at_once: int = 8
    """Of those that the model asks for in one turn."""
    servers: int = 8
    tools: int = 128
    """Offered to the model, the caller's own included; as many as the providers take."""
    answer_bytes: int = 1024 * 1024
    """Of one answer of a server."""
    result_bytes: int = 4 * 1024 * 1024
    """Of all results together."""
    connect: float = 10.0
    """Until a server has shaken hands, and again until it has listed its tools."""
    call: float = 60.0
    total: float = 300.0
    """From the first server to the last answer; what a model takes is counted, and is not cut."""
    sessions: int = 128
    """Open at once in this process."""
    project_sessions: int = 32


class ToolServer(Struct, frozen=True):
    """Where a server is, and what it is shown. Its path and query may be as secret as its headers."""

    label: str
    url: Secret
    headers: tuple[tuple[str, Secret], ...] = ()


class RemoteTool(Struct, frozen=True):
    """A tool as its server defines it."""

    name: str
    description: str | None
    schema: dict[str, Any]


class RemoteResult(Struct, frozen=True):
    """What a tool answered, as text. `failed`: the server says that it went wrong."""

    text: str
    failed: bool = False


class ToolSession(Protocol):
    """One conversation with one server. Raises ToolServerError when the server fails; then it is over."""

    async def tools(self) -> Sequence[RemoteTool]:
        """Everything that it offers."""
        ...

    async def call(self, name: str, arguments: Mapping[str, Any], seconds: float) -> RemoteResult: ...


class ToolServers(Protocol):
    """The only thing that speaks to tool servers."""

    def open(self, server: ToolServer, owner: str, seconds: float) -> AbstractAsyncContextManager[ToolSession]:
        """A session, closed on every way out. `owner` is the project that its place is counted for.

        Raises ToolServerError: not reachable, not allowed, not a tool server, or no place is free.
        """
        ...


def place_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a server's address. Raises ValueError for what is none."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port if parts.port is not None else 443 if parts.scheme == "https" else 80
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise ValueError("not an address of the web")
    return parts.scheme, host, port
