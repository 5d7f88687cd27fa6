"""What several gateways share, where they serve as one: sessions, budgets, rate limits, loops, what rules count."""

import asyncio
from contextlib import AsyncExitStack
from typing import Self

from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.ledger import MemoryCounters
from gatepost_gateway.storage.postgres_counters import PostgresCounters
from gatepost_gateway.storage.postgres_ledger import Past, PostgresLedger
from gatepost_gateway.storage.postgres_loops import PostgresLoops
from gatepost_gateway.storage.postgres_rates import PostgresRates
from gatepost_gateway.storage.postgres_sessions import PostgresSessions

END_SECONDS = 5.0
"""How long a stopping gateway may take to say what was spent; its next start says the rest."""


class SharedState:
    """The parts that live in PostgreSQL."""

    def __init__(
        self,
        sessions: PostgresSessions,
        ledger: PostgresLedger,
        rates: PostgresRates,
        loops: PostgresLoops,
        counters: PostgresCounters,
    ) -> None:
        self.sessions, self.ledger, self.rates, self.loops, self.counters = sessions, ledger, rates, loops, counters

    @classmethod
    async def open(cls, url: Secret, clock: Clock, gateway: str, past: Past) -> Self:
        """All of it or nothing. `gateway`: the name of this one, `past`: what it brings with it.

        Raises GatewayFault (503) with words that never show the password.
        """
        async with AsyncExitStack() as opened:
            sessions = await PostgresSessions.open(url)
            opened.push_async_callback(sessions.close)
            ledger = await PostgresLedger.open(url, gateway, past)
            opened.push_async_callback(ledger.end, 0.0)
            rates = await PostgresRates.open(url)
            opened.push_async_callback(rates.close)
            loops = await PostgresLoops.open(url)
            opened.push_async_callback(loops.close)
            counters = await PostgresCounters.open(url, MemoryCounters(clock))
            opened.pop_all()
        return cls(sessions, ledger, rates, loops, counters)

    async def sweep(self) -> None:
        """Lets go of what has outlived its time; sessions are swept by who serves them. Raises GatewayFault (503)."""
        for part in (self.rates, self.loops, self.counters):
            await part.sweep()

    async def close(self) -> None:
        """Whatever one part says, the others are closed. Raises what the first one raised."""
        parts = (self.counters, self.loops, self.rates, self.sessions)
        closing = [self.ledger.end(END_SECONDS), *(part.close() for part in parts)]
        said = await asyncio.gather(*closing, return_exceptions=True)
        for error in said:
            if error is not None:
                raise error
