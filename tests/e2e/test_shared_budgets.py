"""Two gateways over one PostgreSQL spend from the same budgets."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from e2e.load import MODEL, BillingProvider
from e2e.money import nano
from e2e.running import Gateway, until
from e2e.upstream import Upstream

DAY_LIMIT, HOUR_LIMIT = "0.004", "0.002"


@pytest.fixture(scope="module")
def provider() -> BillingProvider:
    return BillingProvider()


@pytest.fixture(scope="module")
def both(gateways: Callable[..., Gateway], cluster: Any, provider: BillingProvider) -> Iterator[list[Gateway]]:
    with Upstream(provider.answer) as upstream:
        config = {
            "models": [{**MODEL, "base_url": f"{upstream.url}/v1"}],
            "projects": [{"id": "default", "budgets": {"daily_usd": DAY_LIMIT}}],
            "budgets": [{"id": "each", "scope": "user", "daily_usd": HOUR_LIMIT}],
            "retries": {"attempts": 1},
        }
        yield [gateways(json.dumps(config), env={"GATEPOST_STATE_URL": cluster.url}) for _ in range(2)]


def explained(gateway: Gateway, account: str) -> tuple[int, int]:
    """(settled, held) as `gatepost budget explain` shows them."""
    (line,) = [
        one for one in gateway.run_json("budget", "explain", "--user", "ann")["items"] if account in one["account"]
    ]
    return nano(line["settled"]), nano(line["held"])


def test_what_one_spends_the_other_does_not_have(both: list[Gateway], provider: BillingProvider) -> None:
    answers = []
    for number in range(40):
        answers.append(both[number % 2].chat("billed", f"mark-{number} is my mark", max_tokens=60, user="ann"))
    assert {answer.status_code for answer in answers} == {200, 402}
    billed = sum(provider.billed.values())
    assert 0 < billed <= nano(HOUR_LIMIT)
    for gateway in both:
        until(lambda gateway=gateway: explained(gateway, "for user ann") == (billed, 0))
        assert explained(gateway, "default/daily") == (billed, 0)
        assert gateway.get("/health")["parts"]["ledger"] == "ok"
    refused = next(answer for answer in answers if answer.status_code == 402)
    said = refused.json()["error"]["limit"]
    assert nano(said["settled"]) + nano(said["held"]) + nano(said["asked"]) > nano(said["limit"]) == nano(HOUR_LIMIT)
    good = [answer for answer in answers if answer.status_code == 200]
    assert nano(good[-1].headers["x-budget-user-daily-spend"]) == billed


def test_a_database_that_is_away_refuses_what_costs_money_and_is_found_again(both: list[Gateway], cluster: Any) -> None:
    assert both[0].chat("billed", "before is my mark", max_tokens=5).status_code == 200
    cluster.stop()
    until(lambda: both[0].chat("billed", "away is my mark", max_tokens=5).status_code == 503)
    refused = both[0].chat("billed", "away is my mark", max_tokens=5)
    assert refused.json()["error"]["code"] == "state_unavailable"
    assert "the database of the ledger does not answer" in refused.json()["error"]["message"]
    assert "server.state_url" in both[0].get("/health")["parts"]["ledger"]
    cluster.start()
    until(lambda: both[0].chat("billed", "back is my mark", max_tokens=5).status_code == 200)
    until(lambda: both[0].get("/health")["parts"]["ledger"] == "ok")
    until(lambda: both[0].get("/health")["open_holds"] == 0)
