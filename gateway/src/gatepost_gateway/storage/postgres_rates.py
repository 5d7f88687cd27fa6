"""Rate limits in PostgreSQL: several gateways count as one.

What many calls ask at once goes to the database as one statement over one connection, in the order in which they asked;
what is given back and released goes along. The database's clock counts. Fails closed: while it does not answer, calls
under a limit are refused.

Slots belong to a gateway, whose lease runs for `LEASE` seconds from the last statement that renewed it. A gateway says
how many slots it holds, not how they changed, so that a statement whose answer was lost leaves nothing behind.
"""

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any, Self

from gatepost_gateway.domain.limits import MOST_SUBJECTS, SLOT_RETRY, WINDOW, Ask, Taken, Window, group_of
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.postgres import Part
from gatepost_gateway.storage.postgres_batch import Batcher, apart, plain
from gatepost_gateway.storage.queries import Queries

GRAIN = 0.25
"""Seconds of a bucket: a limit is late by at most so much, and never early."""
LEASE = 15.0
"""Seconds after which the slots of a gateway that was killed are free."""
MOST_FULL = 10_000
"""Accounts that are known to be used up, so that nobody need ask."""
MIGRATIONS = ("migration_1",)
_SQL = Queries("postgres_rates.sql")
_PART = Part("rate limits", _SQL, MIGRATIONS)


class PostgresRates:
    """Implements `ports.Rates`."""

    def __init__(self, url: Secret) -> None:
        self._url = url
        self._loop = asyncio.get_running_loop()
        self._me = secrets.token_hex(8)
        self._back: dict[tuple[str, int], int] = {}
        self._held: dict[str, int] = {}
        self._changed: set[str] = set()
        """Accounts whose slots the database may have otherwise than `_held`."""
        self._full: dict[str, tuple[int, float]] = {}
        """Request limits that are used up, and until when."""
        self._renewed = -LEASE
        self._batcher: Batcher[tuple[Ask, ...], Taken] = Batcher(_PART, url, self._say, self._undo, self._more)

    @classmethod
    async def open(cls, url: Secret) -> Self:
        """Connects, and brings the schema up. Raises GatewayFault (503) with words that never show the password."""
        made = cls(url)
        await made._batcher.open()
        return made

    async def take(self, asks: tuple[Ask, ...]) -> Taken:
        if not asks:
            return Taken(True, (), (), 0.0)
        if not all(ask.account.isascii() for ask in asks):
            asks = tuple([_plain(ask) for ask in asks])
        if self._full and (refused := self._known(asks)) is not None:
            return refused
        return await self._batcher.ask(asks)

    def give_back(self, account: str, amount: int, at: float) -> None:
        if amount > 0:
            key = (account, int(at))
            self._back[key] = self._back.get(key, 0) + amount
            self._full.pop(account, None)
            self._batcher.soon()

    def release(self, account: str) -> None:
        held = self._held.get(account, 0)
        if held:
            self._held[account] = held - 1
            self._changed.add(account)
            self._batcher.soon()

    async def sweep(self) -> None:
        async with apart(_PART, self._url) as connection:
            await connection.execute(_SQL["sweep_rates"], WINDOW + 30, GRAIN)
            await connection.execute(_SQL["sweep_subjects"], WINDOW + 60)
            await connection.execute(_SQL["sweep_owners"], 4 * LEASE)
            for (group,) in await connection.fetch(_SQL["groups"]):
                await connection.execute(_SQL["count_group"], group)

    async def close(self) -> None:
        await self._batcher.close([(_SQL["leave_slots"], self._me), (_SQL["leave"], self._me)])

    def _known(self, asks: tuple[Ask, ...]) -> Taken | None:
        """A refusal that needs nobody's word: a limit that is used up stays so until its next piece has left."""
        now = self._loop.time()
        for number, ask in enumerate(asks):
            limit, until = self._full.get(ask.account, (0, 0.0))
            if limit != ask.limit:
                continue
            if until <= now:
                del self._full[ask.account]
                continue
            windows = [Window(True, one.limit, one.limit, 0.0) for one in asks]
            windows[number] = Window(False, limit, 0, until - now, until - now)
            return Taken(False, asks, tuple(windows), 0.0)
        return None

    def _more(self) -> float | None:
        """When the lease is due, or what was given back."""
        if self._back or self._changed:
            return 0.0
        return max(0.0, self._renewed + LEASE / 3 - self._loop.time()) if self._held else None

    async def _say(self, connection: Any, calls: Sequence[tuple[Ask, ...]]) -> list[Taken]:
        said = _Statement(calls)
        now = self._loop.time()
        if now - self._renewed >= LEASE / 3:
            # Everything is said again: whatever the database has forgotten, or never heard, is right again.
            self._changed.update(self._held)
        mine = self._take_changes()
        renews = bool(mine[0]) or said.has_slots
        # Said once: after a statement whose answer was lost, what was given back may be lost, and counts.
        back = [(account, tick, amount) for (account, tick), amount in self._back.items()]
        self._back.clear()
        try:
            row = await connection.fetchrow(_SQL["take"], *said.values(self._me, LEASE if renews else 0.0, mine, back))
        except BaseException:
            self._changed.update(mine[0], said.slots())
            raise
        if renews:
            self._renewed = now
        found = said.read(row)
        for asks, taken in zip(calls, found, strict=True):
            self._note(asks, taken)
        return found

    def _take_changes(self) -> tuple[list[str], list[int]]:
        accounts = list(self._changed)
        self._changed.clear()
        held = [self._held.get(account, 0) for account in accounts]
        for account, number in zip(accounts, held, strict=True):
            if not number:
                self._held.pop(account, None)
        return accounts, held

    def _note(self, asks: tuple[Ask, ...], taken: Taken) -> None:
        if taken.admitted:
            for ask in taken.asks:
                if ask.slot:
                    self._held[ask.account] = self._held.get(ask.account, 0) + 1
            return
        now = self._loop.time()
        for ask, placed, window in zip(asks, taken.asks, taken.windows, strict=True):
            if not window.admitted and ask.amount == 1 and not ask.slot and placed.account == ask.account:
                if len(self._full) >= MOST_FULL:
                    self._full = {name: one for name, one in self._full.items() if one[1] > now}
                if len(self._full) < MOST_FULL:
                    self._full[ask.account] = (ask.limit, now + window.retry_after)

    def _undo(self, taken: Taken) -> None:
        """Its caller has left: what was taken for it is given back."""
        for ask in taken.asks if taken.admitted else ():
            if ask.slot:
                self.release(ask.account)
            else:
                self.give_back(ask.account, ask.amount, taken.at)


def _plain(ask: Ask) -> Ask:
    """`ask` with a subject that every database can keep, in the same group."""
    group = group_of(ask.account)
    if group is None or ask.account.isascii():
        return ask
    return Ask(f"{group} {plain(ask.account)}", ask.limit, ask.amount, ask.slot)


class _Statement:
    """What calls ask, as the database reads it: the accounts, each once, and what is asked of them."""

    def __init__(self, calls: Sequence[tuple[Ask, ...]]) -> None:
        self._calls = calls
        self._accounts: dict[tuple[str, bool], int] = {}
        self._op: list[int] = []
        self._which: list[int] = []
        for number, call in enumerate(calls):
            for ask in call:
                self._op.append(number)
                self._which.append(self._accounts.setdefault((ask.account, ask.slot), len(self._accounts) + 1))
        self.has_slots = any(slot for _, slot in self._accounts)

    def slots(self) -> list[str]:
        """The accounts of which slots were asked."""
        return [name for name, slot in self._accounts if slot]

    def values(
        self, me: str, lease: float, mine: tuple[list[str], list[int]], back: list[tuple[str, int, int]]
    ) -> tuple[Any, ...]:
        names = [name for name, _ in self._accounts]
        groups = [group_of(name) for name in names]
        locks = [group or name for name, group in zip(names, groups, strict=True)]
        locks += [group_of(name) or name for name, _, _ in back]
        asks = [ask for call in self._calls for ask in call]
        return (
            me, lease, GRAIN, WINDOW, MOST_SUBJECTS, locks, mine[0], mine[1],
            [name for name, _, _ in back], [tick for _, tick, _ in back], [amount for _, _, amount in back],
            names, groups, [slot for _, slot in self._accounts],
            self._op, self._which, [ask.limit for ask in asks], [ask.amount for ask in asks],
        )  # fmt: skip

    def read(self, row: Any) -> list[Taken]:
        """The answer, a call each."""
        placed, fits, left, wait = row["placed"], row["fits"], row["remaining"], row["wait"]
        found: list[Taken] = []
        at = 0
        for call in self._calls:
            asks: list[Ask] = []
            windows: list[Window] = []
            for number, ask in enumerate(call, at):
                name = placed[self._which[number] - 1]
                asks.append(ask if name == ask.account else Ask(name, ask.limit, ask.amount, ask.slot))
                if fits[number]:
                    windows.append(Window(True, ask.limit, left[number], wait[number]))
                else:
                    seconds = SLOT_RETRY if ask.slot else wait[number]
                    windows.append(Window(False, ask.limit, left[number], seconds, seconds))
            at += len(call)
            admitted = all(window.admitted for window in windows)
            found.append(Taken(admitted, tuple(asks), tuple(windows), float(row["tick"])))
        return found
