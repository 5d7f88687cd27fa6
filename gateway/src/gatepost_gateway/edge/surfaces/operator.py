"""What operators and load balancers ask: is it up, is it well, which version is it."""

from collections.abc import Callable
from typing import Any

from gatepost_gateway.edge.http import Request, Send, respond_json
from gatepost_gateway.version import VERSION

Health = Callable[[], dict[str, Any]]
"""What the composition root knows: `ready`, and a word for each part."""


class OperatorSurface:
    def __init__(self, health: Health) -> None:
        self._health = health

    async def up(self, request: Request, send: Send) -> None:
        """GET /up"""
        await respond_json(send, 200, {"status": "ok", "version": VERSION}, _id(request))

    async def version(self, request: Request, send: Send) -> None:
        """GET /version"""
        await respond_json(send, 200, {"version": VERSION}, _id(request))

    async def health(self, request: Request, send: Send) -> None:
        """GET /health: 200 also when degraded; `status` says which"""
        parts = self._health()
        well = all(word == "ok" for word in parts["parts"].values())
        answering = all(one["state"] == "closed" for one in parts["providers"].values())
        status = "healthy" if well and answering else "degraded"
        if not parts["ready"]:
            status = "unhealthy"
        page = {"status": status, "version": VERSION, **parts}
        await respond_json(send, 503 if status == "unhealthy" else 200, page, _id(request))

    async def live(self, request: Request, send: Send) -> None:
        """GET /health/live"""
        await respond_json(send, 200, {"status": "ok"}, _id(request))

    async def ready(self, request: Request, send: Send) -> None:
        """GET /health/ready"""
        parts = self._health()
        status = 200 if parts["ready"] else 503
        await respond_json(send, status, {"status": "ok" if parts["ready"] else "unavailable", **parts}, _id(request))


def _id(request: Request) -> list[tuple[bytes, bytes]]:
    return [(b"x-request-id", request.request_id.encode())]
