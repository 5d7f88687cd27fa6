"""The Messages stream and canonical events, both directions.

Source: Anthropic's API reference, "Streaming messages": `message_start`, blocks that start, grow by deltas and stop,
`message_delta` with the stop reason and the usage so far, `message_stop`; `ping` anywhere; `error` where it breaks.
"""

import contextlib
from typing import Any

from gatepost_gateway.dialects.anthropic_messages_parts import HOME, read_block, safe_id, thought_block
from gatepost_gateway.dialects.anthropic_messages_reply import (
    head,
    lost_of_usage,
    read_stop,
    read_usage,
    write_stop,
    write_usage,
)
from gatepost_gateway.dialects.framing import EventSplitter, StreamFailed, data_of
from gatepost_gateway.dialects.members import Malformed, as_object, as_text, as_whole, encode, exactly, rest_of
from gatepost_gateway.dialects.notes import lost_of_text
from gatepost_gateway.dialects.seals import read_seal, write_seal
from gatepost_gateway.domain.chat import Asked, Stop
from gatepost_gateway.domain.conversation import (
    ArgumentsDelta,
    Ended,
    Event,
    Losses,
    Opaque,
    PartCame,
    Reasoning,
    ReasoningDelta,
    RefusalDelta,
    Started,
    Stopped,
    Text,
    TextDelta,
    ToolCall,
    ToolCallBegan,
    Unmapped,
    Used,
)
from gatepost_gateway.domain.usage import NOTHING, Usage

_DELTA = frozenset({"stop_reason", "stop_sequence"})
_EVENT = frozenset({"type", "delta", "usage"})


class AnthropicDecoder:
    """Implements `sides.EventDecoder`."""

    def __init__(self, asked: Asked) -> None:  # noqa: ARG002 - the shape of every decoder
        self.ended = False
        self._splitter = EventSplitter()
        self._started = False
        self._usage: Usage | None = None
        self._calls: dict[int, int] = {}
        """The number of a block -> the number of the call in it."""
        self._opaque: dict[int, tuple[dict[str, Any], list[str]]] = {}
        """The number of a block that only this format knows -> the block, and the pieces of its input."""

    def feed(self, data: bytes) -> list[Event]:
        out: list[Event] = []
        for event in self._splitter.feed(data):
            if not self.ended:
                self._read(event, out)
        return out

    def close(self) -> list[Event]:
        out: list[Event] = []
        if not self.ended and self._splitter.rest.strip():
            # What is cut in the middle of an event is cut, and not another format.
            with contextlib.suppress(Malformed):
                self._read(self._splitter.rest + b"\n\n", out)
        return out

    def _read(self, event: bytes, out: list[Event]) -> None:
        data = data_of(event)
        if data is None:
            return
        said = as_object(exactly(data), "an event of the stream")
        match said.get("type"):
            case "content_block_delta":
                self._delta(_number(said), as_object(said.get("delta"), "delta"), out)
            case "content_block_start":
                self._start_block(_number(said), as_object(said.get("content_block"), "content_block"), out)
            case "content_block_stop":
                self._stop_block(_number(said), out)
            case "message_start":
                self._start(as_object(said.get("message"), "message"), out)
            case "message_delta":
                self._stop(said, out)
            case "message_stop":
                self.ended = True
                out.append(Ended())
            case "error":
                error = as_object(said.get("error") or {}, "error")
                raise StreamFailed(f"{error.get('type')}: {error.get('message')}")
            case _:
                pass  # `ping`, and what the format may add: clients are told to pass over events they do not know

    def _start(self, message: dict[str, Any], out: list[Event]) -> None:
        if self._started:
            return
        self._started = True
        usage = message.get("usage")
        self._usage = read_usage(as_object(usage, "usage")) if usage else None
        id, model = as_text(message.get("id"), "id") or None, as_text(message.get("model"), "model") or None
        out.append(Started(id=id, model=model, usage=self._usage))

    def _start_block(self, number: int, block: dict[str, Any], out: list[Event]) -> None:
        part = read_block(block, "content_block")
        match part:
            case Text():
                if part.text:
                    out.append(TextDelta(part.text))
            case ToolCall():
                index = self._calls[number] = len(self._calls)
                out.append(ToolCallBegan(index=index, id=part.id, name=part.name))
                if part.extra:
                    out.append(Unmapped(tuple(f"content.{name}" for name in part.extra)))
                if part.arguments != "{}":
                    out.append(ArgumentsDelta(index, part.arguments))
            case Reasoning():
                if part.text or part.sealed or part.signature:
                    out.append(ReasoningDelta(part.text, 0, part.signature, part.sealed, part.sealed_by))
            case _:
                self._opaque[number] = (block, [])

    def _delta(self, number: int, delta: dict[str, Any], out: list[Event]) -> None:
        match delta.get("type"):
            case "text_delta":
                if text := as_text(delta.get("text"), "delta.text"):
                    out.append(TextDelta(text))
            case "input_json_delta":
                text = as_text(delta.get("partial_json"), "delta.partial_json")
                if number in self._opaque:
                    self._opaque[number][1].append(text)
                elif text and number in self._calls:
                    out.append(ArgumentsDelta(self._calls[number], text))
            case "thinking_delta":
                if text := as_text(delta.get("thinking"), "delta.thinking"):
                    out.append(ReasoningDelta(text))
            case "signature_delta":
                if seal := as_text(delta.get("signature"), "delta.signature"):
                    signature, owner = read_seal(seal, HOME)
                    out.append(ReasoningDelta(signature=signature, sealed_by=owner))
            case "citations_delta":
                out.append(Unmapped(("content.citations",)))
            case kind:
                out.append(Unmapped((f"content.{kind}",)))

    def _stop_block(self, number: int, out: list[Event]) -> None:
        if number not in self._opaque:
            return
        block, pieces = self._opaque.pop(number)
        if said := "".join(pieces):
            block["input"] = exactly(said.encode())
        out.append(PartCame(Opaque(dialect=HOME, kind=str(block.get("type")), value=block)))

    def _stop(self, said: dict[str, Any], out: list[Event]) -> None:
        usage = as_object(said.get("usage") or {}, "usage")
        if usage:
            self._usage = read_usage(usage, self._usage)
            out.append(Used(self._usage))
        delta = as_object(said.get("delta") or {}, "delta")
        lost = [*lost_of_usage(usage), *(rest_of(delta, _DELTA) or ()), *(rest_of(said, _EVENT) or ())]
        if lost:
            out.append(Unmapped(tuple(lost)))
        word = as_text(delta.get("stop_reason"), "stop_reason") or None
        stop = read_stop(word)
        if stop is not None:
            out.append(Stopped(stop, 0, word, as_text(delta.get("stop_sequence"), "stop_sequence") or None))


def _number(said: dict[str, Any]) -> int:
    return as_whole(said.get("index"), "index") or 0


def write_event(said: dict[str, Any]) -> bytes:
    """One event, under its own name."""
    return f"event: {said['type']}\ndata: ".encode() + encode(said) + b"\n\n"


class AnthropicEncoder:
    """Implements `sides.EventEncoder`.

    A block of text or of thought is closed by the next one; the blocks of calls stay open until the end, because other
    formats may let calls grow side by side.
    """

    def __init__(self, asked: Asked, losses: Losses) -> None:
        self._asked = asked
        self._losses = losses
        self._blocks = 0
        self._open: tuple[str, int] | None = None
        """The kind and the number of the block of text or thought that grows."""
        self._calls: dict[int, int] = {}
        self._stop: Stopped | None = None
        self._refused = False
        self._usage: Usage | None = None

    def encode(self, event: Event) -> bytes:
        match event:
            case TextDelta() | RefusalDelta() | ReasoningDelta() | ToolCallBegan() | ArgumentsDelta() if event.choice:
                self._losses.add("choices")
            case TextDelta():
                lost_of_text(event, self._losses)
                return self._grow("text", {"type": "text_delta", "text": event.text}) if event.text else b""
            case RefusalDelta():
                self._refused = True
                self._losses.add("content.refusal")
                return self._grow("text", {"type": "text_delta", "text": event.text})
            case ReasoningDelta():
                return self._reasoning(event)
            case ToolCallBegan():
                return self._call(event)
            case ArgumentsDelta():
                delta = {"type": "input_json_delta", "partial_json": event.text}
                return _delta(self._calls[event.index], delta)
            case Started():
                self._usage = event.usage
                message = head(event.id, event.model or self._asked.model, event.usage)
                return write_event({"type": "message_start", "message": message})
            case PartCame():
                part = event.part
                self._losses.add(f"content.{part.kind if isinstance(part, Opaque) else part.kind.value}")
            case Stopped():
                self._stop = event if event.choice == 0 else self._stop
            case Used():
                self._usage = event.usage
            case Unmapped():
                self._losses.add(*event.names)
            case Ended():
                return self._end()
        return b""

    def _begin(self, block: dict[str, Any]) -> tuple[int, bytes]:
        number = self._blocks
        self._blocks += 1
        return number, write_event({"type": "content_block_start", "index": number, "content_block": block})

    def _close(self) -> bytes:
        if self._open is None:
            return b""
        number = self._open[1]
        self._open = None
        return write_event({"type": "content_block_stop", "index": number})

    def _grow(self, kind: str, delta: dict[str, Any]) -> bytes:
        """A delta of the block of this kind that is open, or of a new one."""
        if self._open is not None and self._open[0] == kind:
            return _delta(self._open[1], delta)
        out = self._close()
        empty = (
            {"type": "text", "text": ""} if kind == "text" else {"type": "thinking", "thinking": "", "signature": ""}
        )
        number, start = self._begin(empty)
        self._open = (kind, number)
        return out + start + _delta(number, delta)

    def _reasoning(self, event: ReasoningDelta) -> bytes:
        if event.sealed is not None:
            block = thought_block(Reasoning(sealed=event.sealed, sealed_by=event.sealed_by))
            out = self._close()
            number, start = self._begin(block)
            return out + start + write_event({"type": "content_block_stop", "index": number})
        out = self._grow("thinking", {"type": "thinking_delta", "thinking": event.text}) if event.text else b""
        if event.signature is not None:
            seal = write_seal(event.signature, event.sealed_by, HOME)
            out += self._grow("thinking", {"type": "signature_delta", "signature": seal}) + self._close()
        return out

    def _call(self, event: ToolCallBegan) -> bytes:
        if event.signature is not None:
            self._losses.add("content.signature")
        out = self._close()
        block: dict[str, Any] = {"type": "tool_use", "id": safe_id(event.id), "name": event.name, "input": {}}
        self._calls[event.index], start = self._begin(block)
        return out + start

    def _end(self) -> bytes:
        out = self._close()
        for number in self._calls.values():
            out += write_event({"type": "content_block_stop", "index": number})
        stop = self._stop or Stopped(Stop.STOP)
        said = write_stop(Stop.CONTENT_FILTER if self._refused else stop.stop, stop.word, stop.sequence)
        usage = write_usage(self._usage or NOTHING)
        return (
            out
            + write_event({"type": "message_delta", "delta": said, "usage": usage})
            + write_event({"type": "message_stop"})
        )


def _delta(number: int, delta: dict[str, Any]) -> bytes:
    return write_event({"type": "content_block_delta", "index": number, "delta": delta})
