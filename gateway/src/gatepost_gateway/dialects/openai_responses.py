"""The OpenAI Responses format: `POST /responses`, plain and streamed.

Source of the format: OpenAI's API reference, "Responses" (create) and "Streaming events". Only what the gateway acts on
is read; everything else stays as it came.
"""

from typing import Any, cast

import msgspec
from msgspec import Raw, Struct

from gatepost_gateway.dialects.envelope import LIST, check_members, check_model, check_tokens, opened, read_envelope
from gatepost_gateway.dialects.openai_chat import NULL, encode
from gatepost_gateway.dialects.seals import read_seal
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.usage import Usage


class _Envelope(Struct):
    """What a request must get right for the gateway to govern it."""

    model: str
    input: Raw = NULL
    instructions: Raw = NULL
    tools: Raw = NULL
    stream: bool | None = None
    store: bool | None = None
    background: bool | None = None
    max_output_tokens: int | None = None
    previous_response_id: str | None = None
    conversation: Raw = NULL
    prompt: Raw = NULL
    user: str | None = None


class _Tool(Struct):
    type: str = "function"


_envelope = msgspec.json.Decoder(_Envelope)
_tools = msgspec.json.Decoder(list[_Tool] | None)
_items = msgspec.json.Decoder(list[dict[str, Raw]])
_GOVERNED = frozenset(_Envelope.__struct_fields__)
MOST_KEPT = 4 * 1024 * 1024
"""Bytes of a conversation that is remembered: a longer one is answered, and not kept."""
_LONGEST_ID = 256
_MOST_USED = 2**40
_MARKS = (b"image", b"audio", b"file", b"call", b"reference", b"reasoning", b"compaction", b"\\u")
_TEXT = frozenset({"text", "input_text", "output_text", "refusal", "summary_text", "reasoning_text"})
"""Parts that cost no more tokens than they have bytes; every other is counted as media."""
_SAID = frozenset({"message", "function_call", "custom_tool_call"})
"""Items that are text."""
_OUTPUTS = frozenset({"function_call_output", "custom_tool_call_output"})
_OWN_TOOLS = frozenset({"function", "custom"})
"""Tools that the caller runs: they cost no more than their tokens."""


def read_asked(body: bytes) -> Asked:
    """A request's envelope. Raises CallerError (400, 422) naming the member at fault."""
    envelope, fields = read_envelope(body, _envelope, "response")
    _check(envelope)
    check_members(body, fields, _GOVERNED)
    media, referred = _count_media(envelope.input)
    return Asked(
        operation=Operation.CHAT,
        dialect=DialectName.OPENAI_RESPONSES,
        model=envelope.model,
        stream=bool(envelope.stream),
        body=body,
        fields=fields,
        max_output=envelope.max_output_tokens,
        user=envelope.user,
        wants_usage=True,
        media=media + _count_media(envelope.instructions)[0],
        previous=envelope.previous_response_id,
        store=envelope.store is not False,
        unpriced=_unpriced(envelope, referred=referred),
    )


def _check(envelope: _Envelope) -> None:
    check_model(envelope.model)
    if _absent(envelope.input):
        if _absent(envelope.prompt):
            raise CallerError("`input` is missing: a text, or a list of items")
    elif memoryview(envelope.input)[0] not in (LIST, ord('"')):
        raise CallerError("`input` is neither a text nor a list of items")
    check_tokens("max_output_tokens", envelope.max_output_tokens)
    if envelope.previous_response_id is not None and not 0 < len(envelope.previous_response_id) <= _LONGEST_ID:
        raise CallerError("`previous_response_id` is not the id of a response")
    if envelope.background:
        raise CallerError(
            "`background` is not supported: an answer that nobody waits for can be neither governed nor paid for here",
            code=Code.UNSUPPORTED_OPERATION,
            status=422,
        )


def _absent(raw: Raw) -> bool:
    return raw is NULL or bytes(raw) == b"null"


def _unpriced(envelope: _Envelope, *, referred: bool) -> str | None:
    for name, raw in (("conversation", envelope.conversation), ("prompt", envelope.prompt)):
        if not _absent(raw):
            return name
    try:
        tools = _tools.decode(envelope.tools) if envelope.tools is not NULL else None
    except msgspec.DecodeError as error:
        raise CallerError(f"`tools` is not a list of tools: {error}") from None
    for tool in tools or ():
        if tool.type not in _OWN_TOOLS:
            return f"tools.{tool.type[:64]}"
    return "input.item_reference" if referred else None


def _count_media(items: Raw) -> tuple[int, bool]:
    """(how many pieces cost tokens that their bytes do not bound, whether an item stands elsewhere)."""
    text = bytes(items)
    if text[:1] != b"[" or not any(mark in text for mark in _MARKS):
        return 0, False
    count, referred = 0, False
    for item in opened(items):
        if isinstance(item, dict):
            said = cast("dict[str, Any]", item)
            count += _media_of(said)
            referred = referred or said.get("type") == "item_reference"
    return count, referred


def _media_of(item: dict[str, Any]) -> int:
    kind = item.get("type") or "message"
    if not isinstance(kind, str):
        return 1
    if kind in _OUTPUTS:
        return _parts_beside_text(item.get("output"))
    if kind == "reasoning":
        # Without its ciphertext it may stand for thoughts that the provider remembers.
        return 0 if item.get("encrypted_content") else _parts_beside_text(item.get("content")) + 1
    return _parts_beside_text(item.get("content")) if kind in _SAID else 1


def _parts_beside_text(parts: Any) -> int:
    if not isinstance(parts, list):
        return 0
    kinds = (cast("dict[str, Any]", part).get("type") for part in cast("list[Any]", parts) if isinstance(part, dict))
    return sum(not (isinstance(kind, str) and kind in _TEXT) for kind in kinds)


def pass_request(asked: Asked, shape: Shape) -> bytes:
    """The body to send: the caller's own bytes, or its own members with only the named ones changed.

    A conversation that the gateway put in front of the input was had with other families: thoughts that this one has
    neither sealed nor kept stay out of it, because it refuses them.
    """
    changes: dict[str, Raw] = {}
    if shape.model != asked.model:
        changes["model"] = Raw(encode(shape.model))
    if asked.previous is not None and "previous_response_id" not in asked.fields:
        changes["input"] = Raw(encode([item for item in _items.decode(asked.fields["input"]) if not _foreign(item)]))
    if shape.cap is not None:
        changes["max_output_tokens"] = Raw(encode(shape.cap))
    return encode({**asked.fields, **changes}) if changes else asked.body


def _foreign(item: dict[str, Raw]) -> bool:
    if item.get("type") != Raw(b'"reasoning"'):
        return False
    seal: Any = opened(item.get("encrypted_content", NULL))
    return (
        not isinstance(seal, str)
        or read_seal(seal, DialectName.OPENAI_RESPONSES)[1] is not DialectName.OPENAI_RESPONSES
    )


class _InputDetails(Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _OutputDetails(Struct):
    reasoning_tokens: int | None = None


class WireUsage(Struct):
    """`usage` of a response."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None


def read_usage(wire: WireUsage | None) -> Usage | None:
    """`usage` in disjoint buckets: cached tokens are a part of `input_tokens` on the wire, and are not here."""
    if wire is None or (wire.input_tokens is None and wire.output_tokens is None):
        return None
    prompt, output = wire.input_tokens or 0, wire.output_tokens or 0
    if not (0 <= prompt <= _MOST_USED and 0 <= output <= _MOST_USED):
        return None
    details = wire.input_tokens_details
    cached = max(0, min((details.cached_tokens if details else None) or 0, prompt))
    written = max(0, min((details.cache_write_tokens if details else None) or 0, prompt - cached))
    thought = (wire.output_tokens_details.reasoning_tokens if wire.output_tokens_details else None) or 0
    return Usage(
        input=prompt - cached - written,
        output=output,
        cache_read=cached,
        cache_write=written,
        reasoning=max(0, min(thought, output)),
    )


def write_usage(usage: Usage) -> dict[str, Any]:
    """`usage`: on this wire cached and written tokens are parts of `input_tokens`."""
    prompt = usage.input + usage.cache_read + usage.cache_write
    details = {"cached_tokens": usage.cache_read}
    if usage.cache_write:
        details["cache_write_tokens"] = usage.cache_write
    return {
        "input_tokens": prompt,
        "input_tokens_details": details,
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": prompt + usage.output,
    }
