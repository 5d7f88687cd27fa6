"""A PostgreSQL of our own for tests: in a folder of its own, on a socket of its own, gone at the end."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import asyncpg
import pytest

UNPRIVILEGED = ("postgres", "nobody")
FAST = "-F -c listen_addresses='' -c full_page_writes=off -c synchronous_commit=off -c max_connections=60"


class Missing(Exception):
    """There is no PostgreSQL here that could be started; the text says why."""


@contextmanager
def running() -> "Iterator[Cluster]":
    """A cluster for tests that need one. Skips them where there is none; under CI=true that is a failure."""
    with ExitStack() as stack:
        try:
            held = stack.enter_context(Cluster())
        except Missing as missing:
            if os.environ.get("CI") == "true":
                pytest.fail(str(missing), pytrace=False)
            pytest.skip(str(missing))
        yield held


class Cluster:
    """`with Cluster() as url`: the address of a fresh cluster. Raises Missing."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="gatepost-pg-"))
        self._data = self._folder / "data"
        self._user = _unprivileged() if os.geteuid() == 0 else None

    def __enter__(self) -> Self:
        try:
            if self._user is not None:
                # The server refuses to run as root.
                shutil.chown(self._folder, self._user)
            self._run("initdb", "-D", str(self._data), "-A", "trust", "-U", "gatepost", "--no-sync", "-E", "UTF8")
            self._run("pg_ctl", "-D", str(self._data), "-o", f"{FAST} -k {self._folder}", "-w", "-s", "start")
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
            self._run("pg_ctl", "-D", str(self._data), "-m", "fast", "-w", "-s", "stop")

    def start(self) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-o", f"{FAST} -k {self._folder}", "-w", "-s", "start")

    def _run(self, name: str, *words: str) -> None:
        log = self._folder / "log"
        command = [str(_program(name)), *words]
        options: dict[str, Any] = {} if self._user is None else {"user": self._user, "group": _group(self._user)}
        with log.open("ab") as out:
            done = subprocess.run(
                command, stdout=out, stderr=out, check=False, cwd=self._folder, extra_groups=[] if options else None,
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


def _unprivileged() -> str:
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise Missing("PostgreSQL does not run as root, and there is no other user here")


def _group(user: str) -> int:
    return pwd.getpwnam(user).pw_gid
