"""What gateways share is opened whole, swept and closed whole."""

import asyncio

import pytest

from gatepost_gateway.app.state import SharedState
from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.governance import Claim, Refusal
from gatepost_gateway.domain.limits import Ask
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.postgres_ledger import Past

from ..postgres import sql


async def nothing(names):
    return {}


PAST = Past({"a@2026-11": 90}, (), nothing)


async def connections(cluster):
    return (await sql(cluster, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"))[0][0]


def test_all_of_it_is_opened_swept_and_closed(cluster):
    async def story():
        before = await connections(cluster)
        state = await SharedState.open(Secret(cluster.url), SystemClock(), "g", PAST)
        said = await state.ledger.reserve("1", (Claim("a@2026-11", 100, 11),))
        assert said == Refusal("a@2026-11", 100, 90, 0, 11)
        assert (await state.rates.take((Ask("a", 1, 1, True),))).admitted
        assert (await state.loops.repeated("o", b"x", 60.0, 5))[0] == 1
        state.counters.add("a", 1, 60.0)
        await state.sweep()
        await state.close()
        assert await sql(cluster, "SELECT * FROM gatepost_slots") == []
        until = asyncio.get_running_loop().time() + 10
        while await connections(cluster) > before:
            assert asyncio.get_running_loop().time() < until
            await asyncio.sleep(0.02)

    asyncio.run(story())


def test_a_part_that_cannot_be_opened_closes_the_others(cluster):
    async def story():
        await (await SharedState.open(Secret(cluster.url), SystemClock(), "g", PAST)).close()
        before = await connections(cluster)
        await sql(cluster, "UPDATE gatepost_schema SET version = 99 WHERE part = 'counters'")
        with pytest.raises(GatewayFault, match="counters"):
            await SharedState.open(Secret(cluster.url), SystemClock(), "g", PAST)
        await sql(cluster, "UPDATE gatepost_schema SET version = 1 WHERE part = 'counters'")
        until = asyncio.get_running_loop().time() + 10
        while await connections(cluster) > before:
            assert asyncio.get_running_loop().time() < until
            await asyncio.sleep(0.02)

    asyncio.run(story())
