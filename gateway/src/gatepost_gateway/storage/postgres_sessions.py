"""Sessions in PostgreSQL: several gateways serve as one. A call costs two or three short statements."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import asyncpg

from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.ports import SESSION_LIFE
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.queries import Queries

MOST_WAITING = 16
"""Sessions that one mark may lead to and nobody has gone on with."""
SECONDS = 2.0
"""A statement that takes longer has failed, and so has the call."""
CONNECTIONS = 8
MIGRATIONS = ("migration_1",)


class PostgresSessions:
    """Implements `ports.SessionStore`."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._sql = _SQL

    @classmethod
    async def open(cls, url: Secret) -> Self:
        """Connects, and brings the schema up. Raises GatewayFault (503) with words that never show the password."""
        with _answering():
            pool = await _create_pool(
                url.reveal(), min_size=1, max_size=CONNECTIONS, timeout=5 * SECONDS, command_timeout=SECONDS
            )
        try:
            with _answering():
                async with pool.acquire() as one, one.transaction():
                    await _migrate(one)
        except BaseException:
            pool.terminate()
            raise
        return cls(pool)

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
        with _answering():
            return await self._pool.fetchval(self._sql[query], *values)


_SQL = Queries("postgres_sessions.sql")
_create_pool: Any = vars(asyncpg)["create_pool"]
"""Its types are partial: a pool is Any here."""


async def _migrate(connection: Any) -> None:
    await connection.execute(_SQL["lock"])
    await connection.execute(_SQL["versions"])
    reached = await connection.fetchval(_SQL["version"]) or 0
    if reached > len(MIGRATIONS):
        raise GatewayFault(
            f"the sessions in PostgreSQL have version {reached}, which is newer than this gateway: upgrade it",
            code=Code.STATE_UNAVAILABLE,
            status=503,
        )
    for name in MIGRATIONS[reached:]:
        await connection.execute(_SQL[name])
    await connection.execute(_SQL["reached"], len(MIGRATIONS))


@contextmanager
def _answering() -> Generator[None]:
    """A database that does not answer is a GatewayFault; its words may hold the address, and are not shown."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, ValueError) as error:
        raise GatewayFault(
            f"the database of the sessions does not answer ({type(error).__name__}): look after `server.state_url`",
            code=Code.STATE_UNAVAILABLE,
            status=503,
        ) from error
