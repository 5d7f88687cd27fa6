"""The promises of loops, held by PostgreSQL; and what holds for two gateways over one database."""

import asyncio

import asyncpg
import pytest

from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.postgres_loops import PostgresLoops

from ..loop_stores import LoopsContract
from ..postgres import sql


def over(cluster, story, gateways=1):
    async def go():
        opened = [await PostgresLoops.open(Secret(cluster.url)) for _ in range(gateways)]
        await sql(cluster, "TRUNCATE gatepost_loops")
        try:
            return await asyncio.wait_for(story(*opened), 60)
        finally:
            for one in opened:
                await one.close()

    return asyncio.run(go())


@pytest.mark.parametrize("name", [name for name in vars(LoopsContract) if name.startswith("test_")])
def test_contract(name, cluster):
    over(cluster, getattr(LoopsContract(), name))


def test_a_loop_is_seen_whichever_gateway_is_asked(cluster):
    async def story(one, two):
        said = [(await (one, two)[n % 2].repeated("o", b"x", 60.0, 5))[0] for n in range(6)]
        assert said == [1, 2, 3, 4, 5, 5]
        both = [(one, two)[n % 2].repeated(f"o{n % 4}", b"x", 60.0, 99) for n in range(80)]
        assert sorted(count for count, _ in await asyncio.gather(*both)) == sorted([*range(1, 21)] * 4)

    over(cluster, story, 2)


def test_what_is_over_is_swept_out(cluster):
    async def story(one):
        await one.repeated("short", b"x", 0.01, 5)
        await one.repeated("long", b"x", 60.0, 5)
        await asyncio.sleep(0.05)
        await one.sweep()
        assert [row["owner"] for row in await sql(cluster, "SELECT owner FROM gatepost_loops")] == ["long"]

    over(cluster, story)


def test_a_database_that_goes_away_refuses_and_is_found_again(cluster):
    async def story(one):
        assert (await one.repeated("o", b"x", 60.0, 5))[0] == 1
        await asyncio.to_thread(cluster.stop)
        with pytest.raises(GatewayFault, match="the database of the loops does not answer"):
            await one.repeated("o", b"x", 60.0, 5)
        await asyncio.to_thread(cluster.start)
        assert (await one.repeated("o", b"x", 60.0, 5))[0] == 2

    over(cluster, story)


def test_a_schema_that_is_newer_is_not_touched(cluster):
    async def go():
        await (await PostgresLoops.open(Secret(cluster.url))).close()
        await sql(cluster, "UPDATE gatepost_schema SET version = 99 WHERE part = 'loops'")
        try:
            with pytest.raises(GatewayFault, match="newer than this gateway"):
                await PostgresLoops.open(Secret(cluster.url))
        finally:
            await sql(cluster, "UPDATE gatepost_schema SET version = 1 WHERE part = 'loops'")
        await (await asyncpg.connect(cluster.url)).close()

    asyncio.run(go())
