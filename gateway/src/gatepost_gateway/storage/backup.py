"""Copies of a data directory while it is in use, and a look at a copy (or the directory itself) from end to end.

The journal is copied first, the databases after it: what the fold did in between is in `records.db` already, so nothing
is missing from a copy, and the fold of a restored one knows what it has. The master key is no part of a copy: keep it
apart from the data that it opens.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from gatepost_gateway.storage import instance, records, segments
from gatepost_gateway.storage.faults import StorageFault, Unreadable, unreadable
from gatepost_gateway.storage.queries import Queries
from gatepost_gateway.storage.segments import HEADER_BYTES, Header, Position, Rest

JOURNAL = "journal"
DATABASES = (records.FILE, "config.db")


class Backup(Struct, frozen=True):
    """What was copied; `bytes` of all of it."""

    segments: int
    databases: tuple[str, ...]
    bytes: int


class Checked(Struct, frozen=True):
    """What stands in a data directory. `problems`: what is wrong, in words; empty when all is well.

    `entries` in the journal, of which `unfolded` are not in the records yet; `torn` bytes at its very end are cut off
    when it is opened, and no problem.
    """

    segments: int = 0
    entries: int = 0
    unfolded: int = 0
    torn: int = 0
    problems: tuple[str, ...] = ()


def back_up(data_dir: Path, target: Path) -> Backup:
    """Copies the journal and the databases to `target`, a new or empty directory (0700); files are 0600 and synced.

    Raises Unreadable, and StorageFault when `target` has something in it.
    """
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(target.iterdir()):
            raise StorageFault("is not empty", target, hint="name a new directory for the backup")
        copied = _copy_journal(data_dir / JOURNAL, target / JOURNAL)
        if (data_dir / instance.FILE).exists():
            shutil.copyfile(data_dir / instance.FILE, target / instance.FILE)
            _seal(target / instance.FILE)
    except OSError as error:
        raise unreadable(error, Path(error.filename or target)) from error
    names = tuple(name for name in DATABASES if (data_dir / name).exists())
    for name in names:
        _copy_database(data_dir / name, target / name)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    return Backup(copied, names, size)


def _copy_journal(source: Path, target: Path) -> int:
    target.mkdir(mode=0o700)
    copied = 0
    for number in segments.numbers(source):
        path = segments.path_of(target, number)
        try:
            shutil.copyfile(segments.path_of(source, number), path)
        except FileNotFoundError:
            # Folded and deleted meanwhile: its records are in the database that is copied next.
            path.unlink(missing_ok=True)
            continue
        _seal(path)
        copied += 1
    return copied


def _copy_database(source: Path, target: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as living,
            closing(sqlite3.connect(target)) as copy,
        ):
            living.backup(copy)
        _seal(target)
    except sqlite3.Error as error:
        raise Unreadable(f"cannot be copied: {error}", source, hint="check the disk") from error
    except OSError as error:
        raise unreadable(error, target) from error


def _seal(path: Path) -> None:
    """Mode 0600, and on the disk."""
    path.chmod(0o600)
    with path.open("rb") as file:
        os.fsync(file.fileno())


def check(directory: Path, place: Position | None = None) -> Checked:
    """Reads every segment and both databases. Changes nothing; raises nothing: what is wrong is in `problems`.

    `place`: how far the journal is folded, where the databases are elsewhere.
    """
    problems: list[str] = []
    if place is None:
        for name in DATABASES:
            if (directory / name).exists():
                problems += _check_database(directory / name)
        if not (directory / records.FILE).exists():
            problems.append(f"`{directory / records.FILE}` is missing")
        place = _position(directory / records.FILE) if not problems else Position()
    found = Checked()
    try:
        found = _check_journal(directory / JOURNAL, place, problems)
    except (StorageFault, OSError) as error:
        problems.append(str(error))
    return Checked(found.segments, found.entries, found.unfolded, found.torn, tuple(problems))


def _check_journal(journal: Path, place: Position, problems: list[str]) -> Checked:
    numbers = segments.numbers(journal)
    found, before = Checked(len(numbers)), place
    for number in numbers:
        path, last = segments.path_of(journal, number), number == numbers[-1]
        header = segments.read_header(path)
        if header is None:
            if not last:
                problems.append(f"`{path}` ends in its header")
            continue
        if Position(header.previous, header.previous_bytes) > max(before, place):
            problems.append(f"`{path}` follows records of segment {header.previous} that are gone")
        one, end, rest = _check_segment(path, number, header, place)
        if rest is not Rest.NOTHING and (not last or segments.record_after(path, end, header) is not None):
            problems.append(str(segments.damaged(path, end)))
        found = Checked(found.segments, found.entries + one.entries, found.unfolded + one.unfolded, one.torn)
        before = Position(number, end)
    return found


def _check_segment(path: Path, number: int, header: Header, place: Position) -> tuple[Checked, int, Rest]:
    """What is in it, the border behind its last whole record, and what follows that."""
    entries = unfolded = 0
    at = HEADER_BYTES
    while True:
        read = segments.read_records(path, at, header)
        entries += len(read.entries)
        if Position(number, at) >= place:
            unfolded += len(read.entries)
        at = read.end
        if not read.entries:
            torn = segments.size_of(path) - at
            return Checked(1, entries, unfolded, torn), at, read.rest


def _check_database(path: Path) -> list[str]:
    try:
        with closing(_look(path)) as db:
            found = [str(row[0]) for row in db.execute(Queries("records.sql")["integrity"])]
    except sqlite3.Error as error:
        return [f"`{path}` cannot be used: {error}"]
    return [] if found == ["ok"] else [f"`{path}`: {line}" for line in found]


def _position(path: Path) -> Position:
    with closing(_look(path)) as db:
        segment, offset, _ = db.execute(Queries("records.sql")["position"]).fetchone()
    return Position(segment, offset)


def _look(path: Path) -> sqlite3.Connection:
    """Read only, and without a trace beside a file that nobody has open."""
    used = path.with_name(path.name + "-wal").exists()
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{'' if used else '&immutable=1'}", uri=True)
