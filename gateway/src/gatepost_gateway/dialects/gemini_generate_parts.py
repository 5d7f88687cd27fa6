"""The parts of Gemini's contents and the canonical form, both directions.

Source: Gemini API reference, `Part` (`text`, `thought`, `thoughtSignature`, `inlineData`, `fileData`, `functionCall`,
`functionResponse`), and "Thought signatures": Gemini 3 refuses a call that comes back without its seal, and takes the
word `skip_thought_signature_validator` for a call that another model made.
"""

import base64
import binascii
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from gatepost_gateway.dialects.gemini_generate import camel
from gatepost_gateway.dialects.members import Malformed, as_flag, as_list, as_object, as_text, object_text, rest_of
from gatepost_gateway.dialects.openai_chat import encode
from gatepost_gateway.dialects.seals import read_seal, write_seal
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.conversation import (
    AnyPart,
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

FOREIGN_SEAL = "skip_thought_signature_validator"
_SEALED = "sealed:"
"""Before ciphertext that stands in the place of a seal."""
_BESIDE = frozenset({"thought", "thoughtSignature"})
_SUFFIXES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".pdf": "application/pdf",
    ".txt": "text/plain",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".mp4": "video/mp4",
}
_URLSAFE = str.maketrans("-_", "+/")


def read_part(said: dict[str, Any], call_id: str) -> AnyPart:
    """`call_id`: for a call or a result that came without one. Raises Malformed."""
    said = camel(said)
    signature, sealer = _read_seal(as_text(said.get("thoughtSignature"), "parts.thoughtSignature").translate(_URLSAFE))
    match said:
        case {"text": text}:
            words = as_text(text, "parts.text")
            extra = rest_of(said, _BESIDE | {"text"})
            if as_flag(said.get("thought"), "parts.thought"):
                if signature is not None and signature.startswith(_SEALED) and not words:
                    return Reasoning(sealed=signature.removeprefix(_SEALED), sealed_by=sealer, extra=extra)
                return Reasoning(text=words, signature=signature, sealed_by=sealer, extra=extra)
            return Text(text=words, signature=signature, sealed_by=sealer, extra=extra)
        case {"functionCall": call}:
            part = read_call(camel(as_object(call, "parts.functionCall")), call_id)
            part.signature, part.sealed_by = signature, sealer
            return part
        case {"functionResponse": response}:
            return _read_result(camel(as_object(response, "parts.functionResponse")), call_id)
        case {"inlineData": blob}:
            blob = camel(as_object(blob, "parts.inlineData"))
            data = as_text(blob.get("data"), "parts.inlineData.data").translate(_URLSAFE)
            return _media(blob, said, "inlineData", data=data)
        case {"fileData": file}:
            file = camel(as_object(file, "parts.fileData"))
            return _media(file, said, "fileData", url=as_text(file.get("fileUri"), "parts.fileData.fileUri"))
        case _:
            kinds = [name for name in said if name not in _BESIDE]
            return Opaque(dialect=DialectName.GEMINI_GENERATE, kind=kinds[0] if kinds else "part", value=said)


def read_call(said: dict[str, Any], call_id: str) -> ToolCall:
    return ToolCall(
        id=as_text(said.get("id"), "functionCall.id") or call_id,
        name=as_text(said.get("name"), "functionCall.name"),
        arguments=encode(as_object(said.get("args") or {}, "functionCall.args")).decode(),
        extra=rest_of(said, frozenset({"id", "name", "args"})),
    )


def _media(
    said: dict[str, Any], part: dict[str, Any], member: str, *, data: str | None = None, url: str | None = None
) -> Media:
    mime = as_text(said.get("mimeType"), f"parts.{member}.mimeType") or None
    name = as_text(said.get("displayName"), f"parts.{member}.displayName") or None
    extra = rest_of(part, _BESIDE | {member})
    return Media(kind=kind_of(mime), mime=mime, data=data, url=url, name=name, extra=extra)


def kind_of(mime: str | None) -> MediaKind:
    try:
        return MediaKind((mime or "image").partition("/")[0])
    except ValueError:
        return MediaKind.DOCUMENT


def _read_result(said: dict[str, Any], call_id: str) -> ToolResult:
    """A result. `{"result": text}` and `{"error": ...}` are how a plain text is said here; the rest is JSON."""
    response = as_object(said.get("response") or {}, "functionResponse.response")
    failed = set(response) == {"error"}
    value: Any = response
    if failed:
        value = response["error"]
    if not failed and set(response) == {"result"} and isinstance(response["result"], str):
        value = response["result"]
    text = value if isinstance(value, str) else encode(value).decode()
    parts: list[Text | Media | Opaque] = [Text(text=text)]
    for one in as_list(said.get("parts"), "functionResponse.parts"):
        part = read_part(as_object(one, "functionResponse.parts"), "")
        if not isinstance(part, Media):
            raise Malformed("`functionResponse.parts` holds something that is not media")
        parts.append(part)
    return ToolResult(
        call_id=as_text(said.get("id"), "functionResponse.id") or call_id,
        name=as_text(said.get("name"), "functionResponse.name"),
        parts=parts,
        failed=failed,
        extra=rest_of(said, frozenset({"id", "name", "response", "parts"})),
    )


def write_part(part: AnyPart, losses: Losses, names: dict[str, str]) -> dict[str, Any] | None:
    """None: it has no place here, and is listed. `names`: of the tools called so far, by the call's id."""
    if part.cache is not None:
        losses.add("cache_control")
    said: dict[str, Any] | None = None
    match part:
        case Opaque():
            if part.dialect is DialectName.GEMINI_GENERATE:
                return part.value
            losses.add(f"messages.{part.kind}")
            return None
        case Text():
            said = {"text": part.text}
        case Refusal():
            losses.add("messages.refusal")
            said = {"text": part.text}
        case Reasoning():
            said = _write_thought(part)
        case Media():
            said = _write_media(part, losses)
        case ToolCall():
            names[part.id] = part.name
            said = {"functionCall": {"id": part.id, "name": part.name, "args": arguments(part.arguments, losses)}}
        case ToolResult():
            said = {"functionResponse": _write_result(part, losses, names)}
    losses.add(*(f"messages.{name}" for name in part.extra or ()))
    if said is not None and part.signature is not None:
        said["thoughtSignature"] = _write_seal(part.signature, part.sealed_by)
    return said


def _read_seal(text: str) -> tuple[str | None, DialectName | None]:
    """(the seal, its owner). The member is `bytes` on this wire: a foreign seal stands in it with its owner's name."""
    if not text:
        return None, None
    try:
        inner = base64.b64decode(text, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return text, DialectName.GEMINI_GENERATE
    seal, owner = read_seal(inner, DialectName.GEMINI_GENERATE)
    return (text if owner is DialectName.GEMINI_GENERATE else seal), owner


def _write_seal(seal: str, owner: DialectName | None) -> str:
    if owner in (None, DialectName.GEMINI_GENERATE):
        return seal
    return base64.b64encode(write_seal(seal, owner, DialectName.GEMINI_GENERATE).encode()).decode()


def _write_thought(part: Reasoning) -> dict[str, Any]:
    """A thought that is sealed whole has no words: its ciphertext stands where a seal stands, and comes back so."""
    if part.sealed is not None:
        own = part.sealed_by in (None, DialectName.GEMINI_GENERATE)
        seal = _write_seal(part.sealed if own else _SEALED + part.sealed, part.sealed_by)
        return {"text": "", "thought": True, "thoughtSignature": seal}
    return {"text": part.text, "thought": True}


def arguments(text: str, losses: Losses) -> Any:
    """A call's arguments as the object that the format wants."""
    value = object_text(text)
    if value is None:
        losses.add("tool_call.arguments")
    return {} if value is None else value


def _write_media(part: Media, losses: Losses) -> dict[str, Any] | None:
    if part.file_id is not None:
        losses.add(f"messages.{part.kind.value}.file_id")
        return None
    if part.name is not None:
        losses.add(f"messages.{part.kind.value}.name")
    if part.url is not None:
        mime = part.mime or _SUFFIXES.get(PurePosixPath(urlsplit(part.url).path).suffix.lower())
        return {"fileData": {"fileUri": part.url, **({"mimeType": mime} if mime else {})}}
    usual = {MediaKind.IMAGE: "image/png", MediaKind.AUDIO: "audio/wav", MediaKind.VIDEO: "video/mp4"}
    mime = part.mime or usual.get(part.kind, "application/pdf")
    return {"inlineData": {"mimeType": mime, "data": part.data or ""}}


def _write_result(part: ToolResult, losses: Losses, names: dict[str, str]) -> dict[str, Any]:
    text = "".join(one.text for one in part.parts if isinstance(one, Text))
    media = [written for one in part.parts if isinstance(one, Media) and (written := _write_media(one, losses))]
    losses.add(*(f"tool_result.{one.kind}" for one in part.parts if isinstance(one, Opaque)))
    for one in part.parts:
        if one.cache is not None:
            losses.add("cache_control")
    name = part.name or names.get(part.call_id)
    if name is None:
        # The format knows a result by its function's name, which such a caller never said.
        losses.add("tool_result.name")
    said: dict[str, Any] = {"id": part.call_id, "name": name or "unknown", "response": _response(text, part.failed)}
    if media:
        said["parts"] = media
    return said


def _response(text: str, failed: bool) -> Any:
    value = object_text(text) if text.strip() else None
    if failed:
        return {"error": text if value is None else value}
    return {"result": text} if value is None else value
