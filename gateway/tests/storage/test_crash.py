"""kill -9 at random moments, with real processes and real files."""

import asyncio
import os
import random
import select
import signal
import time

import pytest

from gatepost_gateway.storage import backup
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.journal import Journal, JournalSettings
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.recover import interrupted, recover

from .making import NOW, closed, fork, kill, opened, step_ids, write


def serve(directory, after, tell, seed):
    """Calls without end: each is opened, closed, and then acknowledged, up to eight at a time."""
    draw = random.Random(seed)

    async def call(journal):
        begun = opened()
        journal.append(begun)
        await journal.durable()
        if draw.random() < 0.2:
            await asyncio.sleep(0)
        journal.append(closed(begun.step_id, trace_id=begun.trace_id, message="m" * draw.randrange(2000)))
        await journal.durable()
        os.write(tell, begun.step_id.encode() + b"\n")

    async def run():
        journal = Journal.open(directory, after=after, settings=JournalSettings(segment_bytes=40_000))
        while True:
            await asyncio.gather(*(call(journal) for _ in range(draw.randrange(1, 9))))

    asyncio.run(run())


def killed_run(directory, after, seed):
    """One run of `serve`, killed at a random moment; the steps that were acknowledged."""
    heard, tell = os.pipe()
    pid = fork(lambda: serve(directory, after, tell, seed))
    os.close(tell)
    if seed % 5:  # else it may die before it has begun
        assert select.select([heard], [], [], 20)[0]
    time.sleep(random.Random(seed).random() * 0.04)
    assert os.WTERMSIG(kill(pid)) == signal.SIGKILL
    said = b""
    while part := os.read(heard, 1 << 16):
        said += part
    os.close(heard)
    return said.decode().split()


_FOLDS = 50
"""Folds that are killed."""


@pytest.mark.parametrize(("seed", "kills"), [(20261120, 15), pytest.param(20261121, 50, marks=pytest.mark.soak)])
def test_every_acknowledged_call_is_found_once_and_money_adds_up(tmp_path, seed, kills):
    draw = random.Random(seed)
    records = Records(tmp_path / "records.db")
    folder = Folder(tmp_path / "journal", records)
    acknowledged = []
    interruptions = 0
    for number in range(kills):
        acknowledged += killed_run(tmp_path / "journal", records.position().segment, seed + number)
        if draw.random() < 0.3:
            tear(tmp_path / "journal", draw)
        found = recover(folder, records, NOW)
        lost = [interrupted(one, NOW) for one in found.open_holds]
        interruptions += len(lost)
        write(tmp_path / "journal", lost, after=found.folded)
        assert folder.fold_to_end().repeated == 0
        assert records.open_holds() == []
        folder.clean()
    steps = step_ids(records)
    assert len(steps) == len(set(steps))
    assert set(acknowledged) <= set(steps)
    assert len(acknowledged) > kills
    assert interruptions > 0
    whole = (len(steps) - interruptions) * 700 + interruptions * 100_000
    assert records.settled_now(NOW) == {"default/daily@2026-11-20": whole, "default/monthly@2026-11": whole}
    assert records.counts().steps == len(steps)
    records.close()
    assert backup.check(tmp_path).problems == ()


def tear(directory, draw):
    """What a power cut leaves behind the last whole record."""
    path = max(directory.glob("*.gpj"), default=None)
    if path is not None:
        with path.open("ab") as file:
            file.write(draw.choice([b"\x00" * 100, draw.randbytes(draw.randrange(1, 200))]))


@pytest.mark.parametrize("seed", [5])
def test_a_killed_fold_takes_each_entry_once(tmp_path, seed):
    draw = random.Random(seed)
    calls = [opened() for _ in range(3000)]
    entries = []
    for begun in calls:
        entries += [begun, closed(begun.step_id, trace_id=begun.trace_id, user="u", model=f"m{draw.randrange(3)}")]

    async def all_at_once():
        journal = Journal.open(tmp_path / "journal", settings=JournalSettings(segment_bytes=100_000))
        for number, entry in enumerate(entries):
            journal.append(entry)
            if number % 10 == 0:
                await journal.durable()
        journal.close()

    asyncio.run(all_at_once())

    def fold():
        records = Records(tmp_path / "records.db")
        folder = Folder(tmp_path / "journal", records, batch_bytes=6_000)
        while folder.fold().entries:
            folder.clean()

    def killed_after(seconds):
        pid = fork(fold)
        time.sleep(seconds)
        kill(pid)

    for _ in range(_FOLDS):
        killed_after(draw.random() * 0.025)
    reached, patience = 0, 0.05
    while not reached and patience < 10:  # where the machine is busy, none of them may have come to anything
        with Records(tmp_path / "records.db") as records:
            reached = records.counts().steps
        if not reached:
            killed_after(patience)
        patience *= 2
    with Records(tmp_path / "records.db") as records:
        folder = Folder(tmp_path / "journal", records)
        folder.fold_to_end()
        counts = records.counts()
        assert (counts.steps, counts.traces, counts.open_holds, counts.entries) == (3000, 3000, 0, 6000)
        assert sorted(step_ids(records)) == sorted(one.step_id for one in calls)
        assert records.settled_now(NOW)["default/daily@2026-11-20"] == 3000 * 700
    assert reached > 0
