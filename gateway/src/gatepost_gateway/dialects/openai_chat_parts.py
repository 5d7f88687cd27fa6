"""The parts of a chat completion message and the canonical form, both directions.

Source: OpenAI's API reference, "Create chat completion", message content parts (`text`, `refusal`, `image_url`,
`input_audio`, `file`); OpenRouter, "Reasoning tokens", for `reasoning_details`; Mistral, "Document AI", for
`document_url` and vLLM, "Multimodal inputs", for `video_url` and `audio_url`.
"""

from typing import Any

from gatepost_gateway.dialects.members import as_list, as_object, as_text, decoded, rest_of, split_data_url
from gatepost_gateway.dialects.openai_chat import encode
from gatepost_gateway.dialects.openai_models import BREAKPOINT, read_breakpoint, write_breakpoint
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
    TextDelta,
    ToolCall,
    ToolCallBegan,
)

_FORMATS = {
    DialectName.ANTHROPIC_MESSAGES: "anthropic-claude-v1",
    DialectName.GEMINI_GENERATE: "google-gemini-v1",
}
_SEALERS: dict[Any, DialectName] = {word: name for name, word in _FORMATS.items()}
"""Whose seals the entries of `reasoning_details` bear, in OpenRouter's words (`format`)."""
DETAIL = "detail"
OPENAI = (DialectName.OPENAI_CHAT, DialectName.OPENAI_RESPONSES)
"""Formats whose files lie in one store."""
_AUDIO = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3"}


def read_parts(content: Any, where: str) -> list[AnyPart]:
    """`content`: a text, or a list of parts. Raises Malformed."""
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [Text(text=content)]
    return [_read_part(as_object(one, f"{where}.content"), where) for one in as_list(content, f"{where}.content")]


def _read_part(said: dict[str, Any], where: str) -> AnyPart:
    kind = said.get("type")
    part: AnyPart
    match kind:
        case "text":
            extra = rest_of(said, frozenset({"type", "text", "cache_control", BREAKPOINT}))
            part = Text(text=as_text(said.get("text"), f"{where}.content.text"), extra=extra)
        case "refusal":
            part = Refusal(text=as_text(said.get("refusal"), f"{where}.content.refusal"))
        case "image_url":
            part = _read_image(said.get("image_url"), where)
        case "input_audio":
            sound = as_object(said.get("input_audio"), f"{where}.content.input_audio")
            mime = "audio/mpeg" if sound.get("format") == "mp3" else f"audio/{sound.get('format') or 'wav'}"
            part = Media(kind=MediaKind.AUDIO, mime=mime, data=as_text(sound.get("data"), f"{where}.input_audio.data"))
        case "thinking":
            # Mistral's reasoning models answer with their thoughts as parts of the content.
            pieces = [as_object(one, f"{where}.thinking") for one in as_list(said.get("thinking"), f"{where}.thinking")]
            part = Reasoning(text="".join(as_text(piece.get("text"), f"{where}.thinking.text") for piece in pieces))
        case "file":
            part = _read_file(as_object(said.get("file"), f"{where}.content.file"), where)
        case "document_url" | "video_url" | "audio_url" if said.get(kind) is not None:
            part = _read_address(kind, said, where)
        case _:
            part = Opaque(dialect=DialectName.OPENAI_CHAT, kind=str(kind), value=said)
    marked = said.get("cache_control")
    if marked:
        part.cache = Cache(as_text(as_object(marked, "cache_control").get("ttl"), "cache_control.ttl") or None)
    elif (kept := read_breakpoint(said)) is not None:
        part.cache = kept
    return part


def _read_image(said: Any, where: str) -> Media:
    image: dict[str, Any] = {"url": said} if isinstance(said, str) else as_object(said, f"{where}.content.image_url")
    url = as_text(image.get("url"), f"{where}.content.image_url.url")
    extra = {DETAIL: image[DETAIL]} if image.get(DETAIL) not in (None, "auto") else None
    inline = split_data_url(url)
    if inline is None:
        return Media(kind=MediaKind.IMAGE, url=url, extra=extra)
    return Media(kind=MediaKind.IMAGE, mime=inline[0], data=inline[1], extra=extra)


def _read_file(said: dict[str, Any], where: str) -> Media:
    name = as_text(said.get("filename"), f"{where}.content.file.filename") or None
    if file_id := said.get("file_id"):
        id = as_text(file_id, f"{where}.content.file.file_id")
        return Media(kind=MediaKind.DOCUMENT, file_id=id, name=name, sealed_by=DialectName.OPENAI_CHAT)
    data = as_text(said.get("file_data"), f"{where}.content.file.file_data")
    # Compatible servers take an address in the place of the data.
    if data.startswith(("http://", "https://")):
        return Media(kind=MediaKind.DOCUMENT, url=data, name=name)
    mime, data = split_data_url(data) or ("application/pdf", data)
    return Media(kind=MediaKind.DOCUMENT, mime=mime, data=data, name=name)


def _read_address(kind: str, said: dict[str, Any], where: str) -> Media:
    """Media by an address, which may hold the bytes themselves."""
    value: Any = said.get(kind)
    place = f"{where}.content.{kind}"
    url = as_text(value if not isinstance(value, dict) else as_object(value, place).get("url"), place)
    name = as_text(said.get("document_name"), f"{where}.content.document_name") or None
    media, inline = MediaKind(kind.removesuffix("_url")), split_data_url(url)
    if inline is None:
        return Media(kind=media, url=url, name=name)
    return Media(kind=media, mime=inline[0], data=inline[1], name=name)


def write_parts(parts: list[AnyPart], model: str, losses: Losses) -> str | list[dict[str, Any]]:
    """`content`: one text alone is a string, everything else a list."""
    out: list[dict[str, Any]] = []
    for part in parts:
        losses.add(*(f"messages.{name}" for name in part.extra or () if name != DETAIL))
        if (said := _write_part(part, losses)) is not None:
            out.append(said | write_breakpoint(part.cache, model, losses))
        elif part.cache is not None:
            losses.add("cache_control")
    if not parts:
        return ""
    alone = len(parts) == 1 and isinstance(parts[0], Text)
    return out[0]["text"] if alone and out[0].keys() == {"type", "text"} else out


def detail_of(part: AnyPart) -> dict[str, Any]:
    """How closely to look at a picture: a word that both of OpenAI's formats have."""
    return {DETAIL: part.extra[DETAIL]} if part.extra and DETAIL in part.extra else {}


def _write_part(part: AnyPart, losses: Losses) -> dict[str, Any] | None:
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Media(kind=MediaKind.IMAGE) if part.file_id is None:
            url = part.url or f"data:{part.mime or 'image/png'};base64,{part.data}"
            return {"type": "image_url", "image_url": {"url": url, **detail_of(part)}}
        case Media(kind=MediaKind.AUDIO) if part.data is not None and part.mime in _AUDIO:
            return {"type": "input_audio", "input_audio": {"data": part.data, "format": _AUDIO[part.mime]}}
        case Media(kind=MediaKind.DOCUMENT, file_id=str()) if part.sealed_by in OPENAI:
            return {"type": "file", "file": {"file_id": part.file_id}}
        case Media(kind=MediaKind.DOCUMENT) if part.data is not None:
            data = f"data:{part.mime or 'application/pdf'};base64,{part.data}"
            return {"type": "file", "file": {"filename": part.name or "document", "file_data": data}}
        case Media():
            how = "file_id" if part.file_id else "url" if part.url else "data"
            losses.add(f"messages.{part.kind.value}.{how}")
        case Opaque():
            losses.add(f"messages.{part.kind}")
        case _:
            losses.add("messages.part")
    return None


def read_thoughts(said: dict[str, Any]) -> list[AnyPart]:
    """Thoughts on a message, as the servers that show them name them."""
    details = as_list(said.get("reasoning_details"), "reasoning_details")
    found = [part for one in details if (part := _read_thought(as_object(one, "reasoning_details"))) is not None]
    if found:
        return list(found)
    text = said.get("reasoning_content") or said.get("reasoning")
    return [Reasoning(text=text)] if isinstance(text, str) and text else []


def _read_thought(said: dict[str, Any]) -> Reasoning | None:
    match said.get("type"):
        case "reasoning.text":
            signature = as_text(said.get("signature"), "reasoning_details.signature") or None
            text = as_text(said.get("text"), "reasoning_details.text")
            return Reasoning(text=text, signature=signature, sealed_by=_sealer(said) if signature else None)
        case "reasoning.summary":
            return Reasoning(text=as_text(said.get("summary"), "reasoning_details.summary"))
        case "reasoning.encrypted":
            if (owner := _sealer(said)) is DialectName.OPENAI_CHAT:
                return Reasoning(sealed=encode(said).decode(), sealed_by=owner)
            return Reasoning(sealed=as_text(said.get("data"), "reasoning_details.data"), sealed_by=owner)
        case _:
            return None


def read_call_seal(said: dict[str, Any]) -> str | None:
    """The seal of a call, or of a message, in Google's place for it (Gemini API, "OpenAI compatibility")."""
    google: Any = as_object(said.get("extra_content") or {}, "tool_calls.extra_content").get("google") or {}
    return as_text(as_object(google, "extra_content.google").get("thought_signature"), "thought_signature") or None


def seal_text(said: dict[str, Any], parts: list[AnyPart]) -> None:
    """Puts a message's seal on its last text, or on a thought without words where there is no text."""
    seal = read_call_seal(said)
    if seal is None:
        return
    texts = [part for part in parts if isinstance(part, Text)]
    if not texts:
        parts.append(Reasoning(signature=seal, sealed_by=DialectName.GEMINI_GENERATE))
    else:
        texts[-1].signature, texts[-1].sealed_by = seal, DialectName.GEMINI_GENERATE


def write_call_seal(call: ToolCall | ToolCallBegan | Text | TextDelta) -> dict[str, Any]:
    """Empty unless the call bears a seal that has a place of its own."""
    if call.signature is None or call.sealed_by is not DialectName.GEMINI_GENERATE:
        return {}
    return {"extra_content": {"google": {"thought_signature": call.signature}}}


def _sealer(said: dict[str, Any]) -> DialectName:
    """Whose seal an entry bears. One of a family that has no format here goes back as the whole entry that it was."""
    return _SEALERS.get(str(said.get("format")), DialectName.OPENAI_CHAT)


def write_thoughts(thoughts: list[Reasoning]) -> dict[str, Any]:
    """`reasoning_content` for those who show it; `reasoning_details` for those who give sealed thoughts back."""
    out: dict[str, Any] = {}
    if text := "".join(thought.text for thought in thoughts):
        out["reasoning_content"] = text
    if any(thought.signature or thought.sealed for thought in thoughts):
        out["reasoning_details"] = [write_thought(thought) for thought in thoughts]
    return out


def write_thought(thought: Reasoning) -> dict[str, Any]:
    """One of `reasoning_details`."""
    said: dict[str, Any]
    if thought.sealed is not None and thought.sealed_by is DialectName.OPENAI_CHAT:
        return as_object(decoded(thought.sealed.encode()), "reasoning_details")
    if thought.sealed is not None:
        said = {"type": "reasoning.encrypted", "data": thought.sealed}
    else:
        said = {"type": "reasoning.text", "text": thought.text}
        if thought.signature is not None:
            said["signature"] = thought.signature
    if thought.sealed_by not in (None, DialectName.OPENAI_CHAT):
        said["format"] = _FORMATS.get(thought.sealed_by, thought.sealed_by.value)
    return said
