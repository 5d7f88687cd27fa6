"""What rules count, in PostgreSQL: several gateways know each other's counts, and a restart forgets nothing.

Rules ask in the middle of a stream, where nothing may wait: so each gateway keeps the sums itself, says what it adds at
once, and reads what the others added every `POLL` seconds. So much later it knows of it. When it has read nothing for
`STALE` seconds the rules that count fail, and what they would have let through is denied.
"""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol, Self

from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.postgres import Part
from gatepost_gateway.storage.postgres_batch import Batcher, apart, plain
from gatepost_gateway.storage.queries import Queries

POLL = 0.25
STALE = 5.0
PAGE = 10_000
"""Additions of others that are read at once."""
MOST_UNSAID = 10_000
"""Accounts with additions that the database was not told yet; with more of them nothing is known for certain."""
MIGRATIONS = ("migration_1",)
_SQL = Queries("postgres_counters.sql")
_PART = Part("counters", _SQL, MIGRATIONS)
_START_SECONDS = 30.0
"""What reading all that there was before may take, at a start."""


class Sums(Protocol):
    """What was counted, in this process."""

    def so_far(self, account: str, seconds: float) -> int: ...
    def came(self, account: str, amount: int, seconds: float, age: float) -> None: ...


class PostgresCounters:
    """Implements `ports.Counters`. `sums`: where it keeps them; there is nothing in it yet."""

    def __init__(self, url: Secret, sums: Sums) -> None:
        self._url = url
        self._loop = asyncio.get_running_loop()
        self._me = secrets.token_hex(8)
        self._sums = sums
        self._unsaid: dict[tuple[str, float], tuple[int, float]] = {}
        """Amount, and since when, by account and its seconds."""
        self._seq = 0
        self._read_at = self._loop.time()
        self._behind = False
        self._batcher: Batcher[None, None] = Batcher(_PART, url, self._say, lambda _: None, self._more)

    @classmethod
    async def open(cls, url: Secret, sums: Sums) -> Self:
        """Connects, brings the schema up, and reads what there is. Raises GatewayFault (503) with words that never show
        the password.
        """
        made = cls(url, sums)
        await made._batcher.open()
        try:
            await made._begin()
        except BaseException:
            await made.close()
            raise
        return made

    def so_far(self, account: str, seconds: float) -> int:
        """Raises GatewayFault (503) when what the others counted has not been heard of for too long."""
        if self._loop.time() - self._read_at > STALE or len(self._unsaid) > MOST_UNSAID:
            raise _PART.away(TimeoutError())
        return self._sums.so_far(plain(account), seconds)

    def add(self, account: str, amount: int, seconds: float) -> None:
        account = plain(account)
        self._sums.came(account, amount, seconds, 0.0)
        before, since = self._unsaid.get((account, seconds), (0, self._loop.time()))
        self._unsaid[account, seconds] = (before + amount, since)
        self._batcher.soon()

    async def sweep(self) -> None:
        async with apart(_PART, self._url) as connection:
            await connection.execute(_SQL["sweep"])

    async def close(self) -> None:
        """What was counted is said before, where anybody listens."""
        if self._unsaid:
            with suppress(GatewayFault):
                await self._batcher.ask(None)
        await self._batcher.close()

    async def _begin(self) -> None:
        async with apart(_PART, self._url) as connection:
            self._seq = await connection.fetchval(_SQL["last"], timeout=_START_SECONDS)
            for row in await connection.fetch(_SQL["before"], self._seq, timeout=_START_SECONDS):
                self._sums.came(row["account"], row["amount"], row["seconds"], max(0.0, row["age"]))
        self._read_at = self._loop.time()

    def _more(self) -> float:
        return 0.0 if self._behind else max(0.0, self._read_at + POLL - self._loop.time())

    async def _say(self, connection: Any, questions: Sequence[None]) -> list[None]:
        """Says what was added and reads what the others added. After a statement whose answer was lost an addition may
        be said twice: a rule may stop a little early, and never late.
        """
        said, now = dict(self._unsaid), self._loop.time()
        if said:
            names = [account for account, _ in said]
            amounts = [amount for amount, _ in said.values()]
            lives, ages = [seconds for _, seconds in said], [now - since for _, since in said.values()]
            await connection.execute(_SQL["add"], self._me, names, amounts, lives, ages)
            for key, (amount, _) in said.items():
                left = self._unsaid[key][0] - amount
                if left:
                    self._unsaid[key] = (left, now)
                else:
                    del self._unsaid[key]
        rows = await connection.fetch(_SQL["read"], self._seq, self._me, PAGE)
        for row in rows:
            self._sums.came(row["account"], row["amount"], row["seconds"], max(0.0, row["age"]))
            self._seq = row["seq"]
        self._behind = len(rows) == PAGE
        if not self._behind:
            self._read_at = now
        return [None] * len(questions)
