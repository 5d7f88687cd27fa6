"""What one statement of the ledger in PostgreSQL says, and what its answer means. Pure."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from gatepost_gateway.domain.governance import Claim, Hold, Refusal
from gatepost_gateway.domain.limits import group_of

LARGEST = 10**18
"""Nano-dollars: a limit above it counts as so much, and no claim above it is admitted."""


class Cost(NamedTuple):
    """What a hold is settled at. `kept`: it is presumed, and may be corrected."""

    amount: int
    kept: bool


class Ask(Struct):
    """A hold that somebody waits for."""

    hold_id: str
    claims: tuple[Claim, ...]
    answer: "asyncio.Future[Hold | Refusal]"


def parameters(settling: Mapping[str, Cost], asks: Sequence[Ask]) -> tuple[list[Any], ...]:
    """The lists that `gatepost_ledger` takes, in its order."""
    claims: list[Claim] = []
    ends: list[int] = []
    for ask in asks:
        claims += ask.claims
        ends.append(len(claims))
    return (
        list(settling),
        [min(cost.amount, LARGEST) for cost in settling.values()],
        [cost.kept for cost in settling.values()],
        [ask.hold_id for ask in asks],
        ends,
        [claim.account for claim in claims],
        [group_at(claim.account) for claim in claims],
        [min(claim.limit, LARGEST) for claim in claims],
        [min(claim.amount, LARGEST + 1) for claim in claims],
    )


def answer_of(ask: Ask, said: Sequence[Any]) -> Hold | Refusal:
    """One element of its answer: (account, settled, held) a claim, or the one claim that did not fit."""
    first: Any = said[0]
    if not isinstance(first, int):
        accounts: list[str] = [one[0] for one in said]
        placed = zip(ask.claims, accounts, strict=True)
        return Hold(ask.hold_id, tuple(Claim(account, claim.limit, claim.amount) for claim, account in placed))
    index, account, settled, held, closed = said
    claim = ask.claims[int(index)]
    return Refusal(account, claim.limit, settled, held, claim.amount, closed, index)


def group_at(account: str) -> str | None:
    """The account that stands for `account` where there are too many of its kind."""
    name, _, period = account.rpartition("@")
    group = group_of(name)
    return f"{group}@{period}" if group is not None else None
