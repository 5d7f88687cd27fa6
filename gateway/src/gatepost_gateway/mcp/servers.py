"""The seam of the pipeline: sessions with tool servers, each in a place that is counted."""

import asyncio
import ssl
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module
from types import ModuleType

from gatepost_gateway.domain.errors import Code, ToolServerError
from gatepost_gateway.domain.mcp import McpLimits, ToolServer, ToolSession
from gatepost_gateway.transport import Egress, Resolver, system_resolver

_SESSION = "gatepost_gateway.mcp.session"


class McpServers:
    """Implements `ToolServers`."""

    def __init__(
        self,
        egress: Egress,
        ssl_context: ssl.SSLContext,
        limits: McpLimits = McpLimits(),  # noqa: B008 - frozen
        resolver: Resolver = system_resolver,
    ) -> None:
        self._egress = egress
        self._context = ssl_context
        self._limits = limits
        self._resolver = resolver
        self._open: Counter[str] = Counter()

    @asynccontextmanager
    async def open(self, server: ToolServer, owner: str, seconds: float) -> AsyncGenerator[ToolSession]:
        """A session that has shaken hands. Raises ToolServerError."""
        limits = self._limits
        if self.open_sessions >= limits.sessions or self._open[owner] >= limits.project_sessions:
            error = ToolServerError(
                server.label, "cannot be asked: too many sessions are open", code=Code.MCP_BUSY, status=503
            )
            error.retry_after = 1.0
            raise error
        self._open[owner] += 1
        try:
            module = sys.modules.get(_SESSION) or await asyncio.to_thread(import_module, _SESSION)
            async with self._session(module, server, seconds) as session:
                yield session
        finally:
            self._open[owner] -= 1
            if not self._open[owner]:
                del self._open[owner]

    @property
    def open_sessions(self) -> int:
        return self._open.total()

    @asynccontextmanager
    async def _session(self, module: ModuleType, server: ToolServer, seconds: float) -> AsyncGenerator[ToolSession]:
        session = module.Session(server, self._limits, self._egress, self._context, self._resolver)
        try:
            await session.begin(seconds)
            yield session
        finally:
            await session.close()
