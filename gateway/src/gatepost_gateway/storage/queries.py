"""SQL lives in files: each query under `-- name: x`, nothing is put together from strings."""

import sqlite3
from importlib import resources
from importlib.resources.abc import Traversable

from gatepost_gateway.storage.database import Dialect, Sql

HOME = resources.files("gatepost_gateway.storage")


class Queries:
    """The named queries of one file in `sql/`; those of PostgreSQL's own file beside it come first there."""

    def __init__(self, file: str, dialect: Dialect = Dialect.SQLITE) -> None:
        self._queries = _read(HOME.joinpath("sql", file))
        own = HOME.joinpath("sql", f"{file.removesuffix('.sql')}.{dialect.value}.sql")
        if own.is_file():
            self._queries |= _read(own)

    def __getitem__(self, name: str) -> Sql:
        return self._queries[name]

    def names(self) -> list[str]:
        return sorted(self._queries)


def _read(file: Traversable) -> dict[str, Sql]:
    blocks = (block.partition("\n") for block in file.read_text().split("-- name: ")[1:])
    return {name.strip(): Sql(text.strip()) for name, _, text in blocks}


def migrations_folder() -> Traversable:
    """Where the migrations of `records.db` are."""
    return HOME.joinpath("migrations")


def migrations_of(dialect: Dialect, file: Traversable) -> Traversable:
    """Where the migrations are: of a `file`, or of PostgreSQL, where one database holds all."""
    return HOME.joinpath("sql", "postgres") if dialect is Dialect.POSTGRES else file


def statements(script: str) -> list[str]:
    """The statements of a script, where SQLite itself sees them end; comments alone are none."""
    found: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        if not pending and (not line.strip() or line.lstrip().startswith("--")):
            continue
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending.strip())
            pending = ""
    return found
