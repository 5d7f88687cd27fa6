"""Budgets in PostgreSQL: several gateways spend from the same accounts, and none is ever overdrawn.

Calls do not go to the database one by one. What they ask and settle while one round trip is under way goes there with
the next, as one statement over one connection, in order: a call costs a share of a round trip, and a settlement comes
after the hold that it ends, whatever became of the caller. The journal is the truth of what a call cost: what a gateway
had not said to the database when it died, its next start says. When it does not come back, another gateway settles its
holds at the whole.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Self

import asyncpg
import msgspec
from msgspec import Struct

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.governance import Became, Claim, Hold, Refusal
from gatepost_gateway.domain.limits import MOST_SUBJECTS
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.ledger_batch import LARGEST, Ask, Cost, answer_of, parameters
from gatepost_gateway.storage.postgres import SECONDS, Part
from gatepost_gateway.storage.queries import Queries

log = logging.getLogger("gatepost.ledger")
MIGRATIONS = ("migration_1",)
MOST_AT_ONCE = 256
"""Holds, and settlements, in one statement."""
MOST_WAITING = 10_000
"""Settlements that the database does not have yet: no more holds are given before it takes some."""
MOST_KNOWN = 20_000
"""Accounts whose last known state is remembered for the headers of answers."""
RETRY_SECONDS = 0.25
SWEEP_SECONDS = 3600.0
_SQL = Queries("postgres_ledger.sql")
_PART = Part("ledger", _SQL, MIGRATIONS)
_connect: Any = vars(asyncpg)["connect"]
"""Its types are partial: a connection is Any here."""


class Times(Struct, frozen=True):
    """Seconds: how often a gateway says that it is there; how long it may be silent before others settle its holds."""

    beat: float = 5.0
    lease: float = 30.0


Truth = Callable[[Sequence[str]], Awaitable[Mapping[str, Became]]]
"""What became of holds, by their ids. One that is not in it never was in the journal: its call never went out."""


class Past(Struct, frozen=True):
    """What a gateway brings with it: what it has spent and closed before, and what its journal says of its holds."""

    settled: Mapping[str, int]
    closed: Sequence[str]
    truth: Truth


class PostgresLedger:
    """Implements `ports.Ledger`. Opened on the running loop, used from its thread only.

    `gateway`: this gateway's name, the same at each of its starts.
    """

    def __init__(self, url: Secret, gateway: str, times: Times | None = None) -> None:
        self._url = url
        self._gateway = gateway
        self._run = ids.new()
        self._times = times or Times()
        self._loop = asyncio.get_running_loop()
        self._connection: Any = None
        self._asks: list[Ask] = []
        self._settling: dict[str, Cost] = {}
        """What the database does not know yet: the cost of a hold, and whether it is only presumed."""
        self._shutting: list[tuple[str, asyncio.Future[None]]] = []
        self._doubtful: list[str] = []
        """Holds that were asked for when the database went away: whether they were given is not known."""
        self._open: dict[str, Hold] = {}
        self._known: dict[str, tuple[int, int]] = {}
        self._fault: str | None = None
        self._wake = asyncio.Event()
        self._idle = True
        """Nothing is under way to the database."""
        self._beat_at = 0.0
        self._sweep_at = self._loop.time() + SWEEP_SECONDS
        self._ending = False
        self._worker: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, url: Secret, gateway: str, past: Past, times: Times | None = None) -> Self:
        """Connects, brings the schema up, and settles what earlier starts of this gateway left open.

        Raises GatewayFault (503) with words that never show the password.
        """
        ledger = cls(url, gateway, times)
        try:
            with _PART.answering():
                connection = await ledger._connected()
                await _PART.migrate(connection)
                spent = [min(amount, LARGEST) for amount in past.settled.values()]
                closed = list(past.closed)
                await connection.execute(_SQL["join"], gateway, ledger._run, list(past.settled), spent, closed)
                await ledger._recover(connection, past.truth)
        except BaseException:
            ledger._drop()
            raise
        ledger._worker = ledger._loop.create_task(ledger._work())
        return ledger

    # -- what the stages ask -----------------------------------------------------------------------------------------

    async def reserve(self, hold_id: str, claims: tuple[Claim, ...]) -> Hold | Refusal:
        if not claims:
            return Hold(hold_id, ())
        if self._fault is not None:
            raise _closed(self._fault)
        if self._ending or len(self._settling) > MOST_WAITING:
            raise _closed(_STOPPING if self._ending else "the database is behind with what was spent")
        ask = Ask(hold_id, claims, self._loop.create_future())
        self._asks.append(ask)
        self._wake.set()
        try:
            return await ask.answer
        except asyncio.CancelledError:
            # Where the answer was here already, nobody else gives the hold back; else `_answered` does.
            if (given := self._open.get(hold_id)) is not None:
                self.settle(given, 0)
            raise

    def settle(self, hold: Hold, amount: int) -> None:
        given = self._open.pop(hold.id, None)
        if given is None:
            return
        self._settling[hold.id] = Cost(amount, kept=False)
        for claim in given.claims:
            settled, held = self._known.get(claim.account, (0, claim.amount))
            self._note(claim.account, settled + amount, max(0, held - claim.amount))
        self._wake.set()

    def correct(self, hold: Hold, before: int, after: int) -> None:
        self._settling[hold.id] = Cost(after, kept=True)
        for claim in hold.claims:
            if (known := self._known.get(claim.account)) is not None:
                self._note(claim.account, known[0] + after - before, known[1])
        self._wake.set()

    async def close(self, account: str) -> None:
        shut: asyncio.Future[None] = self._loop.create_future()
        self._shutting.append((account, shut))
        self._wake.set()
        await shut

    def used(self, account: str) -> tuple[int, int]:
        """As the database said it last, with what this gateway has settled since."""
        return self._known.get(account, (0, 0))

    def open_holds(self) -> int:
        """Also those whose settlement is still on its way."""
        return len(self._open) + len(self._settling) + len(self._doubtful)

    def forget(self, periods: frozenset[str]) -> None:
        past = [name for name in self._known if name.rpartition("@")[2] not in periods]
        for name in past:
            del self._known[name]

    @property
    def trouble(self) -> str | None:
        """Why no hold can be given now."""
        return self._fault

    async def end(self, seconds: float) -> None:
        """Says what was settled, for as long as that may take, and goes. What is left the next start says."""
        self._ending = True
        self._wake.set()
        if self._worker is not None:
            await asyncio.wait({self._worker}, timeout=seconds)
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        self._refuse(_STOPPING)
        self._drop()

    # -- the one connection ------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while not (self._ending and not self._asks and not self._settling and not self._doubtful):
            self._idle = True
            await self._due()
            try:
                with _PART.answering():
                    connection = await self._connected()
                    await self._turn(connection)
                    await self._chores(connection)
            except GatewayFault as fault:
                if self._fault is None:
                    log.error("%s; calls under a budget are refused until it does", fault.public)  # noqa: TRY400
                await self._lost(fault.public)
            except Exception:
                log.exception("the ledger failed")
                await self._lost("the gateway failed over it")
            else:
                self._fault = None

    async def _due(self) -> None:
        """Returns when there is something to do: at once while the database is away, so that it is found again."""
        if self._fault is None:
            timer = self._loop.call_at(self._beat_at, self._wake.set)
            await self._wake.wait()
            timer.cancel()
        self._wake.clear()
        self._idle = False

    async def _connected(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            bound = str(int(SECONDS * 1000))
            self._connection = await _connect(
                self._url.reveal(), timeout=SECONDS, command_timeout=SECONDS,
                server_settings={"statement_timeout": bound, "application_name": "gatepost"},
            )  # fmt: skip
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def _lost(self, why: str) -> None:
        """Who waits is refused; what was settled is kept for when the database is back."""
        self._fault = why
        self._drop()
        self._refuse(why)
        await asyncio.sleep(RETRY_SECONDS)

    def _refuse(self, why: str) -> None:
        asks, self._asks = self._asks, []
        shutting, self._shutting = self._shutting, []
        for ask in asks:
            if not ask.answer.done():
                ask.answer.set_exception(_closed(why))
        for _, shut in shutting:
            if not shut.done():
                shut.set_exception(_closed(why))

    async def _turn(self, connection: Any) -> None:
        """One round trip, for all that was asked and settled since the last one."""
        await self._rule_out(connection)
        await self._shut(connection)
        asks = [ask for ask in self._asks[:MOST_AT_ONCE] if not ask.answer.done()]
        del self._asks[:MOST_AT_ONCE]
        settling = {name: self._settling[name] for name, _ in zip(self._settling, range(MOST_AT_ONCE), strict=False)}
        if not asks and not settling:
            return
        try:
            said = await self._batch(connection, settling, asks)
        except BaseException:
            self._doubtful += [ask.hold_id for ask in asks]
            self._asks = asks + self._asks  # to be told by `_lost`
            raise
        for name, value in settling.items():
            if self._settling[name] == value:
                del self._settling[name]
        self._answered(asks, said)
        if self._asks or self._settling:
            self._wake.set()

    async def _batch(self, connection: Any, settling: Mapping[str, Cost], asks: Sequence[Ask]) -> Any:
        values = parameters(settling, asks)
        said = await connection.fetchval(_SQL["batch"], self._gateway, self._run, *values, MOST_SUBJECTS)
        return msgspec.json.decode(said) if said is not None else None

    def _answered(self, asks: Sequence[Ask], said: list[Any] | None) -> None:
        """Tells who asked. `said`: see `gatepost_ledger`; None: this gateway is not the one it was."""
        for number, ask in enumerate(asks):
            one: list[Any] | None = said[number] if said is not None else None
            result = answer_of(ask, one) if one is not None else None
            if isinstance(result, Hold):
                self._open[ask.hold_id] = result
                for account, settled, held in one or ():
                    self._note(account, settled, held)
            elif result is not None:
                self._note(result.account, result.settled, result.held)
            if ask.answer.done():
                # Its caller has left.
                if isinstance(result, Hold):
                    self.settle(result, 0)
            elif result is not None:
                ask.answer.set_result(result)
            else:
                ask.answer.set_exception(_closed(_RULED_OUT if said is not None else _SUPERSEDED))

    async def _rule_out(self, connection: Any) -> None:
        """Makes sure of the holds in doubt: what was not given never will be, and what was given is given back."""
        doubtful = self._doubtful[:]
        if doubtful:
            await connection.execute(_SQL["rule_out"], doubtful, self._gateway, self._run)
            del self._doubtful[: len(doubtful)]
            self._settling.update(dict.fromkeys(doubtful, Cost(0, kept=False)))

    async def _shut(self, connection: Any) -> None:
        if not self._shutting:
            return
        shutting = self._shutting[:]
        await connection.execute(_SQL["close"], sorted({account for account, _ in shutting}))
        del self._shutting[: len(shutting)]
        for _, shut in shutting:
            if not shut.done():
                shut.set_result(None)

    async def _chores(self, connection: Any) -> None:
        """Says that this gateway is there, and settles what those have left that are not."""
        now = self._loop.time()
        if now >= self._beat_at:
            await connection.execute(_SQL["beat"], self._gateway, self._run)
            for gone, holds in await connection.fetch(_SQL["reap"], self._times.lease, MOST_AT_ONCE):
                words = "gateway %s has not been seen for %g s: %d of its holds are settled at the whole hold"
                log.warning(words, gone, self._times.lease, holds)
            self._beat_at = now + self._times.beat
        if now >= self._sweep_at:
            for query in ("sweep_accounts", "sweep_groups", "sweep_holds"):
                await connection.execute(_SQL[query])
            self._sweep_at = now + SWEEP_SECONDS

    async def _recover(self, connection: Any, truth: Truth) -> None:
        """Says to the database what the journal knows of the holds that earlier starts have left there."""
        last = ""
        while True:
            rows = await connection.fetch(_SQL["left_open"], self._gateway, self._run, last, MOST_AT_ONCE)
            if not rows:
                return
            names = [row[0] for row in rows]
            said = await truth(names)
            never = Became(0, presumed=True)
            became = {name: said.get(name, never) for name in names}
            await self._batch(connection, {name: Cost(one.amount, one.presumed) for name, one in became.items()}, ())
            last = names[-1]

    def _note(self, account: str, settled: int, held: int) -> None:
        self._known.pop(account, None)
        self._known[account] = (settled, held)
        if len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]


async def used_of(url: Secret, accounts: Sequence[str]) -> dict[str, tuple[int, int]]:
    """(settled, held) of accounts, as the ledger has them. Raises GatewayFault (503)."""
    with _PART.answering():
        connection = await _connect(url.reveal(), timeout=SECONDS, command_timeout=SECONDS)
        try:
            rows = await connection.fetch(_SQL["used"], list(accounts))
        finally:
            connection.terminate()
    found: dict[str, tuple[int, int]] = {account: (settled, held) for account, settled, held in rows}
    return {account: found.get(account, (0, 0)) for account in accounts}


_STOPPING = "the gateway is stopping"
_RULED_OUT = "the hold was ruled out"
_SUPERSEDED = "another gateway was started with the data of this one"


def _closed(reason: str) -> GatewayFault:
    return GatewayFault(f"no money can be set aside under a budget: {reason}", code=Code.STATE_UNAVAILABLE, status=503)
