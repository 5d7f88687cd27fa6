"""The simple API's call: one question, one flat answer, or a stream of plain text."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from gatepost_gateway.dialects.framing import EventSplitter, data_of
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.domain.governance import Principal
from gatepost_gateway.domain.money import NANO
from gatepost_gateway.domain.ports import Headers
from gatepost_gateway.edge import problems
from gatepost_gateway.edge.http import BodyLimits, HttpOutlet, Request, Send, respond, respond_json
from gatepost_gateway.edge.protocol import CORK
from gatepost_gateway.edge.reporting import Reporter
from gatepost_gateway.edge.surfaces.native import read_body
from gatepost_gateway.pipeline.call import OWN, Call, Inbound
from gatepost_gateway.pipeline.collected import Collected, first_message
from gatepost_gateway.pipeline.exchange import Exchange

NAME = "simple"
MOST_FALLBACKS = 5
PLAIN = ((b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-cache"))
ERROR = b"\n[error] "
"""What stands before the message where a stream of plain text breaks."""
_PATHS = frozenset({"/v1/chat", "/v1/me", "/v1/signup", "/v1/keys", "/v1/metrics"})
_OURS = ("stream", "fallback_models", "cache")
"""Members of a question that are for the gateway and not for a model."""

_Name = Annotated[str, Meta(min_length=1, max_length=300)]
_Penalty = Annotated[float, Meta(ge=-2, le=2)]


def is_simples(path: str) -> bool:
    """Whether errors at `path` are the simple API's."""
    return path in _PATHS or path.startswith("/v1/keys/")


class SimpleMessage(Struct, forbid_unknown_fields=True):
    role: Literal["system", "user", "assistant"]
    content: str


class SimpleChat(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The body of `POST /v1/chat`. `fallback_models` are tried in their order when the model does not answer.

    `cache` asks for an earlier answer or against it; whether the answer is one, it says.
    """

    model: _Name
    messages: Annotated[list[SimpleMessage], Meta(min_length=1)]
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    stream: bool = False
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    stop: str | list[str] | None = None
    presence_penalty: _Penalty | None = None
    frequency_penalty: _Penalty | None = None
    seed: int | None = None
    fallback_models: Annotated[list[_Name], Meta(max_length=MOST_FALLBACKS)] = []
    cache: bool | None = None


class SimpleSurface:
    """`who` turns a request into its principal: nobody is told what is wrong with a body before the key is right."""

    def __init__(
        self, exchange: Exchange, who: Callable[[Request], Principal], limits: BodyLimits, reporter: Reporter
    ) -> None:
        self._exchange = exchange
        self._who = who
        self._limits = limits
        self._reporter = reporter

    async def chat(self, request: Request, send: Send) -> None:
        """POST /v1/chat"""
        outlet = TextOutlet(send, request.scope.get(CORK))
        call = None
        try:
            self._who(request)
            said = read_body(await request.body(self._limits), SimpleChat)
            call = self._exchange.open(_inbound(request, said))
            if said.stream:
                await self._exchange.run(call, outlet)
                return
            whole = Collected()
            await self._exchange.run(call, whole)
            await respond_json(send, 200, _page(call, whole.body), [*call.ids, *_cached(call)])
        except GatewayError as error:
            self._reporter.failed(request, error)
            if outlet.begun:
                await outlet.fail(error)
                return
            ids = call.ids if call is not None else [(b"x-request-id", request.request_id.encode())]
            status, headers, page = problems.simple(error, request.request_id)
            await respond(send, status, [*headers, *ids], page)


class TextOutlet(HttpOutlet):
    """A chat completion's stream as its text alone. Nothing can be sent that says nothing, so `alive` is silent."""

    __slots__ = ("_splitter",)

    def __init__(self, send: Send, cork: Any = None) -> None:
        super().__init__(send, cork)
        self._splitter = EventSplitter()

    async def begin(self, headers: Headers) -> None:
        self.begun = True
        await self._send({"type": "http.response.start", "status": 200, "headers": [*PLAIN, *headers]})

    def push(self, batch: bytes) -> bool:
        text = self._text(batch)
        # An empty chunk would end the body.
        return super().push(text) if text else True

    async def alive(self) -> None:
        return

    async def end(self, batch: bytes) -> None:
        await super().end(self._text(batch))

    async def fail(self, error: GatewayError) -> None:
        """The error line, and the end."""
        await super().end(ERROR + " ".join(error.public.split()).encode())

    def _text(self, batch: bytes) -> bytes:
        return "".join([_delta(event) for event in self._splitter.feed(batch)]).encode()


class _Delta(Struct, frozen=True):
    content: str | None = None


class _Choice(Struct, frozen=True):
    index: int = 0
    delta: _Delta = _Delta()


class _Chunk(Struct):
    choices: list[_Choice] = []


_chunk = msgspec.json.Decoder(_Chunk)


def _delta(event: bytes) -> str:
    data = data_of(event)
    if data is None or data == b"[DONE]":
        return ""
    return "".join([choice.delta.content or "" for choice in _chunk.decode(data).choices if choice.index == 0])


def _inbound(request: Request, said: SimpleChat) -> Inbound:
    body: dict[str, Any] = msgspec.to_builtins(said)
    for name in _OURS:
        body.pop(name, None)
    if said.stream:
        body["stream"] = True
    return Inbound(
        NAME,
        Operation.CHAT,
        request.headers,
        msgspec.json.encode(body),
        request.request_id,
        request.presented_key_first(),
        fallbacks=tuple(said.fallback_models),
        cache=said.cache,
    )


def _page(call: Call, body: bytes) -> dict[str, Any]:
    record = call.record
    # An answer from the cache used nothing; it says what it once took.
    told = call.summary.usage if record.cached and call.summary is not None else None
    usage = told or record.usage
    asked = usage.input + usage.cache_read + usage.cache_write
    content = first_message(body).get("content")
    return {
        "id": record.step_id,
        "provider": record.provider,
        "model": record.model,
        "content": content if isinstance(content, str) else "",
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": usage.output,
            "total_tokens": asked + usage.output,
        },
        # For show only: what is charged is counted in integers.
        "cost_usd": None if record.cost is None else record.cost / NANO,
        "finish_reason": record.finish[0] if record.finish else None,
        "cached": record.cached,
        "fallback_used": call.fallback_used,
        "latency_ms": record.micros / 1000,
    }


def _cached(call: Call) -> Headers:
    if call.cache_key is not None:
        return ()  # the call's own headers say it
    prefixes = (OWN, *(prefix.encode("latin-1") for prefix in call.snapshot.document.header_prefixes))
    return [(prefix + b"cached", b"false") for prefix in prefixes]
