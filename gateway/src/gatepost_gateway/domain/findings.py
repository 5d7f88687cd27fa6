"""What is found in texts, and where texts stand. A finding is a fact: it decides nothing."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct


class Place(StrEnum):
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
