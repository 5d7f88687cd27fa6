"""One text on its way past the rules: how far it is settled, and what it reads like when it goes out.

A whole text is a window that is fed once: what is found and what is replaced is the same.
"""

from collections.abc import Sequence
from time import perf_counter_ns

from msgspec import Struct

from gatepost_gateway.domain.findings import Detector, Finding, Leaf, Place, Scan
from gatepost_gateway.domain.governance import Mode
from gatepost_gateway.policy.engine import Listener, Stage
from gatepost_gateway.policy.redaction import Edit, Replacement, Runs, apply, edits_of
from gatepost_gateway.policy.tallies import Tallies

_SPARE = 4096
"""Characters behind a window that are dropped at once, and not one by one."""
_LEAST, _MOST = 16, 32
"""Characters that are looked at together: a look costs much the same for one and for a few."""


class Ear(Struct, frozen=True):
    """A detector with the rules that hear it. What only observing rules hear holds nothing back."""

    detector: Detector
    listeners: tuple[Listener, ...]
    numbers: tuple[int, ...]
    enforced: bool


def ears_of(stage: Stage, place: Place) -> tuple[Ear, ...]:
    """Who hears texts of this place."""
    ears: list[Ear] = []
    for detector, listeners in stage.detectors:
        heard = tuple(one for one in listeners if not one.places or place in one.places)
        if heard:
            enforced = any(one.rule.label.mode is Mode.ENFORCE for one in heard)
            ears.append(Ear(detector, heard, tuple(one.number for one in heard), enforced))
    return tuple(ears)


class Window:
    """`end`: how much of the text has come. `safe`: how far it is settled by every rule that may change it.

    Positions count characters from the start of the text.
    """

    __slots__ = (
        "_base",
        "_fresh",
        "_pieces",
        "_runs",
        "_scans",
        "_tallies",
        "_text",
        "_waiting",
        "_wanted",
        "_whole",
        "changed",
        "end",
        "leaf",
        "reach",
        "safe",
        "scanned",
        "step",
    )

    def __init__(
        self, ears: Sequence[Ear], tallies: Tallies, leaf: Leaf, *, whole: bool = False, keep: bool = False
    ) -> None:
        """`leaf`: where the text stands; its own text is not asked for. `whole`: nothing is settled before `finish`;
        `keep`: nothing of the text is forgotten.
        """
        self._scans = [(ear, ear.detector.begin()) for ear in ears]
        self._tallies = tallies
        self._whole = whole
        self._text = ""
        self._base = 0
        self._fresh: list[str] = []
        self._waiting: list[Replacement] = []
        self._runs = Runs()
        spans = [ear.detector.span for ear in ears]
        self.reach = None if None in spans else max((span for span in spans if span is not None), default=0)
        """The widest span in force; None: the whole text."""
        self._pieces: list[str] | None = [] if keep or whole or self.reach is None else None
        """All of the text, where somebody asks for it."""
        self._wanted: list[Replacement] = []
        """All that was to be replaced, where all of the text is kept."""
        self.step = max(_LEAST, min(self.reach // 4, _MOST)) if self.reach else 0
        """So much more must come to be worth a look."""
        self.leaf = leaf
        self.changed = False
        """Anything of what has not gone out is replaced."""
        self.end = self.safe = self.scanned = 0

    def add(self, piece: str) -> None:
        """More of the text. Nothing is judged before `scan`."""
        self._fresh.append(piece)
        self.end += len(piece)

    def scan(self, *, ended: bool = False) -> None:
        """Judges what has come; with `ended` nothing more comes."""
        self.scanned = safe = self.end
        piece = "".join(self._fresh)
        self._fresh.clear()
        if self._pieces is not None:
            self._pieces.append(piece)
        if self._scans:
            self._text += piece
        for ear, scan in self._scans:
            self._feed(ear, scan, ended=ended)
            if ear.enforced and scan.settled < safe:
                safe = scan.settled
        self._forget()
        if self._whole:
            return
        self.safe = safe
        if self._waiting:
            self._settle(safe)

    def _feed(self, ear: Ear, scan: Scan, *, ended: bool) -> None:
        span, began = ear.detector.span, perf_counter_ns()
        text, start = self._text, self._base
        if span is None:
            if not ended:
                return
            text, start = "".join(self._pieces or ()), 0
        elif scan.settled - span > start:
            start = scan.settled - span
            text = text[start - self._base :]
        try:
            for finding in scan.feed(text, start, ended):
                self._weigh(ear, finding, text[finding.start - start : finding.end - start])
        except Exception as error:  # noqa: BLE001 - whatever fails in a detector denies, in the name of its rules
            self._tallies.fail(ear.numbers, error)
        self._tallies.spend(ear.numbers, perf_counter_ns() - began)

    def _weigh(self, ear: Ear, finding: Finding, found: str) -> None:
        for one in ear.listeners:
            wanted = self._tallies.weigh(one.number, self.leaf, finding, found)
            if wanted is not None:
                self.want(wanted)

    def _settle(self, safe: int) -> None:
        """Whatever begins before `safe` is known, and so is its order."""
        self._runs.add(one for one in self._waiting if one.start < safe)
        self.changed = self._runs.first is not None
        self._waiting = [one for one in self._waiting if one.start >= safe]

    def _forget(self) -> None:
        """Drops what no bounded detector asks for any more."""
        if len(self._text) < _SPARE:
            return
        needed = [scan.settled - ear.detector.span for ear, scan in self._scans if ear.detector.span is not None]
        keep = min(needed, default=self.end)
        if keep - self._base > _SPARE:
            self._text = self._text[keep - self._base :]
            self._base = keep

    @property
    def whole_leaf(self) -> Leaf:
        """The text so far, where it is kept."""
        return Leaf(self.leaf.path, self.leaf.place, "".join((*(self._pieces or (self._text,)), *self._fresh)))

    def want(self, one: Replacement) -> None:
        """Something else is to be replaced, in a text that is whole and has not gone out."""
        self._waiting.append(one)
        if self._pieces is not None:
            self._wanted.append(one)

    @property
    def redacted_leaf(self) -> Leaf:
        """The text so far as it goes out, where it is kept."""
        leaf = self.whole_leaf
        return Leaf(leaf.path, leaf.place, apply(leaf.text, edits_of(self._wanted))) if self._wanted else leaf

    def finish(self) -> None:
        """All is settled."""
        self._runs.add(self._waiting)
        self._waiting.clear()
        self.changed = self._runs.first is not None
        self.safe = self.end

    def reads(self, start: int, text: str) -> str:
        """What goes out for `text`, which begins at `start` and is settled. Asked for once for each piece, in order."""
        runs, end = self._runs, start + len(text)
        edits = runs.take(end)
        over = runs.first
        if over is not None and over.start < end:
            # A run that goes on in the next piece, and may still grow: there all of it is swallowed.
            edits.append(Edit(over.start, end, over.text))
        out = apply(text, edits, start)
        if over is not None and over.start < end:
            over.start, over.text = end, ""
        self.changed = runs.first is not None
        return out
