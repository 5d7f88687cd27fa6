"""Declared prices in the unit that calls are charged in."""

from collections.abc import Collection
from decimal import Decimal
from typing import Protocol

from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.money import Prices, nano, per_million


class Priced(Protocol):
    """What names prices: an entry, or a budget's fallback."""

    @property
    def input_cost_per_1k(self) -> Decimal | None: ...
    @property
    def output_cost_per_1k(self) -> Decimal | None: ...
    @property
    def cache_read_cost_per_1k(self) -> Decimal | None: ...
    @property
    def cache_write_cost_per_1k(self) -> Decimal | None: ...
    @property
    def image_cost(self) -> Decimal | None: ...


def prices(said: Priced, operations: Collection[str] = ()) -> Prices | None:
    """Declared prices; None when they are not said.

    `operations`: all that the entry serves, where it says so. One that serves vectors only needs no price of output,
    one that serves pictures only needs none of tokens.
    """
    inward, outward = said.input_cost_per_1k, said.output_cost_per_1k
    if operations and {*operations} <= {Operation.EMBED.value, Operation.IMAGE.value}:
        outward = Decimal(0) if outward is None else outward
        if Operation.EMBED.value not in operations and said.image_cost is not None and inward is None:
            inward = Decimal(0)
    if inward is None or outward is None:
        return None
    read, write = said.cache_read_cost_per_1k, said.cache_write_cost_per_1k
    return Prices(
        per_million(inward),
        per_million(outward),
        None if read is None else per_million(read),
        None if write is None else per_million(write),
        None if said.image_cost is None else nano(said.image_cost),
    )
