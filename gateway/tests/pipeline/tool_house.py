"""Tool servers that a test scripts, and executions over a house. `tests/mcp/test_servers.py` holds them to the real."""

from collections import Counter
from contextlib import asynccontextmanager
from typing import Any

from gatepost_gateway.domain.errors import Code, ToolServerError
from gatepost_gateway.domain.mcp import McpLimits, RemoteResult, RemoteTool
from gatepost_gateway.pipeline.executions import Executions
from gatepost_gateway.pipeline.pending import Pending
from gatepost_gateway.pipeline.rounds import Seams
from gatepost_gateway.pipeline.tool_steps import ToolSteps

from .fakes import House, PlainVault


def tool(name: str, description: str | None = "Does it.", **schema: Any) -> RemoteTool:
    return RemoteTool(name, description, {"type": "object", **schema})


class FakeServers:
    """Implements `ToolServers`. `tools` by label; `answers` by tool: a result, an error, or something to await."""

    def __init__(self, **tools: Any) -> None:
        self.tools: dict[str, list[RemoteTool]] = {
            label: [one if isinstance(one, RemoteTool) else tool(one) for one in listed]
            for label, listed in tools.items()
        }
        self.answers: dict[str, Any] = {}
        self.opened: list[Any] = []
        self.open_now: Counter[str] = Counter()
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    @asynccontextmanager
    async def open(self, server: Any, owner: str, seconds: float) -> Any:
        if server.label not in self.tools:
            raise ToolServerError(server.label, "cannot be reached", code=Code.MCP_UNREACHABLE)
        self.opened.append(server)
        self.open_now[owner] += 1
        try:
            yield _Session(self, server.label)
        finally:
            self.open_now[owner] -= 1

    @property
    def open_sessions(self) -> int:
        return self.open_now.total()


class _Session:
    def __init__(self, servers: FakeServers, label: str) -> None:
        self._servers = servers
        self._label = label

    async def tools(self) -> list[RemoteTool]:
        return self._servers.tools[self._label]

    async def call(self, name: str, arguments: Any, seconds: float) -> RemoteResult:
        self._servers.asked.append((self._label, name, dict(arguments)))
        if name not in {one.name for one in self._servers.tools[self._label]}:
            return RemoteResult(f"Unknown tool: {name}", failed=True)
        answer = self._servers.answers.get(name, RemoteResult(f"{name} is done"))
        if isinstance(answer, Exception):
            raise answer
        return await answer() if callable(answer) else answer


def executions_of(
    house: House, traces: Any, archive: Any, servers: Any = None, limits: McpLimits | None = None
) -> Executions:
    steps = ToolSteps(house.exchange, house.stages, PlainVault())
    seams = Seams(house.exchange, steps, servers or FakeServers(), house.clock, limits or McpLimits())
    return Executions(seams, traces, Pending(house.recorder, archive, PlainVault()))
