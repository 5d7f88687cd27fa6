"""What the parts that live in PostgreSQL have in common: how they connect, who brings a schema up, how it fails."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import asyncpg

from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.queries import Queries

SECONDS = 2.0
"""A statement that takes longer has failed, and so has the call."""
_create_pool: Any = vars(asyncpg)["create_pool"]
"""Its types are partial: a pool is Any here."""
_SQL = Queries("postgres.sql")


class Part:
    """One part of the state, such as `sessions`: the schema that it has for itself. `name` is also its word in errors.

    `migrations`: names of queries, in their order; how many of them ran is kept in `gatepost_schema`.
    """

    def __init__(self, name: str, sql: Queries, migrations: Sequence[str]) -> None:
        self.name = name
        self._sql = sql
        self._migrations = migrations

    async def pool(self, url: Secret, connections: int) -> Any:
        """A pool of connections to a database whose schema is up.

        Raises GatewayFault (503) with words that never show the password.
        """
        with self.answering():
            pool = await _create_pool(
                url.reveal(), min_size=1, max_size=connections, timeout=5 * SECONDS, command_timeout=SECONDS
            )
        try:
            with self.answering():
                async with pool.acquire() as one:
                    await self.migrate(one)
        except BaseException:
            pool.terminate()
            raise
        return pool

    async def migrate(self, connection: Any) -> None:
        """Brings the schema up, one process at a time. Raises GatewayFault (503) for a newer one."""
        async with connection.transaction():
            await connection.execute(_SQL["lock"])
            await connection.execute(_SQL["versions"])
            reached = await connection.fetchval(_SQL["version"], self.name) or 0
            if reached > len(self._migrations):
                raise GatewayFault(
                    f"the schema of the {self.name} in PostgreSQL is newer than this gateway ({reached}): upgrade it",
                    code=Code.STATE_UNAVAILABLE,
                    status=503,
                )
            for name in self._migrations[reached:]:
                await connection.execute(self._sql[name])
            await connection.execute(_SQL["reached"], self.name, len(self._migrations))

    @contextmanager
    def answering(self) -> Generator[None]:
        """A database that does not answer is a GatewayFault; its words may hold the address, and are not shown."""
        try:
            yield
        except TROUBLES as error:
            raise self.away(error) from error

    def away(self, error: BaseException) -> GatewayFault:
        """`error` of the database as it is told."""
        return GatewayFault(
            f"the database of the {self.name} does not answer ({type(error).__name__}): look after `server.state_url`",
            code=Code.STATE_UNAVAILABLE,
            status=503,
        )


TROUBLES = (
    asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError, ValueError,
)  # fmt: skip
"""What a database that does not answer, or not as it should, is seen by. asyncpg speaks of an error of its own where a
connection breaks at the wrong moment.
"""
