"""Process trees are found whole, their time is read right, and nothing of them is left behind."""

import sys
import time
from pathlib import Path

from bench import procs

BUSY_CHILD = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\ntime.sleep(60)"
PARENT = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY_CHILD!r}], start_new_session=True)"
SHORT_CHILD = BUSY_CHILD.replace("time.sleep(60)", "")


def wait_for_cost(pid: int, seconds: float) -> float:
    deadline = time.monotonic() + 10
    used = 0.0
    while used < seconds and time.monotonic() < deadline:
        time.sleep(0.05)
        used = sum(procs.usage(pid).seconds.values())
    return used


def all_gone(pids: list[int]) -> bool:
    """Waits for the kernel: a killed orphan is reaped by init a moment later."""
    deadline = time.monotonic() + 5
    while any(procs.read_stat(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(procs.read_stat(pid) for pid in pids)


def test_a_child_in_its_own_session_is_counted_and_ended(tmp_path: Path) -> None:
    process = procs.start([sys.executable, "-c", PARENT], tmp_path, procs.place().tools)
    try:
        assert wait_for_cost(process.pid, 0.3) >= 0.3
        members = procs.tree(process.pid)
        assert len(members) == 2
        assert procs.resident(process.pid).processes == 2
    finally:
        process.stop()
    assert all_gone(members)


def test_a_child_that_ended_stays_in_the_account(tmp_path: Path) -> None:
    code = f"import subprocess, sys, time\nsubprocess.run([sys.executable, '-c', {SHORT_CHILD!r}])\ntime.sleep(60)"
    process = procs.start([sys.executable, "-c", code], tmp_path, procs.place().tools)
    try:
        before = procs.usage(process.pid)
        deadline = time.monotonic() + 10
        while procs.usage(process.pid).reaped_seconds < 0.25 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert sum(procs.spent(before, procs.usage(process.pid)).values()) >= 0.25
    finally:
        process.stop()


def test_what_was_there_before_is_not_counted() -> None:
    before = procs.Usage({7: 5.0, 8: 1.0}, 0.0, {})
    after = procs.Usage({7: 5.25, 9: 0.5}, 1.5, {})
    assert procs.spent(before, after) == {7: 0.25, 9: 0.5, 0: 0.5}


def test_last_words_of_a_command_that_ends(tmp_path: Path) -> None:
    process = procs.start([sys.executable, "-c", "print('no'); print('room')"], tmp_path, procs.place().tools)
    deadline = time.monotonic() + 10
    while process.running and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.last_words() == "no | room"
    process.stop()
