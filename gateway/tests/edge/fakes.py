"""The front door over the house: requests go in as ASGI, answers come out as one piece."""

import asyncio
from typing import Any

import msgspec

from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.edge.asgi import Edge, Surfaces, gatekeeper
from gatepost_gateway.edge.http import BodyLimits
from gatepost_gateway.edge.idempotency import Idempotency
from gatepost_gateway.edge.reporting import Reporter
from gatepost_gateway.edge.surfaces.actions import ActionSurface
from gatepost_gateway.edge.surfaces.anthropic import AnthropicSurface
from gatepost_gateway.edge.surfaces.gemini import GeminiSurface
from gatepost_gateway.edge.surfaces.native import NativeSurface
from gatepost_gateway.edge.surfaces.native_executions import ExecutionSurface
from gatepost_gateway.edge.surfaces.native_making import MakingSurface
from gatepost_gateway.edge.surfaces.openai import OpenAISurface
from gatepost_gateway.edge.surfaces.operator import OperatorSurface, Scraping
from gatepost_gateway.edge.surfaces.simple import SimpleSurface
from gatepost_gateway.edge.surfaces.verdicts import VerdictSurface
from gatepost_gateway.pipeline.making import Making
from gatepost_gateway.pipeline.traces import Traces
from gatepost_gateway.pipeline.verdict import Verdicts

from ..pipeline.fakes import KEY, House, NoArchive
from ..pipeline.tool_house import FakeServers, executions_of


class Got:
    """An answer as its caller sees it."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.starts = 0
        self.ended = False

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Control:
    """Implements the edge's `ControlPlane`."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.reply: Any = (200, [(b"content-type", b"application/json")], b"{}")

    async def forward(self, method: str, path: str, query: bytes, headers: Any, body: bytes) -> Any:
        self.asked.append((method, path, query, headers, body))
        if self.reply is None:
            raise GatewayFault("the control plane is away", code=Code.CONTROL_UNAVAILABLE, status=503)
        return self.reply


class Front:
    def __init__(self, house: House, limits: BodyLimits | None = None) -> None:
        self.house = house
        self.control = Control()
        self.health = {"ready": True, "parts": {"journal": "ok"}, "providers": {}}
        limits = limits or BodyLimits()
        reporter = Reporter()

        def snapshot() -> Any:
            return house.snapshot

        who = gatekeeper(snapshot, house.clock, b"salt")
        once = Idempotency(house.clock)
        traces = Traces(house.recorder, NoArchive(), house.clock)
        self.servers = FakeServers()
        executions = executions_of(house, traces, NoArchive(), self.servers)
        self.scraping = Scraping(lambda: (b"text/plain", b"counted 1\n"), snapshot, house.clock.micros)
        self.edge = Edge(
            Surfaces(
                openai=OpenAISurface(house.exchange, snapshot, who, limits, reporter),
                anthropic=AnthropicSurface(house.exchange, limits, reporter),
                gemini=GeminiSurface(house.exchange, limits, reporter),
                native=NativeSurface(traces, snapshot, who, once, limits),
                executions=ExecutionSurface(executions, snapshot, who, once, limits, reporter),
                making=MakingSurface(Making(house.exchange, traces), snapshot, who, once, limits),
                verdicts=VerdictSurface(house.exchange, Verdicts(house.stages), traces, who, limits),
                actions=ActionSurface(house.exchange, Verdicts(house.stages), who, limits),
                operator=OperatorSurface(lambda: self.health, self.scraping),
                simple=SimpleSurface(house.exchange, who, limits, reporter),
            ),
            self.control,
            limits,
            reporter,
        )

    async def ask(self, method: str, path: str, body: Any = b"", *, key: str | None = KEY, **more: Any) -> Got:
        """One request. `headers`: more of them; `messages`: the body as the server would hand it in."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        headers = [(name.lower(), value) for name, value in more.get("headers", [])]
        if key is not None:
            headers.append((b"authorization", b"Bearer " + key.encode()))
        queue = list(more.get("messages") or [{"type": "http.request", "body": raw, "more_body": False}])
        got = Got()

        async def receive() -> Any:
            if queue:
                return queue.pop(0)
            return await asyncio.get_running_loop().create_future()

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                got.starts += 1
                got.status, got.headers = message["status"], dict(message["headers"])
            else:
                got.body += message.get("body", b"")
                got.ended = not message.get("more_body")

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": more.get("query", b""),
            "headers": headers,
            "client": more.get("client", ("127.0.0.1", 5)),
        }
        await self.edge(scope, receive, send)
        return got

    def get(self, path: str, **more: Any) -> Got:
        return asyncio.run(self.ask("GET", path, **more))

    def post(self, path: str, body: Any = b"", **more: Any) -> Got:
        return asyncio.run(self.ask("POST", path, body, **more))
