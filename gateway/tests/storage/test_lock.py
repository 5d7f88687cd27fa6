import os
import time

import pytest

from gatepost_gateway.storage.faults import Locked, Unreadable
from gatepost_gateway.storage.lock import acquire

from .making import fork, kill


def held_by_a_child(path):
    ready, told = os.pipe()

    def hold():
        acquire(path)
        os.write(told, b"x")
        time.sleep(60)

    pid = fork(hold)
    os.close(told)
    assert os.read(ready, 1) == b"x"
    os.close(ready)
    return pid


def test_a_second_process_is_refused_and_told_who_is_there(tmp_path):
    pid = held_by_a_child(tmp_path / "lock")
    try:
        with pytest.raises(Locked, match=f"is held by process {pid}: stop it first") as caught:
            acquire(tmp_path / "lock")
        assert caught.value.pid == pid
        assert caught.value.status == 503
    finally:
        kill(pid)


def test_a_killed_process_holds_nothing(tmp_path):
    kill(held_by_a_child(tmp_path / "lock"))
    with acquire(tmp_path / "lock") as lock:
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
        assert lock.fileno() > 0


def test_a_released_lock_is_free(tmp_path):
    lock = acquire(tmp_path / "lock")
    with pytest.raises(Locked):
        acquire(tmp_path / "lock")
    lock.release()
    lock.release()
    acquire(tmp_path / "lock").release()


def test_a_child_that_inherits_it_holds_it(tmp_path):
    lock = acquire(tmp_path / "lock")
    pid = fork(lambda: time.sleep(60))
    lock.release()
    with pytest.raises(Locked):
        acquire(tmp_path / "lock")
    kill(pid)
    acquire(tmp_path / "lock").release()


def test_a_place_that_cannot_be_locked_is_named(tmp_path):
    with pytest.raises(Unreadable, match=str(tmp_path)):
        acquire(tmp_path)
