"""Which characters of a text are replaced, and by what: one rule for whole texts and for streams.

What all rules want replaced is put in order: by where it begins, the longest first, then by the rules' order in the
chain. What overlaps is one run; it is replaced once, by what the first of it says. The text between stays as it is.
"""

from collections.abc import Iterable

from msgspec import Struct


class Replacement(Struct, frozen=True, array_like=True, order=True):
    """Characters `start` to `end` become `text`. `reverse_end` is `-end`, `order` the place of its rule in the chain:
    in that order replacements are compared.
    """

    start: int
    reverse_end: int
    order: int
    text: str
    kind: str = ""
    """Of the placeholder that is to stand there, which can be undone; "" where none is."""

    @property
    def end(self) -> int:
        return -self.reverse_end


class Edit(Struct):
    """A run: the interval that is replaced once."""

    start: int
    end: int
    text: str
    kind: str = ""
    """Of the placeholder that is to stand for all that was there."""


class Runs:
    """Merges replacements into edits. What is added begins no earlier than what was added before."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open: list[Edit] = []

    def add(self, wanted: Iterable[Replacement]) -> None:
        """In any order among themselves."""
        runs = self._open
        for one in sorted(wanted):
            if runs and one.start < runs[-1].end:
                runs[-1].end = max(runs[-1].end, one.end)
            elif one.end > one.start:
                runs.append(Edit(one.start, one.end, one.text, one.kind))

    @property
    def first(self) -> Edit | None:
        """The first run that was not taken yet: what it is replaced by is certain, where it ends may be not."""
        return self._open[0] if self._open else None

    def take(self, settled: int) -> list[Edit]:
        """The runs that end where nothing new can begin any more: at or before `settled`."""
        runs, done = self._open, 0
        while done < len(runs) and runs[done].end <= settled:
            done += 1
        self._open = runs[done:]
        return runs[:done]


def edits_of(wanted: Iterable[Replacement]) -> list[Edit]:
    """The edits of a whole text, in their order."""
    runs = Runs()
    runs.add(wanted)
    return runs.take(2**62)


def apply(text: str, edits: Iterable[Edit], base: int = 0) -> str:
    """`text`, which begins at `base`, with its edits made."""
    out: list[str] = []
    at = base
    for edit in edits:
        out += (text[at - base : edit.start - base], edit.text)
        at = edit.end
    out.append(text[at - base :])
    return "".join(out)
