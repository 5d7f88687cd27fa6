"""Answers that may be given again: in memory, bounded in bytes and in time, each project's apart."""

from collections import OrderedDict

from msgspec import Struct

from gatepost_gateway.domain.ports import Headers, Summary

MOST_BYTES = 256 * 1024 * 1024
"""Bytes of answers that one process holds, all projects together."""
OVERHEAD = 1024
"""Bytes that an answer takes beside its body: its key, its summary, its place."""


class Stored(Struct, frozen=True):
    """A complete answer in its caller's format, as the provider gave it: no rule has changed it yet.

    `entry`: who answered. `expires_at`: seconds of the monotonic clock.
    """

    entry: str
    body: bytes
    summary: Summary
    expires_at: float
    lossy: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return len(self.body) + OVERHEAD


class _Shelf:
    """One project's answers, the one that was used last at the end."""

    __slots__ = ("answers", "held")

    def __init__(self) -> None:
        self.answers: OrderedDict[bytes, Stored] = OrderedDict()
        self.held = 0

    def drop(self, key: bytes) -> int:
        gone = self.answers.pop(key, None)
        size = gone.size if gone is not None else 0
        self.held -= size
        return size


class AnswerCache:
    """`most`: bytes of all projects together. What was not used for longest goes first, where room is wanted."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._shelves: OrderedDict[str, _Shelf] = OrderedDict()
        self.held = 0

    @property
    def entries(self) -> int:
        return sum(len(shelf.answers) for shelf in self._shelves.values())

    def get(self, project: str, key: bytes, now: float) -> Stored | None:
        shelf = self._shelves.get(project)
        found = shelf.answers.get(key) if shelf is not None else None
        if shelf is None or found is None:
            return None
        if found.expires_at <= now:
            self._drop(project, shelf, key)
            return None
        shelf.answers.move_to_end(key)
        self._shelves.move_to_end(project)
        return found

    def put(self, project: str, key: bytes, stored: Stored, most: int) -> None:
        """`most`: bytes that the project may hold. An answer that is larger alone is not kept."""
        if stored.size > min(most, self._most):
            return
        shelf = self._shelves.get(project)
        if shelf is None:
            shelf = self._shelves[project] = _Shelf()
        self._shelves.move_to_end(project)
        self.held -= shelf.drop(key)
        shelf.answers[key] = stored
        shelf.held += stored.size
        self.held += stored.size
        while shelf.held > most:
            self.held -= shelf.drop(next(iter(shelf.answers)))
        while self.held > self._most:
            eldest, other = next(iter(self._shelves.items()))
            self._drop(eldest, other, next(iter(other.answers)))

    def sweep(self, now: float) -> None:
        """Lets go of what has expired."""
        for project, shelf in list(self._shelves.items()):
            for key in [key for key, stored in shelf.answers.items() if stored.expires_at <= now]:
                self._drop(project, shelf, key)

    def _drop(self, project: str, shelf: _Shelf, key: bytes) -> None:
        self.held -= shelf.drop(key)
        if not shelf.answers:
            del self._shelves[project]


class Taken:
    """The batches of a stream that is to be kept, as long as they are no more than `most` bytes."""

    __slots__ = ("_most", "_pieces", "_size")

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._pieces: list[bytes] = []

    def add(self, batch: bytes) -> None:
        self._size += len(batch)
        if self._size <= self._most:
            self._pieces.append(batch)
        else:
            self._pieces.clear()

    def whole(self) -> bytes | None:
        """All of it; None: it was too much."""
        return b"".join(self._pieces) if self._size <= self._most else None


class Replay:
    """Implements `ports.StreamReader` for a stream that is here already, whole."""

    ended = spoke = True
    tokens = 0

    def __init__(self, summary: Summary) -> None:
        self.summary = summary

    def feed(self, data: bytes) -> bytes:
        return data

    def close(self) -> bytes:
        return b""


class NoAnswer:
    """Implements `ports.UpstreamAnswer` where nobody was asked."""

    status = 200
    headers: Headers = ()

    async def read(self) -> bytes:
        return b""

    async def pump(self, sink: object) -> bool:  # noqa: ARG002 - the port's shape
        return True

    async def read_all(self, limit: int) -> bytes:  # noqa: ARG002 - the port's shape
        return b""

    def close(self) -> None:
        return
