"""Canonical events as a Responses answer: the stream of events, and the whole object that they tell.

Source: OpenAI's API reference, "Responses: streaming events": items open and close in the order of `output_index`, each
event has a `sequence_number`, `response.completed` or `response.incomplete` carries the whole answer and is the end.
A whole answer is written by the same way with nobody listening, so the two cannot differ.
"""

from typing import Any

from gatepost_gateway.dialects.openai_chat import encode
from gatepost_gateway.dialects.openai_chat_reply import note_lost
from gatepost_gateway.dialects.openai_responses import write_usage
from gatepost_gateway.dialects.openai_responses_items import write_call_seal, write_sealed, write_signature
from gatepost_gateway.dialects.openai_responses_reply import response_object
from gatepost_gateway.domain.chat import Asked, DialectName, Stop
from gatepost_gateway.domain.conversation import (
    AnyPart,
    ArgumentsDelta,
    Ended,
    Event,
    Losses,
    Media,
    MediaKind,
    Opaque,
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
    ToolResult,
    Unmapped,
    Used,
)

_REASONS = {Stop.LENGTH: "max_output_tokens", Stop.CONTENT_FILTER: "content_filter"}
_PIECES = {"output_text": "text", "refusal": "refusal", "summary_text": "text"}
"""Each kind of content, and the member that holds its words."""


class _Item:
    """An item under way: `piece` is its content that still grows."""

    __slots__ = ("index", "piece", "said", "words")

    def __init__(self, index: int, said: dict[str, Any]) -> None:
        self.index = index
        self.said = said
        self.piece: dict[str, Any] | None = None
        self.words: list[str] = []


class ResponsesEncoder:
    """Implements `sides.EventEncoder`. `silent`: only the whole answer is wanted, in `response`."""

    def __init__(self, asked: Asked, losses: Losses, *, silent: bool = False) -> None:
        self._asked = asked
        asked.events = 0
        self._losses = losses
        self._silent = silent
        self._out: list[bytes] = []
        self._items: list[dict[str, Any]] = []
        self._open: _Item | None = None
        self._calls: dict[int, _Item] = {}
        self._stop: Stop | None = None
        self.response: dict[str, Any] = {}

    def encode(self, event: Event) -> bytes:
        if not self.response and not isinstance(event, Started):
            self._begin(Started())
        match event:
            case _ if getattr(event, "choice", 0):
                self._losses.add("choices")
            case TextDelta():
                if event.signature is not None:
                    self._losses.add("content.signature")
                if event.text or event.logprobs is not None:
                    self._grow("message", "output_text", event.text, event.logprobs)
            case ArgumentsDelta():
                self._argue(event)
            case ReasoningDelta():
                self._think(event)
            case ToolCallBegan():
                self._call(event)
            case RefusalDelta():
                self._grow("message", "refusal", event.text)
            case PartCame():
                self._part(event.part)
            case Started():
                self._begin(event)
            case Stopped():
                self._stop = event.stop
            case Used():
                self.response["usage"] = write_usage(event.usage)
            case Unmapped():
                self._losses.add(*event.names)
            case Ended():
                self._end()
        out, self._out = self._out, []
        return b"".join(out)

    def _emit(self, kind: str, **said: Any) -> None:
        if not self._silent:
            body = encode({"type": kind, "sequence_number": self._asked.events, **said})
            self._asked.events += 1
            self._out.append(b"event: " + kind.encode() + b"\ndata: " + body + b"\n\n")

    def _begin(self, event: Started) -> None:
        self.response = response_object(self._asked, event.model)
        self._emit("response.created", response=self.response)
        self._emit("response.in_progress", response=self.response)
        if event.usage is not None:
            self.response["usage"] = write_usage(event.usage)

    def _add(self, kind: str, prefix: str, **said: Any) -> _Item:
        index = len(self._items)
        item = _Item(index, {"id": f"{prefix}_{self._asked.name}{index:02x}", "type": kind, **said})
        self._items.append(item.said)
        self._emit("response.output_item.added", output_index=index, item=item.said)
        return item

    def _grow(self, kind: str, piece: str, words: str, odds: list[dict[str, Any]] | None = None) -> None:
        item = self._opened(kind)
        if item.piece is None or item.piece["type"] != piece:
            self._close_piece(item)
            item.piece = {"type": piece, _PIECES[piece]: ""}
            if piece == "output_text":
                item.piece |= {"annotations": [], "logprobs": []}
            self._tell(item, "part.added", part=item.piece)
        item.words.append(words)
        more: dict[str, Any] = {"logprobs": odds or []} if piece == "output_text" else {}
        if odds:
            item.piece["logprobs"] += odds
        self._tell(item, "delta", delta=words, **more)

    def _opened(self, kind: str) -> _Item:
        if self._open is None or self._open.said["type"] != kind:
            self._close_open()
            if kind == "message":
                self._open = self._add(kind, "msg", status="in_progress", role="assistant", content=[])
            else:
                self._open = self._add(kind, "rs", summary=[])
        return self._open

    def _tell(self, item: _Item, what: str, **said: Any) -> None:
        """An event of the piece that grows. A thought's pieces are its summary, a message's its content."""
        assert item.piece is not None
        thought = item.said["type"] == "reasoning"
        pieces = item.said["summary" if thought else "content"]
        if what.startswith("part."):
            name = ("reasoning_summary_" if thought else "content_") + what
        else:
            name = ("reasoning_summary_text." if thought else f"{item.piece['type']}.") + what
        place = {"summary_index" if thought else "content_index": len(pieces)}
        self._emit(f"response.{name}", item_id=item.said["id"], output_index=item.index, **place, **said)

    def _close_piece(self, item: _Item) -> None:
        if item.piece is None:
            return
        member = _PIECES[item.piece["type"]]
        item.piece[member] = "".join(item.words)
        more = {"logprobs": item.piece["logprobs"]} if item.piece["type"] == "output_text" else {}
        self._tell(item, "done", **{member: item.piece[member]}, **more)
        self._tell(item, "part.done", part=item.piece)
        item.said["summary" if item.said["type"] == "reasoning" else "content"].append(item.piece)
        item.piece, item.words = None, []

    def _close_open(self, status: str = "completed") -> None:
        item, self._open = self._open, None
        if item is None:
            return
        self._close_piece(item)
        if "status" in item.said:
            item.said["status"] = status
        self._emit("response.output_item.done", output_index=item.index, item=item.said)

    def _think(self, event: ReasoningDelta) -> None:
        """A seal ends the thought that it seals; ciphertext without words is a thought of its own."""
        if event.text:
            self._grow("reasoning", "summary_text", event.text)
        if event.signature is not None:
            self._opened("reasoning").said["encrypted_content"] = write_signature(event.signature, event.sealed_by)
            self._close_open()
        elif event.sealed is not None:
            self._opened("reasoning").said["encrypted_content"] = write_sealed(event.sealed, event.sealed_by)
            self._close_open()

    def _call(self, event: ToolCallBegan) -> None:
        self._close_open()
        if event.signature is not None:
            self._seal_call(event.signature, event.sealed_by)
        said = {"status": "in_progress", "arguments": "", "call_id": event.id, "name": event.name}
        self._calls[event.index] = self._add("function_call", "fc", **said)

    def _seal_call(self, signature: str, owner: DialectName | None) -> None:
        item = self._opened("reasoning")
        item.said["encrypted_content"] = write_call_seal(signature, owner)
        self._close_open()

    def _argue(self, event: ArgumentsDelta) -> None:
        item = self._calls[event.index]
        item.words.append(event.text)
        place = {"item_id": item.said["id"], "output_index": item.index}
        self._emit("response.function_call_arguments.delta", **place, delta=event.text)

    def _part(self, part: Media | Opaque) -> None:
        if isinstance(part, Media) and part.kind is MediaKind.IMAGE and part.data is not None:
            self._close_open()
            said = {"status": "completed", "result": part.data, "output_format": (part.mime or "image/png")[6:]}
            item = self._add("image_generation_call", "ig", **said)
            self._emit("response.output_item.done", output_index=item.index, item=item.said)
        else:
            self._losses.add(f"content.{part.kind.value if isinstance(part, Media) else part.kind}")

    def _end(self) -> None:
        reason = _REASONS.get(self._stop) if self._stop is not None else None
        status = "completed" if reason is None else "incomplete"
        self._close_open(status)
        for item in self._calls.values():
            item.said["arguments"] = arguments = "".join(item.words)
            item.said["status"] = status
            place = {"item_id": item.said["id"], "output_index": item.index}
            name = item.said["name"]
            self._emit("response.function_call_arguments.done", **place, name=name, arguments=arguments)
            self._emit("response.output_item.done", output_index=item.index, item=item.said)
        self.response["output"], self.response["status"] = self._items, status
        if reason is not None:
            self.response["incomplete_details"] = {"reason": reason}
        self._emit(f"response.{status}", response=self.response)


def write_reply(reply: Reply, asked: Asked, losses: Losses) -> bytes:
    """A response from what a provider said in another format."""
    losses.add(*(reply.extra or ()))
    encoder = ResponsesEncoder(asked, losses, silent=True)
    encoder.encode(Started(model=reply.model, usage=reply.usage))
    for number, choice in enumerate(reply.choices):
        if number:
            losses.add("choices")
            break
        losses.add(*(choice.extra or ()))
        calls, odds = 0, choice.logprobs
        for part in choice.parts:
            for event in _told(part, calls, losses):
                if isinstance(event, TextDelta):
                    event.logprobs, odds = odds, None
                encoder.encode(event)
            calls += isinstance(part, ToolCall)
        if odds is not None:
            losses.add("logprobs")
        if choice.stop is not None:
            encoder.encode(Stopped(choice.stop))
    encoder.encode(Ended())
    return encode(encoder.response)


def _told(part: AnyPart, number: int, losses: Losses) -> list[Event]:
    """A part of a whole answer as the events that would have told it."""
    losses.add(*(f"content.{name}" for name in part.extra or ()))
    match part:
        case Text():
            if part.signature is not None:
                losses.add("content.signature")
            return [TextDelta(part.text)] if part.text else []
        case Refusal():
            return [RefusalDelta(part.text)]
        case Reasoning():
            return [ReasoningDelta(part.text, signature=part.signature, sealed=part.sealed, sealed_by=part.sealed_by)]
        case ToolCall():
            began = ToolCallBegan(
                index=number, id=part.id, name=part.name, signature=part.signature, sealed_by=part.sealed_by
            )
            return [began, ArgumentsDelta(number, part.arguments)] if part.arguments else [began]
        case Media() | Opaque():
            return [PartCame(part)]
        case ToolResult():
            note_lost(part, losses)
            return []
