"""What operators and load balancers ask: is it up, is it well, which version is it."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from gatepost_gateway.domain.errors import Forbidden, Unauthenticated
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import KeyKind, Snapshot
from gatepost_gateway.edge.http import Request, Send, respond, respond_json
from gatepost_gateway.pipeline.identify import admit, find_key
from gatepost_gateway.version import VERSION

Health = Callable[[], dict[str, Any]]
"""What the composition root knows: `ready`, and a word for each part."""
Exposition = Callable[[], tuple[bytes, bytes]]
"""What is counted, as a content type and a page of it."""
_FORWARDED = (b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via", b"x-forwarded-host")
"""Headers by which a proxy says that the request came from elsewhere."""


class Scraping:
    """Who may read the counters: whoever stands on this machine, and elsewhere an admin key."""

    def __init__(self, exposition: Exposition, snapshot: Callable[[], Snapshot], now: Callable[[], int]) -> None:
        self.exposition = exposition
        self._snapshot = snapshot
        self._now = now

    def check(self, request: Request) -> None:
        """Raises Unauthenticated without a key where one is needed, Forbidden for a key that is no admin's."""
        bearer = request.presented().bearer
        if bearer is None and _is_here(request):
            return
        key = find_key(self._snapshot(), bearer or Secret(""))
        if key is None:
            raise Unauthenticated("the counters need an admin key (`gpa_...`) from anywhere but this machine")
        admit(key, self._now(), request.path)
        if key.kind is not KeyKind.ADMIN:
            raise Forbidden("the counters are those of all projects: they need an admin key (`gpa_...`)")


def _is_here(request: Request) -> bool:
    peer = request.scope.get("client")
    if peer is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        address = ip_address(peer[0])
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


class OperatorSurface:
    def __init__(self, health: Health, scraping: Scraping) -> None:
        self._health = health
        self._scraping = scraping

    async def metrics(self, request: Request, send: Send) -> None:
        """GET /metrics"""
        self._scraping.check(request)
        content_type, page = self._scraping.exposition()
        await respond(send, 200, [(b"content-type", content_type), *_id(request)], page)

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
