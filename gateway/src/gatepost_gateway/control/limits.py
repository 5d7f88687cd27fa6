"""Declared budgets become those that calls meet."""

from collections.abc import Iterable
from decimal import Decimal

from gatepost_gateway.control.pricing import prices
from gatepost_gateway.domain.governance import Period
from gatepost_gateway.domain.limits import Budget, Reach, Scope, ScopedBudget
from gatepost_gateway.domain.money import Prices, nano
from gatepost_gateway.settings.declared import DeclaredBudget, DeclaredProject

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
