"""The OpenAI chat completions format: `POST /chat/completions`, plain and streamed.

Source of the format: OpenAI's API reference, "Chat completions" and "Streaming events" (server-sent events, a
`data: [DONE]` line at the end). Only what the gateway acts on is read; everything else stays as it came.
"""

from typing import Any, cast

import msgspec
from msgspec import Raw, Struct

from gatepost_gateway.dialects.envelope import LIST, check_members, check_model, check_tokens, opened, read_envelope
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.ports import Summary
from gatepost_gateway.domain.usage import Usage


class _StreamOptions(Struct):
    include_usage: bool | None = None


class _Envelope(Struct):
    """What a request must get right for the gateway to govern it."""

    model: str
    messages: Raw
    stream: bool | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    n: int | None = None
    user: str | None = None
    stream_options: _StreamOptions | None = None


_envelope = msgspec.json.Decoder(_Envelope)
encode = msgspec.json.Encoder(decimal_format="number").encode
MAX_CHOICES = 128
MAX_NAMES = 256
_MOST_USED = 2**40
NULL = Raw(b"null")
"""A member that was not said, or was said to be null."""
_MEDIA = (b"image", b"audio", b"video", b"file", b"document", b"\\u")
_TEXT_PARTS = frozenset({"text", "refusal", "input_text", "output_text", "thinking", "reasoning"})
"""Parts that cost no more tokens than they have bytes; every other is counted as media."""
_GOVERNED = frozenset(_Envelope.__struct_fields__)


def read_asked(body: bytes) -> Asked:
    """A chat request's envelope. Raises CallerError (400) naming the member at fault."""
    envelope, fields = read_envelope(body, _envelope, "chat completion")
    _check(envelope)
    check_members(body, fields, _GOVERNED)
    options = envelope.stream_options
    return Asked(
        operation=Operation.CHAT,
        dialect=DialectName.OPENAI_CHAT,
        model=envelope.model,
        stream=bool(envelope.stream),
        body=body,
        fields=fields,
        max_output=_largest(envelope.max_completion_tokens, envelope.max_tokens),
        choices=envelope.n or 1,
        user=envelope.user,
        wants_usage=bool(options and options.include_usage),
        media=_count_media(envelope.messages),
        predicted=len(memoryview(fields["prediction"])) if "prediction" in fields else 0,
    )


def _check(envelope: _Envelope) -> None:
    check_model(envelope.model)
    if memoryview(envelope.messages)[0] != LIST:
        raise CallerError("`messages` is not a list")
    if envelope.n is not None and not 1 <= envelope.n <= MAX_CHOICES:
        raise CallerError(f"`n` must be from 1 to {MAX_CHOICES}")
    check_tokens("max_tokens", envelope.max_tokens)
    check_tokens("max_completion_tokens", envelope.max_completion_tokens)


def _largest(*values: int | None) -> int | None:
    """A server may read either of the two caps and pass over the other."""
    return max((value for value in values if value is not None), default=None)


def _count_media(messages: Raw) -> int:
    """How many parts cost tokens that their bytes do not bound. Decodes only when something looks like one."""
    text = bytes(messages)
    # A part says its type; a message whose content is plain text has none, and most messages are such.
    if b'"type"' not in text and b"\\u" not in text:
        return 0
    if not any(mark in text for mark in _MEDIA):
        return 0
    return _walk_media(opened(messages))


def _walk_media(messages: Any) -> int:
    count = 0
    for message in cast("list[Any]", messages):
        parts: Any = cast("dict[str, Any]", message).get("content") if isinstance(message, dict) else None
        for part in cast("list[Any]", parts) if isinstance(parts, list) else ():
            kind = cast("dict[str, Any]", part).get("type") if isinstance(part, dict) else "text"
            count += not (isinstance(kind, str) and kind in _TEXT_PARTS)
    return count


def pass_request(asked: Asked, shape: Shape) -> bytes:
    """The body to send: the caller's own bytes, or its own members with only the named ones changed.

    An imposed cap is written to the field that the caller used, or to the shape's `cap_field`. For a stream the usage
    event is asked for; the reader takes it out again when the caller did not ask.
    """
    changes: dict[str, Raw] = {}
    if shape.model != asked.model:
        changes["model"] = Raw(encode(shape.model))
    if asked.stream and not asked.wants_usage:
        options = opened(asked.fields["stream_options"]) if "stream_options" in asked.fields else None
        changes["stream_options"] = Raw(encode({**(options or {}), "include_usage": True}))
    if shape.cap is not None:
        named = [name for name in ("max_completion_tokens", "max_tokens") if name in asked.fields]
        for name in named or [shape.cap_field]:
            changes[name] = Raw(encode(shape.cap))
    return encode({**asked.fields, **changes}) if changes else asked.body


class _PromptDetails(Struct):
    cached_tokens: int | None = None
    audio_tokens: int | None = None
    cache_write_tokens: int | None = None


class _OutputDetails(Struct):
    reasoning_tokens: int | None = None


class WireUsage(Struct):
    """`usage` as OpenAI and its compatible servers report it; DeepSeek names cache hits beside it."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    prompt_cache_hit_tokens: int | None = None


def read_usage(wire: WireUsage | None) -> Usage | None:
    """`usage` in disjoint buckets: cached tokens are a part of `prompt_tokens` on the wire, and are not here."""
    if wire is None or (wire.prompt_tokens is None and wire.completion_tokens is None):
        return None
    prompt, output = wire.prompt_tokens or 0, wire.completion_tokens or 0
    if not (0 <= prompt <= _MOST_USED and 0 <= output <= _MOST_USED):
        return None
    details = wire.prompt_tokens_details
    cached = (details.cached_tokens if details else None) or wire.prompt_cache_hit_tokens or 0
    cached = max(0, min(cached, prompt))
    thought = (wire.completion_tokens_details.reasoning_tokens if wire.completion_tokens_details else None) or 0
    total = wire.total_tokens or 0
    beside = (total if total <= _MOST_USED else 0) - prompt - output
    if beside > 0:
        # Some compatible servers report sounds (Mistral) or reasoning (xAI, Gemini) beside the two counts, not in them;
        # the total tells.
        audio = (details.audio_tokens if details else None) or 0
        prompt, output = (prompt + beside, output) if beside == audio else (prompt, output + beside)
    # OpenRouter's name for what was written to a cache, a part of the prompt too.
    written = max(0, min((details.cache_write_tokens if details else None) or 0, prompt - cached))
    return Usage(
        input=prompt - cached - written,
        output=output,
        cache_read=cached,
        cache_write=written,
        reasoning=max(0, min(thought, output)),
    )


class _Function(Struct):
    name: str | None = None


class _ToolCall(Struct):
    function: _Function | None = None


class _Message(Struct):
    content: Raw = NULL
    tool_calls: list[_ToolCall] | None = None


class _Choice(Struct):
    finish_reason: str | None = None
    message: _Message | None = None


class _Reply(Struct):
    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: WireUsage | None = None
    system_fingerprint: str | None = None


_reply = msgspec.json.Decoder(_Reply)


def summarise(body: bytes) -> Summary:
    """What a whole answer says of itself. Raises ValueError when it is not a chat completion."""
    try:
        reply = _reply.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None
    if reply.choices is None:
        msg = "the answer has no `choices`"
        raise ValueError(msg)
    names = [
        call.function.name
        for choice in reply.choices
        if choice.message and choice.message.tool_calls
        for call in choice.message.tool_calls
        if call.function and call.function.name
    ]
    return Summary(
        usage=read_usage(reply.usage),
        upstream_id=reply.id,
        fingerprint=reply.system_fingerprint,
        model=reply.model,
        finish=tuple(choice.finish_reason for choice in reply.choices[:MAX_CHOICES] if choice.finish_reason),
        tool_calls=tuple(names[:MAX_NAMES]),
        text_bytes=len(body),
    )
