"""Both homes of records and configuration: a test that says `home` runs over each of them."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.database import Database, Sql
from gatepost_gateway.storage.postgres_database import PostgresDatabase

from ..postgres import Cluster, running

Opener = Callable[[Path], Path | Database]
"""The home that stands for a file: the file, or a database of PostgreSQL."""


class Postgres:
    """Databases of one cluster, copies of one that the migrations made."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._admin = PostgresDatabase(Secret(cluster.url))
        self._numbers = itertools.count()
        self._opened: list[PostgresDatabase] = []

    def fresh(self) -> str:
        """The address of an empty database."""
        name = f"test_{next(self._numbers)}"
        self._admin.script(f"CREATE DATABASE {name}")
        return self.cluster.url.replace("/postgres?", f"/{name}?")

    def open(self, url: str, journal: str = "here") -> PostgresDatabase:
        opened = PostgresDatabase(Secret(url), journal)
        self._opened.append(opened)
        return opened

    def close(self) -> None:
        while self._opened:
            self._opened.pop().close()

    def end(self) -> None:
        self._admin.close()


def value(db: Database, query: str) -> object:
    """The one value of a query that only a test asks."""
    row = db.one(Sql(query))
    assert row is not None
    return row[0]


def started() -> Iterator[Postgres]:
    """A cluster for the tests of a run, which nobody stops."""
    with running() as cluster:
        postgres = Postgres(cluster)
        yield postgres
        postgres.close()
        postgres.end()
