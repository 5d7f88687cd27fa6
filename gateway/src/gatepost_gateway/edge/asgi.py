"""The front door: one table of routes, one place that answers errors, one task a request."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct

from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.errors import CallerError, Code, GatewayError, GatewayFault
from gatepost_gateway.domain.governance import Principal
from gatepost_gateway.domain.ports import Headers
from gatepost_gateway.domain.snapshot import Snapshot
from gatepost_gateway.edge import problems, proxies
from gatepost_gateway.edge.http import BodyLimits, Receive, Request, Scope, Send, respond
from gatepost_gateway.edge.protocol import TASK
from gatepost_gateway.edge.reporting import Reporter
from gatepost_gateway.edge.surfaces.actions import ActionSurface
from gatepost_gateway.edge.surfaces.anthropic import AnthropicSurface
from gatepost_gateway.edge.surfaces.gemini import GeminiSurface, is_geminis
from gatepost_gateway.edge.surfaces.native import NativeSurface
from gatepost_gateway.edge.surfaces.native_executions import ExecutionSurface
from gatepost_gateway.edge.surfaces.native_making import MakingSurface
from gatepost_gateway.edge.surfaces.openai import OpenAISurface
from gatepost_gateway.edge.surfaces.operator import OperatorSurface
from gatepost_gateway.edge.surfaces.simple import SimpleSurface, is_simples
from gatepost_gateway.edge.surfaces.verdicts import VerdictSurface
from gatepost_gateway.pipeline.identify import identify

log = logging.getLogger("gatepost.edge")
OUR_FAILURE = "the gateway failed: give the request id to whoever runs it"
CLIENT = b"x-gatepost-client"
"""Tells the control plane where a request came from."""
_OUR_WORD = frozenset({b"x-request-id", CLIENT})
Handler = Callable[[Request, Send], Awaitable[None]]


class ControlPlane(Protocol):
    """Answers what is not a call: another process does, so that no call waits for it."""

    async def forward(self, method: str, path: str, query: bytes, headers: Headers, body: bytes) -> problems.Reply:
        """Raises GatewayFault (503) when the control plane is away."""
        ...


def gatekeeper(snapshot: Callable[[], Snapshot], clock: Clock, salt: bytes) -> Callable[[Request], Principal]:
    """Who asks, for the pages that make no model call."""

    def who(request: Request) -> Principal:
        shown = request.presented_key_first() if is_simples(request.path) else request.presented()
        return identify(snapshot(), shown, clock.micros(), salt)

    return who


class Surfaces(Struct, frozen=True):
    """The public contracts, one a format."""

    openai: OpenAISurface
    anthropic: AnthropicSurface
    gemini: GeminiSurface
    native: NativeSurface
    executions: ExecutionSurface
    making: MakingSurface
    verdicts: VerdictSurface
    actions: ActionSurface
    operator: OperatorSurface
    simple: SimpleSurface


class Edge:
    """The ASGI application of the data plane."""

    def __init__(self, surfaces: Surfaces, control: ControlPlane, limits: BodyLimits, reporter: Reporter) -> None:
        openai, native, operator = surfaces.openai, surfaces.native, surfaces.operator
        anthropic = surfaces.anthropic
        self._control = control
        self._reporter = reporter
        self._limits = limits
        self._routes: dict[tuple[str, str], Handler] = {
            ("POST", "/v1/chat/completions"): openai.chat,
            ("POST", "/v1/chat"): surfaces.simple.chat,
            ("POST", "/v1/embeddings"): openai.embeddings,
            ("POST", "/v1/images/generations"): openai.images,
            ("POST", "/v1/completions"): openai.completions,
            ("POST", "/v1/responses"): openai.responses,
            ("GET", "/v1/models"): openai.models,
            ("POST", anthropic.PATH): anthropic.messages,
            ("POST", anthropic.COUNT_PATH): anthropic.count_tokens,
            ("POST", "/api/v1/traces"): native.create_trace,
            ("POST", "/api/v1/executions"): surfaces.executions.execute,
            ("POST", "/api/v1/embeddings"): surfaces.making.embeddings,
            ("POST", "/api/v1/images"): surfaces.making.images,
            ("POST", "/api/v1/checks"): surfaces.verdicts.check,
            ("POST", "/api/v1/simulate"): surfaces.verdicts.simulate,
            ("POST", "/v1/execute"): surfaces.actions.execute,
            ("POST", "/api/v1/logs"): native.log,
            ("GET", "/api/v1/sdk/config"): native.sdk_config,
            ("GET", "/up"): operator.up,
            ("GET", "/metrics"): operator.metrics,
            ("GET", "/version"): operator.version,
            ("GET", "/health"): operator.health,
            ("GET", "/health/live"): operator.live,
            ("GET", "/health/ready"): operator.ready,
        }
        self._knows = openai.knows_proxy
        self._model = openai.model
        self._gemini = surfaces.gemini.serve
        self._complete = native.complete_trace
        self._paths = {path for _, path in self._routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        scope[TASK] = asyncio.current_task()
        request = Request(scope, receive)
        request.locate = self._reporter.client
        try:
            if request.path.startswith(proxies.PREFIX):
                proxies.unwrap(request)
            handler = self._routes.get((request.method, request.path)) or self._patterned(request)
            await handler(request, send)
        except GatewayError as error:
            self._reporter.failed(request, error)
            await self._refuse(request, send, error)
        except asyncio.CancelledError:
            # The caller has gone: the record is written, and there is nobody to answer.
            log.debug("request %s was left by its caller", request.request_id)
        except Exception as bug:  # noqa: BLE001 - the last door: whatever it is, the caller gets an answer
            self._reporter.failed(request, bug)
            await self._refuse(request, send, GatewayFault(OUR_FAILURE))

    def _patterned(self, request: Request) -> Handler:
        """The routes with a name in their path, then what the control plane answers."""
        method, path = request.method, request.path
        if path.startswith("/v1/models/") and method == "GET":
            return self._model
        if is_geminis(path):
            return self._gemini
        parts = path.split("/")
        if (
            len(parts) == 6
            and path.startswith("/api/v1/traces/")
            and parts[5] == "complete"
            and method in ("PATCH", "POST")
        ):
            return self._complete
        if path.startswith("/api/v1/") or path == "/openapi.json" or (is_simples(path) and path != "/v1/chat"):
            return self._forward
        if request.proxy is None and (proxy := proxies.alias_of(path)) is not None and self._knows(proxy):
            proxies.unwrap_alias(request, proxy)
            return self._routes.get((method, request.path)) or self._patterned(request)
        if path in self._paths or path.startswith("/v1/models/"):
            raise CallerError(f"{method} is not allowed on {path}", code=Code.METHOD_NOT_ALLOWED, status=405)
        raise CallerError(f"nothing is at {path[:200]}: see /openapi.json", code=Code.NOT_FOUND, status=404)

    async def _forward(self, request: Request, send: Send) -> None:
        body = await request.body(self._limits)
        given = [(name, value) for name, value in request.scope["headers"] if name not in _OUR_WORD]
        given.append((CLIENT, (request.client() or "").encode()))
        given.append((b"x-request-id", request.request_id.encode()))
        status, headers, page = await self._control.forward(request.method, request.path, request.query, given, body)
        if not any(name.lower() == b"x-request-id" for name, _ in headers):
            headers = [*headers, (b"x-request-id", request.request_id.encode())]
        await respond(send, status, headers, page)

    async def _refuse(self, request: Request, send: Send, error: GatewayError) -> None:
        dress = problems.native
        if request.path.startswith(AnthropicSurface.PATH):
            dress = problems.anthropic
        elif is_geminis(request.path):
            dress = problems.google
        elif is_simples(request.path):
            dress = problems.simple
        elif request.path.startswith(("/v1/", proxies.PREFIX)):
            dress = problems.openai
        status, headers, body = dress(error, request.request_id)
        await respond(send, status, [*headers, (b"x-request-id", request.request_id.encode())], body)
