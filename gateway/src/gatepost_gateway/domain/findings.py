"""What is found in texts, and where texts stand. A finding is a fact: it decides nothing."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from time import monotonic
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from gatepost_gateway.domain.named import Named


class Place(Named):
    """Where in a conversation a text stands."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    REASONING = "reasoning"
    TOOL_CALL = "tool_call"
    """The arguments of a call, each string of them."""
    TOOL_RESULT = "tool_result"
    TOOL = "tool"
    """What a declared tool says of itself: its description, its schema."""
    DOCUMENT = "document"
    NAME = "name"
    """The name of a file, a participant, a tool."""
    OTHER = "other"


class Leaf(Struct, frozen=True):
    """One string of a request or an answer. `path` leads to it from the top of the JSON body: names and numbers, and
    `JSON_INSIDE` where a string is itself JSON text that was opened.
    """

    path: tuple[str | int, ...]
    place: Place
    text: str


JSON_INSIDE = -1
"""A step of a path: into a string that holds JSON."""
BASE64_INSIDE = -2
"""A step of a path: into a string that holds a text in base64, alone or as a `data:` URL."""
KEY = -3
"""The last step of a path: not the member itself, its name."""


class Called(Struct, frozen=True):
    """A tool call that a model asked for. `arguments` is JSON text, as it wrote it."""

    name: str
    arguments: str
    id: str = ""


class Texts(Struct, frozen=True):
    """One side of a call, opened: every string of it, the tools it declares, the tool calls it holds."""

    leaves: tuple[Leaf, ...]
    tools: tuple[str, ...] = ()
    calls: tuple[Called, ...] = ()
    unread: tuple[str, ...] = ()
    """Members that hold words which no rule can read: texts as numbers of tokens."""
    body: Any = None
    """The JSON of a request, as it was read for this. Nobody changes it."""


class Finding(Struct, frozen=True, array_like=True, order=True):
    """Characters `start` to `end` of one text are a `kind` (`EMAIL`), says `detector` (`pii`). `score` from 0 to 1."""

    start: int
    end: int
    kind: str
    detector: str
    score: float = 1.0


class Scan(Protocol):
    """One text on its way past a detector. However the text is cut, the same is found.

    `settled` is how far that is known for good: nothing that may still come changes what begins before it. Positions
    count characters from the start of the whole text.
    """

    settled: int

    def feed(self, text: str, base: int, ended: bool) -> Sequence[Finding]:
        """What became certain, in the order of its start. `text` begins at position `base` of the whole, which is at
        most `span` characters before `settled`; with `ended` nothing more comes and all is settled.
        """
        ...


class Detector(Protocol):
    """Finds one sort of thing in any text. Pure; its time is bounded by the length of the text."""

    @property
    def name(self) -> str: ...

    @property
    def span(self) -> int | None:
        """How many characters before and after the start of a finding it must see; None: the whole text."""
        ...

    def begin(self) -> Scan: ...


class Failed(Exception):
    """A detector could not say anything. Its words go into the record, and never hold a text."""


class Waiting(Struct, frozen=True):
    """Texts that are being looked at outside the loop, until `late` by the monotonic clock. `leave`: nobody waits any
    more, and the work ends as soon as it can.
    """

    found: "Future[Sequence[Sequence[Finding]] | Failed]"
    late: float
    leave: Callable[[], None]

    def left(self) -> float:
        """Seconds that one may still wait."""
        return max(0.0, self.late - monotonic())

    def findings(self) -> Sequence[Sequence[Finding]]:
        """What was found in each text, where it is there. Raises Failed."""
        if not self.found.done():
            raise Failed("it gave no answer in time")
        found = self.found.result()
        if isinstance(found, Failed):
            raise found
        return found


@runtime_checkable
class SlowDetector(Detector, Protocol):
    """One that takes longer than a step on the loop may. `fails_open`: a call passes where it says nothing."""

    @property
    def fails_open(self) -> bool: ...

    def ask(self, texts: Sequence[str]) -> Waiting:
        """All texts of a call together. Never waits."""
        ...


def find_whole(detector: SlowDetector, texts: Sequence[str]) -> Sequence[Sequence[Finding]]:
    """Waits for it, where nobody else waits. Raises Failed."""
    waiting = detector.ask(texts)
    try:
        wait((waiting.found,), waiting.left())
        return waiting.findings()
    finally:
        waiting.leave()


def find_all(detector: Detector, text: str) -> Sequence[Finding]:
    """Everything in a whole text."""
    return detector.begin().feed(text, 0, ended=True)


def find_in_pieces(detector: Detector, text: str, size: int) -> Iterator[Sequence[Finding]]:
    """The same, `size` characters a step: who walks through it may do other things between."""
    scan, span = detector.begin(), detector.span
    if span is None or len(text) <= size:
        yield scan.feed(text, 0, ended=True)
        return
    for end in range(size, len(text) + size, size):
        base = max(0, scan.settled - span)
        yield scan.feed(text[base:end], base, ended=end >= len(text))
