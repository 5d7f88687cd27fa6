import asyncio
import errno
import os
import resource
import shutil
import subprocess
from contextlib import contextmanager

import pytest

from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.records import Attempt, Outcome
from gatepost_gateway.storage import journal as module
from gatepost_gateway.storage import segments
from gatepost_gateway.storage.faults import Corrupt, Locked, Unreadable
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.journal import Journal, JournalSettings
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.segments import HEADER_BYTES

from .making import closed, entries_of, opened, write


def run(directory, story, **said):
    async def go():
        journal = Journal.open(directory, settings=JournalSettings(**said))
        try:
            return await story(journal)
        finally:
            journal.close()

    return asyncio.run(go())


def test_a_turn_of_the_loop_is_one_write(tmp_path, monkeypatch):
    writes = []

    async def story(journal):
        real = os.write
        monkeypatch.setattr(os, "write", lambda fd, data: writes.append(len(data)) or real(fd, data))
        given = [opened(str(number)) for number in range(5)]

        async def call(entry):
            journal.append(entry)
            await journal.durable()

        await asyncio.gather(*(call(entry) for entry in given))
        monkeypatch.undo()
        return given

    given = run(tmp_path / "j", story)
    assert len(writes) == 1
    assert entries_of(tmp_path / "j") == given


def test_nothing_handed_in_is_durable_at_once(tmp_path):
    async def story(journal):
        step = journal.durable().__await__()
        with pytest.raises(StopIteration):
            next(step)

    run(tmp_path / "j", story)


def test_durable_is_what_stands_in_the_file(tmp_path):
    async def story(journal):
        journal.append(opened("a"))
        assert entries_of(tmp_path / "j") == []
        await journal.durable()
        assert [one.step_id for one in entries_of(tmp_path / "j")] == ["a"]
        assert journal.position.offset == segments.path_of(tmp_path / "j", 1).stat().st_size

    run(tmp_path / "j", story)


def test_one_that_stops_waiting_disturbs_no_other(tmp_path):
    async def story(journal):
        async def wait():
            journal.append(opened())
            await journal.durable()

        first, second = asyncio.create_task(wait()), asyncio.create_task(wait())
        asyncio.get_running_loop().call_soon(first.cancel)
        await second
        with pytest.raises(asyncio.CancelledError):
            await first

    run(tmp_path / "j", story)
    assert len(entries_of(tmp_path / "j")) == 2


def test_each_start_begins_a_segment_behind_the_fold_and_all_others(tmp_path):
    write(tmp_path, [opened()])
    write(tmp_path, [opened()])
    write(tmp_path, [opened()], after=7)
    assert segments.numbers(tmp_path) == [1, 2, 8]
    size = segments.path_of(tmp_path, 2).stat().st_size
    head = segments.read_header(segments.path_of(tmp_path, 8))
    assert (head.previous, head.previous_bytes) == (2, size)


def test_a_full_segment_is_followed_at_a_border(tmp_path):
    given = [closed(str(number)) for number in range(50)]
    write(tmp_path, given, segment_bytes=2000)
    numbers = segments.numbers(tmp_path)
    assert len(numbers) > 5
    assert entries_of(tmp_path) == given
    for number in numbers:
        path = segments.path_of(tmp_path, number)
        assert segments.whole_length(path, segments.read_header(path)) == path.stat().st_size < 3000


@pytest.mark.parametrize("tail", [b"\x07", b"\x00" * 300, b"\xff" * 12, b"half"])
def test_a_torn_tail_is_cut_at_the_next_start(tmp_path, tail):
    write(tmp_path, [opened("a"), opened("b")])
    path = segments.path_of(tmp_path, 1)
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(segments.frame(opened("c"), 0)[:40] if tail == b"half" else tail)
    write(tmp_path, [opened("d")])
    assert path.stat().st_size == size
    assert [one.step_id for one in entries_of(tmp_path)] == ["a", "b", "d"]


def test_a_segment_whose_header_a_power_cut_took_is_removed(tmp_path):
    write(tmp_path, [opened("a")])
    segments.path_of(tmp_path, 2).write_bytes(b"GP")
    (tmp_path / "000000000003.new").write_bytes(b"")
    write(tmp_path, [opened("b")])
    assert [one.step_id for one in entries_of(tmp_path)] == ["a", "b"]
    assert not (tmp_path / "000000000003.new").exists()


def test_damage_in_the_middle_stops_the_start(tmp_path):
    write(tmp_path, [opened("a"), opened("b"), opened("c")])
    path = segments.path_of(tmp_path, 1)
    data = bytearray(path.read_bytes())
    data[HEADER_BYTES + 30] ^= 1
    path.write_bytes(data)
    with pytest.raises(
        Corrupt, match=rf"`{path}` at byte {HEADER_BYTES} is damaged.*restore it from a backup"
    ) as caught:
        write(tmp_path, [opened("d")])
    assert caught.value.path == path
    assert path.read_bytes() == data
    with pytest.raises(Corrupt):  # and the lock was given back
        write(tmp_path, [opened("d")])


@pytest.mark.parametrize("what", ["segment", "journal"])
def test_what_cannot_be_opened_is_named(tmp_path, what):
    journal = tmp_path / "journal"
    if what == "segment":
        segments.path_of(journal, 1).mkdir(parents=True)
        expected = segments.path_of(journal, 1)
    else:
        journal.touch()
        expected = journal
    with pytest.raises(Unreadable, match=str(expected)):
        write(journal, [opened()])


def test_a_second_journal_on_the_same_files_is_refused(tmp_path):
    async def story(journal):
        with pytest.raises(Locked, match=f"process {os.getpid()}"):
            Journal.open(tmp_path / "j")

    run(tmp_path / "j", story)


def test_close_writes_what_was_handed_in_and_refuses_more(tmp_path):
    async def story(journal):
        journal.append(opened("a"))
        waiting = journal.durable()
        journal.close()
        journal.close()
        await waiting
        with pytest.raises(GatewayFault, match="closed"):
            journal.append(opened("b"))

    run(tmp_path / "j", story)
    assert [one.step_id for one in entries_of(tmp_path / "j")] == ["a"]


def test_an_entry_that_cannot_be_written_leaves_the_others_alone(tmp_path):
    async def story(journal):
        journal.append(opened("a"))
        with pytest.raises(GatewayFault, match="too large"):
            journal.append(closed(cost=2**70))
        journal.append(opened("b"))
        await journal.durable()

    run(tmp_path / "j", story)
    assert [one.step_id for one in entries_of(tmp_path / "j")] == ["a", "b"]


@contextmanager
def limit(tmp_path):
    """No file longer than 20,000 bytes: the system answers a longer write with a short one, then with EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    done = []

    def free():
        if not done:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            done.append(True)

    try:
        yield tmp_path / "journal", free
    finally:
        free()


@contextmanager
def small_disk(tmp_path):
    """A disk of 64 KiB, where one may be mounted; else the limit again."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        with limit(tmp_path) as place:
            yield place
        return
    filler = disk / "filler"
    filler.write_bytes(b"x" * 30_000)
    try:
        yield disk / "journal", filler.unlink
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("disk", [limit, small_disk])
def test_a_full_disk_refuses_and_recovers_by_itself(tmp_path, disk, caplog):
    acknowledged = []

    async def fill(journal):
        for number in range(10_000):
            batch = [closed(f"{number}.{part}", message="m" * 100, attempts=()) for part in range(3)]
            waits = []
            for entry in batch:
                journal.append(entry)
                waits.append((entry.step_id, journal.durable()))
            came = await asyncio.gather(*(wait for _, wait in waits), return_exceptions=True)
            acknowledged.extend(step for (step, _), one in zip(waits, came, strict=True) if one is None)
            if faults := [one for one in came if one is not None]:
                return faults
        raise AssertionError("the disk never filled")

    def many(journal):
        for _ in range(100):  # what still fits is taken
            journal.append(closed("late", message="m" * 3000, attempts=()))

    async def story(directory, free):
        journal = Journal.open(directory)
        faults = await fill(journal)
        assert {(fault.status, fault.code) for fault in faults} == {(503, Code.RECORDS_UNAVAILABLE)}
        for _ in range(3):
            with pytest.raises(GatewayFault, match="cannot be written") as caught:
                many(journal)
            assert caught.value.status == 503
        read = entries_of(directory)
        assert journal.position.offset == segments.path_of(directory, 1).stat().st_size
        free()
        journal.append(closed("after"))
        await journal.durable()
        journal.append(closed("after, too"))
        journal.close()
        return read

    with disk(tmp_path) as (directory, free):
        read = asyncio.run(story(directory, free))
        found = [one.step_id for one in entries_of(directory)]
    assert [one.step_id for one in read if one.step_id != "late"] == acknowledged
    assert [step for step in found if step != "late"] == [*acknowledged, "after", "after, too"]
    assert len([line for line in caplog.records if "could not be written" in line.message]) == 1


def _broken_disk(monkeypatch):
    monkeypatch.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left")))


OUT = (Attempt("m", "openai", 5, 200, None, None, None),)


def test_closings_of_calls_that_went_out_are_owed_and_written_first(tmp_path, monkeypatch):
    async def story(journal):
        journal.append(opened("a"))
        await journal.durable()
        _broken_disk(monkeypatch)
        journal.append(closed("a", attempts=OUT, outcome=Outcome.ANSWERED, status=200))
        with pytest.raises(GatewayFault):
            await journal.durable()
        left = closed("c", attempts=OUT, outcome=Outcome.ABANDONED, status=499)
        for entry in (opened("b"), closed("b", attempts=()), left):
            with pytest.raises(GatewayFault):
                journal.append(entry)
        monkeypatch.undo()
        journal.append(opened("d"))
        await journal.durable()

    run(tmp_path / "j", story)
    found = entries_of(tmp_path / "j")
    assert [one.step_id for one in found] == ["a", "a", "c", "d"]
    withheld, left = found[1:3]
    assert (withheld.outcome, withheld.status, withheld.error) == (Outcome.FAILED, 503, "records_unavailable")
    assert (left.outcome, left.status) == (Outcome.ABANDONED, 499)


@pytest.mark.parametrize("way", ["by itself", "at the end"])
def test_what_is_owed_waits_for_no_call(tmp_path, monkeypatch, way):
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)

    async def story(journal):
        _broken_disk(monkeypatch)
        journal.append(closed("a", attempts=OUT))
        with pytest.raises(GatewayFault):
            await journal.durable()
        await asyncio.sleep(0.03)
        assert journal.trouble is not None
        monkeypatch.undo()
        if way == "by itself":
            monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
            await asyncio.sleep(0.1)
            assert journal.trouble is None

    run(tmp_path / "j", story)
    assert [one.step_id for one in entries_of(tmp_path / "j")] == ["a"]


def test_trouble_is_told_until_it_is_over_or_old(tmp_path, monkeypatch):
    async def story(journal):
        assert journal.trouble is None
        _broken_disk(monkeypatch)
        journal.append(opened("a"))
        with pytest.raises(GatewayFault):
            await journal.durable()
        assert journal.trouble == "no space left"
        monkeypatch.setattr(module, "TROUBLE_SECONDS", 0.0)
        assert journal.trouble is None
        monkeypatch.undo()
        assert journal.trouble == "no space left"
        journal.append(opened("b"))
        await journal.durable()
        assert journal.trouble is None

    run(tmp_path / "j", story)


def test_a_tail_that_cannot_be_cut_is_cut_before_the_next_write(tmp_path, monkeypatch, caplog):
    async def story(journal):
        journal.append(opened("a"))
        await journal.durable()
        real_write, real_cut = os.write, os.ftruncate

        def fails(*_):
            raise OSError(errno.EIO, "Input/output error")

        def half(fd, data):
            monkeypatch.setattr(os, "write", fails)
            return real_write(fd, bytes(data)[:50])

        monkeypatch.setattr(os, "write", half)
        monkeypatch.setattr(os, "ftruncate", fails)
        journal.append(opened("b"))
        with pytest.raises(GatewayFault, match="input/output error"):
            await journal.durable()
        with pytest.raises(GatewayFault):
            journal.append(opened("c"))
        monkeypatch.setattr(os, "write", real_write)
        with pytest.raises(GatewayFault):
            journal.append(opened("d"))
        monkeypatch.setattr(os, "ftruncate", real_cut)
        journal.append(opened("e"))
        await journal.durable()

    run(tmp_path / "j", story)
    assert [one.step_id for one in entries_of(tmp_path / "j")] == ["a", "e"]


def test_asking_late_tells_the_same(tmp_path, monkeypatch, caplog):
    """Handed in, lost in the flush, and only then asked for."""

    async def story(journal):
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left")))
            journal.append(opened("a"))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            with pytest.raises(GatewayFault, match="no space left"):
                await journal.durable()
        journal.append(opened("b"))
        await journal.durable()

    run(tmp_path / "j", story)
    assert [one.step_id for one in entries_of(tmp_path / "j")] == ["b"]


def test_a_segment_that_cannot_be_begun_refuses_the_entry(tmp_path, monkeypatch):
    async def story(journal):
        journal.append(opened("a"))
        await journal.durable()
        with monkeypatch.context() as patch:
            patch.setattr(os, "open", lambda *_: (_ for _ in ()).throw(OSError(errno.EMFILE, "Too many open files")))
            with pytest.raises(GatewayFault, match="too many open files"):
                journal.append(opened("b"))
        journal.append(opened("c"))
        await journal.durable()

    run(tmp_path / "j", story, segment_bytes=10)
    assert [one.step_id for one in entries_of(tmp_path / "j")] == ["a", "c"]


def test_a_file_that_is_removed_takes_nothing_more(tmp_path):
    """A system goes on writing into a file that has no name: what it took would be gone with the process."""

    async def story(journal):
        journal.append(opened("a"))
        await journal.durable()
        shutil.rmtree(tmp_path / "j")
        assert journal.trouble is not None
        journal.append(opened("b"))
        with pytest.raises(GatewayFault, match="moved or removed: start the gateway again") as caught:
            await journal.durable()
        assert caught.value.code is Code.RECORDS_UNAVAILABLE
        # Another gateway begins anew in the same place: nothing of its own is touched.
        await asyncio.to_thread(write, tmp_path / "j", [opened("c")])
        for _ in range(2):
            with pytest.raises(GatewayFault, match="removed"):
                journal.append(opened("d"))
        assert "removed" in (journal.trouble or "")

    with pytest.raises(GatewayFault, match="removed"):
        run(tmp_path / "j", story)
    assert [one.step_id for one in entries_of(tmp_path / "j")] == ["c"]


def test_a_file_that_was_moved_away_is_a_word_on_the_journal(tmp_path):
    """It holds what is written, so calls may go on; but a start would not find it, and no other file is begun."""

    async def story(journal):
        journal.append(opened("a"))
        await journal.durable()
        assert journal.trouble is None
        (tmp_path / "j").rename(tmp_path / "elsewhere")
        assert "moved" in (journal.trouble or "")
        await asyncio.to_thread(write, tmp_path / "j", [opened("x")])
        with pytest.raises(GatewayFault, match="moved"):
            journal.append(opened("b"))
        shutil.rmtree(tmp_path / "j")
        (tmp_path / "elsewhere").rename(tmp_path / "j")
        assert journal.trouble is None
        journal.append(opened("b"))
        await journal.durable()

    run(tmp_path / "j", story, segment_bytes=10)
    assert [one.step_id for one in entries_of(tmp_path / "j")] == ["a", "b"]


def test_a_header_that_does_not_fit_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "write", lambda fd, data: len(data) - 1)
    with pytest.raises(OSError, match="No space"):
        segments.write_whole(1, b"abc")
    with pytest.raises(Unreadable, match="no space left"):
        write(tmp_path / "j", [])
    assert [path.name for path in (tmp_path / "j").iterdir()] == ["lock"]


def test_close_says_that_the_last_entries_are_lost(tmp_path, monkeypatch):
    async def story():
        journal = Journal.open(tmp_path / "j")
        journal.append(opened())
        monkeypatch.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left")))
        with pytest.raises(GatewayFault, match="no space left"):
            journal.close()
        monkeypatch.undo()

    asyncio.run(story())
    write(tmp_path / "j", [opened("a")])
    assert [one.step_id for one in entries_of(tmp_path / "j")] == ["a"]


def test_the_records_wait_for_a_full_disk_as_well(tmp_path):
    write(tmp_path / "journal", [closed(message="x" * 500) for _ in range(200)])
    records = Records(tmp_path / "records.db")
    folder = Folder(tmp_path / "journal", records)
    with limit(tmp_path), pytest.raises(Unreadable, match=str(tmp_path / "records.db")):
        folder.fold_to_end()
    assert records.counts().steps == 0
    assert folder.fold_to_end().entries == 200
    assert records.counts().steps == 200
    records.close()
