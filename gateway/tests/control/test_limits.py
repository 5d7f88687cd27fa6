from decimal import Decimal

import pytest

from gatepost_gateway.control.limits import project_budgets, reach, scoped_budgets, scoped_rates
from gatepost_gateway.domain.governance import Period
from gatepost_gateway.domain.limits import RateLimits, Reach, Scope
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.settings.declared import (
    DeclaredBudget,
    DeclaredBudgets,
    DeclaredLimit,
    DeclaredProject,
    DeclaredRates,
    Layer,
    PriceSheet,
)

SHEET = PriceSheet(Decimal("0.001"), Decimal("0.002"))


def test_a_declared_budget_is_one_a_period() -> None:
    said = DeclaredBudget(
        id="cap", scope="key", hourly_usd=Decimal("0.5"), monthly_usd=Decimal(20), fallback_price=SHEET
    )
    (found,) = scoped_budgets([said])
    assert found.reach == Reach(Scope.KEY)
    assert [(one.id, one.period, one.limit) for one in found.budgets] == [
        ("cap/hourly", Period.HOURLY, 500_000_000),
        ("cap/monthly", Period.MONTHLY, 20_000_000_000),
    ]
    assert {one.fallback for one in found.budgets} == {Prices(1_000_000_000, 2_000_000_000)}


def test_a_project_has_its_own() -> None:
    said = DeclaredProject(id="p", budgets=DeclaredBudgets(daily_usd=Decimal(1)))
    assert [(one.id, one.limit, one.fallback) for one in project_budgets(said)] == [("p/daily", 10**9, None)]


@pytest.mark.parametrize(
    ("scope", "meant"),
    [("org", Reach(Scope.ORG, "", "m", None)), ("metadata:team", Reach(Scope.METADATA, "team", "m", None))],
)
def test_scopes_are_read(scope: str, meant: Reach) -> None:
    assert reach(scope, "m", None) == meant


def test_narrow_rate_limits_come_before_wide_ones() -> None:
    said = Layer(
        rate_limits={"global": DeclaredRates(rpm=9), "per_key": DeclaredRates(max_parallel_requests=2)},
        limits=(DeclaredLimit(id="one", scope="ip", match="::ffff:10.0.0.1", tpm=5),),
    )
    assert [(one.id, one.reach, one.rates) for one in scoped_rates(said)] == [
        ("one", Reach(Scope.IP, "", "10.0.0.1", None), RateLimits(tpm=5)),
        ("per_key", Reach(Scope.KEY), RateLimits(parallel=2)),
        ("global", Reach(Scope.GLOBAL), RateLimits(rpm=9)),
    ]
