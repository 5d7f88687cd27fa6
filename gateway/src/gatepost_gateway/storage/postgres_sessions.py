"""Sessions in PostgreSQL: several gateways serve as one. A call costs two or three short statements."""

from collections.abc import Sequence
from typing import Any, Self

from gatepost_gateway.domain.ports import SESSION_LIFE
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.postgres import Part
from gatepost_gateway.storage.queries import Queries

MOST_WAITING = 16
"""Sessions that one mark may lead to and nobody has gone on with."""
CONNECTIONS = 8
MIGRATIONS = ("migration_1",)
_SQL = Queries("postgres_sessions.sql")
_PART = Part("sessions", _SQL, MIGRATIONS)


class PostgresSessions:
    """Implements `ports.SessionStore`."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._sql = _SQL

    @classmethod
    async def open(cls, url: Secret) -> Self:
        """Connects, and brings the schema up. Raises GatewayFault (503) with words that never show the password."""
        return cls(await _PART.pool(url, CONNECTIONS))

    async def turn(self, session_id: str, owner: str, base: int, now: int) -> int | None:
        return await self._value("turn", session_id, owner, base, now, now - SESSION_LIFE)

    async def adopt(self, mark: bytes, session_id: str, now: int) -> str:
        return await self._value("adopt", mark, session_id, now, now - SESSION_LIFE)

    async def claim(self, mark: bytes, now: int) -> str | None:
        return await self._value("claim", mark, now, now - SESSION_LIFE)

    async def keep(self, marks: Sequence[bytes], session_id: str, now: int) -> None:
        # In one order for all: two calls that keep the same marks do not wait for each other in a circle.
        await self._value("keep", sorted(set(marks)), session_id, now, now - SESSION_LIFE, MOST_WAITING)

    async def sweep(self, now: int) -> None:
        await self._value("sweep_sessions", now - SESSION_LIFE)
        await self._value("sweep_marks", now - SESSION_LIFE)

    async def close(self) -> None:
        self._pool.terminate()

    async def _value(self, query: str, *values: Any) -> Any:
        with _PART.answering():
            return await self._pool.fetchval(self._sql[query], *values)
