"""The frames of a text completion stream.

Source: OpenAI's API reference, "Completions (legacy)": chunks of the same object as the whole answer.
"""

import msgspec
from msgspec import Raw, Struct

from gatepost_gateway.dialects.frames import EVERYTHING, Frame, Key, Path, Slot, alone, beside, objects, opened, payload
from gatepost_gateway.dialects.members import Malformed, as_whole
from gatepost_gateway.dialects.openai_odds import tells_more
from gatepost_gateway.domain.findings import Leaf


class _Choice(Struct, forbid_unknown_fields=True):
    index: int = 0
    text: str | None = None
    finish_reason: str | None = None
    logprobs: None = None


class _Chunk(Struct, forbid_unknown_fields=True):
    id: str | None = None
    object: str | None = None
    created: int | None = None
    model: str | None = None
    system_fingerprint: str | None = None
    choices: list[_Choice] = []
    usage: Raw | None = None


_usual = msgspec.json.Decoder(_Chunk)
_TEXT = ("text", "text")


class CompletionsFrames:
    """Implements `frames.FrameReader`."""

    def read(self, event: bytes) -> Frame:
        data = payload(event)
        if data is None:
            return Frame(event)
        if data[:1] != b"{" and data.strip() == b"[DONE]":
            return Frame(event, ends=(EVERYTHING,))
        try:
            chunk = _usual.decode(data)
        except msgspec.ValidationError:
            return _read(event, data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(f"an event is not JSON: {error}") from None
        if len(chunk.choices) != 1:
            return _read(event, data) if chunk.choices else Frame(event)
        choice = chunk.choices[0]
        slots: tuple[Slot, ...] = ()
        if choice.text:
            slots = (Slot(("choices", 0, "text"), choice.text, (choice.index, *_TEXT)),)
        return Frame(event, slots, choice.index, ((choice.index,),) if choice.finish_reason is not None else ())


def _read(event: bytes, data: bytes) -> Frame:
    chunk, leaves = opened(data)
    ends: list[Key] = []
    stale: list[Path] = []
    numbers: dict[int, int] = {}
    for at, choice in objects(chunk.get("choices"), "choices"):
        number = as_whole(choice.get("index"), "index") or 0
        numbers[at] = number
        if choice.get("finish_reason") is not None:
            ends.append((number,))
        if choice.get("logprobs") is not None and tells_more(choice["logprobs"], [str(choice.get("text") or "")]):
            stale.append(("choices", at, "logprobs"))
    slots = tuple(
        _slot(leaf, numbers[int(leaf.path[1])]) if leaf.path[0] == "choices" else alone(leaf) for leaf in leaves
    )
    only = set(numbers.values())
    return Frame(event, slots, only.pop() if len(only) == 1 else None, tuple(ends), tuple(stale))


def _slot(leaf: Leaf, number: int) -> Slot:
    return Slot(leaf.path, leaf.text, (number, *_TEXT)) if leaf.path[2:] == ("text",) else beside(leaf, number)
