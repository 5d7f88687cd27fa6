"""Answers of Bedrock's Converse API and its stream, into the canonical form.

Source: Amazon Bedrock API reference, `Converse` and `ConverseStream` (`stopReason`, `TokenUsage`: cached tokens stand
beside `inputTokens`; the events `messageStart` to `metadata`, failures as messages of type `exception`).
"""

from typing import Any

from gatepost_gateway.dialects.bedrock_converse_parts import CLIENT_TOOL, HOME, read_block, read_thought
from gatepost_gateway.dialects.event_stream import Frame, FrameReader
from gatepost_gateway.dialects.framing import ModelFailed, StreamFailed
from gatepost_gateway.dialects.members import Malformed, as_list, as_object, as_text, as_whole, exactly, rest_of
from gatepost_gateway.domain.chat import Asked, Stop
from gatepost_gateway.domain.conversation import (
    ArgumentsDelta,
    Choice,
    Ended,
    Event,
    ReasoningDelta,
    Reply,
    Started,
    Stopped,
    TextDelta,
    ToolCall,
    ToolCallBegan,
    Unmapped,
    Used,
)
from gatepost_gateway.domain.usage import Usage

_STOPS = {
    "end_turn": Stop.STOP,
    "stop_sequence": Stop.STOP,
    "tool_use": Stop.TOOL_CALLS,
    "max_tokens": Stop.LENGTH,
    "model_context_window_exceeded": Stop.LENGTH,
    "guardrail_intervened": Stop.CONTENT_FILTER,
    "content_filtered": Stop.CONTENT_FILTER,
}
_FAILED = frozenset({"malformed_model_output", "malformed_tool_use"})
_REPLY = frozenset({"output", "stopReason", "usage", "metrics"})
_MOST_USED = 2**40


def read_reply(body: bytes) -> Reply:
    """Raises Malformed when it is not a Converse answer, ModelFailed when the model gave none."""
    said = as_object(exactly(body), "the answer")
    if "output" not in said:
        raise Malformed("the answer has no `output`")
    message = as_object(as_object(said["output"], "output").get("message") or {}, "output.message")
    blocks = as_list(message.get("content"), "output.message.content")
    parts = [read_block(as_object(one, "output.message.content")) for one in blocks]
    word = as_text(said.get("stopReason"), "stopReason") or None
    stop = read_stop(word, called=any(isinstance(part, ToolCall) for part in parts), spoke=bool(parts))
    more = as_object(said.get("additionalModelResponseFields") or {}, "additionalModelResponseFields")
    sequence = as_text(more.pop("stop_sequence", None), "stop_sequence") or None
    return Reply(
        usage=read_usage(said.get("usage")),
        choices=[Choice(parts=parts, stop=stop, word=word, sequence=sequence)],
        extra=rest_of(said, _REPLY),
    )


def read_stop(word: str | None, *, called: bool, spoke: bool) -> Stop | None:
    if word in _FAILED and not spoke:
        raise ModelFailed(f"the model ended with {word}")
    if word is None:
        return None
    stop = _STOPS.get(word, Stop.STOP)
    return Stop.TOOL_CALLS if called and stop is Stop.STOP else stop


def read_usage(said: Any) -> Usage | None:
    """`usage`: its buckets are disjoint on the wire already."""
    if said is None:
        return None
    names = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
    counts = [as_whole(as_object(said, "usage").get(name), f"usage.{name}") or 0 for name in names]
    if not all(0 <= count <= _MOST_USED for count in counts):
        return None
    return Usage(input=counts[0], output=counts[1], cache_read=counts[2], cache_write=counts[3])


class BedrockDecoder:
    """Implements `sides.EventDecoder`."""

    __slots__ = ("_calls", "_foreign", "_reader", "_spoke", "_started", "_stopped", "ended")

    def __init__(self, asked: Asked) -> None:  # noqa: ARG002 - the shape of every decoder
        self.ended = False
        self._reader = FrameReader()
        self._calls: dict[int, int] = {}
        """The number of a block -> the number of the call in it."""
        self._foreign: set[int] = set()
        """Blocks of the service's own tools."""
        self._started = False
        self._stopped = False
        self._spoke = False

    def feed(self, data: bytes) -> list[Event]:
        """Raises ValueError on what is not the format, StreamFailed on an exception in the stream."""
        out: list[Event] = []
        for frame in self._reader.feed(data):
            if not self.ended:
                self._read(frame, out)
        return out

    def close(self) -> list[Event]:
        """A stream may end without `metadata`; the answer is whole with its stop reason."""
        if self.ended or not self._stopped or self._reader.rest:
            return []
        self.ended = True
        return [Ended()]

    def _read(self, frame: Frame, out: list[Event]) -> None:
        kind = frame.text(":message-type") or "event"
        if kind == "error":
            raise StreamFailed(f"{frame.text(':error-code')}: {frame.text(':error-message')}")
        if kind == "exception":
            words = frame.payload.decode("utf-8", "replace")
            raise StreamFailed(f"{frame.text(':exception-type')}: {words}")
        said = as_object(exactly(frame.payload), "an event of the stream")
        if not self._started:
            self._started = True
            out.append(Started())
        match frame.text(":event-type"):
            case "contentBlockStart":
                self._begin(said, out)
            case "contentBlockDelta":
                self._delta(said, out)
            case "messageStop":
                self._stop(said, out)
            case "metadata":
                self._end(said, out)
            case "messageStart" | "contentBlockStop":
                pass
            case other:
                out.append(Unmapped((other or "event",)))

    def _begin(self, said: dict[str, Any], out: list[Event]) -> None:
        block = as_whole(said.get("contentBlockIndex"), "contentBlockIndex") or 0
        start = as_object(said.get("start") or {}, "contentBlockStart.start")
        call = as_object(start.get("toolUse") or {}, "start.toolUse")
        kind = as_text(call.get("type"), "toolUse.type") or CLIENT_TOOL
        if not call or kind != CLIENT_TOOL:
            self._foreign.add(block)
            out.append(Unmapped((f"content.{kind if call else next(iter(start), 'block')}",)))
            return
        number = self._calls[block] = len(self._calls)
        self._spoke = True
        id, name = as_text(call.get("toolUseId"), "toolUseId"), as_text(call.get("name"), "toolUse.name")
        out.append(ToolCallBegan(index=number, id=id, name=name))

    def _delta(self, said: dict[str, Any], out: list[Event]) -> None:
        block = as_whole(said.get("contentBlockIndex"), "contentBlockIndex") or 0
        delta = as_object(said.get("delta") or {}, "contentBlockDelta.delta")
        if block in self._foreign:
            return
        match delta:
            case {"text": text}:
                self._spoke = True
                out.append(TextDelta(as_text(text, "delta.text")))
            case {"toolUse": piece} if block in self._calls:
                text = as_text(as_object(piece, "delta.toolUse").get("input"), "delta.toolUse.input")
                out.append(ArgumentsDelta(self._calls[block], text))
            case {"reasoningContent": thought}:
                out.append(_thought(as_object(thought, "delta.reasoningContent")))
            case _:
                out.append(Unmapped(tuple(f"content.{name}" for name in delta)))

    def _stop(self, said: dict[str, Any], out: list[Event]) -> None:
        word = as_text(said.get("stopReason"), "messageStop.stopReason")
        more = as_object(said.get("additionalModelResponseFields") or {}, "additionalModelResponseFields")
        inner = as_object(more.get("delta") or more, "additionalModelResponseFields.delta")
        sequence = as_text(inner.get("stop_sequence"), "stop_sequence") or None
        stop = read_stop(word, called=bool(self._calls), spoke=self._spoke)
        self._stopped = True
        out.append(Stopped(stop or Stop.STOP, word=word, sequence=sequence))

    def _end(self, said: dict[str, Any], out: list[Event]) -> None:
        usage = read_usage(said.get("usage"))
        if usage is not None:
            out.append(Used(usage))
        unknown = rest_of(said, frozenset({"usage", "metrics", "p"}))
        if unknown:
            out.append(Unmapped(tuple(unknown)))
        if self._stopped:
            self.ended = True
            out.append(Ended())


def _thought(said: dict[str, Any]) -> ReasoningDelta:
    if "text" in said or "signature" in said:
        signature = as_text(said.get("signature"), "reasoningContent.signature") or None
        text = as_text(said.get("text"), "reasoningContent.text")
        return ReasoningDelta(text, signature=signature, sealed_by=HOME if signature else None)
    whole = read_thought(said)
    return ReasoningDelta(sealed=whole.sealed, sealed_by=whole.sealed_by)
