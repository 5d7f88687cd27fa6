"""What rules count of one call, kept apart until the call goes on: judging alone changes nothing."""

from gatepost_gateway.domain.ports import Counters

Account = tuple[str, float]
"""A name, and the seconds that what is counted is remembered."""


class Counting:
    """`counters` None: nothing was counted before, and nothing will be."""

    __slots__ = ("_counters", "_pending", "_tripped")

    def __init__(self, counters: Counters | None = None) -> None:
        self._counters = counters
        self._pending: dict[Account, int] = {}
        self._tripped: dict[Account, None] = {}

    def so_far(self, account: Account) -> int:
        """All that went out, and what this call would add."""
        before = self._counters.so_far(*account) if self._counters is not None else 0
        return before + self._pending.get(account, 0)

    def add(self, account: Account, amount: int) -> None:
        self._pending[account] = self._pending.get(account, 0) + amount

    def trip(self, account: Account) -> None:
        """Something is over that stays over, though what showed it does not go on."""
        self._tripped[account] = None

    def halt(self) -> None:
        """A served call was refused: what it tripped counts."""
        if self._counters is not None:
            for name, seconds in self._tripped:
                self._counters.add(name, 1, seconds)
        self._tripped.clear()

    def commit(self) -> None:
        """What was judged goes out: now it counts."""
        if self._counters is not None:
            for (name, seconds), amount in self._pending.items():
                self._counters.add(name, amount, seconds)
        self._pending.clear()
