"""The Responses stream, read into canonical events.

Source: OpenAI's API reference, "Responses: streaming events". `response.completed` and `response.incomplete` are the
end; `response.failed` and `error` say that there is none.
"""

from typing import Any

import msgspec
from msgspec import Struct

from gatepost_gateway.dialects.framing import EventSplitter, StreamFailed, data_of
from gatepost_gateway.dialects.logprobs import read_tokens
from gatepost_gateway.dialects.members import Malformed, as_list, as_object, as_text
from gatepost_gateway.dialects.openai_chat import encode
from gatepost_gateway.dialects.openai_responses import WireUsage, read_usage
from gatepost_gateway.dialects.openai_responses_items import HOME, PARAGRAPH, Thought, read_picture
from gatepost_gateway.dialects.openai_responses_reply import failure, read_stop, read_word
from gatepost_gateway.domain.chat import Asked
from gatepost_gateway.domain.conversation import (
    AnyPart,
    ArgumentsDelta,
    Ended,
    Event,
    Opaque,
    PartCame,
    ReasoningDelta,
    RefusalDelta,
    Started,
    Stopped,
    TextDelta,
    ToolCall,
    ToolCallBegan,
    Unmapped,
    Used,
)


class _Event(Struct):
    type: str = ""
    sequence_number: int | None = None
    output_index: int = 0
    summary_index: int = 0
    content_index: int = 0
    delta: Any = None
    logprobs: Any = None
    item: dict[str, Any] | None = None
    response: dict[str, Any] | None = None
    error: Any = None
    message: str | None = None
    code: Any = None


_event = msgspec.json.Decoder(_Event)
_ENDS = frozenset({"response.completed", "response.incomplete", "response.done"})
_DEFERRED = frozenset({"message", "reasoning", "function_call", "image_generation_call"})
"""Items that are read piece by piece, or at their end."""
_SKETCH = "response.image_generation_call.partial_image"


class _Progress:
    """What one item has said so far."""

    __slots__ = ("call", "piece", "said")

    def __init__(self) -> None:
        self.said = False
        self.call: int | None = None
        self.piece: tuple[str, int] | None = None


class ResponsesDecoder:
    """Implements `sides.EventDecoder`."""

    def __init__(self, asked: Asked) -> None:
        self.ended = False
        self._asked = asked
        asked.events = 0
        self._splitter = EventSplitter()
        self._started = False
        self._items: dict[int, _Progress] = {}
        self._calls: list[AnyPart] = []
        self._seal: Thought | None = None

    def feed(self, data: bytes) -> list[Event]:
        out: list[Event] = []
        for event in self._splitter.feed(data):
            if not self.ended:
                self._read(event, out)
        return out

    def close(self) -> list[Event]:
        out: list[Event] = []
        rest = self._splitter.rest
        if not self.ended and rest.strip():
            try:
                self._read(rest + b"\n\n", out)
            except Malformed:
                # What is cut in the middle of an event is cut, and not another format.
                return []
        return out

    def _read(self, event: bytes, out: list[Event]) -> None:
        data = data_of(event)
        if data is None or data.strip() == b"[DONE]":
            return
        try:
            said = _event.decode(data)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise Malformed(f"an event of the stream is not one of a response: {error}") from None
        if said.sequence_number is not None:
            self._asked.events = said.sequence_number + 1
        kind = said.type
        if kind.endswith(".delta"):
            self._grow(said, out)
        elif kind == "response.output_item.added":
            self._add(said, out)
        elif kind == "response.output_item.done":
            self._done(said, out)
        elif kind == "response.created":
            self._start(said, out)
        elif kind in _ENDS:
            self._end(said, out)
        elif kind in ("error", "response.failed"):
            raise StreamFailed(_words(said))
        elif kind == "response.output_text.annotation.added":
            out.append(Unmapped(("content.annotations",)))
        elif kind == _SKETCH:
            out.append(PartCame(Opaque(dialect=HOME, kind="partial_image", value=None)))
        elif not kind:
            raise Malformed("an event of the stream has no `type`")

    def _start(self, said: _Event, out: list[Event]) -> None:
        if not self._started:
            self._started = True
            response = said.response or {}
            id, model = as_text(response.get("id"), "response.id"), as_text(response.get("model"), "response.model")
            out.append(Started(id=id or None, model=model or None))

    def _item(self, said: _Event) -> _Progress:
        return self._items.setdefault(said.output_index, _Progress())

    def _grow(self, said: _Event, out: list[Event]) -> None:
        text = said.delta
        if not isinstance(text, str) or not text:
            return
        item = self._item(said)
        match said.type:
            case "response.output_text.delta":
                out.append(TextDelta(text, logprobs=read_tokens(said.logprobs)))
            case "response.refusal.delta":
                out.append(RefusalDelta(text))
            case "response.function_call_arguments.delta" if item.call is not None:
                out.append(ArgumentsDelta(item.call, text))
            case "response.reasoning_summary_text.delta":
                self._think("summary", said.summary_index, text, item, out)
            case "response.reasoning_text.delta":
                self._think("content", said.content_index, text, item, out)
            case _:
                return
        item.said = True

    def _think(self, kind: str, index: int, text: str, item: _Progress, out: list[Event]) -> None:
        """Some servers tell their thoughts twice, as they are and as a summary: the first way counts."""
        if item.piece is not None and item.piece[0] != kind:
            return
        between = PARAGRAPH if item.piece is not None and item.piece[1] != index else ""
        item.piece = (kind, index)
        out.append(ReasoningDelta(between + text))

    def _add(self, said: _Event, out: list[Event]) -> None:
        item = said.item or {}
        kind = item.get("type")
        if kind == "function_call":
            self._begin_call(said, out)
        elif str(kind) not in _DEFERRED:
            # What a tool of the provider's own does is the answer's beginning: nothing waits for its result.
            out.append(PartCame(Opaque(dialect=HOME, kind=str(kind), value=item)))

    def _begin_call(self, said: _Event, out: list[Event]) -> None:
        item, progress = said.item or {}, self._item(said)
        id, name = (
            as_text(item.get("call_id") or item.get("id"), "item.call_id"),
            as_text(item.get("name"), "item.name"),
        )
        progress.call = len(self._calls)
        self._calls.append(ToolCall(id=id, name=name, arguments=""))
        seal, self._seal = self._seal, None
        began = ToolCallBegan(index=progress.call, id=id, name=name)
        if seal is not None:
            began.signature, began.sealed_by = seal.call_seal, seal.owner
        out.append(began)

    def _done(self, said: _Event, out: list[Event]) -> None:
        """What an item says at its end and has not said before: some servers stream no pieces."""
        item, progress = said.item or {}, self._item(said)
        match item.get("type"):
            case "reasoning":
                self._seal_thought(item, progress, out)
            case "function_call":
                if progress.call is None:
                    self._begin_call(said, out)
                arguments = as_text(item.get("arguments"), "item.arguments")
                if arguments and not progress.said and progress.call is not None:
                    out.append(ArgumentsDelta(progress.call, arguments))
            case "message" if not progress.said:
                for one in as_list(item.get("content"), "item.content"):
                    part = as_object(one, "item.content")
                    if text := as_text(part.get("text"), "text"):
                        out.append(TextDelta(text, logprobs=read_tokens(part.get("logprobs"))))
                    elif refusal := as_text(part.get("refusal"), "refusal"):
                        out.append(RefusalDelta(refusal))
            case "image_generation_call" if item.get("result"):
                out.append(PartCame(read_picture(item)))
            case _:
                return
        progress.said = True

    def _seal_thought(self, item: dict[str, Any], progress: _Progress, out: list[Event]) -> None:
        thought = Thought(item)
        if thought.text and not progress.said:
            out.append(ReasoningDelta(thought.text))
        if thought.call_seal is not None:
            self._seal = thought
        elif thought.signature is not None:
            out.append(ReasoningDelta(signature=thought.signature, sealed_by=thought.owner))
        elif thought.sealed is not None:
            out.append(ReasoningDelta(sealed=thought.sealed, sealed_by=thought.owner))

    def _end(self, said: _Event, out: list[Event]) -> None:
        self._start(said, out)
        response = said.response or {}
        if response.get("status") in ("failed", "cancelled"):
            raise StreamFailed(failure(response))
        try:
            usage = read_usage(msgspec.convert(response.get("usage"), WireUsage | None))
        except msgspec.ValidationError as error:
            raise Malformed(f"`usage`: {error}") from None
        word = read_word(response) or said.type.removeprefix("response.")
        out.append(Stopped(read_stop(word, self._calls), word=word))
        if usage is not None:
            out.append(Used(usage))
        out.append(Ended())
        self.ended = True


def _words(said: _Event) -> str:
    """What a stream says of its failure, in the shapes that are in use."""
    if said.response is not None:
        return failure(said.response)
    return encode(said.error if said.error is not None else {"code": said.code, "message": said.message}).decode()
