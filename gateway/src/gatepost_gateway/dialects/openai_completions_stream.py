"""The text completion stream: read as it passes, and written for callers of it from what other formats say.

Source: OpenAI's API reference, "Completions (legacy)": chunks of the same object as the whole answer, `data: [DONE]` at
the end, with `stream_options.include_usage` a last chunk that has usage and no choices.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from gatepost_gateway.dialects.framing import SHOWN, EventSplitter, StreamFailed, data_of
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.notes import lost_of_text
from gatepost_gateway.dialects.openai_chat import MAX_CHOICES, NULL, WireUsage, encode, read_usage
from gatepost_gateway.dialects.openai_chat_reply import write_usage
from gatepost_gateway.dialects.openai_chat_stream import DONE
from gatepost_gateway.dialects.openai_completions import head, note_unsayable, write_choice
from gatepost_gateway.domain.chat import Asked, Stop
from gatepost_gateway.domain.conversation import (
    Ended,
    Event,
    Losses,
    PartCame,
    ReasoningDelta,
    RefusalDelta,
    Started,
    Stopped,
    TextDelta,
    ToolCallBegan,
    Unmapped,
    Used,
)
from gatepost_gateway.domain.ports import Summary
from gatepost_gateway.domain.usage import Usage


class _Choice(Struct):
    index: int = 0
    text: str | None = None
    finish_reason: str | None = None


class _Chunk(Struct):
    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: WireUsage | None = None
    system_fingerprint: str | None = None
    error: Raw = NULL


_chunk = msgspec.json.Decoder(_Chunk)


class CompletionsReader:
    """Implements `ports.StreamReader` for a caller and a provider that both speak the format."""

    __slots__ = ("_choices", "_finish", "_keep_usage", "_splitter", "ended", "spoke", "summary", "tokens")

    def __init__(self, asked: Asked) -> None:
        self._keep_usage = asked.wants_usage
        self._choices = asked.choices
        self._splitter = EventSplitter()
        self._finish: dict[int, str] = {}
        self.summary = Summary()
        self.ended = False
        self.spoke = False
        self.tokens = 0

    def feed(self, data: bytes) -> bytes:
        """Raises ValueError on what is not the format, StreamFailed on an error event."""
        return b"".join(event for event in self._splitter.feed(data) if not self.ended and self._read(event))

    def close(self) -> bytes:
        """Some compatible servers send no `[DONE]`; then the finish reason of every choice is the end."""
        if not self.ended:
            rest = self._splitter.rest.strip()
            said = data_of(rest + b"\n\n") if rest else None
            self.ended = said is not None and said.strip() == b"[DONE]" if rest else self._all_finished()
        return b""

    def _all_finished(self) -> bool:
        return bool(self._finish) and len(self._finish) >= self._choices

    def _read(self, event: bytes) -> bool:
        """Takes note of an event; whether it goes on to the caller."""
        data = data_of(event)
        if data is None:
            return True
        if data.strip() == b"[DONE]":
            self.ended = True
            return True
        try:
            chunk = _chunk.decode(data)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise Malformed(f"an event of the stream is not a text completion chunk: {error}") from None
        if chunk.error is not NULL and bytes(chunk.error) != b"null":
            raise StreamFailed(bytes(chunk.error)[:SHOWN].decode("utf-8", "replace"))
        summary = self.summary
        if not summary.upstream_id:
            summary.upstream_id, summary.model, summary.fingerprint = chunk.id, chunk.model, chunk.system_fingerprint
        for choice in chunk.choices or ():
            self._note(choice)
        if chunk.usage is None:
            return True
        summary.usage = read_usage(chunk.usage) or summary.usage
        return bool(chunk.choices) or self._keep_usage

    def _note(self, choice: _Choice) -> None:
        if choice.text:
            self.spoke = True
            self.tokens += 1
            self.summary.text_bytes += len(choice.text.encode())
        if choice.finish_reason and len(self._finish) < MAX_CHOICES:
            self._finish[choice.index] = choice.finish_reason
            self.summary.finish = tuple(self._finish.values())


class CompletionsEncoder:
    """Implements `sides.EventEncoder`."""

    def __init__(self, asked: Asked, losses: Losses) -> None:
        self._asked = asked
        self._losses = losses
        self._head = b""
        self._usage: Usage | None = None

    def encode(self, event: Event) -> bytes:
        match event:
            case TextDelta() | RefusalDelta():
                if isinstance(event, TextDelta):
                    lost_of_text(event, self._losses)
                return self._chunk(event.choice, event.text, None)
            case Stopped():
                return self._chunk(event.choice, "", event.stop)
            case Started():
                self._begin(event)
            case Used():
                self._usage = event.usage
            case ReasoningDelta():
                self._losses.add("content.reasoning")
            case ToolCallBegan():
                self._losses.add("content.tool_call")
            case PartCame():
                note_unsayable(event.part, self._losses)
            case Unmapped():
                self._losses.add(*event.names)
            case Ended():
                return self._end()
            case _:
                pass
        return b""

    def _begin(self, event: Started) -> None:
        said: dict[str, Any] = head(self._asked, event.id, event.model, event.fingerprint)
        self._usage = event.usage or self._usage
        self._head = b"data: " + encode(said)[:-1] + b',"choices":['

    def _chunk(self, index: int, text: str, stop: Stop | None) -> bytes:
        return self._head + encode(write_choice(index, text, stop)) + b"]}\n\n"

    def _end(self) -> bytes:
        if not (self._asked.wants_usage and self._usage is not None):
            return DONE
        return self._head + b'],"usage":' + encode(write_usage(self._usage)) + b"}\n\n" + DONE
