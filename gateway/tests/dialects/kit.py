"""What the tests of every dialect share: events put together again, requests in each format, streams cut anywhere."""

import json
from typing import Any

import msgspec

from gatepost_gateway.dialects.registry import CALLERS
from gatepost_gateway.domain.chat import Asked, DialectName
from gatepost_gateway.domain.conversation import (
    ArgumentsDelta,
    Choice,
    Event,
    Losses,
    PartCame,
    Reasoning,
    ReasoningDelta,
    Refusal,
    RefusalDelta,
    Reply,
    Started,
    Stopped,
    Text,
    TextDelta,
    ToolCall,
    ToolCallBegan,
    Used,
)

EMPTY = {
    DialectName.OPENAI_CHAT: {"model": "m", "messages": [], "stream": True, "stream_options": {"include_usage": True}},
    DialectName.ANTHROPIC_MESSAGES: {"model": "m", "messages": [], "stream": True, "max_tokens": 64},
    DialectName.GEMINI_GENERATE: {"contents": []},
    DialectName.OPENAI_RESPONSES: {"model": "m", "input": [], "stream": True},
    DialectName.OPENAI_COMPLETIONS: {"model": "m", "prompt": "", "stream": True},
}
"""A request that says nothing, in each format that callers speak."""


def asked_in(dialect: DialectName, body: Any = None, **more: Any) -> Asked:
    raw = msgspec.json.encode({**(EMPTY[dialect] if body is None else body), **more})
    asked = CALLERS[dialect].read_asked(raw)
    asked.stream = bool(msgspec.json.decode(raw).get("stream"))
    return asked


def stream_of(response: dict[str, Any]) -> bytes | None:
    """A recording's stream: as it was, or made again from its events."""
    if response.get("body_text"):
        return response["body_text"].encode()
    if response.get("chunks"):
        chunks = [chunk if isinstance(chunk, dict) else json.loads(chunk) for chunk in response["chunks"]]
        named = [(f"event: {chunk['type']}\n" if "type" in chunk else "", json.dumps(chunk)) for chunk in chunks]
        return "".join(f"{name}data: {data}\n\n" for name, data in named).encode()
    return None


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


def events_of(decoder: Any, pieces: list[bytes]) -> list[Event]:
    out: list[Event] = []
    for piece in pieces:
        out += decoder.feed(piece)
    return out if decoder.ended else out + decoder.close()


class Assembled:
    """A stream's events as the whole answer that they tell."""

    def __init__(self, events: list[Event]) -> None:
        self.reply = Reply(choices=[])
        self.calls: dict[tuple[int, int], ToolCall] = {}
        for event in events:
            self.take(event)

    def choice(self, index: int) -> Choice:
        while len(self.reply.choices) <= index:
            self.reply.choices.append(Choice(parts=[]))
        return self.reply.choices[index]

    def grow(self, index: int, kind: Any, text: str) -> Any:
        parts = self.choice(index).parts
        if not (parts and isinstance(parts[-1], kind) and not getattr(parts[-1], "signature", None)):
            parts.append(kind(text=""))
        parts[-1].text += text
        return parts[-1]

    def take(self, event: Event) -> None:
        match event:
            case Started():
                reply = self.reply
                reply.id, reply.model, reply.fingerprint = event.id, event.model, event.fingerprint
                reply.usage = event.usage
            case TextDelta():
                self.grow(event.choice, Text, event.text)
            case RefusalDelta():
                self.grow(event.choice, Refusal, event.text)
            case ReasoningDelta(sealed=str()):
                self.choice(event.choice).parts.append(Reasoning(sealed=event.sealed, sealed_by=event.sealed_by))
            case ReasoningDelta():
                thought = self.grow(event.choice, Reasoning, event.text)
                thought.signature, thought.sealed_by = event.signature, event.sealed_by
            case ToolCallBegan():
                call = ToolCall(id=event.id, name=event.name, arguments="")
                call.signature, call.sealed_by = event.signature, event.sealed_by
                self.calls[event.choice, event.index] = call
                self.choice(event.choice).parts.append(call)
            case ArgumentsDelta():
                self.calls[event.choice, event.index].arguments += event.text
            case PartCame():
                self.choice(event.choice).parts.append(event.part)
            case Stopped():
                choice = self.choice(event.choice)
                choice.stop, choice.word, choice.sequence = event.stop, event.word, event.sequence
            case Used():
                self.reply.usage = event.usage
            case _:
                pass


def meaning(reply: Reply) -> list[dict[str, Any]]:
    """What an answer says, without what formats may cut differently: where texts begin, how JSON is spaced."""
    out: list[dict[str, Any]] = []
    for choice in reply.choices:
        parts = choice.parts
        thoughts = [part for part in parts if isinstance(part, Reasoning)]
        out.append(
            {
                "text": "".join(part.text for part in parts if isinstance(part, Text)),
                "refusal": "".join(part.text for part in parts if isinstance(part, Refusal)),
                "thought": "".join(part.text for part in thoughts),
                "seals": [(part.signature or part.sealed, part.sealed_by) for part in thoughts if part.sealed_by],
                "calls": [(part.id, part.name, loose(part.arguments)) for part in parts if isinstance(part, ToolCall)],
                "stop": choice.stop,
            }
        )
    return out


def loose(arguments: str) -> Any:
    try:
        return json.loads(arguments or "{}")
    except ValueError:
        return arguments


def encoded(dialect: DialectName, events: list[Event], losses: Losses | None = None) -> bytes:
    encoder = CALLERS[dialect].encoder(asked_in(dialect), losses if losses is not None else Losses())
    return b"".join(encoder.encode(event) for event in events)


def plain(value: Any) -> Any:
    """What is on its way out, as it will be read."""
    return msgspec.json.decode(msgspec.json.encode(value))
