r"""Segment files: how the journal lies on disk.

A segment is `<number, 12 digits>.gpj`, mode 0600. All integers are little endian.

    header  40 bytes  magic `GPJ\n` | u16 version | u16 flags | u64 created (microseconds) | u64 previous segment
                      | u64 bytes of the previous segment | u32 salt | u32 CRC-32 of the 36 bytes before
    record  12 bytes  u32 length | u32 CRC-32 | u8 version | u8 flags | 2 bytes mark | then `length` bytes of payload

The payload is an `Entry` as MessagePack. A record's CRC covers everything behind it, and starts from the segment's salt
XOR the length: the salt is random, so that no caller can plant bytes that look like a record. `previous` names the
segment that was written before and its length, so that a segment which went missing is noticed.

Flag 0x01 of a record is reserved: the payload then ends with a 32-byte hash that chains it to the record before. A
reader refuses versions and flags that it does not know.
"""

import errno
import os
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.records import Entry
from gatepost_gateway.storage.faults import Corrupt, TooNew, unreadable

T = TypeVar("T")
VERSION = 1
CHAINED = 0x01
"""Reserved record flag: see above."""
HEADER_BYTES = 40
FRAME_BYTES = 12
MAX_RECORD = 64 * 1024 * 1024
"""Bytes of one payload: a length beyond it is damage."""
CHUNK = 4 * 1024 * 1024
RESTORE = "restore it from a backup, or move the whole journal away to go on without what is not in the records yet"

_MAGIC = b"GPJ\n"
_MARK = b"\xd1\x7e"
_HEADER = struct.Struct("<4sHHQQQI")
_FRAME = struct.Struct("<IIBB2s")
_LENGTHS = struct.Struct("<II")
_TAIL = bytes((VERSION, 0)) + _MARK
_NAME = re.compile(r"\d{12}\.gpj")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


class Header(Struct, frozen=True):
    """`created` in microseconds since the epoch; `previous_bytes` is the length of segment `previous` (0: none)."""

    created: int
    previous: int
    previous_bytes: int
    salt: int


class Position(Struct, frozen=True, order=True):
    """A border between records. (0, 0) is before everything."""

    segment: int = 0
    offset: int = 0


class Rest(Enum):
    """What follows the last whole record."""

    NOTHING = "nothing"
    SHORT = "short"
    BAD = "bad"


class Read:
    """Whole records from one place on: `payloads`, the border `end` behind the last of them, and what follows."""

    def __init__(self, place: tuple[Path, int], data: bytes, borders: list[int], rest: Rest) -> None:
        view = memoryview(data)
        self._place = place
        self._starts = borders
        self.payloads = [view[start + FRAME_BYTES : end] for start, end in pairwise(borders)]
        self.end = place[1] + borders[-1]
        self.rest = rest

    @cached_property
    def entries(self) -> list[Entry]:
        """Raises TooNew for a record that says nothing we know."""
        return [entry for entry, _ in self.said(_decode)]

    def said(self, decode: Callable[[memoryview], T]) -> Iterator[tuple[T, memoryview]]:
        """Each record as `decode` reads it, with its payload. Raises TooNew for one that it cannot read."""
        at = 0
        try:
            for at, payload in enumerate(self.payloads):  # noqa: B007 - tells which it was
                yield decode(payload), payload
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            path, base = self._place
            raise TooNew(
                f"has a record that this version cannot read ({error})",
                path,
                offset=base + self._starts[at],
                hint="run the version that wrote it",
            ) from error


def path_of(directory: Path, number: int) -> Path:
    return directory / f"{number:012d}.gpj"


def numbers(directory: Path) -> list[int]:
    """The segments of a journal, oldest first. Raises Unreadable."""
    try:
        return sorted(int(path.stem) for path in directory.iterdir() if _NAME.fullmatch(path.name))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unreadable(error, directory) from error


def frame(entry: Entry, salt: int) -> bytes:
    """An entry as a record of a segment with `salt`. Raises ValueError when it is larger than MAX_RECORD."""
    try:
        tail = _TAIL + _encode(entry)
    except OverflowError as error:
        msg = f"an entry has a number that is too large: {error}"
        raise ValueError(msg) from error
    length = len(tail) - len(_TAIL)
    if length > MAX_RECORD:
        msg = f"an entry of {length} bytes is larger than the {MAX_RECORD} that a record may have"
        raise ValueError(msg)
    return _LENGTHS.pack(length, zlib.crc32(tail, salt ^ length)) + tail


def entries_in(data: bytes, salt: int) -> list[Entry]:
    """The entries of what `frame` made."""
    return [_decode(data[start + FRAME_BYTES : end]) for start, end in pairwise(borders_of(data, salt)[0])]


def write_header(header: Header) -> bytes:
    data = _HEADER.pack(_MAGIC, VERSION, 0, header.created, header.previous, header.previous_bytes, header.salt)
    return data + zlib.crc32(data).to_bytes(4, "little")


def read_header(path: Path) -> Header | None:
    """None when the file is shorter than a header. Raises Corrupt, TooNew, Unreadable."""
    data = read_bytes(path, 0, HEADER_BYTES)
    if len(data) < HEADER_BYTES:
        return None
    magic, version, flags, created, previous, previous_bytes, salt = _HEADER.unpack_from(data)
    if magic != _MAGIC or zlib.crc32(data[:36]) != int.from_bytes(data[36:], "little"):
        raise Corrupt("is not a journal segment", path, offset=0, hint=RESTORE)
    if version > VERSION or flags:
        raise TooNew(f"has format {version}, flags {flags:#x}", path, hint="run the version that wrote it")
    return Header(created, previous, previous_bytes, salt)


def read_bytes(path: Path, offset: int, count: int) -> bytes:
    """Up to `count` bytes from `offset`. Raises Unreadable; FileNotFoundError when there is no such file."""
    try:
        with path.open("rb", buffering=0) as file:
            return os.pread(file.fileno(), count, offset)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise unreadable(error, path) from error


def read_records(path: Path, offset: int, header: Header, most: int = CHUNK) -> Read:
    """The whole records among the next `most` bytes, and at least one where there is one.

    Raises TooNew for a record of a later format.
    """
    data = read_bytes(path, offset, most)
    borders, rest = borders_of(data, header.salt)
    if len(borders) == 1 and rest is Rest.SHORT and len(data) == most:
        needed = FRAME_BYTES + int.from_bytes(data[:4], "little")
        data = read_bytes(path, offset, needed)
        borders, rest = borders_of(data, header.salt)
    _check_formats(data, borders, path, offset)
    if rest is Rest.SHORT and len(data) == most:
        rest = Rest.NOTHING
    return Read((path, offset), data, borders, rest)


def _check_formats(data: bytes, borders: list[int], path: Path, base: int) -> None:
    for start in borders[:-1]:
        if data[start + 8] > VERSION or data[start + 9]:
            raise TooNew(
                f"has a record of format {data[start + 8]}, flags {data[start + 9]:#x}",
                path,
                offset=base + start,
                hint="run the version that wrote it",
            )


def borders_of(data: bytes | bytearray, salt: int) -> tuple[list[int], Rest]:
    """The borders of the whole records at the start of `data`, 0 first, and what follows them."""
    borders, at, size = [0], 0, len(data)
    view = memoryview(data)
    while size - at >= FRAME_BYTES:
        length, crc, _, _, mark = _FRAME.unpack_from(data, at)
        if mark != _MARK or length > MAX_RECORD:
            return borders, Rest.BAD
        end = at + FRAME_BYTES + length
        if end > size:
            return borders, Rest.SHORT
        if zlib.crc32(view[at + 8 : end], salt ^ length) != crc:
            return borders, Rest.BAD
        borders.append(end)
        at = end
    return borders, Rest.NOTHING if at == size else Rest.SHORT


def record_after(path: Path, offset: int, header: Header) -> int | None:
    """Where the next whole record begins behind `offset`, which begins none; None when none follows.

    Tells damage in the middle from a tail that a crash tore off. None also when a whole record begins at `offset` by
    now: it was being written.
    """
    data = read_bytes(path, offset, path.stat().st_size)
    if len(borders_of(data[: FRAME_BYTES + int.from_bytes(data[:4], "little")], header.salt)[0]) > 1:
        return None
    at = data.find(_MARK, FRAME_BYTES - 1)
    while at >= 0:
        start = at - (FRAME_BYTES - len(_MARK))
        if start > 0 and _whole_at(data, start, header.salt):
            return offset + start
        at = data.find(_MARK, at + 1)
    return None


def _whole_at(data: bytes, start: int, salt: int) -> bool:
    length, crc, _, _, _ = _FRAME.unpack_from(data, start)
    end = start + FRAME_BYTES + length
    return end <= len(data) and zlib.crc32(memoryview(data)[start + 8 : end], salt ^ length) == crc


def size_of(path: Path) -> int:
    """Bytes of a segment. Raises Unreadable."""
    try:
        return path.stat().st_size
    except OSError as error:
        raise unreadable(error, path) from error


def remove(path: Path) -> None:
    """Raises Unreadable."""
    try:
        path.unlink()
    except OSError as error:
        raise unreadable(error, path) from error


def damaged(path: Path, offset: int) -> Corrupt:
    return Corrupt("is damaged: whole records follow a broken one", path, offset=offset, hint=RESTORE)


def whole_length(path: Path, header: Header) -> int:
    """The bytes up to the end of the last whole record. Raises Corrupt when whole records follow a broken one."""
    at = HEADER_BYTES
    while True:
        data = read_bytes(path, at, CHUNK)
        borders, rest = borders_of(data, header.salt)
        if len(borders) == 1 and rest is Rest.SHORT and len(data) == CHUNK:
            data = read_bytes(path, at, FRAME_BYTES + int.from_bytes(data[:4], "little"))
            borders, rest = borders_of(data, header.salt)
        elif rest is Rest.SHORT and len(data) == CHUNK:
            rest = Rest.NOTHING
        at += borders[-1]
        if rest is not Rest.NOTHING:
            if record_after(path, at, header) is not None:
                raise damaged(path, at)
            return at
        if not data:
            return at


def write_whole(fd: int, data: bytes) -> None:
    """Raises OSError when only a part of it can be written."""
    if os.write(fd, data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def sync_directory(directory: Path) -> None:
    """The names in it are on the disk when this returns. Raises OSError."""
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
