"""Every operation as a value: what to send, and how to read the answer. Pure.

The models of answers, and pydantic with them, are loaded when the first of them is read.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Callable, Generic, Protocol, TypeVar, Union, cast
from urllib.parse import quote, urlencode
from uuid import UUID

from . import wire
from ._stream import StreamChunk
from ._version import __version__
from .errors import ConnectionError as GatewayConnectionError
from .errors import GatewayError, ValidationError, error_from_answer
from .sse import Decoder, Event
from .wire import headers as names

if TYPE_CHECKING:
    from .results import ExecuteResult

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Dollars = Union[int, float, str, Decimal]
Moment = Union[str, datetime]
Messages = Union[str, Mapping[str, Any], Sequence[Mapping[str, Any]]]
"""A text (one message of the user), one message, or a list of them, in OpenAI's shape."""


@dataclass(frozen=True)
class Reply:
    """An answer with a good status."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def request_id(self) -> str | None:
        """The gateway's id of the request."""
        return self.headers.get(names.REQUEST_ID)


@dataclass(frozen=True)
class Call(Generic[T]):
    """One operation, ready to be sent.

    `repeatable` says that the gateway takes a second arrival for the first; only then is a call repeated after a
    failure in which the first may have arrived. `url` is set for calls that do not go to the gateway.
    """

    method: str
    path: str
    read: Callable[[Reply], T]
    # Whatever prints the variables of a traceback prints calls; keys are in these two.
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    repeatable: bool = False
    keyless: bool = False
    guarded: bool = True
    trace_id: str | None = None
    unanswered: type[GatewayError] = GatewayConnectionError
    url: str | None = None

    @property
    def content(self) -> bytes | None:
        """The body as bytes."""
        return None if self.body is None else encode(self.body)


class Reading(Protocol[T_co]):
    """Reads a stream from its bytes."""

    def feed(self, data: bytes) -> Iterable[T_co]:
        """What is complete now."""
        ...

    def end(self) -> Iterable[T_co]:
        """What is left when the bytes have ended. Raises what the stream said went wrong."""
        ...


@dataclass(frozen=True)
class Streamed(Generic[T]):
    """A call whose answer is a stream, and how that is read."""

    call: Call[Any]
    reading: Callable[[Reply], Reading[T]]


Flow = Generator[Call[Any], Any, T]
"""An operation that may take several calls: it yields them and is sent their results, or thrown their errors."""


def create_trace(
    *, metadata: Mapping[str, Any] | None = None, revenue: Dollars | None = None, idempotency_key: str | None = None
) -> Call[wire.Trace]:
    """Open a trace. Repeatable: the gateway answers a repeated key with the trace that the first one opened."""
    return Call(
        "POST",
        "/api/v1/traces",
        lambda reply: wire.Trace.model_validate(reply.body),
        body=said(metadata=metadata, revenue=_exact(revenue)),
        headers=_once(idempotency_key),
        repeatable=True,
    )


def complete_trace(trace_id: str) -> Call[wire.TraceSummary]:
    """Seal a trace. Not repeated blindly: a second arrival is told 409, although the first did the work."""
    return Call(
        "PATCH",
        f"/api/v1/traces/{_segment(trace_id)}/complete",
        lambda reply: wire.TraceSummary.model_validate(reply.body),
        trace_id=trace_id,
    )


def get_trace(trace_id: str) -> Call[wire.TraceDetail]:
    """A trace with its steps."""
    return Call(
        "GET",
        f"/api/v1/traces/{_segment(trace_id)}",
        lambda reply: wire.TraceDetail.model_validate(reply.body),
        repeatable=True,
        trace_id=trace_id,
    )


_FILTERS = ("session_id", "user", "outcome", "model", "project", "since", "until", "limit", "cursor")


def list_traces(filters: Mapping[str, Any]) -> Call[wire.TracePage]:
    """One page of traces, newest first."""
    unknown = sorted(set(filters) - {*_FILTERS, "properties"})
    if unknown:
        raise TypeError(f"traces.list() got an unexpected filter `{unknown[0]}`")
    query = [(name, _word(filters[name])) for name in _FILTERS if filters.get(name) is not None]
    properties: Mapping[str, str] = filters.get("properties") or {}
    query += [("property", f"{key}:{value}") for key, value in properties.items()]
    path = "/api/v1/traces" + (f"?{urlencode(query)}" if query else "")
    return Call("GET", path, lambda reply: wire.TracePage.model_validate(reply.body), repeatable=True)


_EXECUTE_OPTIONS = frozenset(
    {"tools", "model", "parent_step_id", "tool_results", "approvals", "max_tokens", "temperature"}
)


def execute(
    *,
    trace_id: str,
    input: Messages | None = None,
    idempotency_key: str | None = None,
    unanswered: type[GatewayError] = GatewayConnectionError,
    **options: Any,
) -> Call[ExecuteResult]:
    """A governed call. It costs money, and the gateway does not promise to know a repeated one: never repeatable."""
    unknown = sorted(set(options) - _EXECUTE_OPTIONS)
    if unknown:
        raise TypeError(f"execute() got an unexpected option `{unknown[0]}`")
    body = said(trace_id=trace_id, input=messages(input), **options)
    return Call(
        "POST",
        "/api/v1/executions",
        lambda reply: executed(reply.body, request_id=reply.request_id),
        body=body,
        headers=_once(idempotency_key),
        trace_id=trace_id,
        unanswered=unanswered,
    )


def executed(body: dict[str, Any], *, request_id: str | None) -> ExecuteResult:
    """What an execution came to, as the body of an answer says it."""
    from .results import ExecuteResult  # noqa: PLC0415 - its models cost more than all else that a client loads

    return ExecuteResult.from_answer(body, request_id=request_id)


def execute_stream(**asked: Any) -> Streamed[StreamChunk | ExecuteResult]:
    """The same, its text as it is written; the result comes last. No key: a stream cannot be told twice."""
    call = execute(**asked)
    body = {**(call.body or {}), "stream": True}
    return Streamed(replace(call, body=body, headers={"accept": "text/event-stream"}), ExecutionEvents)


class ExecutionEvents:
    """Reads the events of a streamed execution."""

    def __init__(self, reply: Reply) -> None:
        self._request_id = reply.request_id
        self._decoder = Decoder()
        self._ended = False

    def feed(self, data: bytes) -> Iterable[StreamChunk | ExecuteResult]:
        """The pieces that are complete now, and the result when it is there."""
        for event in self._decoder.feed(data):
            if event.event in {"text", "result", "error"}:
                yield self._read(event)

    def end(self) -> Iterable[StreamChunk | ExecuteResult]:
        """Nothing is left. Raises ConnectionError when the stream ended before its result."""
        if not self._ended:
            words = "the stream of the execution ended before its result"
            raise GatewayConnectionError(words, code="interrupted", request_id=self._request_id)
        return ()

    def _read(self, event: Event) -> StreamChunk | ExecuteResult:
        said: dict[str, Any] = json.loads(event.data)
        if event.event == "text":
            return StreamChunk(said["text"], self._request_id)
        self._ended = True
        if event.event == "result":
            return executed(said, request_id=self._request_id)
        raise error_from_answer(said["status"], said, request_id=self._request_id, trace_id=None, retry_after=None)


def embed(*, trace_id: str, **asked: Any) -> Call[wire.EmbeddingResult]:
    """Vectors as a step of a trace. It costs money: never repeatable."""
    return Call(
        "POST",
        "/api/v1/embeddings",
        lambda reply: wire.EmbeddingResult.model_validate(reply.body),
        body=said(trace_id=trace_id, **asked),
        headers=_once(None),
        trace_id=trace_id,
    )


def draw(*, trace_id: str, **asked: Any) -> Call[wire.ImageResult]:
    """Pictures as a step of a trace. They cost money: never repeatable."""
    return Call(
        "POST",
        "/api/v1/images",
        lambda reply: wire.ImageResult.model_validate(reply.body),
        body=said(trace_id=trace_id, **asked),
        headers=_once(None),
        trace_id=trace_id,
    )


def check(*, trace_id: str, **asked: Any) -> Call[wire.CheckResult]:
    """The request gate's word, as a step of a trace."""
    return Call(
        "POST",
        "/api/v1/checks",
        lambda reply: wire.CheckResult.model_validate(reply.body),
        body=said(trace_id=trace_id, **{**asked, "input": messages(asked["input"])}),
        headers=_once(None),
        trace_id=trace_id,
    )


def simulate(**asked: Any) -> Call[wire.Simulation]:
    """What would become of a call. Leaves nothing behind, and may be repeated."""
    return Call(
        "POST",
        "/api/v1/simulate",
        lambda reply: wire.Simulation.model_validate(reply.body),
        body=said(**{**asked, "input": messages(asked["input"])}),
        repeatable=True,
    )


def log(
    *, trace_id: str, name: str, data: Mapping[str, Any] | None = None, parent_step_id: str | None = None
) -> Call[wire.LogRecorded]:
    """Record a custom event as a step."""
    return Call(
        "POST",
        "/api/v1/logs",
        lambda reply: wire.LogRecorded.model_validate(reply.body),
        body=said(trace_id=trace_id, name=name, data=data, parent_step_id=parent_step_id),
        headers=_once(None),
        trace_id=trace_id,
    )


def action(capability: str, payload: Any, agent: str | None) -> Call[wire.ActionDone]:
    """The gate's word on what is about to be done. Not repeatable: it is counted and recorded each time."""
    return Call(
        "POST",
        "/v1/execute",
        lambda reply: wire.ActionDone.model_validate(reply.body),
        body={
            **said(capability=capability, identity=None if agent is None else {"type": "agent", "id": agent}),
            "payload": {} if payload is None else payload,
            "sdk": {"version": __version__, "language": "python"},
        },
    )


def models() -> Call[list[wire.ModelCard]]:
    """The models that the key may call."""
    return Call("GET", "/v1/models", lambda reply: wire.ModelCards.model_validate(reply.body).data, repeatable=True)


def ping() -> Call[dict[str, Any]]:
    """Is the gateway up? Passes an open breaker, for it is how one finds out."""
    return Call("GET", "/up", lambda reply: dict(reply.body), repeatable=True, keyless=True, guarded=False)


def messages(given: Messages | None) -> str | list[Mapping[str, Any]] | None:
    """The input as the contract wants it: text, or a list of messages."""
    if given is None or isinstance(given, str):
        return given
    return [given] if isinstance(given, Mapping) else list(given)


def encode(body: Mapping[str, Any]) -> bytes:
    """The body as JSON, in UTF-8.

    Raises:
        ValidationError: There is something in it that JSON cannot say.
    """
    try:
        return json.dumps(body, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ValidationError(f"what was passed is not JSON: {error}", code="invalid_json") from error


def _plain(value: Any) -> Any:
    if isinstance(value, (Decimal, UUID)):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if is_model(value):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Any]", value))
    raise TypeError(f"a value of type `{type(value).__name__}`")


def is_model(value: Any) -> bool:
    """Whether it is a pydantic model; asked so that nothing of pydantic is loaded for the question."""
    return hasattr(value, "model_dump")


def said(**fields: Any) -> dict[str, Any]:
    """The fields that say something."""
    return {name: value for name, value in fields.items() if value is not None}


def _once(key: str | None) -> dict[str, str]:
    return {names.IDEMPOTENCY_KEY: key or token_hex(16)}


def _exact(amount: Dollars | None) -> str | None:
    """Dollars as a decimal string: a float means the number that it prints."""
    if amount is None:
        return None
    try:
        dollars = Decimal(str(amount))
    except ArithmeticError as error:
        raise ValidationError(f"not an amount of dollars: `{amount}`") from error
    if not dollars.is_finite():
        raise ValidationError(f"not an amount of dollars: `{amount}`")
    return format(dollars, "f")


def _segment(value: str) -> str:
    """An id as one path segment: it must not reach another resource, whatever it contains."""
    if not value or value in {".", ".."}:
        raise ValidationError(f"not an id: `{value}`")
    return quote(value, safe="")


def _word(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
