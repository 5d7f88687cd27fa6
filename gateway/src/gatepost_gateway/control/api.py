"""The admin API: one table of routes, one place that lets in, one that answers errors."""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from decimal import Decimal
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route

from gatepost_gateway.control import (
    budgets,
    corrections,
    escalations,
    health,
    keys,
    master_key,
    metrics,
    models,
    openapi,
    orgs,
    own_keys,
    policies,
    projects,
    provider_keys,
    proxies,
    rate_limits,
    rego_policies,
    replays,
    signup,
    traces,
    versions,
    webhooks,
)
from gatepost_gateway.control.auth import PUBLIC, authenticate, authorize, presented
from gatepost_gateway.control.endpoint import Asked, Caller, Endpoint, House
from gatepost_gateway.control.problems import dress
from gatepost_gateway.domain import ids
from gatepost_gateway.domain.errors import CallerError, Code, GatewayError, GatewayFault
from gatepost_gateway.settings import ConfigurationError, Problem
from gatepost_gateway.settings.check import check
from gatepost_gateway.settings.fields import Shape
from gatepost_gateway.settings.problems import Path

log = logging.getLogger("gatepost.control")

Asgi = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]
CLIENT = "x-gatepost-client"
MAX_BODY = 2 * 1024 * 1024

_RESOURCES: tuple[Endpoint, ...] = (
    *traces.ENDPOINTS,
    *models.ENDPOINTS,
    *versions.ENDPOINTS,
    *keys.ENDPOINTS,
    *master_key.ENDPOINTS,
    *own_keys.ENDPOINTS,
    *orgs.ENDPOINTS,
    *signup.ENDPOINTS,
    *provider_keys.ENDPOINTS,
    *rego_policies.ENDPOINTS,
    *replays.ENDPOINTS,
    *projects.ENDPOINTS,
    *rate_limits.ENDPOINTS,
    *budgets.ENDPOINTS,
    *corrections.ENDPOINTS,
    *escalations.ENDPOINTS,
    *metrics.ENDPOINTS,
    *policies.ENDPOINTS,
    *proxies.ENDPOINTS,
    *webhooks.ENDPOINTS,
    *health.ENDPOINTS,
)
TABLE: tuple[Endpoint, ...] = (*_RESOURCES, openapi.endpoint(_RESOURCES))
"""Everything that this application answers."""

_NOBODY = Caller("")
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class AdminApi:
    """The ASGI application."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._routes = [(endpoint, _route(endpoint)) for endpoint in TABLE]

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        request_id = _request_id(request)
        try:
            response = await self._answer(request)
        except GatewayError as error:
            if error.__cause__ is not None and isinstance(error, GatewayFault):
                log.exception("request %s failed", request_id)
            response = _refusal(error, request_id, simple=_is_simple(request))
        except ClientDisconnect:
            return
        except Exception:
            log.exception("request %s failed", request_id)
            fault = GatewayFault("the control plane failed: give the request id to whoever runs it")
            response = _refusal(fault, request_id, simple=_is_simple(request))
        response.headers["x-request-id"] = request_id
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        simple = _is_simple(request)
        shown = presented({name.lower(): value for name, value in request.headers.raw}, key_first=simple)
        endpoint, path = self._find(request, shown is not None)
        caller = _NOBODY
        if (endpoint.method, endpoint.path) not in PUBLIC:
            caller = authenticate(self._house, shown, request.url.path)
            authorize(caller, endpoint.access)
        body = await _body(endpoint, request) if endpoint.body is not None else None
        query = _query(endpoint, request)
        answer = await endpoint.handler(self._house, Asked(path, query, body, caller, _address(request)))
        if answer.body is None:
            return Response(status_code=answer.status)
        if answer.media is not None:
            headers = {"content-type": answer.media, "cache-control": "no-store"}
            return Response(answer.body, answer.status, headers=headers)
        return Response(
            msgspec.json.encode(answer.body),
            answer.status,
            headers={"content-type": "application/json", "cache-control": "no-store"},
        )

    def _find(self, request: Request, shown: bool) -> tuple[Endpoint, dict[str, str]]:
        """The endpoint for a request. Raises CallerError: 404, or 405 with the methods that are there."""
        allowed: list[str] = []
        for endpoint, route in self._routes:
            match, found = route.matches(request.scope)
            if match is Match.FULL:
                return endpoint, found["path_params"]
            if match is Match.PARTIAL:
                allowed.append(endpoint.method)
        if not shown:
            authenticate(self._house, None, request.url.path)
        if allowed:
            words = f"{request.method} is not allowed here: use {' or '.join(sorted(allowed))}"
            raise CallerError(words, code=Code.METHOD_NOT_ALLOWED, status=405)
        raise CallerError(
            f"nothing is at `{request.url.path[:200]}`: see /openapi.json", code=Code.NOT_FOUND, status=404
        )


def build_app(house: House) -> Asgi:
    """The application over `house`."""
    return AdminApi(house)


def _route(endpoint: Endpoint) -> Route:
    # An id may have slashes in it; a fixed word after it still ends it.
    path = endpoint.path.replace("{id}", "{id:path}")
    route = Route(path, endpoint=_unused, methods=[endpoint.method])
    route.methods = {endpoint.method}
    return route


async def _unused(request: Request) -> Response:
    """The table's routes are matched, never called."""
    raise AssertionError(request.url.path)


def _request_id(request: Request) -> str:
    given = request.headers.get("x-request-id", "")
    return given if 0 < len(given) <= 128 and given.isascii() and given.isprintable() else ids.new()


def _address(request: Request) -> str:
    """Where the data plane says that it was asked from: it lets nobody else say so."""
    return request.headers.get(CLIENT, "")


def _is_simple(request: Request) -> bool:
    return request.url.path.startswith("/v1/")


def _refusal(error: GatewayError, request_id: str, *, simple: bool) -> Response:
    status, headers, body = dress(error, request_id, simple=simple)
    return Response(body, status, headers={name.decode(): value.decode() for name, value in headers})


def _query(endpoint: Endpoint, request: Request) -> tuple[tuple[str, str], ...]:
    """The query, of which every part must mean something. Raises CallerError (400)."""
    known = {parameter.name: parameter for parameter in endpoint.query}
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in known:
            names = ", ".join(f"`{one}`" for one in known) or "none"
            raise CallerError(f"unknown parameter `{name[:60]}`: there is {names}")
        if name in seen and not known[name].repeated:
            raise CallerError(f"the parameter `{name}` stands twice")
        seen.add(name)
    return tuple(request.query_params.multi_items())


async def _body(endpoint: Endpoint, request: Request) -> Shape:
    """The checked body. Raises CallerError (400, 413) and ConfigurationError (422)."""
    assert endpoint.body is not None
    data = b""
    async for piece in request.stream():
        data += piece
        if len(data) > MAX_BODY:
            raise CallerError("the body is larger than 2 MiB", code=Code.BODY_TOO_LARGE, status=413)
    if not data.strip() and endpoint.optional_body:
        data = b"{}"
    try:
        value = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CallerError("the body is not JSON", code=Code.INVALID_JSON) from error
    problems: list[Problem] = []

    def report(path: Path, message: str, about_key: bool) -> None:  # noqa: ARG001
        problems.append(Problem(".".join(str(part) for part in path) or "body", message))

    said = check(endpoint.body, value, report)
    if said is None:
        raise ConfigurationError(tuple(problems))
    return said
