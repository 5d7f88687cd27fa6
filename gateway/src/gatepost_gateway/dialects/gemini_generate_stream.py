"""Gemini's stream and the canonical events, both directions.

Source: Gemini API reference, `streamGenerateContent` with `alt=sse`: each event is a GenerateContentResponse with what
is new; there is no end marker, the answer is whole when every candidate has its `finishReason` and the body ends.
Vertex's `streamFunctionCallArguments` sends a call in pieces (`willContinue`, `partialArgs` with a JSON path each).
"""

import contextlib
from typing import Any

from gatepost_gateway.dialects import logprobs
from gatepost_gateway.dialects.framing import EventSplitter, StreamFailed, data_of
from gatepost_gateway.dialects.gemini_generate import camel, read_stop, read_usage, write_stop, write_usage
from gatepost_gateway.dialects.gemini_generate_parts import write_part
from gatepost_gateway.dialects.gemini_generate_pieces import put
from gatepost_gateway.dialects.gemini_generate_reply import (
    CANDIDATE,
    REPLY,
    CallIds,
    blocked,
    check_end,
    index_of,
    read_parts,
)
from gatepost_gateway.dialects.members import Malformed, as_flag, as_list, as_object, as_text, exactly, rest_of
from gatepost_gateway.dialects.openai_chat import encode
from gatepost_gateway.domain.chat import Asked
from gatepost_gateway.domain.conversation import (
    AnyPart,
    ArgumentsDelta,
    Ended,
    Event,
    Losses,
    PartCame,
    Reasoning,
    ReasoningDelta,
    Refusal,
    RefusalDelta,
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
from gatepost_gateway.domain.usage import Usage


class _Candidate:
    """How far one candidate has come. `call`: the one that is under way, with its arguments so far."""

    __slots__ = ("args", "call", "calls", "spoke", "stopped")

    def __init__(self) -> None:
        self.calls = 0
        self.spoke = False
        self.stopped = False
        self.call: ToolCall | None = None
        self.args: Any = None


class GeminiDecoder:
    """Implements `sides.EventDecoder`."""

    __slots__ = ("_blocked", "_candidates", "_numbers", "_splitter", "_started", "_wanted", "ended")

    def __init__(self, asked: Asked) -> None:
        self.ended = False
        self._wanted = asked.choices
        self._splitter = EventSplitter()
        self._candidates: dict[int, _Candidate] = {}
        self._numbers = CallIds()
        self._started = False
        self._blocked = False

    def feed(self, data: bytes) -> list[Event]:
        """Raises ValueError on what is not the format, StreamFailed on an error event."""
        return [said for event in self._splitter.feed(data) for said in self._read(event)]

    def close(self) -> list[Event]:
        if self.ended:
            return []
        rest = self._splitter.rest.strip()
        events: list[Event] = []
        # What is cut in the middle of an event is cut, and not another format.
        with contextlib.suppress(Malformed):
            events = self._read(rest + b"\n\n") if rest else []
        found = self._candidates.values()
        if self._blocked or (found and all(one.stopped for one in found)):
            self.ended = True
            events.append(Ended())
        return events

    def _read(self, event: bytes) -> list[Event]:
        data = data_of(event)
        if data is None:
            return []
        try:
            said = as_object(exactly(data), "an event of the stream")
        except Malformed as error:
            raise Malformed(f"an event of the stream is not a generateContent answer: {error}") from None
        if said.get("error") is not None:
            raise StreamFailed(encode(said["error"]).decode("utf-8", "replace"))
        events = self._head(said)
        usage = read_usage(said.get("usageMetadata"))
        unknown: list[str] = [*(rest_of(said, REPLY | {"createTime"}) or ())]
        for one in as_list(said.get("candidates"), "candidates"):
            candidate = as_object(one, "candidates")
            unknown += rest_of(candidate, CANDIDATE) or ()
            events += self._candidate(candidate)
        if said.get("promptFeedback") and not said.get("candidates"):
            choice = blocked(said["promptFeedback"])
            if choice.stop is not None:
                self._blocked = True
                events.append(Stopped(choice.stop, word=choice.word))
        if usage is not None:
            events.append(Used(usage))
        if unknown:
            events.append(Unmapped(tuple(unknown)))
        return events

    def _head(self, said: dict[str, Any]) -> list[Event]:
        if self._started:
            return []
        self._started = True
        reply_id = as_text(said.get("responseId"), "responseId")
        self._numbers.of(reply_id)
        return [Started(id=reply_id or None, model=as_text(said.get("modelVersion"), "modelVersion") or None)]

    def _candidate(self, said: dict[str, Any]) -> list[Event]:
        index = index_of(said)
        state = self._candidates.setdefault(index, _Candidate())
        events: list[Event] = []
        content = as_object(said.get("content") or {}, "candidates.content")
        for one in as_list(content.get("parts"), "candidates.content.parts"):
            part = camel(as_object(one, "candidates.content.parts"))
            call: Any = part.get("functionCall")
            pieces = isinstance(call, dict) and self._piece(camel(as_object(call, "functionCall")), part, state)
            if not pieces:
                for whole in read_parts({"content": {"parts": [part]}}, self._numbers):
                    events += self._part(whole, state, index)
            elif state.call is not None and pieces == "done":
                whole_call, state.call = state.call, None
                whole_call.arguments = encode(state.args or {}).decode()
                events += self._part(whole_call, state, index)
        odds = logprobs.read_result(said.get("logprobsResult"))
        if odds is not None:
            first = next((one for one in events if isinstance(one, TextDelta)), None)
            if first is None:
                events.append(TextDelta("", index, odds))
            else:
                first.logprobs = odds
        word = as_text(said.get("finishReason"), "candidates.finishReason") or None
        stop = read_stop(word, called=state.calls > 0)
        if stop is not None and not state.stopped:
            check_end(word, said, spoke=state.spoke)
            state.stopped = True
            events.append(Stopped(stop, index, word=word))
        return events

    def _piece(self, call: dict[str, Any], part: dict[str, Any], state: _Candidate) -> str:
        """Empty for a whole call, else `more` or `done`: pieces are put together, and go on when all have come."""
        goes_on = bool(as_flag(call.get("willContinue"), "functionCall.willContinue"))
        if state.call is None and not goes_on:
            return ""
        if state.call is None:
            began = read_parts(
                {"content": {"parts": [{**part, "functionCall": {"name": call.get("name")}}]}}, self._numbers
            )
            assert isinstance(began[0], ToolCall)
            state.call, state.args = began[0], {}
            state.call.id = as_text(call.get("id"), "functionCall.id") or state.call.id
        for one in as_list(call.get("partialArgs"), "functionCall.partialArgs"):
            put(state.args, camel(as_object(one, "functionCall.partialArgs")))
        return "more" if goes_on else "done"

    def _part(self, part: AnyPart, state: _Candidate, index: int) -> list[Event]:
        events: list[Event] = [Unmapped(tuple(part.extra))] if part.extra else []
        match part:
            case Text():
                state.spoke = state.spoke or bool(part.text)
                if part.text or part.signature is not None:
                    events.append(TextDelta(part.text, index, signature=part.signature, sealed_by=part.sealed_by))
            case Reasoning():
                events.append(ReasoningDelta(part.text, index, signature=part.signature, sealed_by=part.sealed_by))
            case ToolCall():
                number, state.calls, state.spoke = state.calls, state.calls + 1, True
                events.append(
                    ToolCallBegan(
                        index=number,
                        id=part.id,
                        name=part.name,
                        choice=index,
                        signature=part.signature,
                        sealed_by=part.sealed_by,
                    )
                )
                events.append(ArgumentsDelta(number, part.arguments, index))
            case ToolResult() | Refusal():
                events.append(Unmapped(("functionResponse",)))
            case _:
                state.spoke = True
                events.append(PartCame(part, index))
        return events


class GeminiEncoder:
    """Implements `sides.EventEncoder`. A call goes out whole: the format has no pieces that every client reads."""

    __slots__ = ("_calls", "_head", "_losses", "_stops", "_usage")

    def __init__(self, asked: Asked, losses: Losses) -> None:
        self._losses = losses
        self._head: dict[str, Any] = {"modelVersion": asked.model}
        self._calls: dict[int, dict[int, ToolCall]] = {}
        self._stops: dict[int, Stopped] = {}
        self._usage: Usage | None = None

    def encode(self, event: Event) -> bytes:
        match event:
            case Started():
                self._start(event)
            case TextDelta():
                text = Text(text=event.text, signature=event.signature, sealed_by=event.sealed_by)
                return self._say(event.choice, text, event.logprobs)
            case RefusalDelta():
                return self._say(event.choice, Refusal(text=event.text))
            case ReasoningDelta():
                part = Reasoning(text=event.text, sealed=event.sealed)
                part.signature, part.sealed_by = event.signature, event.sealed_by
                return self._say(event.choice, part)
            case PartCame():
                return self._say(event.choice, event.part)
            case ToolCallBegan():
                call = ToolCall(id=event.id, name=event.name, arguments="")
                call.signature, call.sealed_by = event.signature, event.sealed_by
                self._calls.setdefault(event.choice, {})[event.index] = call
            case ArgumentsDelta():
                self._more(event)
            case Stopped():
                self._stops[event.choice] = event
                if event.sequence is not None:
                    self._losses.add("stop_sequence")
            case Used():
                self._usage = event.usage
            case Unmapped():
                self._losses.add(*event.names)
            case Ended():
                return self._end()
        return b""

    def _start(self, event: Started) -> None:
        if event.id is not None:
            self._head["responseId"] = event.id
        if event.model is not None:
            self._head["modelVersion"] = event.model
        if event.fingerprint is not None:
            self._losses.add("system_fingerprint")
        self._usage = event.usage or self._usage

    def _more(self, event: ArgumentsDelta) -> None:
        call = self._calls.get(event.choice, {}).get(event.index)
        if call is None:
            self._losses.add("tool_call.arguments")
        else:
            call.arguments += event.text

    def _say(self, choice: int, part: AnyPart, odds: list[dict[str, Any]] | None = None) -> bytes:
        """What was called before goes out before what is said after it."""
        return self._flush(choice) + self._chunk(choice, [part], odds)

    def _flush(self, choice: int) -> bytes:
        calls = self._calls.pop(choice, {})
        return self._chunk(choice, [calls[index] for index in sorted(calls)]) if calls else b""

    def _chunk(self, choice: int, parts: list[AnyPart], odds: list[dict[str, Any]] | None = None) -> bytes:
        names: dict[str, str] = {}
        said = [one for part in parts if (one := write_part(part, self._losses, names)) is not None]
        if not said:
            return b""
        told = {"logprobsResult": logprobs.write_result(odds)} if odds is not None else {}
        return self._event({"candidates": [{"content": {"parts": said, "role": "model"}, "index": choice, **told}]})

    def _event(self, said: dict[str, Any]) -> bytes:
        return b"data: " + encode({**said, **self._head}) + b"\r\n\r\n"

    def _end(self) -> bytes:
        """The last event, with why each candidate ended and what the call used."""
        before = b"".join(self._flush(choice) for choice in sorted(self._calls))
        said: dict[str, Any] = {
            "candidates": [
                {
                    "content": {"parts": [{"text": ""}], "role": "model"},
                    "finishReason": write_stop(stop.stop),
                    "index": one,
                }
                for one, stop in sorted(self._stops.items())
            ]
        }
        if self._usage is not None:
            said["usageMetadata"] = write_usage(self._usage)
        return before + self._event(said)
