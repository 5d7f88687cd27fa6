"""The frames of a Gemini stream.

Source: Gemini API reference, `streamGenerateContent`: each event carries new parts; parts of one kind that follow each
other are one text, and another kind between them parts them, as in an answer that is not streamed.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Raw, Struct

from gatepost_gateway.dialects.frames import Frame, Grain, Key, Path, Slot, alone, objects, opened, payload
from gatepost_gateway.dialects.gemini_generate import camel
from gatepost_gateway.dialects.gemini_generate_pieces import put
from gatepost_gateway.dialects.members import Malformed, as_flag, as_object, as_text, as_whole
from gatepost_gateway.dialects.openai_odds import tells_more
from gatepost_gateway.domain.findings import Leaf, Place


class _Part(Struct, forbid_unknown_fields=True):
    text: str = ""


class _Content(Struct, forbid_unknown_fields=True):
    parts: list[_Part]
    role: str | None = None


class _Candidate(Struct, forbid_unknown_fields=True):
    content: _Content
    index: int = 0


class _Event(Struct, forbid_unknown_fields=True):
    candidates: list[_Candidate]
    modelVersion: str | None = None  # noqa: N815 - the wire's name
    responseId: str | None = None  # noqa: N815
    usageMetadata: Raw | None = None  # noqa: N815


_usual = msgspec.json.Decoder(_Event)
_TEXT_PATH: Path = ("candidates", 0, "content", "parts", 0, "text")


class _Progress:
    """How far one candidate has come. `kind`: of the part that came last; `part`: how many kinds came before it."""

    __slots__ = ("_args", "_calls", "_under_way", "kind", "part")

    def __init__(self) -> None:
        self.part = 0
        self.kind = ""
        self._calls = 0
        self._under_way = False
        self._args: dict[str, Any] = {}

    def turn(self, kind: str, number: int, ends: list[Key]) -> None:
        """A part of this kind comes: a text of another kind is whole."""
        if self.kind != kind:
            if self.kind in ("text", "thought"):
                ends.append((number, self.part))
            self.kind = kind
            self.part += 1

    def call(
        self, call: dict[str, Any], path: Path, number: int, ends: list[Key], leaves: Iterable[Leaf]
    ) -> list[Slot]:
        """A whole call, or a piece of one (`willContinue`). `leaves`: the texts of its arguments."""
        more = bool(as_flag(call.get("willContinue", call.get("will_continue")), "functionCall.willContinue"))
        if not self._under_way:
            self._calls, self._args = self._calls + 1, {}
        key: Key = (number, "calls", self._calls)
        self._under_way = more
        slots = [alone(leaf, key=key) for leaf in leaves]
        for here, piece in objects(call.get("partialArgs"), "partialArgs"):
            put(self._args, piece)
            if text := as_text(piece.get("stringValue"), "stringValue"):
                where = as_text(piece.get("jsonPath"), "jsonPath")
                at = (*path, "partialArgs", here, "stringValue")
                slots.append(Slot(at, text, (*key, where), place=Place.TOOL_CALL))
        given: Any = {}
        if not more:
            ends.append(key)
            given = call.get("args") or self._args
        name, id = as_text(call.get("name"), "name"), as_text(call.get("id"), "id")
        arguments = msgspec.json.encode(given).decode() if given else ""
        return [Slot((*path, "name"), name, key, Grain.CALLS, Place.NAME, id, arguments), *slots]


class GeminiFrames:
    """Implements `frames.FrameReader`."""

    __slots__ = ("_candidates",)

    def __init__(self) -> None:
        self._candidates: dict[int, _Progress] = {}

    def read(self, event: bytes) -> Frame:
        data = payload(event)
        if data is None:
            return Frame(event)
        try:
            return self._read_usual(event, _usual.decode(data)) or self._read(event, data)
        except msgspec.ValidationError:
            return self._read(event, data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(f"an event is not JSON: {error}") from None

    def _read_usual(self, event: bytes, said: _Event) -> Frame | None:
        """One piece of text that goes on. None: look closer."""
        if len(said.candidates) != 1 or len(said.candidates[0].content.parts) != 1:
            return None
        number = said.candidates[0].index
        state = self._candidates.get(number)
        if state is None or state.kind != "text":
            return None
        text = said.candidates[0].content.parts[0].text
        slots = (Slot(_TEXT_PATH, text, (number, state.part, "text")),) if text else ()
        return Frame(event, slots, number)

    def _read(self, event: bytes, data: bytes) -> Frame:
        said, leaves = opened(data)
        slots: list[Slot] = []
        ends: list[Key] = []
        stale: list[Path] = []
        numbers: set[int] = set()
        taken: set[Path] = set()
        for at, candidate in objects(said.get("candidates"), "candidates"):
            number = as_whole(candidate.get("index"), "candidates.index") or 0
            numbers.add(number)
            path: Path = ("candidates", at)
            found = self._parts(candidate, path, number, ends, leaves)
            taken.update(slot.path for slot in found)
            slots += found
            stale += _stale(candidate, path, [slot.text for slot in found])
            if candidate.get("finishReason") or candidate.get("finish_reason"):
                ends.append((number,))
                self._candidates[number].kind = "over"
        slots += [alone(leaf) for leaf in leaves if leaf.path not in taken and "partialArgs" not in leaf.path]
        only = numbers.pop() if len(numbers) == 1 else None
        return Frame(event, tuple(slots), only, tuple(ends), tuple(stale))

    def _parts(
        self, candidate: dict[str, Any], path: Path, number: int, ends: list[Key], leaves: Iterable[Leaf]
    ) -> list[Slot]:
        state = self._candidates.setdefault(number, _Progress())
        content = as_object(candidate.get("content") or {}, "content")
        slots: list[Slot] = []
        for here, part in objects(content.get("parts"), "parts"):
            at = (*path, "content", "parts", here)
            name = next((one for one in ("functionCall", "function_call") if part.get(one) is not None), None)
            if name is not None:
                state.turn("call", number, ends)
                inside = [leaf for leaf in leaves if leaf.path[: len(at) + 2] == (*at, name, "args")]
                slots += state.call(as_object(part[name], name), (*at, name), number, ends, inside)
            elif not isinstance(text := part.get("text"), str):
                state.turn("other", number, ends)
            elif text:
                kind, place = ("thought", Place.REASONING) if part.get("thought") else ("text", Place.ASSISTANT)
                state.turn(kind, number, ends)
                slots.append(Slot((*at, "text"), text, (number, state.part, kind), place=place))
        return slots


def _stale(candidate: dict[str, Any], path: Path, texts: list[str]) -> list[Path]:
    found: list[Path] = []
    for name in ("logprobsResult", "logprobs_result"):
        if candidate.get(name):
            chosen = camel(as_object(candidate[name], name)).get("chosenCandidates")
            found += [(*path, name)] if tells_more(chosen, texts) else []
    return found
