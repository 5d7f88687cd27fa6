"""Budgets in one process: the counters are a fold of the journal, and one thread changes them.

A hold is all of its claims or none. At every instant and for every account, settled + held <= the limit it was asked
against. The journal keeps the same story on disk: `Opened` is the hold, `Closed` the settlement.
"""

from collections.abc import Iterable, Mapping

from gatepost_gateway.domain.governance import Claim, Hold, Refusal
from gatepost_gateway.domain.limits import MOST_SUBJECTS, group_of


class _Account:
    __slots__ = ("held", "settled")

    def __init__(self, settled: int) -> None:
        self.settled = settled
        self.held = 0


class MemoryLedger:
    """Implements `ports.Ledger`. `settled`: what the journal knew of each account when the process started; `closed`:
    the accounts that were closed then.

    Old periods leave by themselves: an account with nothing held is dropped when its period is over (`forget`), and one
    with nothing spent as soon as nothing is held.
    """

    def __init__(self, settled: Mapping[str, int] | None = None, closed: Iterable[str] = ()) -> None:
        self._accounts: dict[str, _Account] = {}
        self._groups: dict[str, int] = {}
        """How many accounts a group has in a period."""
        for name, amount in (settled or {}).items():
            self._make(name, amount)
        self._open: dict[str, Hold] = {}
        self._closed = set(closed)

    async def reserve(self, hold_id: str, claims: tuple[Claim, ...]) -> Hold | Refusal:
        """Checks every claim before it takes any. Nothing waits in between, so no other call can come between."""
        accounts = self._accounts
        placed = claims
        for index, asked in enumerate(claims):
            account = accounts.get(asked.account)
            claim = asked
            if account is None:
                name = self._place(asked.account)
                if name != asked.account:
                    claim, account = Claim(name, asked.limit, asked.amount), accounts.get(name)
                    placed = (*placed[:index], claim, *placed[index + 1 :])
            settled, held = (account.settled, account.held) if account else (0, 0)
            closed = bool(self._closed) and claim.account in self._closed
            if closed or settled + held + claim.amount > claim.limit:
                return Refusal(claim.account, claim.limit, settled, held, claim.amount, closed, index)
        for claim in placed:
            account = accounts.get(claim.account) or self._make(claim.account, 0)
            account.held += claim.amount
        hold = Hold(hold_id, placed)
        self._open[hold_id] = hold
        return hold

    def settle(self, hold: Hold, amount: int) -> None:
        given = self._open.pop(hold.id, None)
        if given is None:
            return
        for claim in given.claims:
            account = self._accounts.get(claim.account)
            if account is None:  # a hold of nothing, whose account went meanwhile
                account = self._make(claim.account, 0)
            account.held -= claim.amount
            account.settled += amount
            if not account.held and not account.settled:
                self._drop(claim.account)

    def correct(self, hold: Hold, before: int, after: int) -> None:
        for claim in hold.claims:
            account = self._accounts.get(claim.account)
            if account is not None:  # else its period is over
                account.settled += after - before

    async def close(self, account: str) -> None:
        self._closed.add(account)

    def used(self, account: str) -> tuple[int, int]:
        found = self._accounts.get(account) or self._accounts.get(self._place(account))
        return (found.settled, found.held) if found else (0, 0)

    def open_holds(self) -> int:
        """How many calls have money set aside."""
        return len(self._open)

    def forget(self, periods: frozenset[str]) -> None:
        """Drops the accounts of periods other than `periods` that hold nothing."""
        past = [name for name, one in self._accounts.items() if not one.held and name.rpartition("@")[2] not in periods]
        for name in past:
            self._drop(name)
        self._closed = {name for name in self._closed if name.rpartition("@")[2] in periods}

    def _place(self, account: str) -> str:
        """The account that stands for one that is not known: its own, or where there are too many, the group's."""
        name, _, period = account.rpartition("@")
        group = group_of(name)
        if group is None or self._groups.get(f"{group}@{period}", 0) < MOST_SUBJECTS:
            return account
        return f"{group}@{period}"

    def _make(self, account: str, settled: int) -> _Account:
        self._count(account, 1)
        made = self._accounts[account] = _Account(settled)
        return made

    def _drop(self, account: str) -> None:
        del self._accounts[account]
        self._count(account, -1)

    def _count(self, account: str, change: int) -> None:
        name, _, period = account.rpartition("@")
        group = group_of(name)
        if group is None:
            return
        key = f"{group}@{period}"
        self._groups[key] = self._groups.get(key, 0) + change
        if not self._groups[key]:
            del self._groups[key]
