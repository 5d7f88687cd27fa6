"""The money proof, with processes: never above the limit, nothing held at the end, every bill covered, whoever dies."""

import asyncio
import json
import os
import threading
from collections.abc import Callable
from typing import Any

import asyncpg
import httpx
import pytest

from e2e.money import nano
from e2e.running import Gateway, until
from e2e.spree import Provider, Sampler, Spree, assert_every_bill_is_covered, config, kill_when, steps_of
from e2e.upstream import Upstream


def one_gateway(gateway: Gateway) -> Callable[[], tuple[int, int] | None]:
    """Looks at the budget as its admin page shows it; None while nobody is there."""

    def look() -> tuple[int, int] | None:
        try:
            answer = gateway.request("GET", "/api/v1/projects/default", timeout=5)
        except httpx.HTTPError:
            return None
        if answer.status_code != 200:
            return None
        (budget,) = answer.json()["budgets"]
        return nano(budget["settled"]), nano(budget["held"])

    return look


class Account:
    """Looks at the account in the database itself."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._lock = threading.Lock()
        self._connection: Any = self._runner.run(asyncpg.connect(url))

    def __call__(self) -> tuple[int, int]:
        with self._lock:
            rows = self._runner.run(self._connection.fetch(_ACCOUNT))
        return sum(row[0] for row in rows), sum(row[1] for row in rows)

    def close(self) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()


_ACCOUNT = "SELECT settled, held FROM gatepost_accounts WHERE account LIKE 'default/daily@%'"


def spend(gateways: list[Gateway], provider: Provider, look: Callable[[], Any], limit: int, label: str) -> Spree:
    """One spree with two kills, and what must be true of it."""
    sampler = Sampler(look)
    spree = Spree(gateways, label, callers=CALLERS).start()
    # Refusals come at once on a fast machine: the first dies when some were answered, and others still are.
    kill_when(lambda: spree.answered >= 10, gateways[0])
    kill_when(lambda: spree.done >= CALLERS // 3, gateways[-1])
    spree.join()
    for gateway in gateways:
        until(lambda gateway=gateway: gateway.get("/health")["open_holds"] == 0, 30)
    until(lambda: look()[1] == 0, 30)
    sampler.end()
    settled, held = look()
    total = assert_every_bill_is_covered(steps_of(gateways), provider.billed)
    assert (settled, held) == (total, 0)
    assert total <= limit
    assert sampler.samples > 20
    assert sampler.worst <= limit
    for mark, status, body in spree.said:
        if status == 402:
            said = body["error"]["limit"]
            before, asked = nano(said["settled"]) + nano(said["held"]), nano(said["asked"])
            assert before <= limit < before + asked, mark
    return spree


CALLERS = 200
ROUNDS = range(1 if os.environ.get("SOAK") == "short" else 5)


def outcomes_of(gateways: Callable[..., Gateway], count: int, url: str | None, label: str) -> set[str]:
    """How the calls of a spree ended whose money was right."""
    provider = Provider()
    # What all callers may cost together is about twice as much: the longest holds 2.3 million, the shortest 0.4.
    limit = f"{CALLERS * 0.0007:.4f}"
    with Upstream(provider.answer) as upstream:
        env = {"GATEPOST_STATE_URL": url} if url is not None else {}
        made = [gateways(json.dumps(config(upstream.url, limit)), env=env) for _ in range(count)]
        look = Account(url) if url is not None else one_gateway(made[0])
        spree = spend(made, provider, look, nano(limit), label)
        if isinstance(look, Account):
            look.close()
        statuses = {status for _, status, _ in spree.said}
        assert {200, 402} <= statuses <= {200, 402, 502, 503, 504}, statuses
        assert spree.left
        return {step["outcome"] for step in steps_of(made).values()}


CERTAIN, POSSIBLE = {"answered", "interrupted"}, {"answered", "abandoned", "failed", "interrupted"}
"""Who leaves or fails before a gateway dies is chance."""


@pytest.mark.soak
@pytest.mark.parametrize("turn", ROUNDS)
def test_one_gateway_on_its_journal(gateways: Callable[..., Gateway], turn: int) -> None:
    assert CERTAIN <= outcomes_of(gateways, 1, None, f"journal{turn}") <= POSSIBLE


@pytest.mark.soak
@pytest.mark.parametrize("turn", ROUNDS)
def test_two_gateways_on_one_postgresql(gateways: Callable[..., Gateway], turn: int) -> None:
    from tests.postgres import running

    with running() as cluster:
        assert CERTAIN <= outcomes_of(gateways, 2, cluster.url, f"shared{turn}") <= POSSIBLE
