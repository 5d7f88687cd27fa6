"""By which prices a call is charged, and what of it bytes and caps do not bound: pictures."""

import re
from collections.abc import Iterable

from gatepost_gateway.domain.chat import Asked, Operation
from gatepost_gateway.domain.limits import Purse
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.snapshot import ModelEntry
from gatepost_gateway.domain.usage import Usage
from gatepost_gateway.pipeline.call import Target

PICTURE_TOKENS = 16_384
"""Output tokens that one picture may cost: more than twice what OpenAI lists for the largest one of high quality."""
_BY_TOKENS = re.compile(r"(?:.*[/:])?(?:chat)?gpt-image")
"""Models whose pictures are billed by the tokens that their answers report."""


def images_of(asked: Asked) -> int:
    """How many pictures are asked for."""
    return asked.choices if asked.operation is Operation.IMAGE else 0


def by_tokens(entry: ModelEntry) -> bool:
    """Whether a model's pictures are billed by tokens."""
    return _BY_TOKENS.match(entry.identifier) is not None


def own_price(target: Target, asked: Asked) -> Prices | None:
    """What the target's entry says; None when it does not say what this call costs.

    A price of tokens is none of pictures: only where they are billed by tokens it is enough.
    """
    prices = target.prices
    if prices is None or asked.operation is not Operation.IMAGE:
        return prices
    return prices if prices.image is not None or by_tokens(target.entry) else None


def fallback_price(prices: Prices | None, asked: Asked) -> Prices | None:
    """A budget's price for what has none, where it is one for this operation."""
    if prices is not None and asked.operation is Operation.IMAGE and prices.image is None:
        return None
    return prices


def price_of(target: Target, purses: Iterable[Purse], asked: Asked) -> Prices | None:
    """The target's price, or the one that the call's budgets put in its place: the same for every budget."""
    own = own_price(target, asked)
    if own is not None:
        return own
    put = (fallback_price(purse.budget.fallback, asked) for purse in purses)
    return next((prices for prices in put if prices is not None), None)


def silent(target: Target, asked: Asked, usage: Usage) -> bool:
    """Whether an answer does not say the tokens that its pictures are billed by."""
    if asked.operation is not Operation.IMAGE or usage.output or not by_tokens(target.entry):
        return False
    return target.prices is None or target.prices.image is None
