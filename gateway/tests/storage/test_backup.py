import os
import sqlite3
import stat
import time
from contextlib import closing

import pytest

from gatepost_gateway.storage import backup, segments
from gatepost_gateway.storage.faults import StorageFault, Unreadable
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.instance import instance_of
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.segments import HEADER_BYTES

from .making import closed, folded, fork, kill, opened, step_ids, write
from .test_crash import serve


@pytest.fixture
def used(tmp_path):
    """A data directory with folded and unfolded records, in use."""
    data = tmp_path / "data"
    data.mkdir()
    records = folded(data, [closed(f"f{number}") for number in range(20)])
    write(data / "journal", [closed(f"u{number}") for number in range(5)], after=1)
    with closing(sqlite3.connect(data / "config.db")) as db:
        db.execute("CREATE TABLE versions (number)")
    yield data, records
    records.close()


def restored(directory):
    with Records(directory / "records.db") as records:
        Folder(directory / "journal", records).fold_to_end()
        return sorted(step_ids(records))


def test_a_copy_has_everything_for_its_owner_only(used, tmp_path):
    data, _ = used
    name = instance_of(data)
    copied = backup.back_up(data, tmp_path / "copy")
    assert instance_of(tmp_path / "copy") == name
    assert (copied.segments, copied.databases) == (2, ("records.db", "config.db"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "copy").rglob("*") if path.is_file()} == {0o600}
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o700
    assert backup.check(tmp_path / "copy") == backup.Checked(segments=2, entries=25, unfolded=5)
    assert not list((tmp_path / "copy").glob("*-wal"))
    assert len(restored(tmp_path / "copy")) == 25


def test_a_copy_of_a_working_gateway_is_whole(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    heard, tell = os.pipe()
    pid = fork(lambda: serve(data / "journal", 0, tell, 1))
    os.close(tell)
    records = Records(data / "records.db")
    folder = Folder(data / "journal", records)
    acknowledged = b""
    try:
        for number in range(3):
            time.sleep(0.02)
            acknowledged += os.read(heard, 1 << 16)
            folder.fold_to_end()
            target = tmp_path / f"copy{number}"
            backup.back_up(data, target)
            folder.clean()
            assert backup.check(target).problems == ()
            said = set(acknowledged.decode().split()[:-1])
            assert said <= set(restored(target))
            # and the copy goes on as a data directory of its own
            with Records(target / "records.db") as copy:
                write(target / "journal", [closed("on")], after=copy.position().segment)
            assert "on" in restored(target)
    finally:
        kill(pid)
        os.close(heard)
        records.close()


def test_a_place_that_is_used_is_refused(used, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(StorageFault, match="not empty"):
        backup.back_up(used[0], tmp_path / "full")
    (tmp_path / "file").touch()
    with pytest.raises(Unreadable, match=str(tmp_path / "file")):
        backup.back_up(used[0], tmp_path / "file")


def test_a_segment_that_left_meanwhile_is_in_the_records(used, tmp_path, monkeypatch):
    data, _ = used
    monkeypatch.setattr(segments, "numbers", lambda directory: [1, 2, 77])
    assert backup.back_up(data, tmp_path / "copy").segments == 2


def test_a_database_that_cannot_be_copied_is_named(used, tmp_path):
    data, _ = used
    (data / "config.db").write_bytes(b"nothing" * 1000)
    with pytest.raises(Unreadable, match=str(data / "config.db")):
        backup.back_up(data, tmp_path / "copy")


def test_a_check_finds_what_is_wrong(used, tmp_path):
    data, _ = used
    backup.back_up(data, tmp_path / "copy")
    copy = tmp_path / "copy"
    second = segments.path_of(copy / "journal", 2)
    whole = second.read_bytes()
    second.write_bytes(whole[:-4])
    assert backup.check(copy).torn > 0
    assert backup.check(copy).problems == ()
    damaged = bytearray(whole)
    damaged[HEADER_BYTES + 40] ^= 1
    second.write_bytes(damaged)
    assert f"`{second}` at byte {HEADER_BYTES} is damaged" in backup.check(copy).problems[0]
    second.write_bytes(b"x" * 100)
    assert "not a journal segment" in backup.check(copy).problems[0]
    second.unlink()
    write(copy / "journal", [opened()], after=2)
    assert backup.check(copy).problems == ()
    (copy / "config.db").write_bytes(b"nothing" * 1000)
    (copy / "records.db").unlink()
    problems = backup.check(copy).problems
    assert "config.db" in problems[0]
    assert "is missing" in problems[1]


def test_a_check_finds_records_that_are_gone(tmp_path):
    data = tmp_path
    folded(data, [closed()]).close()
    write(data / "journal", [closed()], after=1)
    write(data / "journal", [closed()], after=2)
    segments.path_of(data / "journal", 2).unlink()
    assert "follows records of segment 2 that are gone" in backup.check(data).problems[0]
    segments.path_of(data / "journal", 1).write_bytes(b"")
    assert "ends in its header" in backup.check(data).problems[0]
