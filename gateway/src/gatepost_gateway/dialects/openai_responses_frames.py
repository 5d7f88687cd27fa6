"""The frames of a Responses stream.

Source: OpenAI's API reference, "Responses: streaming events": a text grows in `*.delta` events; `*.done` repeats
it, and so do the events that end its part, its item and the response.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from gatepost_gateway.dialects.frames import EVERYTHING, Frame, Grain, Key, Path, Slot, alone, opened, payload
from gatepost_gateway.dialects.leaves import open_answer
from gatepost_gateway.dialects.members import Malformed, as_object, as_text, as_whole
from gatepost_gateway.dialects.openai_odds import tells_more
from gatepost_gateway.domain.findings import Leaf, Place


class _TextDelta(Struct, forbid_unknown_fields=True):
    type: str
    output_index: int
    content_index: int
    delta: str
    item_id: str | None = None
    sequence_number: int | None = None
    logprobs: list[None] | None = None
    obfuscation: str | None = None


_usual = msgspec.json.Decoder(_TextDelta)
_TEXT = "response.output_text.delta"
_ARGUMENTS = frozenset(
    {"function_call_arguments", "mcp_call_arguments", "custom_tool_call_input", "code_interpreter_call_code"}
)
"""What grows in the `delta` events of calls."""
_PARTS = {"summary_text": "reasoning_summary_text"}
"""Parts whose events have another name than they."""
_LAST = frozenset({"response.completed", "response.incomplete", "response.failed", "error"})
_WITHIN = frozenset({"response.content_part.added", "response.reasoning_summary_part.added"})
LANE = "items"


class ResponsesFrames:
    """Implements `frames.FrameReader`. Every text says when it is whole, so that the response keeps one order."""

    __slots__ = ("_calls",)

    def __init__(self) -> None:
        self._calls: set[int] = set()
        """The items that are calls, and began."""

    def read(self, event: bytes) -> Frame:
        data = payload(event)
        if data is None:
            return Frame(event)
        if data.strip() == b"[DONE]":
            return Frame(event, ends=(EVERYTHING,))
        try:
            said = _usual.decode(data)
            if said.type == _TEXT and said.delta:
                slot = Slot(("delta",), said.delta, (0, LANE, said.output_index, "output_text", said.content_index))
                return Frame(event, (slot,), 0)
        except msgspec.ValidationError:
            pass
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(f"an event is not JSON: {error}") from None
        return self._read(event, data)

    def _read(self, event: bytes, data: bytes) -> Frame:
        said, leaves = opened(data)
        kind = as_text(said.get("type"), "type")
        number = as_whole(said.get("output_index"), "output_index") or 0
        name = kind.removeprefix("response.")
        ends: tuple[Key, ...] = ()
        stale: tuple[Path, ...] = ()
        if kind.endswith(".delta") and isinstance(said.get("delta"), str):
            slots = self._delta(said, name.removesuffix(".delta"), number)
            slots += [alone(leaf) for leaf in leaves if leaf.path != ("delta",)]
            stale = (("logprobs",),) if said.get("logprobs") and tells_more(said["logprobs"], [said["delta"]]) else ()
        elif kind.endswith(".delta"):
            slots = [_grows(said, leaf, name.removesuffix(".delta"), number) for leaf in leaves]
        elif kind == "response.output_item.added":
            slots = self._begin(data, said, leaves, number)
        elif kind == "response.output_item.done":
            slots, ends = self._done(data, said, leaves, number), ((0, LANE, number), (0, "calls", number))
        elif kind in _WITHIN:
            slots = [_piece(said, leaf, number) for leaf in leaves]
        else:
            again = kind.endswith(".done") or "response" in said
            slots = [alone(leaf, Grain.REPEATS if again else Grain.ALONE) for leaf in leaves]
            if kind in _LAST:
                ends = (EVERYTHING,)
            elif kind.endswith(".done"):
                ends = self._ended(said, name.removesuffix(".done"), number)
        return Frame(event, tuple(slots), 0, ends, stale)

    def _delta(self, said: dict[str, Any], name: str, number: int) -> list[Slot]:
        if not said["delta"]:
            return []
        if name in _ARGUMENTS:
            self._calls.add(number)
            return [Slot(("delta",), said["delta"], (0, "calls", number), Grain.ARGUMENTS, Place.TOOL_CALL)]
        return [Slot(("delta",), said["delta"], _key(said, name, number), place=_place(name))]

    def _ended(self, said: dict[str, Any], name: str, number: int) -> tuple[Key, ...]:
        if name in _ARGUMENTS:
            return ((0, "calls", number),)
        return (_key(said, name, number),) if name in ("output_text", "refusal") or "reasoning" in name else ()

    def _begin(self, data: bytes, said: dict[str, Any], leaves: Iterable[Leaf], number: int) -> list[Slot]:
        """An item: a call from here on, where it is one."""
        calls = open_answer(data).calls
        if not calls:
            return [alone(leaf) for leaf in leaves]
        self._calls.add(number)
        return _call(as_object(said.get("item"), "item"), leaves, number, calls[0].id)

    def _done(self, data: bytes, said: dict[str, Any], leaves: Iterable[Leaf], number: int) -> list[Slot]:
        """An item, whole. What did not begin before is judged here."""
        calls = open_answer(data).calls
        if not calls or number in self._calls:
            return [alone(leaf, Grain.REPEATS) for leaf in leaves]
        item = as_object(said.get("item"), "item")
        name, *rest = _call(item, leaves, number, calls[0].id)
        return [msgspec.structs.replace(name, arguments=calls[0].arguments), *rest]


def _call(item: dict[str, Any], leaves: Iterable[Leaf], number: int, id: str) -> list[Slot]:
    key: Key = (0, "calls", number)
    # A tool of the provider's own goes by the type of its item.
    path, name = ("item", "name"), as_text(item.get("name"), "name")
    if not name:
        path, name = ("item", "type"), as_text(item.get("type"), "type").removesuffix("_call")
    rest = [alone(leaf, key=key) for leaf in leaves if leaf.path != path]
    return [Slot(path, name, key, Grain.CALLS, Place.NAME, id), *rest]


def _piece(said: dict[str, Any], leaf: Leaf, number: int) -> Slot:
    """A part that begins with words: its events go on with them."""
    kind = as_text(as_object(said.get("part"), "part").get("type"), "part.type")
    name = _PARTS.get(kind, kind)
    return Slot(leaf.path, leaf.text, _key(said, name, number), place=_place(name))


def _grows(said: dict[str, Any], leaf: Leaf, name: str, number: int) -> Slot:
    """A text of a piece that no format knows."""
    names = (step for step in leaf.path if isinstance(step, str))
    return Slot(leaf.path, leaf.text, (*_key(said, name, number), *names), place=_place(name))


def _key(said: dict[str, Any], name: str, number: int) -> Key:
    part = said.get("content_index", said.get("summary_index"))
    return (0, LANE, number, name, as_whole(part, "content_index") or 0)


def _place(name: str) -> Place:
    return Place.REASONING if name.startswith("reasoning") else Place.ASSISTANT
