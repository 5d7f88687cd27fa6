"""SQL lives in files: each query under `-- name: x`, nothing is put together from strings."""

import sqlite3
from importlib import resources
from importlib.resources.abc import Traversable

HOME = resources.files("gatepost_gateway.storage")


class Queries:
    """The named queries of one file in `sql/`."""

    def __init__(self, file: str) -> None:
        blocks = HOME.joinpath("sql", file).read_text().split("-- name: ")[1:]
        self._queries = {name.strip(): text.strip() for name, _, text in (block.partition("\n") for block in blocks)}

    def __getitem__(self, name: str) -> str:
        return self._queries[name]

    def names(self) -> list[str]:
        return sorted(self._queries)


def migrations_folder() -> Traversable:
    """Where the migrations of `records.db` are."""
    return HOME.joinpath("migrations")


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
