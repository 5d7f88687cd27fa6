"""The items of the Responses format and the canonical form: what a request's `input` and an answer's `output` hold.

Source: OpenAI's API reference, "Responses", the input and output item types; its guide "Reasoning models" for
`encrypted_content`. A seal that another provider family made stands in `encrypted_content` under its owner's name (see
`seals`), with `sig:` before a seal on thoughts that are shown and `call:` before one on the call that follows.
"""

from typing import Any

from gatepost_gateway.dialects.members import Malformed, as_list, as_object, as_text, rest_of, split_data_url
from gatepost_gateway.dialects.openai_models import BREAKPOINT, read_breakpoint
from gatepost_gateway.dialects.seals import read_seal, write_seal
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.conversation import (
    AnyPart,
    Media,
    MediaKind,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)

HOME = DialectName.OPENAI_RESPONSES
_SIGNS, _CALLS = "sig:", "call:"
PARAGRAPH = "\n\n"
"""Between two pieces of a summary."""
NAMELESS = "document"
"""What a file is called that has no name: the format wants one."""
_AUDIO = {"mp3": "audio/mpeg", "wav": "audio/wav"}


def read_content(content: Any, where: str) -> list[AnyPart]:
    """`content` or `output`: a text, or a list of parts. Raises Malformed."""
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [Text(text=content)]
    return [_read_part(as_object(one, where), where) for one in as_list(content, where)]


def _read_part(said: dict[str, Any], where: str) -> AnyPart:
    part = _read_kind(said, where)
    part.cache = read_breakpoint(said)
    return part


def _read_kind(said: dict[str, Any], where: str) -> AnyPart:
    match said.get("type"):
        case "input_text" | "output_text" | "text":
            extra = rest_of(said, frozenset({"type", "text", "logprobs", BREAKPOINT}))
            return Text(text=as_text(said.get("text"), f"{where}.text"), extra=extra)
        case "refusal":
            return Refusal(text=as_text(said.get("refusal"), f"{where}.refusal"))
        case "input_image":
            return _read_image(said, where)
        case "input_file":
            return _read_file(said, where)
        case "input_audio":
            sound = as_object(said.get("input_audio") or said, f"{where}.input_audio")
            mime = _AUDIO.get(str(sound.get("format")), "audio/wav")
            return Media(kind=MediaKind.AUDIO, mime=mime, data=as_text(sound.get("data"), f"{where}.input_audio.data"))
        case kind:
            return Opaque(dialect=HOME, kind=str(kind), value=said)


def _read_image(said: dict[str, Any], where: str) -> Media:
    detail = said.get("detail")
    extra = {"detail": detail} if detail not in (None, "auto") else None
    if file_id := as_text(said.get("file_id"), f"{where}.file_id"):
        return Media(kind=MediaKind.IMAGE, file_id=file_id, sealed_by=HOME, extra=extra)
    url = as_text(said.get("image_url"), f"{where}.image_url")
    inline = split_data_url(url)
    if inline is None:
        return Media(kind=MediaKind.IMAGE, url=url, extra=extra)
    return Media(kind=MediaKind.IMAGE, mime=inline[0], data=inline[1], extra=extra)


def _read_file(said: dict[str, Any], where: str) -> Media:
    name = as_text(said.get("filename"), f"{where}.filename") or None
    name = None if name == NAMELESS else name
    if file_id := as_text(said.get("file_id"), f"{where}.file_id"):
        return Media(kind=MediaKind.DOCUMENT, file_id=file_id, name=name, sealed_by=HOME)
    if url := as_text(said.get("file_url"), f"{where}.file_url"):
        return Media(kind=MediaKind.DOCUMENT, url=url, name=name)
    data = as_text(said.get("file_data"), f"{where}.file_data")
    mime, data = split_data_url(data) or ("application/pdf", data)
    return Media(kind=MediaKind.DOCUMENT, mime=mime, data=data, name=name)


def read_call(said: dict[str, Any]) -> ToolCall:
    """A `function_call` item. Some servers give a call no id of its own; then the item's counts."""
    return ToolCall(
        id=as_text(said.get("call_id") or said.get("id"), "function_call.call_id"),
        name=as_text(said.get("name"), "function_call.name"),
        arguments=as_text(said.get("arguments"), "function_call.arguments"),
    )


def read_result(said: dict[str, Any]) -> ToolResult:
    """A `function_call_output` item."""
    parts = read_content(said.get("output"), "function_call_output.output")
    return ToolResult(
        call_id=as_text(said.get("call_id"), "function_call_output.call_id"),
        name=as_text(said.get("name"), "function_call_output.name") or None,
        parts=[part for part in parts if isinstance(part, Text | Media | Opaque)],
    )


def thought_text(said: dict[str, Any]) -> str:
    """The words of a `reasoning` item: those of open models in `content`, else the summary."""
    shown = as_list(said.get("content"), "reasoning.content") or as_list(said.get("summary"), "reasoning.summary")
    pieces = [as_text(as_object(one, "reasoning").get("text"), "reasoning.text") for one in shown]
    return PARAGRAPH.join(piece for piece in pieces if piece)


class Thought:
    """A `reasoning` item: its words, its seal, or the seal of the call that follows."""

    __slots__ = ("call_seal", "owner", "sealed", "signature", "text")

    def __init__(self, said: dict[str, Any]) -> None:
        self.text = thought_text(said)
        self.sealed = self.signature = self.call_seal = None
        seal, self.owner = read_seal(as_text(said.get("encrypted_content"), "reasoning.encrypted_content"), HOME)
        if seal.startswith(_SIGNS):
            self.signature = seal.removeprefix(_SIGNS)
        elif seal.startswith(_CALLS):
            self.call_seal = seal.removeprefix(_CALLS)
        else:
            self.sealed = seal or None

    @property
    def parts(self) -> list[Reasoning]:
        """Words that are sealed with their words stand beside the ciphertext as a part of their own."""
        if self.signature is not None:
            return [Reasoning(text=self.text, signature=self.signature, sealed_by=self.owner)]
        found = [Reasoning(text=self.text)] if self.text else []
        return [*found, Reasoning(sealed=self.sealed, sealed_by=self.owner)] if self.sealed else found


def write_signature(signature: str, owner: DialectName | None) -> str:
    """The seal on thoughts that are shown, for `encrypted_content`."""
    return write_seal(_SIGNS + signature, owner, HOME)


def write_call_seal(signature: str, owner: DialectName | None) -> str:
    """The seal on the call that follows, for `encrypted_content`."""
    return write_seal(_CALLS + signature, owner, HOME)


def write_sealed(sealed: str, owner: DialectName | None) -> str:
    """Ciphertext, for `encrypted_content`."""
    return write_seal(sealed, owner, HOME)


def read_picture(said: dict[str, Any]) -> Media:
    """An `image_generation_call` item that has its picture. Raises Malformed without it."""
    data = as_text(said.get("result"), "image_generation_call.result")
    if not data:
        raise Malformed("an `image_generation_call` has no `result`")
    return Media(kind=MediaKind.IMAGE, mime=f"image/{said.get('output_format') or 'png'}", data=data)
