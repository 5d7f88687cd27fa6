"""Declared budgets and rate limits become those that calls meet."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import structs

from gatepost_gateway.control.pricing import prices
from gatepost_gateway.domain.governance import Period
from gatepost_gateway.domain.limits import (
    Budget,
    RateLimits,
    Reach,
    Scope,
    ScopedBudget,
    ScopedRates,
    address_of,
)
from gatepost_gateway.domain.money import Prices, nano
from gatepost_gateway.settings.declared import DeclaredBudget, DeclaredLimit, DeclaredProject, DeclaredRates, Layer

_Amounts = tuple[tuple[Period, Decimal | None], ...]


def project_budgets(project: DeclaredProject) -> tuple[Budget, ...]:
    """The budgets that stand in a project."""
    said = project.budgets
    fallback = prices(said.fallback_price) if said.fallback_price is not None else None
    return _budgets(project.id, ((Period.DAILY, said.daily_usd), (Period.MONTHLY, said.monthly_usd)), fallback)


def scoped_budgets(said: Iterable[DeclaredBudget]) -> tuple[ScopedBudget, ...]:
    """The budgets that stand on a subject, or on each of a scope."""
    return tuple(ScopedBudget(reach(one.scope, one.match, one.project), _of(one)) for one in said)


def _of(said: DeclaredBudget) -> tuple[Budget, ...]:
    fallback = prices(said.fallback_price) if said.fallback_price is not None else None
    amounts = (
        (Period.HOURLY, said.hourly_usd),
        (Period.DAILY, said.daily_usd),
        (Period.MONTHLY, said.monthly_usd),
    )
    return _budgets(said.id, amounts, fallback)


def _budgets(name: str, amounts: _Amounts, fallback: Prices | None) -> tuple[Budget, ...]:
    return tuple(
        Budget(f"{name}/{period.value}", period, nano(limit), fallback)
        for period, limit in amounts
        if limit is not None
    )


def reach(scope: str, match: str | None, project: str | None) -> Reach:
    """`user` or `metadata:team` as it is meant."""
    word, _, name = scope.partition(":")
    return Reach(Scope(word), name, match, project)


def scoped_rates(said: Layer) -> tuple[ScopedRates, ...]:
    """The rate limits that stand on a subject, or on each of a scope; narrow scopes before wide ones."""
    found = [ScopedRates(one.id, _rated(one), rates(one)) for one in said.limits]
    found += [
        ScopedRates(name, Reach(Scope(name.removeprefix("per_"))), rates(one)) for name, one in said.rate_limits.items()
    ]
    return tuple(sorted(found, key=lambda one: _ORDER.index(one.reach.scope)))


_ORDER = (Scope.IP, Scope.KEY, Scope.USER, Scope.METADATA, Scope.PROXY, Scope.PROJECT, Scope.ORG, Scope.GLOBAL)


def _rated(said: DeclaredLimit) -> Reach:
    found = reach(said.scope, said.match, said.project)
    if found.scope is not Scope.IP or found.match is None:
        return found
    return structs.replace(found, match=address_of(found.match))


def rates(said: DeclaredRates | DeclaredLimit) -> RateLimits:
    """The numbers of a limit."""
    return RateLimits(said.rpm, said.tpm, said.max_parallel_requests)
