"""The frames of a chat completion stream.

Source: OpenAI's API reference, "Chat completions: streaming events"; `reasoning_content` and `reasoning_details` as
DeepSeek, vLLM and OpenRouter send them; content as a list as Mistral sends it.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from gatepost_gateway.dialects.frames import (
    EVERYTHING,
    Frame,
    Grain,
    Key,
    Path,
    Slot,
    alone,
    beside,
    objects,
    opened,
    payload,
)
from gatepost_gateway.dialects.members import Malformed, as_object, as_text, as_whole
from gatepost_gateway.dialects.mould import Mould
from gatepost_gateway.dialects.openai_odds import tells_more
from gatepost_gateway.domain.findings import Leaf, Place


class _Delta(Struct, forbid_unknown_fields=True, gc=False):
    role: str | None = None
    content: str | None = None
    reasoning_content: str | None = None
    refusal: str | None = None
    tool_calls: None = None
    function_call: None = None


class _Choice(Struct, forbid_unknown_fields=True, gc=False):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None
    logprobs: None = None


class _Chunk(Struct, forbid_unknown_fields=True, gc=False):
    id: str | None = None
    object: str | None = None
    created: int | None = None
    model: str | None = None
    system_fingerprint: str | None = None
    service_tier: str | None = None
    obfuscation: str | None = None
    choices: list[_Choice] = []
    usage: Raw | None = None


_usual = msgspec.json.Decoder(_Chunk)
_CONTENT, _REFUSAL, _THOUGHT = ("content", "content"), ("refusal", "refusal"), ("thought", "reasoning_content")
_CONTENT_PATH: Path = ("choices", 0, "delta", "content")
_CALLS = ("tool_calls", "function_call")


class OpenAIChatFrames:
    """Implements `frames.FrameReader`."""

    __slots__ = ("_calls", "_choice", "_ids", "_key", "_last", "_mould")

    def __init__(self) -> None:
        self._mould = Mould()
        self._choice: int | None = None
        self._key: Key = ()
        """Of the text of the event that the mould was made of."""
        self._calls: dict[tuple[int, int], int] = {}
        """(choice, the server's own number of a call) -> ours."""
        self._ids: dict[tuple[int, int], str] = {}
        self._last: dict[int, int] = {}
        """The call of each choice that came last."""

    def read(self, event: bytes) -> Frame:
        text = self._mould.text_of(event)
        if text is not None:
            return Frame(event, (Slot(_CONTENT_PATH, text, self._key),), self._choice)
        data = payload(event)
        if data is None:
            return Frame(event)
        if data[:1] != b"{" and data.strip() == b"[DONE]":
            return Frame(event, ends=(EVERYTHING,))
        try:
            return self._learnt(_read_usual(event, _usual.decode(data))) or self._read(event, data)
        except msgspec.ValidationError:
            return self._read(event, data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(f"an event is not JSON: {error}") from None

    def _learnt(self, frame: Frame | None) -> Frame | None:
        """The same frame: one of a piece of the content, and nothing else, shows how the next ones look."""
        slot = _only_content(frame) if frame is not None else None
        if frame is not None and slot is not None and self._mould.take(frame.raw, slot.text, _content_of):
            self._choice, self._key = frame.choice, slot.key
        return frame

    def _read(self, event: bytes, data: bytes) -> Frame:
        chunk, leaves = opened(data)
        slots: list[Slot] = []
        ends: list[Key] = []
        stale: list[Path] = []
        numbers: dict[int, int] = {}
        for at, choice in objects(chunk.get("choices"), "choices"):
            number = numbers[at] = as_whole(choice.get("index"), "index") or 0
            delta = as_object(choice.get("delta") or {}, "delta")
            slots += self._calls_in(delta, ("choices", at, "delta"), number, ends)
            if choice.get("finish_reason") is not None:
                ends.append((number,))
        called = {slot.path for slot in slots}
        for leaf in leaves:
            if leaf.path[0] != "choices":
                slots.append(alone(leaf))
            elif leaf.path[2] != "delta":
                slots.append(beside(leaf, numbers[int(leaf.path[1])]))
            elif leaf.path[3] not in _CALLS:
                slots.append(_growing(leaf, numbers[int(leaf.path[1])]))
            elif not any(leaf.path[: len(path)] == path for path in called):
                slots.append(alone(leaf))
        for at, choice in objects(chunk.get("choices"), "choices"):
            said = [slot.text for slot in slots if slot.path[:2] == ("choices", at)]
            if choice.get("logprobs") is not None and tells_more(choice["logprobs"], said):
                stale.append(("choices", at, "logprobs"))
        only = set(numbers.values())
        return Frame(event, tuple(slots), only.pop() if len(only) == 1 else None, tuple(ends), tuple(stale))

    def _calls_in(self, delta: dict[str, Any], path: Path, number: int, ends: list[Key]) -> list[Slot]:
        slots: list[Slot] = []
        for here, call in objects(delta.get("tool_calls"), "tool_calls"):
            inside = "custom" if "custom" in call and "function" not in call else "function"
            slots += self._call(call, (*path, "tool_calls", here, inside), number, ends)
        if delta.get("function_call") is not None:
            call = {"index": -1, "function": delta["function_call"]}
            slots += self._call(call, (*path, "function_call"), number, ends)
        return slots

    def _call(self, call: dict[str, Any], path: Path, choice: int, ends: list[Key]) -> list[Slot]:
        """A new id is a new call, also where a server counts all of its calls as 0."""
        function = as_object(call.get(str(path[-1])) or call.get("function") or {}, "function")
        name, id = as_text(function.get("name"), "name"), as_text(call.get("id"), "id")
        slot = as_whole(call.get("index"), "index")
        if slot is None:
            slot = max((one for whose, one in self._calls if whose == choice), default=0)
        known = self._calls.get((choice, slot))
        if known is None or (id and name and id != self._ids.get((choice, known))):
            known = sum(1 for whose, _ in self._ids if whose == choice)
            self._calls[choice, slot] = known
            self._ids[choice, known] = id
        key = (choice, "calls", known)
        if (before := self._last.get(choice)) is not None and before != known:
            ends.append((choice, "calls", before))
        self._last[choice] = known
        pieces = [
            Slot((*path, member), text, key, Grain.ARGUMENTS, Place.TOOL_CALL)
            for member in ("arguments", "input")
            if isinstance(text := function.get(member), str)
        ]
        return [Slot((*path, "name"), name, key, Grain.CALLS, Place.NAME, id), *pieces]


def _read_usual(event: bytes, chunk: _Chunk) -> Frame | None:
    """None: look closer."""
    if len(chunk.choices) != 1:
        return Frame(event) if not chunk.choices else None
    choice = chunk.choices[0]
    delta, number = choice.delta, choice.index
    ends: tuple[Key, ...] = ((number,),) if choice.finish_reason is not None else ()
    slots: tuple[Slot, ...] = ()
    if delta is not None:
        if delta.content:
            slots = (Slot(_CONTENT_PATH, delta.content, (number, *_CONTENT)),)
        if delta.reasoning_content:
            path = ("choices", 0, "delta", "reasoning_content")
            slots += (Slot(path, delta.reasoning_content, (number, *_THOUGHT), place=Place.REASONING),)
        if delta.refusal:
            slots += (Slot(("choices", 0, "delta", "refusal"), delta.refusal, (number, *_REFUSAL)),)
    return Frame(event, slots, number, ends)


def _only_content(frame: Frame) -> Slot | None:
    if len(frame.slots) != 1 or frame.ends:
        return None
    slot = frame.slots[0]
    return slot if slot.path == _CONTENT_PATH else None


def _content_of(event: bytes) -> str | None:
    data = payload(event)
    try:
        frame = _read_usual(event, _usual.decode(data)) if data is not None else None
    except (ValueError, RecursionError):
        return None
    slot = _only_content(frame) if frame is not None else None
    return slot.text if slot is not None else None


def _growing(leaf: Leaf, number: int) -> Slot:
    """A text of a delta. Content may be a list: its texts are one text, its thoughts another."""
    name = str(leaf.path[3])
    if leaf.place is Place.REASONING:
        names = tuple(step for step in leaf.path[3:] if isinstance(step, str))
        key: Key = (number, *_THOUGHT) if name == "content" else (number, "thought", *names)
    elif name == "content":
        key = (number, *_CONTENT)
    else:
        lane = name if name == "refusal" else "other"
        key = (number, lane, *(step for step in leaf.path[3:] if isinstance(step, str)))
    return Slot(leaf.path, leaf.text, key, place=leaf.place)
