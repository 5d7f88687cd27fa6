"""Loops in PostgreSQL: an agent that repeats itself is seen, whichever gateway it asks."""

from collections.abc import Sequence
from typing import Any, Self

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.postgres import Part
from gatepost_gateway.storage.postgres_batch import Batcher, apart
from gatepost_gateway.storage.queries import Queries

MIGRATIONS = ("migration_1",)
_SQL = Queries("postgres_loops.sql")
_PART = Part("loops", _SQL, MIGRATIONS)
_Question = tuple[str, bytes, float, int]
_Repeats = tuple[int, float]


class PostgresLoops:
    """Implements `ports.Loops`."""

    def __init__(self, url: Secret) -> None:
        self._url = url
        self._batcher: Batcher[_Question, _Repeats] = Batcher(_PART, url, _say, _forget, lambda: None)

    @classmethod
    async def open(cls, url: Secret) -> Self:
        """Connects, and brings the schema up. Raises GatewayFault (503) with words that never show the password."""
        made = cls(url)
        await made._batcher.open()
        return made

    async def repeated(self, owner: str, mark: bytes, seconds: float, most: int) -> _Repeats:
        return await self._batcher.ask((owner, mark, seconds, most))

    async def sweep(self) -> None:
        async with apart(_PART, self._url) as connection:
            await connection.execute(_SQL["sweep"])

    async def close(self) -> None:
        await self._batcher.close()


async def _say(connection: Any, questions: Sequence[_Question]) -> list[_Repeats]:
    if not questions:
        return []
    owners, marks, seconds, most = zip(*questions, strict=True)
    row = await connection.fetchrow(_SQL["repeated"], owners, marks, seconds, most)
    return list(zip(row["count"], row["wait"], strict=True))


def _forget(answer: _Repeats) -> None:
    """What was asked was asked, whether or not anybody waits for the answer."""
