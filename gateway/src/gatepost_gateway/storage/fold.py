"""The fold: the journal's records go into `records.db`, each exactly once, and what is folded leaves the disk.

Entries and the border behind them are written in one transaction: a fold that dies before its end did nothing.
The tail of the last segment may be a record that is just being written: the fold waits there. Anywhere else such a
place is damage, and the fold stops there with the file and the offset until somebody has looked at it.
"""

import threading
import time
from functools import partial
from pathlib import Path

from msgspec import Struct

from gatepost_gateway.storage import batch, segments
from gatepost_gateway.storage.faults import Corrupt
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.segments import HEADER_BYTES, Header, Position, Rest

OTHERS_SECONDS = 1.0
"""Twice what lies between two folds."""
BATCH_BYTES = 2 * 1024 * 1024
"""Bytes of journal in one transaction: some thousand calls."""


class Folded(Struct):
    """What a fold took in: `entries` of the journal, of which `repeated` closed a step again and changed nothing."""

    entries: int = 0
    repeated: int = 0


class Folder:
    """Folds the journal of `directory` into `records`. Safe from any thread; folds run one at a time."""

    def __init__(self, directory: Path, records: Records, *, batch_bytes: int = BATCH_BYTES) -> None:
        self._directory = directory
        self._records = records
        self._batch_bytes = batch_bytes
        self._lock = threading.RLock()
        self._headers: dict[int, Header] = {}

    def fold(self) -> Folded:
        """One batch. No entries: there is nothing more now.

        Raises Corrupt or TooNew with file and offset, Unreadable, and StorageFault when the records cannot be written.
        """
        with self._lock:
            numbers = segments.numbers(self._directory)
            place = self._records.position()
            while True:
                last = not numbers or place.segment >= numbers[-1]
                read = self._read(place, last)
                if read is not None and read.payloads:
                    end = Position(place.segment, read.end)
                    return Folded(len(read.payloads), self._records.fold(partial(read.said, batch.decode), end))
                if last:
                    return Folded()
                place = self._next(place, numbers)

    def fold_to_end(self) -> Folded:
        """Everything that stood in the journal when this was called. Raises as `fold` does."""
        total = Folded()
        with self._lock:
            goal = self._end()
            while self._records.position() < goal:
                one = self.fold()
                if not one.entries:
                    break
                total.entries += one.entries
                total.repeated += one.repeated
        return total

    def fold_everywhere(self) -> None:
        """As `fold_to_end`, and what every other gateway on the same records has answered until now is there as well.

        One that does not answer is waited for as long as its own fold may be late, and not longer.
        """
        asked = self._records.ask_others()
        self.fold_to_end()
        if asked is None:
            return
        until = time.monotonic() + OTHERS_SECONDS
        while self._records.others_behind(asked) and time.monotonic() < until:
            time.sleep(0.004)

    def clean(self) -> int:
        """Deletes the segments that are folded whole and safe on the disk in `records.db`; how many.

        Never the newest one: it may be written. Raises as `fold` does.
        """
        with self._lock:
            numbers = segments.numbers(self._directory)
            place = self._records.position()
            done = [number for number in numbers[:-1] if number < place.segment]
            if not done or not self._records.sync():
                return 0
            for number in done:
                segments.remove(segments.path_of(self._directory, number))
                self._headers.pop(number, None)
            return len(done)

    def _end(self) -> Position:
        numbers = segments.numbers(self._directory)
        if not numbers:
            return Position()
        return Position(numbers[-1], segments.size_of(segments.path_of(self._directory, numbers[-1])))

    def _read(self, place: Position, last: bool) -> segments.Read | None:
        """None when the segment is not there, or has no header yet."""
        path = segments.path_of(self._directory, place.segment)
        try:
            header = self._header(place.segment, path, last)
            if header is None:
                return None
            read = segments.read_records(path, max(place.offset, HEADER_BYTES), header, self._batch_bytes)
        except FileNotFoundError:
            return None
        if not read.payloads and read.rest is not Rest.NOTHING:
            self._wait_or_refuse(path, read.end, header, last)
        return read

    def _header(self, number: int, path: Path, last: bool) -> Header | None:
        header = self._headers.get(number) or segments.read_header(path)
        if header is not None:
            self._headers[number] = header
        elif not last:
            raise Corrupt("ends in its header", path, offset=0, hint=segments.RESTORE)
        return header

    def _wait_or_refuse(self, path: Path, offset: int, header: Header, last: bool) -> None:
        if not last:
            raise Corrupt("is damaged: it does not end in a whole record", path, offset=offset, hint=segments.RESTORE)
        if segments.record_after(path, offset, header) is not None:
            raise segments.damaged(path, offset)

    def _next(self, place: Position, numbers: list[int]) -> Position:
        """The start of the next segment. Raises Corrupt when records between the two are missing."""
        number = next(number for number in numbers if number > place.segment)
        path = segments.path_of(self._directory, number)
        header = self._header(number, path, number == numbers[-1])
        if header is not None:
            reached = Position(place.segment, max(place.offset, HEADER_BYTES))
            if Position(header.previous, header.previous_bytes) > reached:
                gone = segments.path_of(self._directory, header.previous).name
                raise Corrupt(
                    f"follows {header.previous_bytes} bytes of `{gone}` that were never folded and are gone",
                    path,
                    hint=segments.RESTORE,
                )
        return Position(number, HEADER_BYTES)
