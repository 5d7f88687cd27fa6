"""Content blocks of the Messages format and the canonical form, both directions.

Source: Anthropic's API reference, "Create a Message" (content blocks and their sources), and its guides "Vision",
"PDF support", "Extended thinking" (a thinking block comes back with its signature) and "Prompt caching".
"""

import base64
import binascii
import re
from typing import Any

from gatepost_gateway.dialects.members import (
    Malformed,
    as_flag,
    as_list,
    as_object,
    as_text,
    encode,
    object_text,
    rest_of,
)
from gatepost_gateway.dialects.places import is_text
from gatepost_gateway.dialects.seals import read_seal, write_seal
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.conversation import (
    AnyPart,
    Cache,
    Losses,
    Media,
    MediaKind,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)

HOME = DialectName.ANTHROPIC_MESSAGES
_NOT_IN_AN_ID = re.compile(r"[^a-zA-Z0-9_-]")
_PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_KINDS = {"image": MediaKind.IMAGE, "document": MediaKind.DOCUMENT}
_DIRECT = {"type": "direct"}
"""A call that the model itself made, which is what a call is everywhere else."""


def read_blocks(content: Any, where: str) -> list[AnyPart]:
    """`content`: a text, or a list of blocks. Raises Malformed."""
    if isinstance(content, str):
        return [Text(text=content)] if content else []
    return [read_block(as_object(one, where), where) for one in as_list(content, where)]


def read_block(said: dict[str, Any], where: str) -> AnyPart:
    kind = said.get("type")
    part: AnyPart
    match kind:
        case "text":
            extra = rest_of(said, frozenset({"type", "text", "cache_control"}))
            part = Text(text=as_text(said.get("text"), f"{where}.text"), extra=extra)
        case "image" | "document":
            part = _read_media(said, _KINDS[kind], where)
        case "tool_use":
            part = _read_call(said, where)
        case "tool_result":
            part = _read_result(said, where)
        case "thinking":
            text, seal = as_text(said.get("thinking"), f"{where}.thinking"), as_text(said.get("signature"), where)
            part = Reasoning(text=text)
            if seal:
                part.signature, part.sealed_by = read_seal(seal, HOME)
        case "redacted_thinking":
            part = Reasoning()
            part.sealed, part.sealed_by = read_seal(as_text(said.get("data"), f"{where}.data"), HOME)
        case _:
            part = Opaque(dialect=HOME, kind=str(kind), value=said)
    part.cache = read_cache(said.get("cache_control"))
    return part


def read_cache(said: Any) -> Cache | None:
    """`cache_control`."""
    return Cache(as_text(as_object(said, "cache_control").get("ttl"), "cache_control.ttl") or None) if said else None


def _read_media(said: dict[str, Any], kind: MediaKind, where: str) -> AnyPart:
    source = as_object(said.get("source"), f"{where}.source")
    media = Media(
        kind=kind,
        name=as_text(said.get("title"), f"{where}.title") or None,
        extra=rest_of(said, frozenset({"type", "source", "title", "cache_control"})),
    )
    match source.get("type"):
        case "base64":
            media.mime, media.data = as_text(source.get("media_type"), where), as_text(source.get("data"), where)
        case "text":
            media.mime = as_text(source.get("media_type"), where)
            media.data = base64.b64encode(as_text(source.get("data"), where).encode()).decode()
        case "url":
            media.url = as_text(source.get("url"), where)
        case "file":
            media.file_id, media.sealed_by = as_text(source.get("file_id"), where), HOME
        case _:
            return Opaque(dialect=HOME, kind=f"{kind.value}.{source.get('type')}", value=said)
    return media


def _read_call(said: dict[str, Any], where: str) -> ToolCall:
    known = {"type", "id", "name", "input", "cache_control"}
    if said.get("caller") == _DIRECT:
        known.add("caller")
    return ToolCall(
        id=as_text(said.get("id"), f"{where}.id"),
        name=as_text(said.get("name"), f"{where}.name"),
        arguments=encode(said.get("input") or {}).decode(),
        extra=rest_of(said, frozenset(known)),
    )


def _read_result(said: dict[str, Any], where: str) -> ToolResult:
    parts = read_blocks(said.get("content"), f"{where}.content")
    return ToolResult(
        call_id=as_text(said.get("tool_use_id"), f"{where}.tool_use_id"),
        parts=[part for part in parts if isinstance(part, Text | Media | Opaque)],
        failed=bool(as_flag(said.get("is_error"), f"{where}.is_error")),
        extra=rest_of(said, frozenset({"type", "tool_use_id", "content", "is_error", "cache_control"})),
    )


def write_blocks(parts: list[AnyPart], losses: Losses) -> list[dict[str, Any]]:
    """The blocks of a request. Empty texts say nothing, and the format refuses them."""
    out: list[dict[str, Any]] = []
    for part in parts:
        block = _write_block(part, losses)
        if block is not None:
            if part.cache is not None:
                block["cache_control"] = write_cache(part.cache)
            losses.add(*(f"messages.{name}" for name in part.extra or ()))
            out.append(block)
    return out


def write_cache(cache: Cache) -> dict[str, Any]:
    """`cache_control`."""
    return {"type": "ephemeral", "ttl": cache.ttl} if cache.ttl else {"type": "ephemeral"}


def _write_block(part: AnyPart, losses: Losses) -> dict[str, Any] | None:
    match part:
        case Text() | Refusal():
            return {"type": "text", "text": part.text} if part.text else None
        case Media():
            return _write_media(part, losses)
        case ToolCall():
            return {"type": "tool_use", "id": safe_id(part.id), "name": part.name, "input": _arguments(part, losses)}
        case ToolResult():
            inner: list[AnyPart] = list(part.parts)
            block: dict[str, Any] = {"type": "tool_result", "tool_use_id": safe_id(part.call_id)}
            if content := write_blocks(inner, losses):
                block["content"] = content
            return {**block, "is_error": True} if part.failed else block
        case Reasoning():
            return _write_thought(part, losses)
        case Opaque():
            if part.dialect is HOME:
                return part.value
            losses.add(f"messages.{part.kind}")
            return None


def _write_thought(part: Reasoning, losses: Losses) -> dict[str, Any] | None:
    """Only a thought that this provider sealed comes back to it: it refuses every other."""
    if part.sealed_by in (None, HOME):
        if part.sealed is not None:
            return {"type": "redacted_thinking", "data": part.sealed}
        if part.signature is not None:
            return {"type": "thinking", "thinking": part.text, "signature": part.signature}
    losses.add("messages.reasoning")
    return None


def safe_id(id: str) -> str:
    """A call's id in the letters that the format allows: other providers use more."""
    return _NOT_IN_AN_ID.sub("_", id)


def _arguments(call: ToolCall, losses: Losses) -> Any:
    value = object_text(call.arguments)
    if value is None:
        losses.add("messages.tool_calls.arguments")
        return {"arguments": call.arguments}
    return value


def _write_media(part: Media, losses: Losses) -> dict[str, Any] | None:
    document = part.kind is MediaKind.DOCUMENT
    source: dict[str, Any] | None = None
    if part.url is not None:
        source = {"type": "url", "url": part.url}
    elif part.file_id is not None and part.sealed_by is HOME:
        source = {"type": "file", "file_id": part.file_id}
    elif part.data is not None and document and is_text(part.mime or ""):
        # The format has one kind of text; what it is written in shows by itself.
        source = {"type": "text", "media_type": "text/plain", "data": _plain_text(part.data)}
    elif part.data is not None and (part.mime == "application/pdf" if document else part.mime in _PICTURES):
        source = {"type": "base64", "media_type": part.mime, "data": part.data}
    if source is None or part.kind not in (MediaKind.IMAGE, MediaKind.DOCUMENT):
        losses.add(f"messages.{part.kind.value}" + (".file_id" if part.file_id else ""))
        return None
    block: dict[str, Any] = {"type": part.kind.value, "source": source}
    if part.name and document:
        block["title"] = part.name
    return block


def _plain_text(data: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Malformed("a document of text is not base64 of UTF-8 text") from None


def write_answer_blocks(parts: list[AnyPart], losses: Losses) -> list[dict[str, Any]]:
    """The blocks of an answer: here thoughts of every origin may stand, with or without a seal."""
    out: list[dict[str, Any]] = []
    for part in parts:
        losses.add(*(f"content.{name}" for name in part.extra or ()))
        match part:
            case Text() | Refusal():
                if isinstance(part, Refusal):
                    losses.add("content.refusal")
                if part.text:
                    out.append({"type": "text", "text": part.text})
            case ToolCall():
                arguments: Any = object_text(part.arguments)
                if arguments is None:
                    losses.add("content.tool_calls.arguments")
                    arguments = {"arguments": part.arguments}
                out.append({"type": "tool_use", "id": safe_id(part.id), "name": part.name, "input": arguments})
            case Reasoning():
                out.append(thought_block(part))
            case Media():
                losses.add(f"content.{part.kind.value}")
            case Opaque():
                losses.add(f"content.{part.kind}")
            case ToolResult():
                losses.add("content.tool_result")
    return out


def thought_block(part: Reasoning) -> dict[str, Any]:
    """A thought as an answer shows it. One without a seal has an empty one: clients want the member."""
    if part.sealed is not None:
        return {"type": "redacted_thinking", "data": write_seal(part.sealed, part.sealed_by, HOME)}
    seal = write_seal(part.signature, part.sealed_by, HOME) if part.signature else ""
    return {"type": "thinking", "thinking": part.text, "signature": seal}
