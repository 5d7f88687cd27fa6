"""The Gemini surface: any Gemini client, by its base URL alone.

Source: Gemini API reference, `models.generateContent`, `models.streamGenerateContent`, `models.embedContent`,
`models.batchEmbedContents`, `models.countTokens`: the key in `x-goog-api-key` or `?key=`; a stream is one JSON array
unless `alt=sse` is said.
"""

from typing import ClassVar
from urllib.parse import parse_qsl

from msgspec import structs

from gatepost_gateway.dialects.counts import gemini_asked
from gatepost_gateway.dialects.framing import EventSplitter, data_of
from gatepost_gateway.domain.chat import DialectName, Operation
from gatepost_gateway.domain.errors import CallerError, Code, GatewayError
from gatepost_gateway.domain.ports import Headers
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.edge import problems
from gatepost_gateway.edge.http import BodyLimits, HttpOutlet, Request, Send, respond
from gatepost_gateway.edge.protocol import CORK
from gatepost_gateway.edge.reporting import Reporter
from gatepost_gateway.pipeline.call import Inbound, Presented
from gatepost_gateway.pipeline.exchange import Exchange

NAME = "gemini"
PREFIX = "/v1beta/models/"
_PLAIN = "/v1/models/"
"""Google's client asks for version 1 from its release 3 on."""
_METHODS = {
    "generateContent": (Operation.CHAT, DialectName.GEMINI_GENERATE),
    "streamGenerateContent": (Operation.CHAT, DialectName.GEMINI_GENERATE),
    "embedContent": (Operation.EMBED, DialectName.GEMINI_EMBED),
    "batchEmbedContents": (Operation.EMBED, DialectName.GEMINI_BATCH_EMBED),
    "countTokens": (Operation.COUNT, DialectName.GEMINI_GENERATE),
}
_STREAMS = "streamGenerateContent"


class GeminiSurface:
    """One handler: what is asked stands at the end of the path."""

    def __init__(self, exchange: Exchange, limits: BodyLimits, reporter: Reporter) -> None:
        self._exchange = exchange
        self._limits = limits
        self._reporter = reporter

    async def serve(self, request: Request, send: Send) -> None:
        """POST /v1beta/models/{model}:{method}"""
        query = dict(parse_qsl(request.query.decode("latin-1")))
        outlet: HttpOutlet = HttpOutlet(send, request.scope.get(CORK))
        call = None
        try:
            model, method = asked_of(request)
            operation, dialect = _METHODS[method]
            stream = method == _STREAMS
            if stream and query.get("alt") != "sse":
                outlet = ArrayOutlet(send)
            body = await request.body(self._limits)
            inbound = Inbound(
                NAME,
                operation,
                request.headers,
                gemini_asked(body) if operation is Operation.COUNT else body,
                request.request_id,
                presented(request, query.get("key")),
                dialect=dialect,
                model=model,
                stream=stream,
            )
            call = self._exchange.open(inbound)
            await self._exchange.run(call, outlet)
        except GatewayError as error:
            self._reporter.failed(request, error)
            if outlet.begun:
                await outlet.end(b"data: " + problems.google_body(error, request.request_id) + b"\r\n\r\n")
                return
            ids = call.ids if call is not None else [(b"x-request-id", request.request_id.encode())]
            status, headers, page = problems.google(error, request.request_id)
            await respond(send, status, [*headers, *ids], page)


def is_geminis(path: str) -> bool:
    """Whether a path is of this surface. Under `/v1/` OpenAI's models live too: there the method tells."""
    return path.startswith(PREFIX) or (path.startswith(_PLAIN) and path.rpartition(":")[2] in _METHODS)


def asked_of(request: Request) -> tuple[str, str]:
    """(model, method) of the path. Raises CallerError for a method that is not served."""
    model, _, method = request.path.removeprefix(PREFIX).removeprefix(_PLAIN).rpartition(":")
    if not model or method not in _METHODS:
        raise CallerError(f"nothing is at {request.path[:200]}: see /openapi.json", code=Code.NOT_FOUND, status=404)
    if request.method != "POST":
        raise CallerError(
            f"{request.method} is not allowed on {request.path[:200]}", code=Code.METHOD_NOT_ALLOWED, status=405
        )
    return model, method


def presented(request: Request, key: str | None) -> Presented:
    """The key where Gemini's clients put it, before those where others do."""
    shown = request.headers.get(b"x-goog-api-key", b"").decode("latin-1") or key
    usual = request.presented()
    return structs.replace(usual, bearer=Secret(shown)) if shown else usual


class ArrayOutlet(HttpOutlet):
    """A stream as one JSON array whose items come one by one."""

    NOTHING: ClassVar = b"\n"

    __slots__ = ("_mark", "_splitter")

    def __init__(self, send: Send) -> None:
        super().__init__(send)
        self._splitter = EventSplitter()
        self._mark = b"["

    async def begin(self, headers: Headers) -> None:
        self.begun = True
        plain = [problems.JSON, *headers]
        await self._send({"type": "http.response.start", "status": 200, "headers": plain})

    def push(self, batch: bytes) -> bool:
        return super().push(self._items(batch))

    async def end(self, batch: bytes) -> None:
        items = self._items(batch)
        await super().end(items + (b"[]" if self._mark == b"[" else b"]"))

    def _items(self, batch: bytes) -> bytes:
        out = b""
        for event in self._splitter.feed(batch):
            data = data_of(event)
            if data is not None:
                out, self._mark = out + self._mark + data, b",\r\n"
        return out
