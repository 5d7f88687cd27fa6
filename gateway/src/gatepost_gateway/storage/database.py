"""The seam to a database: five verbs over SQL that lives in files, the same for SQLite and PostgreSQL.

Values stand in the SQL as `?`, in their order, or as `:name`. A single query is written twice only where the dialects
differ: `sql/x.postgres.sql` beside `sql/x.sql`.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path
from typing import Any, NewType, Protocol

Sql = NewType("Sql", str)
"""Made by `queries.Queries` alone."""
Values = Sequence[Any] | Mapping[str, Any]
PLACE = Path("PostgreSQL")
"""What a database without a file is called where a file would be named."""


class Dialect(StrEnum):
    SQLITE = "sqlite"
    POSTGRES = "postgres"


class DatabaseError(Exception):
    """The database does not do it now; the text says why, and holds no address and no value."""


class RefusedError(DatabaseError):
    """The tables do not take these values: a constraint is broken, or a value is beyond what a column holds."""


class Database(Protocol):
    """Any thread may ask, one at a time. Every verb raises DatabaseError."""

    @property
    def dialect(self) -> Dialect: ...
    def all(self, query: Sql, values: Values = ()) -> list[tuple[Any, ...]]: ...
    def one(self, query: Sql, values: Values = ()) -> tuple[Any, ...] | None: ...
    def run(self, query: Sql, values: Values = ()) -> int:
        """How many rows it wrote."""
        ...

    def many(self, query: Sql, rows: Sequence[Sequence[Any]]) -> None: ...
    def transaction(self, turn: str | None = None) -> AbstractContextManager[None]:
        """All that is written inside, or nothing. `turn`: those who name the same one go one after the other, also
        where they are of several processes.
        """
        ...

    def take(self, turn: str) -> None: ...
    def give(self, turn: str) -> None:
        """Ends what `take` began: a turn for who looks first and writes then."""
        ...

    def announce(self) -> None:
        """Says to others on the same database that a gateway runs here."""
        ...

    def script(self, text: str) -> None:
        """The statements of a migration."""
        ...

    def close(self) -> None: ...
