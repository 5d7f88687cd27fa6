"""The journal: what happened, appended in one write a turn of the loop, before anybody is told.

Only the data plane process writes it. On the way nothing waits: `append` encodes, the first one of a turn asks the loop
for one flush, the flush is one `write`. There is no timer and no thread unless `fsync` asks for one.

When the disk is full or fails, what was written whole stays, a part of a record is cut off, the waiters of what was not
written fail with 503, and every later `append` tries again at once, so that it either stands on disk or raises. An
entry that failed is gone, but for the closings of calls that went out: those are kept and written first when it works
again. When the process ends before that, the next start closes such a call at its full hold.

A segment that is removed under the writer would keep nothing of what it takes: each write looks for that, and it is the
last one. Another gateway may have begun anew in the same place, so that no further file is made there.
"""

import asyncio
import errno
import logging
import os
from collections.abc import Awaitable, Generator
from pathlib import Path

from msgspec import Struct

from gatepost_gateway.domain.clock import Clock, SystemClock
from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.records import Closed, Entry, Outcome
from gatepost_gateway.storage import segments
from gatepost_gateway.storage.faults import unreadable
from gatepost_gateway.storage.lock import Lock, acquire
from gatepost_gateway.storage.segments import HEADER_BYTES, Header
from gatepost_gateway.storage.sync import Fsync, Syncer

log = logging.getLogger("gatepost.journal")
SEGMENT_BYTES = 64 * 1024 * 1024
TROUBLE_SECONDS = 5.0
"""How long a failed write is a word on the journal's state."""
RETRY_SECONDS = 1.0
_REMOVED = "its file was moved or removed: start the gateway again"


class JournalSettings(Struct, frozen=True):
    """`interval` in seconds, for `Fsync.INTERVAL`; a segment of `segment_bytes` or more is followed by a new one."""

    fsync: Fsync = Fsync.NEVER
    interval: float = 1.0
    segment_bytes: int = SEGMENT_BYTES


class _Done:
    """An awaitable that is over already."""

    def __await__(self) -> Generator[None, None, None]:
        return
        yield


_DONE = _Done()


class Journal:
    """Implements `ports.Recorder`. Opened on the running loop, used from its thread only."""

    def __init__(self, directory: Path, settings: JournalSettings, clock: Clock) -> None:
        self._directory = directory
        self._settings = settings
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._unsynced = 0
        self._fd = -1
        self._path = directory
        self._number = 0
        self._size = 0
        self._salt = 0
        self._torn = False
        self._spent = False
        self._gone = False
        self._failing: str | None = None
        self._failed_at = 0.0
        self._owed: list[Closed] = []
        self._again: asyncio.TimerHandle | None = None
        self._closed = False
        self._lock: Lock | None = None
        self._syncer: Syncer | None = None

    @classmethod
    def open(
        cls, directory: Path, *, after: int = 0, settings: JournalSettings | None = None, clock: Clock | None = None
    ) -> "Journal":
        """Locks the journal, cuts a torn tail, and begins a segment numbered above `after` (the fold's) and all others.

        Raises Locked, Corrupt (whole records behind a broken one), Unreadable; each names the file.
        """
        journal = cls(directory, settings or JournalSettings(), clock or SystemClock())
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise unreadable(error, directory) from error
        journal._lock = acquire(directory / "lock")
        try:
            number, size = _mend(directory)
            journal._create(max(number, after) + 1, number, size)
        except OSError as error:
            journal._lock.release()
            raise unreadable(error, directory) from error
        except BaseException:
            journal._lock.release()
            raise
        if journal._settings.fsync is not Fsync.NEVER:
            journal._syncer = Syncer(journal._loop, journal._settings.interval)
        return journal

    @property
    def position(self) -> segments.Position:
        """The border behind the last entry that was written."""
        return segments.Position(self._number, self._size)

    @property
    def trouble(self) -> str | None:
        """Why the last write failed, for a while: the next call finds out. Or: that the file is not in its place."""
        if self._gone or not self._in_place():
            return _REMOVED
        recent = self._clock.monotonic() - self._failed_at < TROUBLE_SECONDS
        return self._failing if recent else None

    def append(self, entry: Entry) -> None:
        """Hands an entry in; it is on its way to the file when this returns.

        Raises GatewayFault (503, records_unavailable) while the journal cannot be written, and when it is closed.
        """
        buffer = self._buffer
        if not buffer:
            try:
                self._begin()
            except GatewayFault:
                self._owe([entry])
                raise
        try:
            buffer += segments.frame(entry, self._salt)
        except ValueError as error:
            raise _unavailable(str(error)) from error
        if self._failing is not None:
            self._try_now()

    def durable(self) -> Awaitable[None]:
        """Returns when all that was handed in so far is written (with `Fsync.ALWAYS`: synced).

        Raises GatewayFault (503, records_unavailable) when it could not be. Each caller has an awaitable of its own:
        cancelling one touches no other.
        """
        if not self._buffer and not self._unsynced:
            if self._failing is not None:
                # What the caller handed in may be among what was lost.
                raise _unavailable(self._failing)
            return _DONE
        future = self._loop.create_future()
        if self._buffer:
            self._waiting.append((len(self._buffer), future))
        else:
            self._sync([future])
        return future

    def close(self) -> None:
        """Writes what was handed in, syncs where that is asked for, gives up the lock. Idempotent.

        Raises GatewayFault (503, records_unavailable) when the last entries could not be written; all is closed then.
        """
        if self._closed:
            return
        self._write_owed()
        self._flush()
        self._closed = True
        error = self._syncer.close(self._fd) if self._syncer is not None else None
        os.close(self._fd)
        if self._lock is not None:
            self._lock.release()
        if error is not None:
            raise _unavailable(_words(error)) from error
        if self._failing is not None:
            raise _unavailable(self._failing)

    def _try_now(self) -> None:
        """While the disk fails, an entry is written before `append` returns, or refused."""
        self._flush()
        if self._failing is not None:
            raise _unavailable(self._failing)

    def _begin(self) -> None:
        """The first entry of a turn: a segment that is full is followed by a new one, and a flush is asked for."""
        if self._closed:
            raise _unavailable("it is closed: the gateway is stopping")
        if self._gone:
            raise _unavailable(_REMOVED)
        if self._spent or self._size >= self._settings.segment_bytes:
            self._rotate()
        owed, self._owed = self._owed, []
        for closing in owed:
            self._buffer += segments.frame(closing, self._salt)
        self._loop.call_soon(self._flush)

    def _owe(self, lost: list[Entry]) -> None:
        """Of what was lost, the closings of calls that went out are owed: their money is spent, their intent stands in
        the file. They are written first when the disk takes something again, and it is tried now and then.
        """
        if self._closed:
            return
        self._owed += [unanswered(one) for one in lost if isinstance(one, Closed) and one.attempts]
        if self._owed and self._again is None:
            self._again = self._loop.call_later(RETRY_SECONDS, self._write_owed)

    def _write_owed(self) -> None:
        """Tries the closings that are owed; what does not succeed is owed again."""
        self._again = None
        if not self._owed or self._buffer or self._closed:
            return
        try:
            self._begin()
        except GatewayFault:
            self._owe([])

    def _rotate(self) -> None:
        old = self._fd
        if not self._in_place():
            raise _unavailable(_REMOVED)
        try:
            self._cut()
            self._create(self._number + 1, self._number, self._size)
        except OSError as error:
            raise _unavailable(_words(error)) from error
        self._spent = False
        if self._syncer is not None:
            self._syncer.retire(old)
        else:
            os.close(old)

    def _create(self, number: int, previous: int, previous_bytes: int) -> None:
        """Begins segment `number`. It gets its name when its header stands: no reader meets half of one."""
        salt = int.from_bytes(os.urandom(4), "little")
        header = segments.write_header(Header(self._clock.micros(), previous, previous_bytes, salt))
        path = segments.path_of(self._directory, number)
        young = path.with_suffix(".new")
        fd = os.open(young, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            segments.write_whole(fd, header)
            if self._settings.fsync is not Fsync.NEVER:
                os.fdatasync(fd)
            young.rename(path)
            if self._settings.fsync is not Fsync.NEVER:
                segments.sync_directory(self._directory)
        except BaseException:
            os.close(fd)
            young.unlink(missing_ok=True)
            raise
        self._fd, self._path, self._number, self._size, self._salt = fd, path, number, HEADER_BYTES, salt

    def _flush(self) -> None:
        """One write for all that was handed in since the last; the waiters learn what came of it."""
        buffer = self._buffer
        if not buffer:
            return
        waiting, self._waiting = self._waiting, []
        whole, error = self._write(buffer)
        if error is None:
            buffer.clear()
            self._failing = None
            if self._syncer is not None:
                self._written([future for _, future in waiting])
                return
            for _, future in waiting:
                if not future.done():
                    future.set_result(None)
            return
        self._failed(whole, error, waiting)

    def _write(self, buffer: bytearray) -> tuple[int, OSError | None]:
        """Writes all of it. On an error: the bytes of whole records that stand, the rest is cut off."""
        written = 0
        try:
            self._cut()
            written = os.write(self._fd, buffer)
            while written < len(buffer):
                written += os.write(self._fd, buffer[written:])
            if not os.fstat(self._fd).st_nlink:
                self._gone = True
                return 0, OSError(errno.ENOENT, _REMOVED)
        except OSError as error:
            whole = segments.borders_of(bytes(buffer[:written]), self._salt)[0][-1]
            self._size += whole
            self._torn = True
            return whole, error
        self._size += written
        return written, None

    def _in_place(self) -> bool:
        """Whether the file that is written is the one that a start would find."""
        try:
            return self._closed or os.path.samestat(self._path.stat(), os.fstat(self._fd))
        except OSError:
            return False

    def _cut(self) -> None:
        """After a failed write: the file ends at the last whole record again. Raises OSError."""
        if self._torn:
            os.ftruncate(self._fd, self._size)
            self._torn = False

    def _failed(self, whole: int, error: OSError, waiting: list[tuple[int, asyncio.Future[None]]]) -> None:
        lost = segments.entries_in(bytes(self._buffer[whole:]), self._salt)
        if self._failing is None:
            words = "%d entries could not be written to `%s`: %s; calls are refused until it works"
            log.error(words, len(lost), self._path, error)
        self._failing = _words(error)
        self._failed_at = self._clock.monotonic()
        self._buffer.clear()
        self._owe(lost)
        try:
            self._cut()
        except OSError as again:
            log.error("the torn end of `%s` cannot be cut off yet: %s", self._path, again)  # noqa: TRY400 - one line says it
        for needed, future in waiting:
            if future.done():
                continue
            if needed <= whole:
                future.set_result(None)
            else:
                future.set_exception(_unavailable(self._failing))

    def _written(self, waiting: list["asyncio.Future[None]"]) -> None:
        """What `fsync` still asks for after a write."""
        assert self._syncer is not None
        if self._settings.fsync is Fsync.ALWAYS:
            self._sync(waiting)
            return
        self._syncer.later(self._file)
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def _sync(self, waiting: list["asyncio.Future[None]"]) -> None:
        assert self._syncer is not None
        self._unsynced += 1
        self._syncer.soon(self._file, lambda error: self._synced(error, waiting))

    def _synced(self, error: OSError | None, waiting: list["asyncio.Future[None]"]) -> None:
        self._unsynced -= 1
        if error is not None:
            log.error("`%s` could not be synced: %s", self._path, error)
            # A later sync of the same file would succeed without what this one lost: go on in a new one.
            self._spent = True
        for future in waiting:
            if future.done():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(_unavailable(_words(error)))

    def _file(self) -> int:
        return self._fd


def unanswered(closing: Closed) -> Closed:
    """The closing of a call whose answer was not handed over, because this could not be written before it."""
    if closing.outcome is Outcome.ANSWERED:
        closing.outcome, closing.status, closing.error = Outcome.FAILED, 503, Code.RECORDS_UNAVAILABLE.value
        closing.message = "the journal could not be written when the answer was here: it was withheld"
    return closing


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _unavailable(reason: str) -> GatewayFault:
    return GatewayFault(
        f"the journal cannot be written: {reason}",
        code=Code.RECORDS_UNAVAILABLE,
        status=503,
        hint="look at the data directory and its disk; calls are taken again as soon as it can be written",
    )


def _mend(directory: Path) -> tuple[int, int]:
    """Cuts the tail that a crash tore; the last segment and its length, (0, 0) when there is none."""
    for young in directory.glob("*.new"):
        young.unlink()
    for number in reversed(segments.numbers(directory)):
        path = segments.path_of(directory, number)
        header = segments.read_header(path)
        if header is None:
            log.warning("`%s` ends in its header: a power cut took the rest, and it is removed", path)
            path.unlink()
            continue
        size, whole = path.stat().st_size, segments.whole_length(path, header)
        if whole < size:
            log.warning("`%s` had a torn tail: %d bytes are cut off", path, size - whole)
            os.truncate(path, whole)
        return number, whole
    return 0, 0
