"""A PostgreSQL of our own for tests: in a folder of its own, on a socket of its own, gone at the end."""

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, Self

import asyncpg
import pytest

UNPRIVILEGED = ("postgres", "nobody")
FAST = "-F -c listen_addresses='' -c full_page_writes=off -c synchronous_commit=off -c max_connections=60"


class Missing(Exception):
    """There is no PostgreSQL here that could be started; the text says why."""


def skip_or_fail(reason: str) -> NoReturn:
    """Skips; under CI=true a skip is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@contextmanager
def running(refuse: Callable[[str], NoReturn] = skip_or_fail) -> "Iterator[Cluster]":
    """A cluster for tests that need one. `refuse` is told where there is none."""
    with ExitStack() as stack:
        try:
            held = stack.enter_context(Cluster())
        except Missing as missing:
            refuse(str(missing))
        yield held


class Cluster:
    """`with Cluster() as cluster`: a fresh one, `url` is its address. Raises Missing."""

    def __init__(self) -> None:
        self._folder = _folder()
        self._data = self._folder / "data"

    def __enter__(self) -> Self:
        try:
            subprocess.run(["cp", "-a", _made(), self._data], check=True)
            self.start()
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def url(self) -> str:
        return f"postgresql://gatepost@/postgres?host={self._folder}"

    def stop(self) -> None:
        if (self._data / "postmaster.pid").exists():
            _run(self._folder, "pg_ctl", "-D", str(self._data), "-m", "fast", "-w", "-s", "stop")

    def start(self) -> None:
        _run(self._folder, "pg_ctl", "-D", str(self._data), "-o", f"{FAST} -k {self._folder}", "-w", "-s", "start")


@cache
def _made() -> Path:
    """The files of a cluster that never ran: made once, each is a copy of them."""
    folder = _folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    data = folder / "data"
    _run(folder, "initdb", "-D", str(data), "-A", "trust", "-U", "gatepost", "--no-sync", "-E", "UTF8")
    return data


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="gatepost-pg-"))
    if (user := _user()) is not None:
        shutil.chown(folder, user)
    return folder


def _run(folder: Path, name: str, *words: str) -> None:
    log, user = folder / "log", _user()
    command = [str(_program(name)), *words]
    options: dict[str, Any] = {} if user is None else {"user": user, "group": _group(user)}
    with log.open("ab") as out:
        done = subprocess.run(
            command, stdout=out, stderr=out, check=False, cwd=folder, extra_groups=[] if options else None,
            env={**os.environ, "LC_ALL": "C"}, **options,
        )  # fmt: skip
    if done.returncode:
        raise Missing(f"{name} ended with {done.returncode}: {log.read_text(errors='replace')[-500:]}")


async def sql(cluster: Cluster, query: str, *values: Any) -> Any:
    """What a query finds, on a connection of its own."""
    plain = await asyncpg.connect(cluster.url)
    try:
        return await plain.fetch(query, *values)
    finally:
        await plain.close()


def _program(name: str) -> Path:
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = shutil.which(name) or next((str(place) for place in places), None)
    if found is None:
        raise Missing("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return Path(found)


@cache
def _user() -> str | None:
    """Who runs it: the server refuses to run as root. Raises Missing."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise Missing("PostgreSQL does not run as root, and there is no other user here")


def _group(user: str) -> int:
    return pwd.getpwnam(user).pw_gid
