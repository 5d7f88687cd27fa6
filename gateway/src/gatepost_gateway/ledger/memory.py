"""Budgets in one process: the counters are a fold of the journal, and one thread changes them.

A hold is all of its claims or none. At every instant and for every account, settled + held <= the limit it was asked
against. The journal keeps the same story on disk: `Opened` is the hold, `Closed` the settlement.
"""

from collections.abc import Mapping

from gatepost_gateway.domain.governance import Claim, Hold, Refusal


class _Account:
    __slots__ = ("held", "settled")

    def __init__(self, settled: int) -> None:
        self.settled = settled
        self.held = 0


class MemoryLedger:
    """Implements `ports.Ledger`. `settled`: what the journal knew of each account when the process started.

    Old periods leave by themselves: an account with nothing held is dropped when its period is over (`forget`).
    """

    def __init__(self, settled: Mapping[str, int] | None = None) -> None:
        self._accounts = {name: _Account(amount) for name, amount in (settled or {}).items()}
        self._open: dict[str, Hold] = {}

    async def reserve(self, hold_id: str, claims: tuple[Claim, ...]) -> Hold | Refusal:
        """Checks every claim before it takes any. Nothing waits in between, so no other call can come between."""
        accounts = self._accounts
        for claim in claims:
            account = accounts.get(claim.account)
            settled, held = (account.settled, account.held) if account else (0, 0)
            if settled + held + claim.amount > claim.limit:
                return Refusal(claim.account, claim.limit, settled, held, claim.amount)
        for claim in claims:
            account = accounts.get(claim.account)
            if account is None:
                account = accounts[claim.account] = _Account(0)
            account.held += claim.amount
        hold = Hold(hold_id, claims)
        self._open[hold_id] = hold
        return hold

    def settle(self, hold: Hold, amount: int) -> None:
        if self._open.pop(hold.id, None) is None:
            return
        for claim in hold.claims:
            account = self._accounts.get(claim.account)
            if account is None:  # a hold of nothing, whose period ended meanwhile
                account = self._accounts[claim.account] = _Account(0)
            account.held -= claim.amount
            account.settled += amount

    def used(self, account: str) -> tuple[int, int]:
        found = self._accounts.get(account)
        return (found.settled, found.held) if found else (0, 0)

    def open_holds(self) -> int:
        """How many calls have money set aside."""
        return len(self._open)

    def forget(self, periods: frozenset[str]) -> None:
        """Drops the accounts of periods other than `periods` that hold nothing."""
        past = [name for name, one in self._accounts.items() if not one.held and name.rpartition("@")[2] not in periods]
        for name in past:
            del self._accounts[name]
