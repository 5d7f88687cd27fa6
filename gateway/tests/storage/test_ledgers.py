"""The one suite of all ledgers: in process, in process over a journal as `gatepost serve` has it, and in PostgreSQL."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.domain.governance import Became, Hold
from gatepost_gateway.domain.ports import Ledger
from gatepost_gateway.domain.records import Opened
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.ledger import MemoryLedger
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.journal import Journal
from gatepost_gateway.storage.postgres_ledger import _PART, Past, PostgresLedger, Times
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.recover import interrupted, recover, with_holds

from ..ledgers import Ledgers, World
from ..postgres import Cluster
from .making import NOW, closed, opened

SOAK = os.environ.get("SOAK")
EMPTY = "TRUNCATE gatepost_gateways, gatepost_accounts, gatepost_account_groups, gatepost_holds"


class Memory:
    """One process that never dies."""

    gateways, crashes, shared = 1, False, True

    def __init__(self) -> None:
        self.one = MemoryLedger()

    def ledger(self, gateway: int) -> Ledger:
        return self.one

    async def begin(self) -> None: ...
    async def opened(self, gateway: int, hold: Hold) -> None: ...
    async def closed(self, gateway: int, hold: Hold, amount: int) -> None: ...
    async def crash(self, gateway: int) -> None: ...
    async def restart(self, gateway: int) -> None: ...
    async def reap(self) -> None: ...
    async def end(self) -> None: ...

    async def used(self, accounts: Iterable[str]) -> dict[str, tuple[int, int]]:
        return {account: self.one.used(account) for account in accounts}


class Journaled(Memory):
    """One process over a journal. It may die at any moment; the next start folds, and closes what was open."""

    crashes, shared = True, False

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gatepost-ledger-"))
        self.records = Records(self.folder / "records.db")
        self.clock = SystemClock()
        self.journal: Journal | None = None

    async def opened(self, gateway: int, hold: Hold) -> None:
        await self._write(entry_of(hold))

    async def closed(self, gateway: int, hold: Hold, amount: int) -> None:
        begun = entry_of(hold)
        await self._write(
            closed(begun.step_id, at=begun.at, claims=hold.claims, held=begun.held, settled=amount, cost=amount)
        )

    async def crash(self, gateway: int) -> None:
        assert self.journal is not None
        os.close(self.journal._fd)
        assert self.journal._lock is not None
        self.journal._lock.release()
        self.journal = None

    async def restart(self, gateway: int) -> None:
        folder = Folder(self.folder / "journal", self.records)
        found = recover(folder, self.records, NOW)
        self.journal = Journal.open(self.folder / "journal", after=found.folded)
        for begun in found.open_holds:
            self.journal.append(interrupted(begun, self.clock.micros()))
        await self.journal.durable()
        self.one = MemoryLedger(with_holds(found.settled, found.open_holds), found.tripped)

    async def end(self) -> None:
        if self.journal is not None:
            self.journal.close()
        self.records.close()
        shutil.rmtree(self.folder)

    async def _write(self, entry: Any) -> None:
        assert self.journal is not None
        self.journal.append(entry)
        await self.journal.durable()


class Shared:
    """Three gateways over one PostgreSQL, each with a journal of its own (here: what it would say)."""

    gateways, crashes, shared = 3, True, True

    def __init__(self, url: str) -> None:
        self.url = Secret(url)
        self.names = [ids.new() for _ in range(self.gateways)]
        self.journals: list[dict[str, Became]] = [{} for _ in self.names]
        self.ledgers: list[PostgresLedger | None] = [None] * self.gateways

    async def begin(self) -> None:
        self.looking: Any = await asyncpg.connect(self.url.reveal())
        await _PART.migrate(self.looking)
        await self.looking.execute(EMPTY)

    def ledger(self, gateway: int) -> PostgresLedger:
        found = self.ledgers[gateway]
        assert found is not None
        return found

    async def opened(self, gateway: int, hold: Hold) -> None:
        self.journals[gateway][hold.id] = Became(hold.claims[0].amount, presumed=True)

    async def closed(self, gateway: int, hold: Hold, amount: int) -> None:
        self.journals[gateway][hold.id] = Became(amount, presumed=False)

    async def crash(self, gateway: int) -> None:
        await kill(self.ledger(gateway))
        self.ledgers[gateway] = None

    async def restart(self, gateway: int) -> None:
        async def truth(names: Sequence[str]) -> dict[str, Became]:
            return {name: self.journals[gateway][name] for name in names if name in self.journals[gateway]}

        opening = PostgresLedger.open(self.url, self.names[gateway], Past({}, (), truth), Times(3600, 3600))
        self.ledgers[gateway] = await opening

    async def reap(self) -> None:
        alive = [one for one in self.ledgers if one is not None]
        dead = [name for name, one in zip(self.names, self.ledgers, strict=True) if one is None]
        await flushed(*alive)
        words = "UPDATE gatepost_gateways SET seen = seen - interval '2 hours' WHERE id = ANY ($1)"
        await self.looking.execute(words, dead)
        await asyncio.gather(*(chores(one) for one in alive))

    async def used(self, accounts: Iterable[str]) -> dict[str, tuple[int, int]]:
        await flushed(*(one for one in self.ledgers if one is not None))
        rows = await self.looking.fetch("SELECT * FROM gatepost_accounts WHERE account = ANY ($1)", list(accounts))
        return dict.fromkeys(accounts, (0, 0)) | {row["account"]: (row["settled"], row["held"]) for row in rows}

    async def end(self) -> None:
        self.looking.terminate()
        for one in self.ledgers:
            if one is not None:
                await one.end(5)


async def kill(ledger: PostgresLedger) -> None:
    """What `kill -9` leaves of it: nothing that was not said is said any more."""
    assert ledger._worker is not None
    ledger._worker.cancel()
    await asyncio.gather(ledger._worker, return_exceptions=True)
    ledger._drop()


async def flushed(*ledgers: PostgresLedger) -> None:
    """Returns when the database has all that was said, and nobody uses a connection."""
    for one in ledgers:
        while one._settling or one._asks or one._doubtful or not one._idle:
            await asyncio.sleep(0.001)


async def chores(ledger: PostgresLedger) -> None:
    """What it does every few seconds, now."""
    ledger._beat_at = 0.0
    ledger._wake.set()
    while not ledger._beat_at or not ledger._idle:
        await asyncio.sleep(0.001)


def entry_of(hold: Hold) -> Opened:
    at = NOW + int(hold.id)
    return opened(f"{hold.id:>032}", trace_id=hold.id, at=at, claims=hold.claims, held=hold.claims[0].amount)


def machine(make: Any, *, spread: tuple[int, ...] = (0,)) -> type[Ledgers]:
    class Machine(Ledgers):
        async def make(self) -> World:
            world = make()
            await world.begin()
            for gateway in range(world.gateways):
                await world.restart(gateway)
            return world

    Machine.spread = spread
    return Machine


def drive(one: type[Ledgers], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        one,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=SOAK is None,
            phases=[Phase.generate],  # a shorter story of what failed takes minutes over a database
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )  # fmt: skip


def test_in_process() -> None:
    drive(machine(Memory), 60, 30)


def test_over_a_journal() -> None:
    drive(machine(Journaled), 25, 20)


def test_in_postgresql(cluster: Cluster) -> None:
    drive(machine(lambda: Shared(cluster.url), spread=(0, -150, 100)), 15, 20)


@pytest.mark.soak
@pytest.mark.parametrize("backend", ["memory", "journal", "postgresql"])
def test_for_long(backend: str, cluster: Cluster) -> None:
    make = {"memory": Memory, "journal": Journaled, "postgresql": lambda: Shared(cluster.url)}[backend]
    examples = {"memory": 2000, "journal": 300, "postgresql": 200}[backend] // (10 if SOAK == "short" else 1)
    drive(machine(make, spread=(0, -150, 100) if backend == "postgresql" else (0,)), examples, 50)
