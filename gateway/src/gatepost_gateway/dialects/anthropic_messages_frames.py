"""The frames of a Messages stream.

Source: Anthropic's API reference, "Streaming messages" (events, kinds of deltas, blocks that begin and stop).
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from gatepost_gateway.dialects.frames import EVERYTHING, Frame, Grain, Key, Path, Slot, alone, opened, payload
from gatepost_gateway.dialects.members import Malformed, as_object, as_text, as_whole
from gatepost_gateway.domain.findings import Leaf, Place


class _Delta(Struct, forbid_unknown_fields=True):
    type: str
    text: str


class _Event(Struct, forbid_unknown_fields=True):
    type: str
    index: int
    delta: _Delta


_usual = msgspec.json.Decoder(_Event)
_GROWING = {"text": Place.ASSISTANT, "thinking": Place.REASONING}
LANE = "blocks"


class AnthropicFrames:
    """Implements `frames.FrameReader`. Blocks say when they stop, so that the whole message keeps one order."""

    def read(self, event: bytes) -> Frame:
        data = payload(event)
        if data is None:
            return Frame(event)
        try:
            said = _usual.decode(data)
            if said.type == "content_block_delta" and said.delta.type == "text_delta":
                slot = Slot(("delta", "text"), said.delta.text, (0, LANE, said.index, "text"))
                return Frame(event, (slot,), 0)
        except msgspec.ValidationError:
            pass
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(f"an event is not JSON: {error}") from None
        return _read(event, data)


def _read(event: bytes, data: bytes) -> Frame:
    said, leaves = opened(data)
    number = as_whole(said.get("index"), "index") or 0
    ends: tuple[Key, ...] = ()
    slots: list[Slot] = []
    match said.get("type"):
        case "ping":
            return Frame(event)
        case "content_block_start":
            slots = _begin(as_object(said.get("content_block"), "content_block"), leaves, number)
        case "content_block_delta":
            slots = _delta(as_object(said.get("delta"), "delta"), leaves, number)
        case "content_block_stop":
            ends = ((0, LANE, number),)
        case "message_stop":
            ends = (EVERYTHING,)
        case _:
            slots = [alone(leaf) for leaf in leaves]
    return Frame(event, tuple(slots), 0, ends)


def _begin(block: dict[str, Any], leaves: Iterable[Leaf], number: int) -> list[Slot]:
    key: Key = (0, LANE, number)
    kind = as_text(block.get("type"), "type")
    if "input" not in block:
        growing = ("content_block", kind) if kind in _GROWING else ()
        return [
            Slot(leaf.path, leaf.text, (*key, kind), place=_GROWING[kind]) if leaf.path == growing else alone(leaf)
            for leaf in leaves
        ]
    # `tool_use`, and tools that the provider runs itself.
    given = msgspec.json.encode(block["input"]).decode() if block["input"] else ""
    path: Path = ("content_block", "name")
    name, id = as_text(block.get("name"), "name"), as_text(block.get("id"), "id")
    called = Slot(path, name, key, Grain.CALLS, Place.NAME, id, given)
    return [called, *(alone(leaf, key=key) for leaf in leaves if leaf.path != path)]


def _delta(delta: dict[str, Any], leaves: Iterable[Leaf], number: int) -> list[Slot]:
    kind = as_text(delta.get("type"), "type")
    key: Key = (0, LANE, number)
    if kind == "input_json_delta":
        text = as_text(delta.get("partial_json"), "partial_json")
        return [Slot(("delta", "partial_json"), text, key, Grain.ARGUMENTS, Place.TOOL_CALL)]
    if kind == "citations_delta":
        return [alone(leaf) for leaf in leaves]
    place = _GROWING.get(kind.removesuffix("_delta"), Place.ASSISTANT)
    return [
        Slot(leaf.path, leaf.text, (*key, *(step for step in leaf.path[1:] if isinstance(step, str))), place=place)
        for leaf in leaves
    ]
