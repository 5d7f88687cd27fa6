"""The Anthropic Messages format: `POST /v1/messages` and `/v1/messages/count_tokens`, as far as the gateway acts on it.

Source of the format: Anthropic's API reference, "Create a Message" and "Count tokens in a Message".
"""

from typing import Any, cast

import msgspec
from msgspec import Raw, Struct

from gatepost_gateway.dialects.anthropic_messages_events import AnthropicDecoder
from gatepost_gateway.dialects.anthropic_messages_reply import read_reply
from gatepost_gateway.dialects.envelope import LIST, check_members, check_model, check_tokens, opened, read_envelope
from gatepost_gateway.dialects.notes import summary_of
from gatepost_gateway.dialects.passing import PassingReader
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.ports import StreamReader, Summary


class _Metadata(Struct):
    user_id: str | None = None


class _Envelope(Struct):
    """What a request must get right for the gateway to govern it."""

    model: str
    messages: Raw
    stream: bool | None = None
    max_tokens: int | None = None
    metadata: _Metadata | None = None


_envelope = msgspec.json.Decoder(_Envelope)
_encode = msgspec.json.Encoder().encode
_GOVERNED = frozenset(_Envelope.__struct_fields__)
_TEXTS = frozenset({"text", "thinking", "redacted_thinking", "tool_use", "tool_result"})
"""Blocks that cost no more tokens than they have bytes; every other is counted as media."""
_MEDIA = (b"image", b"document", b"container_upload", b"server_tool", b"tool_result", b"\\u")


def read_asked(body: bytes) -> Asked:
    """A message request's envelope. Raises CallerError (400) naming the member at fault."""
    envelope, fields = read_envelope(body, _envelope, "messages")
    check_model(envelope.model)
    if memoryview(envelope.messages)[0] != LIST:
        raise CallerError("`messages` is not a list")
    check_tokens("max_tokens", envelope.max_tokens)
    check_members(body, fields, _GOVERNED)
    return Asked(
        operation=Operation.CHAT,
        dialect=DialectName.ANTHROPIC_MESSAGES,
        model=envelope.model,
        stream=bool(envelope.stream),
        body=body,
        fields=fields,
        max_output=envelope.max_tokens,
        user=envelope.metadata.user_id if envelope.metadata else None,
        wants_usage=True,
        media=_count_media(envelope.messages),
    )


def _count_media(messages: Raw) -> int:
    """How many blocks cost tokens that their bytes do not bound. Decodes only when something looks like one."""
    text = bytes(messages)
    if not any(mark in text for mark in _MEDIA):
        return 0
    return sum(_media_of(message) for message in opened(messages))


def _media_of(said: Any) -> int:
    """In one message or block, and in what it holds."""
    if not isinstance(said, dict):
        return 0
    block = cast("dict[str, Any]", said)
    kind, content = block.get("type"), block.get("content")
    inner = sum(_media_of(one) for one in cast("list[Any]", content)) if isinstance(content, list) else 0
    return inner + (0 if kind is None or (isinstance(kind, str) and kind in _TEXTS) else 1)


def pass_request(asked: Asked, shape: Shape) -> bytes:
    """The body to send: the caller's own bytes, or its own members with only the named ones changed."""
    changes: dict[str, Raw] = {}
    if shape.model != asked.model:
        changes["model"] = Raw(_encode(shape.model))
    if shape.cap is not None:
        changes["max_tokens"] = Raw(_encode(shape.cap))
    return _encode({**asked.fields, **changes}) if changes else asked.body


def summarise(body: bytes) -> Summary:
    """What a whole answer says of itself. Raises ValueError when it is not a message."""
    return summary_of(read_reply(body))


def passing_reader(asked: Asked) -> StreamReader:
    return PassingReader(AnthropicDecoder(asked))
