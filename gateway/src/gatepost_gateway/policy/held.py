"""What waits at the gate: frames in their order, the texts that stand whole in them, the calls that come in pieces."""

from collections.abc import Sequence
from time import perf_counter_ns

from gatepost_gateway.dialects.frames import Frame, Grain, Path, Slot, rewritten
from gatepost_gateway.dialects.leaves import legible, open_json
from gatepost_gateway.dialects.rewriting import rewrite
from gatepost_gateway.domain.findings import Called, Leaf, Place, find_all
from gatepost_gateway.policy.redaction import Replacement, apply, edits_of
from gatepost_gateway.policy.tallies import Tallies
from gatepost_gateway.policy.window import Ear, Window

SPLIT = 256
"""Settled characters of a frame that are sent ahead when the rest of it must wait."""


class Whole:
    """A text that came whole, and what is to be replaced in it."""

    __slots__ = ("leaf", "wanted")

    def __init__(self, leaf: Leaf) -> None:
        self.leaf = leaf
        self.wanted: list[Replacement] = []

    @property
    def whole_leaf(self) -> Leaf:
        return self.leaf

    @property
    def redacted_leaf(self) -> Leaf:
        return Leaf(self.leaf.path, self.leaf.place, self.reads)

    def hear(self, ears: Sequence[Ear], tallies: Tallies, *, again: bool = False) -> None:
        """Lets everybody find what they look for, as in an answer that is not streamed. `again`: it repeats a text."""
        for ear in ears:
            began = perf_counter_ns()
            try:
                for finding in find_all(ear.detector, self.leaf.text):
                    found = self.leaf.text[finding.start : finding.end]
                    for one in ear.listeners:
                        wanted = tallies.weigh(one.number, self.leaf, finding, found, again=again)
                        if wanted is not None:
                            self.wanted.append(wanted)
            except Exception as error:  # noqa: BLE001 - whatever fails in a detector denies, in the name of its rules
                tallies.fail(ear.numbers, error)
            tallies.spend(ear.numbers, perf_counter_ns() - began)

    def want(self, one: Replacement) -> None:
        self.wanted.append(one)

    def finish(self) -> None:
        """It is settled as it is."""

    @property
    def reads(self) -> str:
        return apply(self.leaf.text, edits_of(self.wanted)) if self.wanted else self.leaf.text


class Call:
    """A tool call as it grows. `path`: where a record says that it stands."""

    __slots__ = ("_arguments", "_given", "_id", "_label", "_name", "_path", "_plain", "_texts", "_told", "whole")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = self._id = self._given = ""
        self._arguments: list[str] = []
        self._texts: list[Whole] = []
        self._label: list[Whole] = []
        self._told: set[Grain] = set()
        self._plain = False
        """The arguments are no JSON."""
        self.whole = False

    def name_it(self, slot: Slot) -> None:
        self._name += slot.text
        self._id = self._id or slot.call_id
        self._given = slot.arguments or self._given

    def grow(self, piece: str) -> None:
        self._arguments.append(piece)

    @property
    def called(self) -> Called:
        return Called(self._name, self._given or "".join(self._arguments) or "{}", self._id)

    def end(self) -> list[Whole]:
        """The call is whole: its strings, as in an answer that is not streamed.

        Raises Malformed when a member of the arguments is there twice.
        """
        self.whole = True
        said = "".join(self._arguments)
        leaves = open_json(said, Place.TOOL_CALL) if said else []
        self._plain = leaves is None
        if leaves is None:
            leaves = [Leaf((), Place.TOOL_CALL, legible(said))]
        self._texts = [Whole(Leaf((*self._path, *leaf.path), leaf.place, leaf.text)) for leaf in leaves]
        self._label = [Whole(Leaf((*self._path, "name"), Place.NAME, self._name))] if self._name else []
        return [*self._label, *self._texts]

    def reads(self, slot: Slot) -> str:
        """What goes out for a piece of it: a text that was changed stands in the first frame that has any of it."""
        texts = self._label if slot.grain is Grain.CALLS else self._texts
        if not any(one.wanted for one in texts):
            return slot.text
        if slot.grain in self._told:
            return ""
        self._told.add(slot.grain)
        if slot.grain is Grain.CALLS:
            return self._label[0].reads
        changed = {one.leaf.path[len(self._path) :]: one.reads for one in texts if one.wanted}
        return changed[()] if self._plain else rewrite("".join(self._arguments).encode(), changed).decode()


class Held:
    """A frame that waits. `spots`: its pieces of growing texts, each with where it begins in its window."""

    __slots__ = ("after", "calls", "frame", "seq", "skip", "spots", "whole")

    def __init__(self, frame: Frame, seq: int) -> None:
        self.frame = frame
        self.seq = seq
        self.spots: tuple[tuple[Slot, Window, int], ...] = ()
        self.whole: tuple[Whole, ...] = ()
        self.calls: tuple[tuple[Slot, Call], ...] = ()
        self.skip = 0
        """Characters of its only text that went ahead."""
        self.after: tuple[bytes, ...] = ()
        """Events without a text that came behind it."""

    @property
    def covered(self) -> bool:
        """Whether all that stands in it is judged for good."""
        for slot, window, start in self.spots:
            if start + len(slot.text) > window.safe:
                return False
        return all(call.whole for _, call in self.calls) if self.calls else True

    @property
    def plain(self) -> bool:
        """Whether it holds one piece of a text, goes out as it came, and has nothing behind it."""
        return not self.skip and not self.after and len(self.spots) == 1 and not self.spots[0][1].changed

    def write(self) -> bytes:
        """The frame as it goes out."""
        texts: dict[Path, str] = {}
        for slot, window, start in self.spots:
            if self.skip or window.changed:
                new = window.reads(start + self.skip, slot.text[self.skip :])
                if new != slot.text:
                    texts[slot.path] = new
        for one in self.whole:
            if one.wanted:
                texts[one.leaf.path] = one.reads
        for slot, call in self.calls:
            if (new := call.reads(slot)) != slot.text:
                texts[slot.path] = new
        raw = rewritten(self.frame, texts) if texts or self.frame.stale else self.frame.raw
        return raw + b"".join(self.after) if self.after else raw

    def ahead(self) -> bytes:
        """The settled beginning of a long text, as a frame of its own; b"" when it is not worth it."""
        slot, window, start = self.spots[0]
        settled = window.safe - start - self.skip
        if len(self.spots) > 1 or settled < SPLIT:
            return b""
        piece = slot.text[self.skip : self.skip + settled]
        text = window.reads(start + self.skip, piece)
        self.skip += settled
        return rewritten(self.frame, {slot.path: text})
