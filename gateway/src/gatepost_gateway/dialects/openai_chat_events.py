"""The chat completion stream and canonical events, both directions.

Source: OpenAI's API reference, "Chat completions: streaming events" (chunks, `data: [DONE]` at the end, with
`stream_options.include_usage` a last chunk that has usage and no choices).
"""

import contextlib
from typing import Any

import msgspec
from msgspec import Struct

from gatepost_gateway.dialects import logprobs
from gatepost_gateway.dialects.framing import EventSplitter, StreamFailed, data_of
from gatepost_gateway.dialects.members import Malformed, as_list, as_object, parsed, rest_of, tells
from gatepost_gateway.dialects.openai_chat import WireUsage, encode, read_usage
from gatepost_gateway.dialects.openai_chat_parts import (
    read_call_seal,
    read_parts,
    read_thoughts,
    write_call_seal,
    write_thought,
)
from gatepost_gateway.dialects.openai_chat_reply import (
    CHOICE,
    MESSAGE,
    REPLY,
    call_id,
    note_lost,
    read_image,
    read_stop,
    shows,
    write_finish,
    write_image,
    write_logprobs,
    write_usage,
)
from gatepost_gateway.dialects.openai_chat_stream import DONE
from gatepost_gateway.domain.chat import Asked, DialectName
from gatepost_gateway.domain.conversation import (
    AnyPart,
    ArgumentsDelta,
    Ended,
    Event,
    Losses,
    Media,
    Opaque,
    PartCame,
    Reasoning,
    ReasoningDelta,
    Refusal,
    RefusalDelta,
    Started,
    Stopped,
    Text,
    TextDelta,
    ToolCallBegan,
    Unmapped,
    Used,
)
from gatepost_gateway.domain.usage import Usage

GEMINI = DialectName.GEMINI_GENERATE


class _Function(Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(Struct):
    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: _Function | None = None
    extra_content: Any = None


class _Delta(Struct):
    content: Any = None
    refusal: str | None = None
    tool_calls: list[_ToolCall] | None = None
    function_call: _Function | None = None
    reasoning: Any = None
    reasoning_content: str | None = None
    reasoning_details: list[dict[str, Any]] | None = None
    images: list[dict[str, Any]] | None = None
    audio: Any = None
    annotations: Any = None
    extra_content: Any = None


class _Choice(Struct):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None
    native_finish_reason: str | None = None
    stop_sequence: str | None = None
    logprobs: Any = None


class _Chunk(Struct):
    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: WireUsage | None = None
    system_fingerprint: str | None = None
    error: Any = None


_BESIDE = frozenset({"error", "obfuscation", "p"})
"""What a chunk may hold that an answer has not: the last two are padding, OpenAI's and Bedrock's."""
_TOLD = frozenset({"audio", "annotations"})
"""What is listed wherever it comes."""
_chunk = msgspec.json.Decoder(_Chunk)


class _Progress:
    """What one choice has said so far, as far as reading on needs it."""

    __slots__ = ("calls", "ended", "slots", "thought")

    def __init__(self) -> None:
        self.calls: list[str] = []
        """The id of each call, in the order they began."""
        self.slots: dict[int, int] = {}
        """The server's own number of a call -> ours."""
        self.thought = ""
        self.ended = False


class OpenAIChatDecoder:
    """Implements `sides.EventDecoder`."""

    def __init__(self, asked: Asked) -> None:
        self.ended = False
        self._wanted = asked.choices
        self._splitter = EventSplitter()
        self._choices: dict[int, _Progress] = {}
        self._id: str | None = None
        self._started = self._looked = False

    def feed(self, data: bytes) -> list[Event]:
        out: list[Event] = []
        for event in self._splitter.feed(data):
            if not self.ended:
                self._read(event, out)
        return out

    def close(self) -> list[Event]:
        """Some compatible servers send no `[DONE]`; then the finish reason of every choice is the end."""
        out: list[Event] = []
        if self.ended:
            return out
        if self._splitter.rest.strip():
            # What is cut in the middle of an event is cut, and not another format.
            with contextlib.suppress(Malformed):
                self._read(self._splitter.rest + b"\n\n", out)
        done = [one for one in self._choices.values() if one.ended]
        if not self.ended and len(done) >= self._wanted:
            self.ended = True
            out.append(Ended())
        return out

    def _read(self, event: bytes, out: list[Event]) -> None:
        data = data_of(event)
        if data is None:
            return
        if data.strip() == b"[DONE]":
            self.ended = True
            out.append(Ended())
            return
        try:
            chunk = _chunk.decode(data)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise Malformed(f"an event of the stream is not a chat completion chunk: {error}") from None
        if chunk.error is not None:
            raise StreamFailed(encode(chunk.error).decode("utf-8", "replace"))
        # Azure begins with an event that has neither an id nor an answer, only what its filter says of the prompt.
        if not self._started and (chunk.id or chunk.choices):
            self._started, self._id = True, chunk.id
            out.append(
                Started(id=chunk.id or None, model=chunk.model or None, fingerprint=chunk.system_fingerprint or None)
            )
        ends = chunk.usage is not None or any(choice.finish_reason for choice in chunk.choices or ())
        if (ends or not self._looked) and (unknown := _unknown(data)):
            out.append(Unmapped(unknown))
        self._looked = self._started
        for choice in chunk.choices or ():
            self._read_choice(choice, out)
        usage = read_usage(chunk.usage)
        if usage is not None:
            out.append(Used(usage))

    def _read_choice(self, choice: _Choice, out: list[Event]) -> None:
        so_far = self._choices.setdefault(choice.index, _Progress())
        odds = logprobs.read_content(choice.logprobs) if choice.logprobs else None
        if choice.delta is not None:
            self._read_delta(choice.delta, choice.index, so_far, odds, out)
        elif odds is not None:
            out.append(TextDelta("", choice.index, odds))
        if odds is None and tells(choice.logprobs):
            out.append(Unmapped(("logprobs",)))
        word = choice.finish_reason
        stop = read_stop(word, called=bool(so_far.calls)) if word else None
        if stop is not None and not so_far.ended:
            so_far.ended = True
            out.append(Stopped(stop, choice.index, choice.native_finish_reason or word, choice.stop_sequence))

    def _read_delta(
        self, delta: _Delta, index: int, so_far: _Progress, odds: list[dict[str, Any]] | None, out: list[Event]
    ) -> None:
        self._read_thought(delta, index, so_far, out)
        text = delta.content if isinstance(delta.content, str) else ""
        seal = read_call_seal({"extra_content": delta.extra_content}) if delta.extra_content else None
        if text or odds is not None or seal is not None:
            out.append(TextDelta(text, index, odds, seal, GEMINI if seal is not None else None))
        if delta.content and not text:
            out += [_piece(part, index) for part in read_parts(delta.content, "delta")]
        if delta.refusal:
            out.append(RefusalDelta(delta.refusal, index))
        out += [PartCame(read_image(as_object(one, "images")), index) for one in as_list(delta.images, "images")]
        if delta.audio or delta.annotations:
            out.append(Unmapped(("audio",) if delta.audio else ("annotations",)))
        for call in delta.tool_calls or ():
            self._read_call(call, index, so_far, out)
        if delta.function_call is not None:
            self._read_call(_ToolCall(index=0, function=delta.function_call), index, so_far, out)

    def _read_thought(self, delta: _Delta, index: int, so_far: _Progress, out: list[Event]) -> None:
        said = {"reasoning_details": delta.reasoning_details, "reasoning": delta.reasoning_content or delta.reasoning}
        if not (said["reasoning_details"] or said["reasoning"]):
            return
        for part in read_thoughts(said):
            assert isinstance(part, Reasoning)
            # A server that shows thoughts as they come may repeat the whole of them with their seal.
            text = "" if part.signature is not None and part.text == so_far.thought else part.text
            so_far.thought = "" if part.signature is not None else so_far.thought + text
            out.append(ReasoningDelta(text, index, part.signature, part.sealed, part.sealed_by))

    def _read_call(self, call: _ToolCall, index: int, so_far: _Progress, out: list[Event]) -> None:
        """A new id is a new call, also where a server counts all of its calls as 0."""
        slot = call.index if call.index is not None else max(so_far.slots, default=0)
        number = so_far.slots.get(slot)
        function = call.function or _Function()
        if number is None or (call.id and function.name and call.id != so_far.calls[number]):
            number = so_far.slots[slot] = len(so_far.calls)
            so_far.calls.append(call.id or call_id(number, self._id))
            began = ToolCallBegan(index=number, id=so_far.calls[number], name=function.name or "", choice=index)
            if (seal := read_call_seal({"extra_content": call.extra_content})) is not None:
                began.signature, began.sealed_by = seal, GEMINI
            out.append(began)
        if function.arguments:
            out.append(ArgumentsDelta(number, function.arguments, index))


def _unknown(data: bytes) -> tuple[str, ...]:
    """Members that have no place, looked for where servers put them: where a stream begins and where it ends."""
    said = as_object(parsed(data), "a chunk")
    found = dict.fromkeys(rest_of(said, REPLY | _BESIDE) or ())
    for one in as_list(said.get("choices"), "choices"):
        choice = as_object(one, "choices")
        found |= dict.fromkeys(rest_of(choice, CHOICE | {"logprobs"}) or ())
        found |= dict.fromkeys(rest_of(as_object(choice.get("delta") or {}, "delta"), MESSAGE | _TOLD) or ())
    return tuple(found)


def _thought(event: ReasoningDelta, whole: str) -> dict[str, Any]:
    return write_thought(
        Reasoning(text=whole, signature=event.signature, sealed=event.sealed, sealed_by=event.sealed_by)
    )


def _piece(part: AnyPart, index: int) -> Event:
    """A part of a `content` that is a list, as some compatible servers stream it."""
    match part:
        case Text():
            return TextDelta(part.text, index)
        case Refusal():
            return RefusalDelta(part.text, index)
        case Reasoning():
            return ReasoningDelta(part.text, index)
        case Media() | Opaque():
            return PartCame(part, index)
        case _:
            return Unmapped(("content.part",))


class OpenAIChatEncoder:
    """Implements `sides.EventEncoder`."""

    def __init__(self, asked: Asked, losses: Losses) -> None:
        self._asked = asked
        self._losses = losses
        self._head = b""
        self._thought: dict[int, str] = {}
        self._usage: Usage | None = None
        self._opened: set[int] = set()

    def encode(self, event: Event) -> bytes:
        match event:
            case TextDelta():
                return self._text(event)
            case ArgumentsDelta():
                call: dict[str, Any] = {"index": event.index, "function": {"arguments": event.text}}
                return self._delta(event.choice, {"tool_calls": [call]})
            case ToolCallBegan():
                return self._call(event)
            case RefusalDelta():
                return self._delta(event.choice, {"refusal": event.text})
            case ReasoningDelta():
                return self._reasoning(event)
            case PartCame():
                return self._part(event)
            case Started():
                return self._start(event)
            case Stopped():
                finish = write_finish(event.stop, event.word, event.sequence)
                return self._chunk({"index": event.choice, "delta": {}, "logprobs": None, **finish})
            case Used():
                self._usage = event.usage
            case Unmapped():
                self._losses.add(*event.names)
            case Ended():
                return self._end()
        return b""

    def _start(self, event: Started) -> bytes:
        head: dict[str, Any] = {
            "id": event.id or "",
            "object": "chat.completion.chunk",
            "created": self._asked.at,
            "model": event.model or self._asked.model,
        }
        if event.fingerprint is not None:
            head["system_fingerprint"] = event.fingerprint
        self._usage = event.usage or self._usage
        self._head = b"data: " + encode(head)[:-1] + b',"choices":['
        return self._delta(0, {})

    def _chunk(self, choice: dict[str, Any]) -> bytes:
        return self._head + encode(choice) + b"]}\n\n"

    def _delta(self, index: int, delta: dict[str, Any], odds: list[dict[str, Any]] | None = None) -> bytes:
        if index not in self._opened:
            self._opened.add(index)
            delta = {"role": "assistant", "content": "", **delta}
        told = write_logprobs(odds)
        return self._chunk({"index": index, "delta": delta, "logprobs": told, "finish_reason": None})

    def _text(self, event: TextDelta) -> bytes:
        seal = write_call_seal(event)
        if event.signature is not None and not seal:
            self._losses.add("content.signature")
        delta: dict[str, Any] = {"content": event.text} if event.text or event.logprobs is not None else {}
        return self._delta(event.choice, delta | seal, event.logprobs) if delta or seal else b""

    def _call(self, event: ToolCallBegan) -> bytes:
        seal = write_call_seal(event)
        if event.signature is not None and not seal:
            self._losses.add("content.signature")
        function = {"name": event.name, "arguments": ""}
        call = {"index": event.index, "id": event.id, "type": "function", "function": function, **seal}
        return self._delta(event.choice, {"tool_calls": [call]})

    def _reasoning(self, event: ReasoningDelta) -> bytes:
        """The seal comes with the whole thought that it seals, so that a client can give both back as they are."""
        delta: dict[str, Any] = {}
        whole = self._thought.get(event.choice, "") + event.text
        self._thought[event.choice] = whole
        if event.text:
            delta["reasoning_content"] = event.text
        if event.signature is not None:
            delta["reasoning_details"] = [_thought(event, whole)]
            self._thought[event.choice] = ""
        elif event.sealed is not None:
            delta["reasoning_details"] = [_thought(event, "")]
        return self._delta(event.choice, delta) if delta else b""

    def _part(self, event: PartCame) -> bytes:
        note_lost(event.part, self._losses)
        if isinstance(event.part, Media) and shows(event.part):
            return self._delta(event.choice, {"images": [write_image(event.part)]})
        return b""

    def _end(self) -> bytes:
        if not (self._asked.wants_usage and self._usage is not None):
            return DONE
        return self._head + b'],"usage":' + encode(write_usage(self._usage)) + b"}\n\n" + DONE
