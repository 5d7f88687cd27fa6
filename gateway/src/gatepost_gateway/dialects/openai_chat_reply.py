"""Chat completions and the canonical form, both directions.

Source: OpenAI's API reference, "The chat completion object". `native_finish_reason` is OpenRouter's name for a
provider's own word, `images` its place for pictures that a model made ("Image generation").
"""

from typing import Any

import msgspec

from gatepost_gateway.dialects import logprobs
from gatepost_gateway.dialects.members import Malformed, as_list, as_object, as_text, decoded, rest_of, split_data_url
from gatepost_gateway.dialects.openai_chat import WireUsage, encode, read_usage
from gatepost_gateway.dialects.openai_chat_parts import (
    read_parts,
    read_thoughts,
    seal_text,
    write_call_seal,
    write_thoughts,
)
from gatepost_gateway.dialects.openai_chat_request import read_call
from gatepost_gateway.domain.chat import Asked, Stop
from gatepost_gateway.domain.conversation import (
    AnyPart,
    Choice,
    Losses,
    Media,
    MediaKind,
    Opaque,
    Reasoning,
    Refusal,
    Reply,
    Text,
    ToolCall,
    ToolResult,
)
from gatepost_gateway.domain.usage import Usage

_STOPS = {
    "stop": Stop.STOP,
    "length": Stop.LENGTH,
    "tool_calls": Stop.TOOL_CALLS,
    "function_call": Stop.TOOL_CALLS,
    "content_filter": Stop.CONTENT_FILTER,
}
REPLY = frozenset({"id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier"})
CHOICE = frozenset({"index", "message", "finish_reason", "native_finish_reason", "stop_sequence", "delta"})
MESSAGE = frozenset(
    {"role", "content", "refusal", "tool_calls", "function_call", "reasoning_content", "reasoning"}
    | {"reasoning_details", "images", "extra_content", "thought_signature"}
)


def read_stop(word: str | None, *, called: bool) -> Stop | None:
    """Why a choice ended. An answer that calls tools ended for that, also where a server says `stop`."""
    if word is None:
        return None
    stop = _STOPS.get(word, Stop.STOP)
    return Stop.TOOL_CALLS if called and stop is Stop.STOP else stop


def read_reply(body: bytes) -> Reply:
    """Raises Malformed when it is not a chat completion."""
    said = as_object(decoded(body), "the answer")
    if "choices" not in said or said["choices"] is None:
        raise Malformed("the answer has no `choices`")
    return Reply(
        id=as_text(said.get("id"), "id") or None,
        model=as_text(said.get("model"), "model") or None,
        fingerprint=as_text(said.get("system_fingerprint"), "system_fingerprint") or None,
        usage=_usage(said.get("usage")),
        choices=[_read_choice(as_object(one, "choices"), said) for one in as_list(said["choices"], "choices")],
        extra=rest_of(said, REPLY),
    )


def _usage(said: Any) -> Usage | None:
    try:
        return read_usage(msgspec.convert(said, WireUsage | None))
    except msgspec.ValidationError as error:
        raise Malformed(f"`usage`: {error}") from None


def _read_choice(said: dict[str, Any], reply: dict[str, Any]) -> Choice:
    message = as_object(said.get("message") or {}, "choices.message")
    parts: list[AnyPart] = [*read_thoughts(message), *read_parts(message.get("content"), "choices.message")]
    if spoken := _transcript(message):
        parts.append(Text(text=spoken))
    seal_text(message, parts)
    parts += [read_image(as_object(one, "images")) for one in as_list(message.get("images"), "choices.message.images")]
    if refusal := as_text(message.get("refusal"), "choices.message.refusal"):
        parts.append(Refusal(text=refusal))
    calls = [read_call(as_object(one, "tool_calls"), "choices.message") for one in _calls(message)]
    for number, call in enumerate(calls):
        if isinstance(call, ToolCall) and not call.id:
            call.id = call_id(number, reply.get("id"))
    word = as_text(said.get("finish_reason"), "choices.finish_reason") or None
    odds = logprobs.read_content(said.get("logprobs"))
    known = CHOICE if odds is None else CHOICE | {"logprobs"}
    return Choice(
        logprobs=odds,
        parts=parts + calls,
        stop=read_stop(word, called=bool(calls)),
        word=as_text(said.get("native_finish_reason"), "choices.native_finish_reason") or word,
        sequence=as_text(said.get("stop_sequence"), "choices.stop_sequence") or None,
        extra={**(rest_of(said, known) or {}), **(rest_of(message, MESSAGE) or {})} or None,
    )


def _transcript(message: dict[str, Any]) -> str:
    """What was said aloud, in words, where the answer says it in no other way. A sound that is none is taken out."""
    audio = as_object(message.get("audio") or {}, "choices.message.audio")
    if not any(audio.values()):
        message.pop("audio", None)
    return "" if message.get("content") else as_text(audio.get("transcript"), "choices.message.audio.transcript")


def _calls(message: dict[str, Any]) -> list[Any]:
    """The calls; one in the form before tools is a call without an id."""
    old = message.get("function_call")
    return as_list(message.get("tool_calls"), "choices.message.tool_calls") or ([{"function": old}] if old else [])


def call_id(number: int, reply_id: Any) -> str:
    """An id for a call whose server gave it none: the same each time the answer is read, another in each answer."""
    return f"call_{number}_{reply_id or ''}".rstrip("_")


def read_image(said: dict[str, Any]) -> Media:
    """One of `images`."""
    url = as_text(as_object(said.get("image_url"), "images.image_url").get("url"), "images.image_url.url")
    inline = split_data_url(url)
    if inline is None:
        return Media(kind=MediaKind.IMAGE, url=url)
    return Media(kind=MediaKind.IMAGE, mime=inline[0], data=inline[1])


def write_image(part: Media) -> dict[str, Any]:
    """One of `images`."""
    url = part.url or f"data:{part.mime or 'image/png'};base64,{part.data}"
    return {"type": "image_url", "image_url": {"url": url}}


def write_reply(reply: Reply, asked: Asked, losses: Losses) -> bytes:
    """A chat completion from what a provider said in another format."""
    losses.add(*(reply.extra or ()))
    said: dict[str, Any] = {
        "id": reply.id or "",
        "object": "chat.completion",
        "created": asked.at,
        "model": reply.model or asked.model,
        "choices": [_write_choice(choice, number, losses) for number, choice in enumerate(reply.choices)],
    }
    if reply.usage is not None:
        said["usage"] = write_usage(reply.usage)
    if reply.fingerprint is not None:
        said["system_fingerprint"] = reply.fingerprint
    return encode(said)


def _write_choice(choice: Choice, index: int, losses: Losses) -> dict[str, Any]:
    losses.add(*(choice.extra or ()))
    message: dict[str, Any] = {"role": "assistant"}
    texts = [part.text for part in choice.parts if isinstance(part, Text)]
    message["content"] = "".join(texts) if texts else None
    refusals = [part.text for part in choice.parts if isinstance(part, Refusal)]
    message["refusal"] = "".join(refusals) if refusals else None
    message |= write_thoughts([part for part in choice.parts if isinstance(part, Reasoning)])
    pictures = [part for part in choice.parts if isinstance(part, Media)]
    shown = [write_image(part) for part in pictures if shows(part)]
    if shown:
        message["images"] = shown
    if calls := [part for part in choice.parts if isinstance(part, ToolCall)]:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            | write_call_seal(call)
            for call in calls
        ]
    for part in choice.parts:
        note_lost(part, losses)
        if isinstance(part, Text):
            message |= write_call_seal(part)
    return {
        "index": index,
        "message": message,
        "logprobs": write_logprobs(choice.logprobs),
        **write_finish(choice.stop, choice.word, choice.sequence),
    }


def write_logprobs(tokens: list[dict[str, Any]] | None) -> dict[str, Any] | None:
    """`logprobs` of a choice."""
    return None if tokens is None else {"content": tokens, "refusal": None}


def note_lost(part: AnyPart, losses: Losses) -> None:
    """What an answer's part has that a chat completion has no place for."""
    losses.add(*(f"content.{name}" for name in part.extra or ()))
    match part:
        case Opaque():
            losses.add(f"content.{part.kind}")
        case Media() if not shows(part):
            losses.add(f"content.{part.kind.value}")
        case ToolCall() | Text() if part.signature is not None and write_call_seal(part):
            pass
        case ToolCall() | Text() if part.signature is not None:
            losses.add("content.signature")
        case ToolResult():
            losses.add("content.tool_result")
        case _:
            pass


def shows(part: Media) -> bool:
    """Whether an answer's media can stand in `images`."""
    return part.kind is MediaKind.IMAGE and part.file_id is None


def write_finish(stop: Stop | None, word: str | None, sequence: str | None) -> dict[str, Any]:
    """`finish_reason`, with the provider's own word beside it where that is another."""
    said: dict[str, Any] = {"finish_reason": stop.value if stop is not None else None}
    if word is not None and word not in _STOPS:
        said["native_finish_reason"] = word
    if sequence is not None:
        said["stop_sequence"] = sequence
    return said


def write_usage(usage: Usage) -> dict[str, Any]:
    """`usage`: on this wire cached and written tokens are parts of `prompt_tokens`."""
    prompt = usage.input + usage.cache_read + usage.cache_write
    details = {"cached_tokens": usage.cache_read}
    if usage.cache_write:
        details["cache_write_tokens"] = usage.cache_write
    return {
        "prompt_tokens": prompt,
        "completion_tokens": usage.output,
        "total_tokens": prompt + usage.output,
        "prompt_tokens_details": details,
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }
