"""A stream as its caller sees it, cut into frames: the exact bytes of an event, and the texts that stand in it.

A format says of every string what it is. A text that grows is named by a key, the same in each frame that continues it:
the choice, a lane, and whatever else tells it from others. Frames of one lane stay in order; lanes of one choice, such
as thoughts and content, may overtake each other, because clients put them together apart.
"""

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from gatepost_gateway.dialects.framing import data_of
from gatepost_gateway.dialects.leaves import open_answer
from gatepost_gateway.dialects.members import as_list, as_object, parsed
from gatepost_gateway.dialects.rewriting import rewrite
from gatepost_gateway.domain.findings import KEY, Leaf, Place

Key = tuple[int | str, ...]
"""(choice, lane, name ...). A shorter key stands for all that begin with it."""

Path = tuple[str | int, ...]
"""Names and numbers from the top of the JSON of a frame."""

EVERYTHING: Key = ()
_PADDING = ("obfuscation",)
"""Random characters that hide how long a piece is (OpenAI's API reference, `stream_options.include_obfuscation`)."""


class Grain(Enum):
    """What a string of a frame is to the texts of the answer."""

    GROWS = auto()
    """A piece of the text that its key names."""
    ALONE = auto()
    """A whole text."""
    REPEATS = auto()
    """A whole text that was said before in pieces: judged like any other, and not counted twice."""
    ARGUMENTS = auto()
    """A piece of the JSON text of the arguments of the call that its key names."""
    CALLS = auto()
    """The name of a called tool, or a piece of it."""


class Slot(Struct, frozen=True, gc=False):
    """One string of a frame."""

    path: Path
    text: str
    key: Key = EVERYTHING
    grain: Grain = Grain.GROWS
    place: Place = Place.ASSISTANT
    call_id: str = ""
    """Of a call that begins here."""
    arguments: str = ""
    """The JSON text of a call's arguments, where they do not come as one."""


class Frame(Struct, frozen=True, gc=False):
    """One event. `ends`: the keys whose texts are whole with it; `choice`: whose order it keeps, None: everybody's."""

    raw: bytes
    slots: tuple[Slot, ...] = ()
    choice: int | None = None
    ends: tuple[Key, ...] = ()
    stale: tuple[Path, ...] = ()
    """Probabilities of tokens that say more than the texts beside them: they go in any case. Others go when their text
    changes.
    """


class FrameReader(Protocol):
    """Reads the whole events of one stream, in order."""

    def read(self, event: bytes) -> Frame:
        """Raises ValueError on what is not the format."""
        ...


def payload(event: bytes) -> bytes | None:
    """As `data_of`, faster for the ways events are usually written."""
    size = len(event)
    if event[:6] == b"data: ":
        if event.find(b"\n") == size - 2 and b"\r" not in event:
            return event[6:-2]
        if event[-5:] == b"}\r\n\r\n" and event.find(b"\r") == size - 4 and event.find(b"\n") == size - 3:
            return event[6:-4]
    elif event[:7] == b"event: ":
        at = event.find(b"\ndata: ")
        if at > 0 and event.find(b"\n", at + 1) == size - 2 and b"\r" not in event:
            return event[at + 7 : -2]
    return data_of(event)


def opened(data: bytes) -> tuple[dict[str, Any], tuple[Leaf, ...]]:
    """The JSON of an event, and every text in it as in an answer that is not streamed. Raises Malformed."""
    leaves = open_answer(data).leaves
    if any(leaf.path == _PADDING for leaf in leaves):
        leaves = tuple(leaf for leaf in leaves if leaf.path != _PADDING)
    return as_object(parsed(data), "an event of the stream"), leaves


def alone(leaf: Leaf, grain: Grain = Grain.ALONE, key: Key = EVERYTHING) -> Slot:
    return Slot(leaf.path, leaf.text, key, grain, leaf.place)


def beside(leaf: Leaf, number: int) -> Slot:
    """A text of a choice that no format knows, and that grows as far as anybody can tell. Some servers repeat the whole
    `message`, and tell of filters, in each event.
    """
    names = tuple(step for step in leaf.path[2:] if isinstance(step, str))
    if names[0] == "message" or names[0].startswith("content_filter") or leaf.path[-1] == KEY:
        return alone(leaf)
    return Slot(leaf.path, leaf.text, (number, "beside", *names), place=leaf.place)


def objects(value: Any, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a list, numbered. Raises Malformed."""
    for number, one in enumerate(as_list(value, name)):
        yield number, as_object(one, name)


def rewritten(frame: Frame, texts: Mapping[Path, str]) -> bytes:
    """The frame with other texts at these paths, and without what told the old ones."""
    data = payload(frame.raw)
    assert data is not None
    if frame.stale:
        value = parsed(data)
        for path in frame.stale:
            _drop(value, path)
        data = msgspec.json.encode(value)
    return _enveloped(frame.raw, rewrite(data, texts, dropping=True) if texts else data)


def _drop(value: Any, path: Path) -> None:
    for step in path[:-1]:
        value = value[step]
    # Some formats demand a list where there is one.
    value[path[-1]] = [] if isinstance(value[path[-1]], list) else None


def _enveloped(raw: bytes, data: bytes) -> bytes:
    """The lines of an event with `data` in place of its own."""
    out: list[bytes] = []
    for line in raw.splitlines(keepends=True):
        if not line.removeprefix(b"\xef\xbb\xbf").startswith(b"data:"):
            out.append(line)
        elif data:
            ending = line[len(line.rstrip(b"\r\n")) :]
            out.append(b"data: " + data + ending)
            data = b""
    return b"".join(out)
