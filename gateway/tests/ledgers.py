"""What every ledger promises, as one machine over worlds: gateways reserve, settle, die and come back in any order.

A world is the ledger of one backend with all that a crash of a gateway leaves behind. The machine knows what each hold
became, and compares after every step.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, precondition, rule
from msgspec import Struct

from gatepost_gateway.domain.governance import Claim, Hold, Refusal
from gatepost_gateway.domain.ports import Ledger

DAY = "2026-11-20"
ACCOUNTS = (f"a@{DAY}", f"per/daily in p for user ann@{DAY}", "m@2026-11", f"none@{DAY}")
LIMITS = (1000, 700, 1500, 0)
AMOUNTS = st.integers(0, 600)


class World(Protocol):
    """One backend. Gateways are numbers; `alive` may change only by `crash` and `restart`."""

    gateways: int
    crashes: bool
    """Whether a gateway may die and come back."""
    shared: bool
    """Whether what a dead gateway left can be seen, and be settled by others."""

    def ledger(self, gateway: int) -> Ledger: ...

    async def opened(self, gateway: int, hold: Hold) -> None:
        """The call is in the journal: it may go out."""
        ...

    async def closed(self, gateway: int, hold: Hold, amount: int) -> None:
        """What it cost is in the journal."""
        ...

    async def crash(self, gateway: int) -> None: ...

    async def restart(self, gateway: int) -> None: ...

    async def reap(self) -> None:
        """Dead gateways have been away for too long; the others notice."""
        ...

    async def used(self, accounts: Iterable[str]) -> dict[str, tuple[int, int]]:
        """(settled, held) of accounts, when all has arrived that was said."""
        ...

    async def end(self) -> None: ...


class Given(Struct):
    """A hold as the machine knows it. `spent` None: still held. `told`: what the journal has of it."""

    gateway: int
    hold: Hold
    amount: int
    spent: int | None = None
    told: int | str | None = None
    over: bool = False
    """Its gateway has said what it cost."""


class Ledgers(RuleBasedStateMachine):
    """`make` gives a new world. Each gateway may know other limits: a configuration that is being changed."""

    holds: Bundle[Given] = Bundle("holds")
    spread = (0,)
    """What is added to the limits, gateway by gateway, in turn."""
    make: Callable[..., Coroutine[Any, Any, World]]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world: World = self.runner.run(self.make())
        self.given: list[Given] = []
        self.dead: set[int] = set()
        self.count = 0

    def teardown(self) -> None:
        try:
            if not self.dead or self.world.shared:
                self._at_quiescence()
        finally:
            self.runner.run(self.world.end())
            self.runner.close()

    # -- the rules -----------------------------------------------------------------------------------------------------

    @rule(
        target=holds,
        gateway=st.integers(0, 2),
        places=st.sets(st.integers(0, len(ACCOUNTS) - 1), min_size=1, max_size=3),
        amount=AMOUNTS,
        room=st.sampled_from((None, None, 0, 1)),
        lost=st.booleans(),
    )
    def reserve(self, gateway: int, places: set[int], amount: int, room: int | None, lost: bool) -> Any:
        gateway %= self.world.gateways
        if gateway in self.dead:
            return multiple()
        if room is not None:
            # All that there is, or one more than that.
            used = self.expected()
            amount = room + max(0, min(self.limit(gateway, place) - sum(used[ACCOUNTS[place]]) for place in places))
        claims = tuple(Claim(ACCOUNTS[place], self.limit(gateway, place), amount) for place in sorted(places))
        before = self.expected()
        self.count += 1
        said = self.runner.run(self.world.ledger(gateway).reserve(str(self.count), claims))
        fits = all(sum(before[claim.account]) + amount <= claim.limit for claim in claims)
        assert isinstance(said, Hold) is fits, (said, before, claims)
        if isinstance(said, Refusal):
            assert (said.settled, said.held) == before[said.account]
            assert said.settled + said.held + said.asked > said.limit == claims[said.index].limit
            assert said.asked == amount
            return multiple()
        one = Given(gateway, said, amount)
        self.given.append(one)
        if lost and self.world.crashes and amount % 5 == 0:
            # It dies before the journal has it: the call never went out.
            self._crash(gateway)
            return one
        self.runner.run(self.world.opened(gateway, said))
        one.told = "opened"
        return one

    @rule(one=holds, share=st.floats(0, 1), lost=st.booleans())
    def settle(self, one: Given, share: float, lost: bool) -> None:
        if one.gateway in self.dead or one.over:
            return
        amount = int(one.amount * share)
        self.runner.run(self.world.closed(one.gateway, one.hold, amount))
        one.told = amount
        if lost and self.world.crashes and amount % 5 == 0:
            # It dies before the ledger hears of it.
            self._crash(one.gateway)
            return
        ledger = self.world.ledger(one.gateway)
        ledger.settle(one.hold, amount)
        ledger.settle(one.hold, amount + 1)
        one.spent, one.over = amount, True

    @rule(one=holds)
    def settle_again(self, one: Given) -> None:
        """A second word changes nothing, however late it comes."""
        if one.over and one.gateway not in self.dead:
            self.world.ledger(one.gateway).settle(one.hold, one.amount)

    @rule(one=holds)
    def release(self, one: Given) -> None:
        self.settle(one, 0.0, lost=False)

    @precondition(lambda self: self.world.crashes)
    @rule(gateway=st.integers(0, 2))
    def crash(self, gateway: int) -> None:
        gateway %= self.world.gateways
        if gateway not in self.dead:
            self._crash(gateway)

    @rule(gateway=st.integers(0, 2))
    def restart(self, gateway: int) -> None:
        gateway %= self.world.gateways
        if gateway in self.dead:
            self._restart(gateway)

    @precondition(lambda self: self.world.shared and len(self.dead) < self.world.gateways)
    @rule()
    def expire(self) -> None:
        """Others settle what the dead have left, at the whole."""
        self.runner.run(self.world.reap())
        for one in self.given:
            if one.gateway in self.dead and one.spent is None:
                one.spent = one.amount

    @rule()
    def forget(self) -> None:
        for gateway in range(self.world.gateways):
            if gateway not in self.dead:
                self.world.ledger(gateway).forget(frozenset({DAY, "2026-11"}))

    @invariant()
    def never_over_the_limit(self) -> None:
        if self.dead and not self.world.shared:
            return
        expected = self.expected()
        assert self.runner.run(self.world.used(ACCOUNTS)) == expected
        for place, account in enumerate(ACCOUNTS):
            most = max(self.limit(gateway, place) for gateway in range(self.world.gateways))
            assert sum(expected[account]) <= most

    # -- what the machine knows ----------------------------------------------------------------------------------------

    def limit(self, gateway: int, place: int) -> int:
        return LIMITS[place] + self.spread[gateway % len(self.spread)]

    def expected(self) -> dict[str, tuple[int, int]]:
        sums = {account: [0, 0] for account in ACCOUNTS}
        for one in self.given:
            for claim in one.hold.claims:
                if one.spent is None:
                    sums[claim.account][1] += one.amount
                else:
                    sums[claim.account][0] += one.spent
        return {account: (settled, held) for account, (settled, held) in sums.items()}

    def _crash(self, gateway: int) -> None:
        self.runner.run(self.world.crash(gateway))
        self.dead.add(gateway)

    def _restart(self, gateway: int) -> None:
        self.runner.run(self.world.restart(gateway))
        self.dead.discard(gateway)
        for one in self.given:
            if one.gateway == gateway and not one.over:
                one.spent = {None: 0, "opened": one.amount}.get(one.told, one.told)  # type: ignore[arg-type]
                one.over = True

    def _at_quiescence(self) -> None:
        """Everybody comes back and ends his calls: nothing is held."""
        for gateway in sorted(self.dead):
            self._restart(gateway)
        for one in self.given:
            self.settle(one, 0.5, lost=False)
        self.never_over_the_limit()
        assert not any(held for _, held in self.expected().values())
        assert all(self.world.ledger(gateway).open_holds() == 0 for gateway in range(self.world.gateways))
