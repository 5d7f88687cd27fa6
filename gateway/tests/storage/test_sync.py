import asyncio
import errno
import os
import threading
from pathlib import Path

import pytest

from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.storage.journal import Journal, JournalSettings
from gatepost_gateway.storage.sync import Fsync

from .making import entries_of, opened


@pytest.fixture
def synced(monkeypatch):
    """Every sync, by the thread that did it."""
    seen = []
    real = os.fdatasync

    def sync(fd):
        seen.append(threading.current_thread().name)
        real(fd)

    monkeypatch.setattr(os, "fdatasync", sync)
    return seen


def run(directory, story, **said):
    async def go():
        journal = Journal.open(directory, settings=JournalSettings(**said))
        try:
            await story(journal)
        finally:
            journal.close()

    asyncio.run(go())


def test_always_waits_for_the_disk_and_not_on_the_loop(tmp_path, synced):
    async def story(journal):
        del synced[:]
        journal.append(opened())
        await journal.durable()
        assert len(synced) == 1
        assert synced[0].startswith("journal-sync")

    run(tmp_path / "j", story, fsync=Fsync.ALWAYS)


def test_many_callers_share_a_sync(tmp_path, synced):
    async def story(journal):
        async def call(turns):
            for _ in range(turns):
                await asyncio.sleep(0)
            journal.append(opened())
            await journal.durable()

        del synced[:]
        await asyncio.gather(*(call(number) for number in range(40)))
        assert len(synced) < 20

    run(tmp_path / "j", story, fsync=Fsync.ALWAYS)


def test_written_but_not_synced_is_not_durable_yet(tmp_path, synced):
    async def story(journal):
        journal.append(opened())
        await asyncio.sleep(0)
        before = len(synced)
        await journal.durable()
        assert len(synced) > before or synced[-1].startswith("journal-sync")

    run(tmp_path / "j", story, fsync=Fsync.ALWAYS)


def test_interval_syncs_later_and_once(tmp_path, synced):
    async def story(journal):
        del synced[:]
        for _ in range(5):
            journal.append(opened())
            await journal.durable()
        assert synced == []
        await asyncio.sleep(0.1)
        assert len(synced) == 1

    run(tmp_path / "j", story, fsync=Fsync.INTERVAL, interval=0.02)


def test_never_leaves_it_to_the_system(tmp_path, synced):
    async def story(journal):
        journal.append(opened())
        await journal.durable()

    run(tmp_path / "j", story)
    assert synced == []


def test_a_retired_segment_is_synced_and_closed(tmp_path, synced):
    async def story(journal):
        for _ in range(5):
            journal.append(opened())
            await journal.durable()

    before = len(list(Path("/proc/self/fd").iterdir()))
    run(tmp_path / "j", story, fsync=Fsync.INTERVAL, segment_bytes=100)
    assert synced.count("MainThread") >= 5
    assert len([name for name in synced if name.startswith("journal-sync")]) >= 4
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_sync_that_fails_is_not_durable_and_the_next_goes_elsewhere(tmp_path, monkeypatch, caplog):
    def fails(fd):
        raise OSError(errno.EIO, "Input/output error")

    async def story(journal):
        first = journal.position.segment
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", fails)
            journal.append(opened())
            with pytest.raises(GatewayFault, match="input/output error"):
                await journal.durable()
        journal.append(opened())
        await journal.durable()
        assert journal.position.segment == first + 1

    run(tmp_path / "j", story, fsync=Fsync.ALWAYS)
    assert "could not be synced" in caplog.text


def test_close_answers_everybody_who_waits(tmp_path):
    async def story(journal):
        waits = []
        for _ in range(3):
            journal.append(opened())
            waits.append(journal.durable())
            await asyncio.sleep(0)
        journal.append(opened())
        waits.append(journal.durable())
        journal.close()
        assert await asyncio.gather(*waits) == [None] * 4

    run(tmp_path / "j", story, fsync=Fsync.ALWAYS)
    assert len(entries_of(tmp_path / "j")) == 4


def test_close_says_when_the_disk_did_not_take_it(tmp_path, monkeypatch):
    async def go():
        journal = Journal.open(tmp_path / "j", settings=JournalSettings(fsync=Fsync.INTERVAL))
        journal.append(opened())
        await journal.durable()
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", lambda fd: (_ for _ in ()).throw(OSError(errno.EIO, "Input/output error")))
            with pytest.raises(GatewayFault, match="input/output error"):
                journal.close()

    asyncio.run(go())
