"""One process at a time: an advisory lock that ends with the process, however it ends."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from gatepost_gateway.storage.faults import Locked, unreadable


class Lock:
    """A held lock. It is bound to its descriptor: a child that inherits it (`pass_fds`) holds it too."""

    def __init__(self, fd: int, path: Path) -> None:
        self._fd = fd
        self.path = path

    def fileno(self) -> int:
        return self._fd

    def release(self) -> None:
        """Idempotent. The file stays: removing it would let two processes lock two files of one name."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.release()


def acquire(path: Path) -> Lock:
    """Locks `path`, and makes it (0600) when it is not there. Raises Locked with the holder's pid, or Unreadable."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unreadable(error, path) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    except BlockingIOError as error:
        said = os.pread(fd, 32, 0).strip()
        os.close(fd)
        raise Locked(path, int(said) if said.isdigit() else None) from error
    except OSError as error:
        os.close(fd)
        raise unreadable(error, path) from error
    return Lock(fd, path)
