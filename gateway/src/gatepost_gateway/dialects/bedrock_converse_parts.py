"""The content blocks of Bedrock's Converse API and the canonical form, both directions.

Source: Amazon Bedrock API reference, `ContentBlock`, `ToolResultBlock`, `ReasoningContentBlock`, `ImageBlock`,
`DocumentBlock`, `VideoBlock`, `CitationsContentBlock`, `CachePointBlock`. Anthropic, "Extended thinking": a signature
that one platform made is good on the others.
"""

import hashlib
import re
from typing import Any

from gatepost_gateway.dialects.members import as_list, as_object, as_text, object_text, rest_of
from gatepost_gateway.dialects.openai_chat import encode
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

HOME = DialectName.BEDROCK_CONVERSE
CLIENT_TOOL = "tool_use"
"""The type of a call that is the caller's to run; it may also say none."""
_TOOL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NAME = re.compile(r"[^A-Za-z0-9 \-()\[\]]+")
_FORMATS: dict[str, str] = {
    "image/jpeg": "jpeg",
    "image/jpg": "jpeg",
    "text/plain": "txt",
    "text/markdown": "md",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "video/3gpp": "three_gp",
    "audio/mpeg": "mp3",
    "audio/x-wav": "wav",
}
"""Where a format is not the second half of the media type."""
_USUAL = {MediaKind.IMAGE: "png", MediaKind.AUDIO: "wav", MediaKind.VIDEO: "mp4", MediaKind.DOCUMENT: "pdf"}


def read_block(said: dict[str, Any]) -> AnyPart:
    """A block of an answer. Raises Malformed."""
    match said:
        case {"text": text}:
            return Text(text=as_text(text, "content.text"))
        case {"toolUse": {"type": str(kind)}} if kind != CLIENT_TOOL:
            # A tool of the service's own: it has run already, and is not the caller's to run.
            return Opaque(dialect=HOME, kind=kind, value=said)
        case {"toolUse": call}:
            return _read_call(as_object(call, "content.toolUse"))
        case {"reasoningContent": thought}:
            return read_thought(as_object(thought, "content.reasoningContent"))
        case {"citationsContent": cited}:
            block = as_object(cited, "content.citationsContent")
            texts = [as_object(one, "citationsContent.content") for one in as_list(block.get("content"), "content")]
            text = "".join(as_text(one.get("text"), "citationsContent.content.text") for one in texts)
            return Text(text=text, extra=rest_of(block, frozenset({"content"})))
        case {"image": image}:
            return _read_image(as_object(image, "content.image"), said)
        case _:
            return Opaque(dialect=HOME, kind=next(iter(said), "block"), value=said)


def _read_call(said: dict[str, Any]) -> ToolCall:
    return ToolCall(
        id=as_text(said.get("toolUseId"), "toolUse.toolUseId"),
        name=as_text(said.get("name"), "toolUse.name"),
        arguments=encode(as_object(said.get("input") or {}, "toolUse.input")).decode(),
    )


def read_thought(said: dict[str, Any]) -> Reasoning:
    if (sealed := said.get("redactedContent")) is not None:
        return Reasoning(sealed=as_text(sealed, "reasoningContent.redactedContent"), sealed_by=HOME)
    inner = as_object(said.get("reasoningText") or {}, "reasoningContent.reasoningText")
    signature = as_text(inner.get("signature"), "reasoningText.signature") or None
    text = as_text(inner.get("text"), "reasoningText.text")
    return Reasoning(text=text, signature=signature, sealed_by=HOME if signature else None)


def _read_image(said: dict[str, Any], block: dict[str, Any]) -> AnyPart:
    source = as_object(said.get("source") or {}, "image.source")
    if "bytes" not in source:
        return Opaque(dialect=HOME, kind="image.source", value=block)
    mime = f"image/{as_text(said.get('format'), 'image.format') or 'png'}"
    return Media(kind=MediaKind.IMAGE, mime=mime, data=as_text(source["bytes"], "image.source.bytes"))


def write_blocks(parts: list[AnyPart], model: str, losses: Losses) -> list[dict[str, Any]]:
    """The blocks of a message; a wish to keep what stands before it is a block of its own here."""
    out: list[dict[str, Any]] = []
    for part in parts:
        said = _write_block(part, model, losses)
        losses.add(*(f"messages.{name}" for name in part.extra or ()))
        if said is not None:
            out.append(said)
        if part.cache is not None and out:
            out.append(cache_point(part.cache))
    return out


def cache_point(cache: Cache) -> dict[str, Any]:
    return {"cachePoint": {"type": "default", **({"ttl": cache.ttl} if cache.ttl else {})}}


def _write_block(part: AnyPart, model: str, losses: Losses) -> dict[str, Any] | None:
    match part:
        case Text() | Refusal():
            if isinstance(part, Refusal):
                losses.add("messages.refusal")
            if part.signature is not None:
                losses.add("messages.signature")
            # The service refuses an empty text, which says nothing anyway.
            return {"text": part.text} if part.text else None
        case Reasoning():
            return _write_thought(part, model, losses)
        case Media():
            return _write_media(part, losses)
        case ToolCall():
            if part.signature is not None:
                losses.add("messages.signature")
            input = _arguments(part.arguments, losses)
            return {"toolUse": {"toolUseId": tool_id(part.id), "name": part.name, "input": input}}
        case ToolResult():
            return {"toolResult": _write_result(part, losses)}
        case Opaque():
            if part.dialect is HOME:
                return part.value
            losses.add(f"messages.{part.kind}")
            return None


def tool_id(id: str) -> str:
    """The id as the service takes it: the same for a call and for its result."""
    return id if _TOOL_ID.fullmatch(id) else "t_" + hashlib.sha256(id.encode()).hexdigest()[:40]


def _arguments(text: str, losses: Losses) -> Any:
    value = object_text(text)
    if value is None:
        losses.add("tool_call.arguments")
    return {} if value is None else value


def _write_thought(part: Reasoning, model: str, losses: Losses) -> dict[str, Any] | None:
    """A thought goes back only with a seal that its model accepts: without one it is refused."""
    if part.sealed is not None and part.sealed_by is HOME:
        return {"reasoningContent": {"redactedContent": part.sealed}}
    own = part.sealed_by is HOME or (part.sealed_by is DialectName.ANTHROPIC_MESSAGES and "anthropic." in model)
    if part.sealed is None and part.signature is not None and own:
        return {"reasoningContent": {"reasoningText": {"text": part.text, "signature": part.signature}}}
    losses.add("messages.reasoning")
    return None


def _write_media(part: Media, losses: Losses) -> dict[str, Any] | None:
    kind = part.kind.value
    if part.data is not None:
        source: dict[str, Any] = {"bytes": part.data}
    elif part.url is not None and part.url.startswith("s3://"):
        source = {"s3Location": {"uri": part.url}}
    else:
        losses.add(f"messages.{kind}.{'file_id' if part.file_id else 'url'}")
        return None
    format = _FORMATS.get(part.mime or "", (part.mime or "").rpartition("/")[2] or _USUAL[part.kind])
    block: dict[str, Any] = {"format": format, "source": source}
    if part.kind is MediaKind.DOCUMENT:
        block["name"] = _NAME.sub("-", part.name or "document")[:200] or "document"
    return {kind: block}


def _write_result(part: ToolResult, losses: Losses) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for one in part.parts:
        if one.cache is not None:
            losses.add("cache_control")
        if isinstance(one, Text) and one.text:
            content.append({"text": one.text})
        elif isinstance(one, Media) and (block := _write_media(one, losses)) is not None:
            content.append(block)
        elif isinstance(one, Opaque):
            losses.add(f"tool_result.{one.kind}")
    said: dict[str, Any] = {"toolUseId": tool_id(part.call_id), "content": content}
    if part.failed:
        said["status"] = "error"
    return said
