"""The OpenAI surface: any OpenAI client, by its base URL alone."""

from collections.abc import Callable
from typing import Any

from gatepost_gateway.domain.chat import DialectName, Operation
from gatepost_gateway.domain.errors import CallerError, Code, GatewayError
from gatepost_gateway.domain.governance import Principal
from gatepost_gateway.domain.money import NANO, Prices, usd
from gatepost_gateway.domain.snapshot import ModelEntry, Snapshot
from gatepost_gateway.edge import problems
from gatepost_gateway.edge.http import BodyLimits, HttpOutlet, Request, Send, respond, respond_json
from gatepost_gateway.edge.protocol import CORK
from gatepost_gateway.edge.reporting import Reporter
from gatepost_gateway.pipeline.call import Call, Inbound
from gatepost_gateway.pipeline.exchange import Exchange
from gatepost_gateway.pipeline.proxied import open_to

NAME = "openai"
DONE = b"data: [DONE]\n\n"
_OWNERS = {"gemini": "google"}


class OpenAISurface:
    """`who` turns a request into its principal, for the pages that make no call."""

    def __init__(
        self,
        exchange: Exchange,
        snapshot: Callable[[], Snapshot],
        who: Callable[[Request], Principal],
        limits: BodyLimits,
        reporter: Reporter,
    ) -> None:
        self._reporter = reporter
        self._exchange = exchange
        self._snapshot = snapshot
        self._who = who
        self._limits = limits

    async def chat(self, request: Request, send: Send) -> None:
        """POST /v1/chat/completions"""
        await self._call(request, send, DialectName.OPENAI_CHAT)

    async def completions(self, request: Request, send: Send) -> None:
        """POST /v1/completions"""
        await self._call(request, send, DialectName.OPENAI_COMPLETIONS)

    async def responses(self, request: Request, send: Send) -> None:
        """POST /v1/responses"""
        await self._call(request, send, DialectName.OPENAI_RESPONSES)

    async def embeddings(self, request: Request, send: Send) -> None:
        """POST /v1/embeddings"""
        await self._call(request, send, DialectName.OPENAI_EMBEDDINGS, Operation.EMBED)

    async def images(self, request: Request, send: Send) -> None:
        """POST /v1/images/generations"""
        await self._call(request, send, DialectName.OPENAI_IMAGES, Operation.IMAGE)

    async def _call(
        self, request: Request, send: Send, dialect: DialectName, operation: Operation = Operation.CHAT
    ) -> None:
        outlet = HttpOutlet(send, request.scope.get(CORK))
        call = None
        try:
            body = await request.body(self._limits)
            shown = request.presented()
            inbound = Inbound(NAME, operation, request.headers, body, request.request_id, shown, dialect=dialect)
            call = self._exchange.open(inbound)
            await self._exchange.run(call, outlet)
        except GatewayError as error:
            self._reporter.failed(request, error)
            if outlet.begun:
                await outlet.end(_last_words(error, request, dialect, call))
                return
            ids = call.ids if call is not None else [(b"x-request-id", request.request_id.encode())]
            status, headers, page = problems.openai(error, request.request_id)
            await respond(send, status, [*headers, *ids], page)

    def knows_proxy(self, name: str) -> bool:
        """Whether a proxy is called so."""
        return name in self._snapshot().proxies

    async def models(self, request: Request, send: Send) -> None:
        """GET /v1/models"""
        principal = self._who(request)
        snapshot = self._snapshot()
        entries = open_to(snapshot, principal, snapshot.visible(principal.project))
        page = {"object": "list", "data": [describe(entry) for entry in entries]}
        await respond_json(send, 200, page, [(b"x-request-id", request.request_id.encode())])

    async def model(self, request: Request, send: Send) -> None:
        """GET /v1/models/{id}"""
        principal = self._who(request)
        name = request.path.removeprefix("/v1/models/")
        snapshot = self._snapshot()
        entries = open_to(snapshot, principal, snapshot.called(principal.project, name))
        if not entries:
            raise CallerError(f"model `{name[:200]}` is not known here", code=Code.MODEL_NOT_FOUND, status=404)
        await respond_json(send, 200, describe(entries[0]), [(b"x-request-id", request.request_id.encode())])


def _last_words(error: GatewayError, request: Request, dialect: DialectName, call: Call | None) -> bytes:
    """What ends a stream that broke."""
    if dialect is not DialectName.OPENAI_RESPONSES:
        return b"data: " + problems.openai_body(error, request.request_id) + b"\n\n" + DONE
    number = call.asked.events if call is not None and call.asked is not None else 0
    return b"event: error\ndata: " + problems.openai_event(error, request.request_id, number) + b"\n\n"


def describe(entry: ModelEntry) -> dict[str, Any]:
    """A model as the list shows it, with its price where it is known."""
    provider = entry.provider.value
    return {
        "id": entry.id,
        "object": "model",
        "created": 0,
        "owned_by": _OWNERS.get(provider, provider),
        "provider": provider,
        "pricing": _pricing(entry.prices),
        "context_window": entry.context_window,
        "max_output": entry.max_output,
    }


def _pricing(prices: Prices | None) -> dict[str, Any] | None:
    if prices is None:
        return None
    return {
        "input_per_1k_usd": _per_1k(prices.input),
        "output_per_1k_usd": _per_1k(prices.output),
        "cache_read_per_1k_usd": _per_1k(prices.cache_read),
        "cache_write_per_1k_usd": _per_1k(prices.cache_write),
        "image_usd": float(usd(prices.image)) if prices.image is not None else None,
    }


def _per_1k(price: int | None) -> float | None:
    """For show only: what is charged is counted in integers."""
    return None if price is None else price / 1000 / NANO
