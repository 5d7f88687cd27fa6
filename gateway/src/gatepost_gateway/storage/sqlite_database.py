"""A database that is a file: SQLite."""

import os
import sqlite3
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gatepost_gateway.storage.database import DatabaseError, Dialect, RefusedError, Sql, Values
from gatepost_gateway.storage.queries import statements


class SqliteDatabase:
    """Implements `Database`. One connection: whoever shares it among threads holds a lock of his own."""

    dialect = Dialect.SQLITE

    def __init__(self, path: Path, pragmas: Iterable[str]) -> None:
        """Opens `path`, made (0600) when it is not there. Raises OSError, and DatabaseError for what is no database."""
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        with _typed():
            self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        try:
            with _typed():
                for pragma in pragmas:
                    self._db.execute(pragma).fetchall()
        except BaseException:
            self._db.close()
            raise

    def teach(self, name: str, arguments: int, function: Callable[..., Any]) -> None:
        """A function that SQL may call."""
        self._db.create_function(name, arguments, function, deterministic=True)

    def all(self, query: Sql, values: Values = ()) -> list[tuple[Any, ...]]:
        with _typed():
            return self._db.execute(query, values).fetchall()

    def one(self, query: Sql, values: Values = ()) -> tuple[Any, ...] | None:
        with _typed():
            return self._db.execute(query, values).fetchone()

    def run(self, query: Sql, values: Values = ()) -> int:
        with _typed():
            return self._db.execute(query, values).rowcount

    def many(self, query: Sql, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            with _typed():
                self._db.executemany(query, rows)

    @contextmanager
    def transaction(self, turn: str | None = None) -> Generator[None]:  # noqa: ARG002 - one writer is all there is
        with _typed():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def take(self, turn: str) -> None:
        """Nobody else is there."""

    def give(self, turn: str) -> None:
        """Nobody waits."""

    def announce(self) -> None:
        """Nobody listens."""

    def script(self, text: str) -> None:
        with _typed():
            for statement in statements(text):
                self._db.execute(statement)

    def close(self) -> None:
        self._db.close()


@contextmanager
def _typed() -> Generator[None]:
    try:
        yield
    except (sqlite3.IntegrityError, OverflowError) as error:
        raise RefusedError(str(error)) from error
    except sqlite3.Error as error:
        raise DatabaseError(str(error)) from error
