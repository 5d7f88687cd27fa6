"""Prices and limits of well-known models, as their providers documented them on a given day.

An entry's own fields come first; what neither knows is None, never nothing.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib import resources

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.money import Prices, per_million
from gatepost_gateway.domain.snapshot import ModelFacts, ProviderKind, undated

DATA = "catalog-2026-11-20.json"

# Azure serves OpenAI's models under OpenAI's names.
_FAMILY = {ProviderKind.AZURE: ProviderKind.OPENAI}


class _Row(Struct, frozen=True):
    input: Decimal | None = None
    output: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    context_window: int | None = None
    max_output: int | None = None


class _File(Struct, frozen=True):
    as_of: str
    providers: dict[ProviderKind, dict[str, _Row]]


@cache
def _file() -> _File:
    data = resources.files("gatepost_gateway.storage").joinpath(DATA).read_bytes()
    return msgspec.json.decode(data, type=_File)


def as_of() -> str:
    """The day of the catalogue."""
    return _file().as_of


@cache
def family(provider: ProviderKind) -> Mapping[str, ModelFacts]:
    """All that is known of a provider's models, by identifier."""
    rows = _file().providers.get(_FAMILY.get(provider, provider), {})
    return {name: _facts(row) for name, row in rows.items()}


def facts(provider: ProviderKind, identifier: str) -> ModelFacts:
    """What is known of one model; a dated one is known by its family where it has no row of its own."""
    known = family(provider)
    return known.get(identifier) or known.get(undated(identifier)) or ModelFacts()


def _facts(row: _Row) -> ModelFacts:
    prices = None
    if row.input is not None and row.output is not None:
        read = None if row.cache_read is None else per_million(row.cache_read)
        write = None if row.cache_write is None else per_million(row.cache_write)
        prices = Prices(per_million(row.input), per_million(row.output), read, write)
    return ModelFacts(prices, row.context_window, row.max_output)
