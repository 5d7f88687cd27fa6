"""The simple API's operations as values: what to send, and how to read the answer. Pure."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable, Union, cast
from urllib.parse import urlencode

from . import wire
from ._calls import Call, Moment, Reply, Streamed, is_model, said
from ._stream import StreamChunk
from .errors import ProviderError
from .wire import headers as names

ERROR = "\n[error] "
"""What stands before the message where a stream of plain text breaks."""

if TYPE_CHECKING:
    Said = Union[str, Mapping[str, Any], wire.Message]
    """A text, which is one message of the user; or one message."""
    Talk = Union[Said, Sequence[Union[Mapping[str, Any], wire.Message]]]

# Named here, because to ask the model for them would load it in programs that never chat.
_CHAT = frozenset(
    {
        "max_tokens", "temperature", "top_p", "stop", "presence_penalty", "frequency_penalty", "seed",
        "fallback_models", "cache",
    }
)  # fmt: skip


def signup(*, email: str, org_name: str | None, project_name: str) -> Call[wire.Account]:
    """Sign up. Needs no key. Not repeatable: a second arrival is a second account."""
    return Call(
        "POST",
        "/v1/signup",
        lambda reply: wire.Account.model_validate(reply.body),
        body=said(email=email, org_name=org_name, project_name=project_name),
        keyless=True,
    )


def set_provider_key(*, provider: str, api_key: str, meta: Mapping[str, Any] | None) -> Call[None]:
    """Bring a provider's key. The same key twice is the same as once."""
    body = said(provider=provider, api_key=api_key, meta=meta)
    return Call("POST", "/v1/keys", _nothing, body=body, repeatable=True)


def create_api_key(*, name: str, **limits: Any) -> Call[wire.ApiKeyCreated]:
    """Make a key. Not repeatable: a second arrival is a second key."""
    body = said(name=name, **{key: _moment(value) for key, value in limits.items()})
    return Call("POST", "/v1/keys/api", lambda reply: wire.ApiKeyCreated.model_validate(reply.body), body=body)


def me() -> Call[wire.MeResponse]:
    """Whose key it is."""
    return Call("GET", "/v1/me", lambda reply: wire.MeResponse.model_validate(reply.body), repeatable=True)


def health() -> Call[dict[str, Any]]:
    """How the gateway is; passes an open breaker. Ill is an answer too."""
    return Call("GET", "/health", lambda reply: dict(reply.body), repeatable=True, keyless=True, guarded=False)


def metrics(query: Mapping[str, Any]) -> Call[wire.MetricsResponse]:
    """What was used."""
    return Call(
        "GET",
        f"/v1/metrics?{urlencode(said(**query))}",
        lambda reply: wire.MetricsResponse.model_validate(reply.body),
        repeatable=True,
    )


def chat(model: str, messages: Talk, options: Mapping[str, Any]) -> Call[wire.ChatResponse]:
    """One question, one answer. Repeated like every simple call: a repeated one may be billed again."""
    body, headers = _question(model, messages, options)
    return Call(
        "POST",
        "/v1/chat",
        lambda reply: wire.ChatResponse.model_validate(reply.body),
        body=body,
        headers=headers,
        repeatable=True,
    )


def chat_stream(model: str, messages: Talk, options: Mapping[str, Any]) -> Streamed[StreamChunk]:
    """One question, its answer as it is written."""
    body, headers = _question(model, messages, options)
    call = Call("POST", "/v1/chat", _nothing, body={**body, "stream": True}, headers=headers, repeatable=True)
    return Streamed(call, PlainText)


def completions(model: str, messages: Talk, options: Mapping[str, Any]) -> Call[dict[str, Any]]:
    """A chat completion in OpenAI's format, as it comes."""
    if options.get("stream"):
        raise TypeError("completions() gives whole answers: for a stream, use chat_stream(), or OpenAI's own client")
    user_id, rest = options.get("user_id"), {key: value for key, value in options.items() if key != "user_id"}
    body = said(model=model, messages=conversation(messages), **rest)
    return Call(
        "POST",
        "/v1/chat/completions",
        lambda reply: dict(reply.body),
        body=body,
        headers=_user(user_id),
        repeatable=True,
    )


class PlainText:
    """Reads a stream of plain text; however its bytes are cut, the text is the same.

    A failure is the last line and begins with `[error] `, so a line that begins so is held back until more is known.
    """

    def __init__(self, reply: Reply) -> None:
        self._request_id = reply.request_id
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._ended = False

    def feed(self, data: bytes) -> Iterable[StreamChunk]:
        """The text that is certain now."""
        return self._settle(self._held + self._decoder.decode(data))

    def end(self) -> Iterable[StreamChunk]:
        """What was held back.

        Raises:
            ProviderError: It is the line that says how the stream broke.
        """
        left = self._held + self._decoder.decode(b"", final=True)
        self._held = ""
        at = left.rfind(ERROR)
        if at >= 0 and "\n" not in left[at + 1 :]:
            raise ProviderError(left[at + len(ERROR) :], status=502, code="stream_failed", request_id=self._request_id)
        return self._chunks(left)

    def _settle(self, text: str) -> Iterable[StreamChunk]:
        line = text.rfind("\n")
        last = text[line:] if line >= 0 else ""
        held = last if last and (last.startswith(ERROR) or ERROR.startswith(last)) else ""
        self._held = held
        return self._chunks(text[: len(text) - len(held)])

    def _chunks(self, text: str) -> Iterable[StreamChunk]:
        return (StreamChunk(text, self._request_id),) if text else ()


def conversation(messages: Talk) -> list[Any]:
    """A conversation: a text is one message of the user, and one message is a conversation of one."""
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    if isinstance(messages, Mapping) or is_model(messages):
        return [cast("Any", messages)]
    return list(messages)


def itself(chunk: StreamChunk) -> StreamChunk:
    """The piece."""
    return chunk


def metrics_query(range: str | None, since: Moment | None, until: Moment | None) -> dict[str, Any]:
    """The window of `metrics`: a range back from now, or from one moment to another."""
    if since is None and until is None:
        return {"range": range or "24h"}
    return {"range": range, "from": _moment(since), "to": _moment(until)}


def _question(model: str, messages: Talk, options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    unknown = sorted(set(options) - _CHAT - {"user_id"})
    if unknown:
        raise TypeError(f"chat() got an unexpected option `{unknown[0]}`")
    asked = {key: value for key, value in options.items() if key != "user_id"}
    return said(model=model, messages=conversation(messages), **asked), _user(options.get("user_id"))


def _user(user_id: str | None) -> dict[str, str]:
    return {} if user_id is None else {names.USER_ID: user_id}


def _moment(value: Any) -> Any:
    isoformat: Callable[[], str] | None = getattr(value, "isoformat", None)
    return value if isoformat is None else isoformat()


def _nothing(_reply: Reply) -> None:
    return None
