"""The OpenAI text completions format: `POST /completions`, the one before chat.

Source of the format: OpenAI's API reference, "Completions (legacy)". A prompt is one text, or a list of tokens, or a
list of either; each prompt has `n` answers. Servers that complete text get the caller's bytes. Everyone else is asked
in a conversation of one message, which can carry one prompt that is a text.
"""

from typing import Any, cast

import msgspec
from msgspec import Raw, Struct

from gatepost_gateway.dialects.envelope import check_members, check_model, check_tokens, opened, read_envelope
from gatepost_gateway.dialects.members import (
    TOO_DEEP,
    Malformed,
    as_list,
    as_number,
    as_text,
    as_whole,
    decoded,
    rest_of,
)
from gatepost_gateway.dialects.openai_chat import MAX_CHOICES, WireUsage, encode, read_usage
from gatepost_gateway.dialects.openai_chat_reply import note_lost, write_usage
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import Asked, DialectName, Operation, Stop
from gatepost_gateway.domain.conversation import (
    AnyPart,
    Conversation,
    Losses,
    Media,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Reply,
    Role,
    Text,
    ToolCall,
)
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.ports import Summary

MAX_PROMPTS = 2048


class _StreamOptions(Struct):
    include_usage: bool | None = None


class _Envelope(Struct):
    """What a request must get right for the gateway to govern it."""

    model: str
    prompt: str | list[str | int | list[int]]
    stream: bool | None = None
    max_tokens: int | None = None
    n: int | None = None
    best_of: int | None = None
    echo: bool | None = None
    user: str | None = None
    stream_options: _StreamOptions | None = None


_envelope = msgspec.json.Decoder(_Envelope)
_GOVERNED = frozenset(_Envelope.__struct_fields__)
_CARRIED = frozenset(
    {"model", "prompt", "stream", "stream_options", "max_tokens", "n", "user", "stop", "seed"}
    | {"temperature", "top_p", "presence_penalty", "frequency_penalty"}
)
_NOTHING_ASKED: dict[str, Any] = {"echo": False, "best_of": 1, "suffix": ""}
"""Members that say what is so without them."""


def read_asked(body: bytes) -> Asked:
    """A text completion request's envelope. Raises CallerError (400) naming the member at fault."""
    envelope, fields = read_envelope(body, _envelope, "text completion")
    check_model(envelope.model)
    check_tokens("max_tokens", envelope.max_tokens)
    for name, value in (("n", envelope.n), ("best_of", envelope.best_of)):
        if value is not None and not 1 <= value <= MAX_CHOICES:
            raise CallerError(f"`{name}` must be from 1 to {MAX_CHOICES}")
    check_members(body, fields, _GOVERNED)
    options = envelope.stream_options
    return Asked(
        operation=Operation.CHAT,
        dialect=DialectName.OPENAI_COMPLETIONS,
        model=envelope.model,
        stream=bool(envelope.stream),
        body=body,
        fields=fields,
        max_output=envelope.max_tokens,
        # The candidates of `best_of` are billed, whether or not they are shown.
        choices=max(envelope.n or 1, envelope.best_of or 1) * _count_prompts(envelope.prompt),
        user=envelope.user,
        wants_usage=bool(options and options.include_usage),
        # An echoed prompt is a part of the answer.
        predicted=len(memoryview(fields["prompt"])) if envelope.echo else 0,
    )


def _count_prompts(prompt: str | list[str | int | list[int]]) -> int:
    if isinstance(prompt, str) or (prompt and isinstance(prompt[0], int)):
        return 1
    if not 1 <= len(prompt) <= MAX_PROMPTS:
        raise CallerError(f"`prompt` must hold from 1 to {MAX_PROMPTS} prompts")
    return len(prompt)


def pass_request(asked: Asked, shape: Shape) -> bytes:
    """The body to send: the caller's own bytes, or its own members with only the named ones changed."""
    changes: dict[str, Raw] = {}
    if shape.model != asked.model:
        changes["model"] = Raw(encode(shape.model))
    if asked.stream and not asked.wants_usage:
        options = opened(asked.fields["stream_options"]) if "stream_options" in asked.fields else None
        changes["stream_options"] = Raw(encode({**(options or {}), "include_usage": True}))
    if shape.cap is not None:
        changes["max_tokens"] = Raw(encode(shape.cap))
    return encode({**asked.fields, **changes}) if changes else asked.body


def read_request(asked: Asked) -> Conversation:
    """The prompt as one message of a user. Raises CallerError (422) for prompts that are several, or tokens."""
    body = {name: decoded(raw) for name, raw in asked.fields.items()}
    prompt: Any = body["prompt"]
    if isinstance(prompt, list) and len(texts := cast("list[Any]", prompt)) == 1:
        prompt = texts[0]
    if not isinstance(prompt, str):
        raise CallerError(
            "this model's provider has no text completions, and its format carries one `prompt` that is a text:"
            " send one prompt a request",
            code=Code.NOT_TRANSLATABLE,
            status=422,
        )
    stop = body.get("stop")
    rest = rest_of(body, _CARRIED) or {}
    return Conversation(
        messages=[Message(Role.USER, [Text(text=prompt)])],
        max_tokens=asked.max_output,
        stop=[stop] if isinstance(stop, str) else [as_text(one, "stop") for one in as_list(stop, "stop")] or None,
        seed=as_whole(body.get("seed"), "seed"),
        choices=body["n"] if (body.get("n") or 1) > 1 else None,
        user=asked.user,
        extra={name: said for name, said in rest.items() if _NOTHING_ASKED.get(name, ...) != said},
        temperature=as_number(body.get("temperature"), "temperature"),
        top_p=as_number(body.get("top_p"), "top_p"),
        presence_penalty=as_number(body.get("presence_penalty"), "presence_penalty"),
        frequency_penalty=as_number(body.get("frequency_penalty"), "frequency_penalty"),
    )


def write_reply(reply: Reply, asked: Asked, losses: Losses) -> bytes:
    """A text completion from what a provider said in another format."""
    losses.add(*(reply.extra or ()), *("logprobs" for choice in reply.choices if choice.logprobs is not None))
    said: dict[str, Any] = {
        **head(asked, reply.id, reply.model, reply.fingerprint),
        "choices": [
            write_choice(number, _text(choice.parts, losses), choice.stop)
            for number, choice in enumerate(reply.choices)
        ],
    }
    if reply.usage is not None:
        said["usage"] = write_usage(reply.usage)
    return encode(said)


def head(asked: Asked, id: str | None, model: str | None, fingerprint: str | None) -> dict[str, Any]:
    """What every text completion, and every chunk of one, begins with."""
    said: dict[str, Any] = {
        "id": id or (f"cmpl-{asked.name}" if asked.name else ""),
        "object": "text_completion",
        "created": asked.at,
        "model": model or asked.model,
    }
    return said if fingerprint is None else {**said, "system_fingerprint": fingerprint}


def write_choice(index: int, text: str, stop: Stop | None) -> dict[str, Any]:
    """One of `choices`."""
    return {"text": text, "index": index, "logprobs": None, "finish_reason": stop.value if stop is not None else None}


def _text(parts: list[AnyPart], losses: Losses) -> str:
    for part in parts:
        note_unsayable(part, losses)
    return "".join(part.text for part in parts if isinstance(part, Text | Refusal))


def note_unsayable(part: AnyPart, losses: Losses) -> None:
    """What an answer has beside its text, which is all that a text completion can say."""
    match part:
        case Reasoning():
            losses.add("content.reasoning")
        case ToolCall():
            losses.add("content.tool_call")
        case Media():
            losses.add(f"content.{part.kind.value}")
        case Opaque():
            losses.add(f"content.{part.kind}")
        case _:
            note_lost(part, losses)


def write_request(conversation: Conversation, shape: Shape, losses: Losses) -> bytes:  # noqa: ARG001 - a side's shape
    """Refuses: a server that only completes text knows nothing of who said what. Raises CallerError (422)."""
    raise CallerError(
        f"model `{shape.model}` completes text and does not chat: call it on /v1/completions",
        code=Code.UNSUPPORTED_OPERATION,
        status=422,
    )


class _Choice(Struct):
    text: str | None = None
    finish_reason: str | None = None


class _Reply(Struct):
    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: WireUsage | None = None
    system_fingerprint: str | None = None


_reply = msgspec.json.Decoder(_Reply)


def summarise(body: bytes) -> Summary:
    """What a whole answer says of itself. Raises ValueError when it is not a text completion."""
    try:
        reply = _reply.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(str(error) or TOO_DEEP) from None
    if reply.choices is None:
        raise Malformed("the answer has no `choices`")
    return Summary(
        usage=read_usage(reply.usage),
        upstream_id=reply.id,
        fingerprint=reply.system_fingerprint,
        model=reply.model,
        finish=tuple(choice.finish_reason for choice in reply.choices[:MAX_CHOICES] if choice.finish_reason),
        text_bytes=len(body),
    )


def refuse_reply(body: bytes) -> Reply:
    """No other format's caller is answered by a server that completes text: its request was refused."""
    raise Malformed(f"a text completion of {len(body)} bytes answers a request that was none")
