"""What a stream says, put together while it passes: as little as the next turn is known by.

It reads what goes out to the caller, in the caller's own format, a good many events at a time: that is what the caller
will send back, whatever the provider said and policy took out of it.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

import msgspec
from msgspec import Struct

from gatepost_gateway.dialects.transcript import LARGEST, Turn, output_turn, spoken
from gatepost_gateway.domain.chat import DialectName

_ODD = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""How it shows that a stream is not as its format says."""
T = TypeVar("T")
_AT_ONCE = 16 * 1024
"""Bytes that are kept before they are read."""


class _Words(Struct):
    """What one choice has said. Calls are (id, name, pieces of arguments)."""

    texts: list[str] = msgspec.field(default_factory=list[str])
    calls: dict[int, tuple[str, str, list[str]]] = msgspec.field(default_factory=dict[int, tuple[str, str, list[str]]])

    def said(self) -> list[tuple[str, str, str]]:
        return [(call_id, name, "".join(pieces)) for call_id, name, pieces in self.calls.values()]

    def turn(self) -> Turn:
        return spoken(self.texts, [(name, "".join(pieces)) for _, name, pieces in self.calls.values()])


class _Reader(Protocol):
    def take(self, events: bytes) -> None:
        """Events as one JSON list: read at once, they cost half."""
        ...

    def turns(self) -> list[Turn]: ...
    def calls(self) -> list[tuple[str, str, str]]: ...


class Words:
    """Reads a stream as it goes out. What is not as the format says is given up, and never stops the stream."""

    __slots__ = ("_held", "_reader", "_rest", "_size", "_taken")

    def __init__(self, dialect: DialectName) -> None:
        kind = _READERS.get(dialect)
        self._reader: _Reader | None = kind() if kind is not None else None
        self._held: list[bytes] = []
        self._rest = b""
        self._size = 0
        self._taken = 0

    def feed(self, batch: bytes) -> None:
        if self._reader is None:
            return
        self._held.append(batch)
        self._size += len(batch)
        if self._size > _AT_ONCE:
            self._read()

    def turns(self) -> list[Turn]:
        """One a choice; empty when the stream said nothing, or was not understood."""
        self._held.append(b"\n")
        self._read()
        return [turn for turn in self._told(lambda reader: reader.turns()) if turn.text or turn.rest]

    def calls(self) -> list[tuple[str, str, str]]:
        """The calls of the first choice so far, each (id, name, arguments)."""
        self._held.append(b"\n")
        self._read()
        return self._told(lambda reader: reader.calls())

    def _told(self, ask: Callable[[_Reader], list[T]]) -> list[T]:
        if self._reader is None:
            return []
        try:
            return ask(self._reader)
        except _ODD:
            self._reader = None
            return []

    def _read(self) -> None:
        if self._reader is None:
            return
        data = self._rest + b"".join(self._held)
        self._held.clear()
        self._taken += self._size
        self._size = 0
        *lines, self._rest = data.split(b"\n")
        take = self._reader.take
        try:
            found = [line[5:] for line in lines if line[:5] == b"data:"]
            if found and found[-1].strip() == b"[DONE]":
                found.pop()
            if found:
                take(b"[" + b",".join(found) + b"]")
        except _ODD:
            self._reader = None
        if self._taken > LARGEST:
            self._reader = None


class _Function(Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(Struct):
    index: int = 0
    id: str | None = None
    function: _Function | None = None


class _Delta(Struct):
    content: Any = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(Struct):
    index: int = 0
    delta: _Delta | None = None


class _Chunk(Struct):
    choices: list[_Choice] | None = None


class _OpenAI:
    def __init__(self) -> None:
        self._said: dict[int, _Words] = {}
        self._decode = msgspec.json.Decoder(list[_Chunk]).decode

    def take(self, events: bytes) -> None:
        for choice in [choice for chunk in self._decode(events) if chunk.choices for choice in chunk.choices]:
            delta = choice.delta
            if delta is None:
                continue
            words = self._said.setdefault(choice.index, _Words())
            if isinstance(delta.content, str):
                words.texts.append(delta.content)
            elif delta.content:
                words.texts += [part["text"] for part in delta.content if part.get("type") == "text"]
            for call in delta.tool_calls or ():
                if call.function is not None:
                    said = words.calls.setdefault(call.index, (call.id or "", call.function.name or "", []))
                    _, _, pieces = said
                    pieces.append(call.function.arguments or "")

    def turns(self) -> list[Turn]:
        return [words.turn() for words in self._said.values()]

    def calls(self) -> list[tuple[str, str, str]]:
        return self._said[0].said() if 0 in self._said else []


class _Block(Struct):
    type: str = ""
    id: str = ""
    text: str = ""
    name: str = ""


class _Piece(Struct):
    text: str = ""
    partial_json: str = ""


class _Event(Struct):
    index: int = 0
    content_block: _Block | None = None
    delta: _Piece | None = None


class _Anthropic:
    def __init__(self) -> None:
        self._words = _Words()
        self._decode = msgspec.json.Decoder(list[_Event]).decode

    def take(self, events: bytes) -> None:
        for event in self._decode(events):
            self._take(event)

    def _take(self, event: _Event) -> None:
        words, block = self._words, event.content_block
        if block is not None:
            if block.type == "tool_use":
                words.calls[event.index] = (block.id, block.name, [])
            elif block.type == "text" and block.text:
                words.texts.append(block.text)
        if event.delta is not None:
            if event.delta.text:
                words.texts.append(event.delta.text)
            elif event.delta.partial_json and event.index in words.calls:
                words.calls[event.index][2].append(event.delta.partial_json)

    def turns(self) -> list[Turn]:
        return [self._words.turn()]

    def calls(self) -> list[tuple[str, str, str]]:
        return self._words.said()


class _Gemini:
    """Each event is an answer of its own, with the next parts of every candidate."""

    def __init__(self) -> None:
        self._said: dict[int, Turn] = {}
        self._calls: list[tuple[str, str, str]] = []

    def take(self, events: bytes) -> None:
        decoded = cast("list[dict[str, Any]]", msgspec.json.decode(events))
        for candidate in [one for event in decoded for one in event.get("candidates") or ()]:
            content: dict[str, Any] = candidate.get("content") or {}
            parts: list[dict[str, Any]] = [part for part in content.get("parts") or () if not part.get("thought")]
            index = candidate.get("index") or 0
            said = self._said.setdefault(index, Turn("assistant", "", []))
            said.text += "".join(part["text"] for part in parts if "text" in part) if not said.rest else ""
            calls: list[dict[str, Any]] = [call for part in parts if (call := part.get("functionCall"))]
            said.rest += spoken((), [(call["name"], call.get("args") or {}) for call in calls]).rest
            if index == 0:
                self._calls += [(call.get("id") or "", call["name"], _text(call.get("args"))) for call in calls]

    def turns(self) -> list[Turn]:
        for said in self._said.values():
            said.text = "" if said.rest else said.text.strip()
        return list(self._said.values())

    def calls(self) -> list[tuple[str, str, str]]:
        return self._calls


def _text(arguments: Any) -> str:
    return msgspec.json.encode(arguments or {}).decode()


class _Final(Struct):
    type: str = ""
    response: msgspec.Raw = msgspec.Raw(b"null")


class _Responses:
    """The last event has the whole answer."""

    def __init__(self) -> None:
        self._output: list[dict[str, Any]] = []
        self._decode = msgspec.json.Decoder(list[_Final]).decode

    def take(self, events: bytes) -> None:
        for event in self._decode(events):
            if event.type in ("response.completed", "response.incomplete"):
                self._output = msgspec.json.decode(event.response)["output"]

    def turns(self) -> list[Turn]:
        return [output_turn(self._output)]

    def calls(self) -> list[tuple[str, str, str]]:
        items = [item for item in self._output if item.get("type") == "function_call"]
        return [(item["call_id"], item["name"], item["arguments"]) for item in items]


_READERS: dict[DialectName, type[_Reader]] = {
    DialectName.OPENAI_CHAT: _OpenAI,
    DialectName.ANTHROPIC_MESSAGES: _Anthropic,
    DialectName.GEMINI_GENERATE: _Gemini,
    DialectName.OPENAI_RESPONSES: _Responses,
}
