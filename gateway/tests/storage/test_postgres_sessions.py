"""The promises of every store of sessions, held by PostgreSQL; and what holds for two gateways over one database."""

import asyncio

import asyncpg
import pytest

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.postgres_sessions import MIGRATIONS, PostgresSessions

from ..session_stores import LIFE, NOW, ONE, TWO, SessionStoreContract


def over(cluster, story, stores=1):
    """Runs a story over so many stores on the same database, which is emptied before."""

    async def go():
        opened = [await PostgresSessions.open(Secret(cluster.url)) for _ in range(stores)]
        try:
            await opened[0]._pool.execute("TRUNCATE gatepost_sessions, gatepost_marks")
            return await story(*opened)
        finally:
            for one in opened:
                await one.close()

    return asyncio.run(go())


@pytest.mark.parametrize("name", [name for name in vars(SessionStoreContract) if name.startswith("test_")])
def test_contract(name, cluster):
    over(cluster, getattr(SessionStoreContract(), name))


def test_two_gateways_share_sessions(cluster):
    async def story(one, two):
        name = ids.new()
        numbers = await asyncio.gather(*((one, two)[n % 2].turn(name, "p/", 0, NOW) for n in range(30)))
        assert sorted(numbers) == list(range(1, 31))
        await one.keep([ONE, TWO], name, NOW)
        assert await two.claim(ONE, NOW) == name
        assert await two.adopt(TWO, ids.new(), NOW) == name
        names = [ids.new() for _ in range(10)]
        for other in names:
            await one.keep([ONE], other, NOW)
        found = await asyncio.gather(*((one, two)[n % 2].claim(ONE, NOW) for n in range(10)))
        assert sorted(found) == sorted(names)

    over(cluster, story, 2)


def test_calls_that_keep_the_same_marks_never_wait_in_a_circle(cluster):
    async def story(one, two):
        names = [ids.new() for _ in range(40)]
        work = [(one, two)[n % 2].keep([ONE, TWO] if n % 3 else [TWO, ONE], name, NOW) for n, name in enumerate(names)]
        await asyncio.gather(*work)
        for mark in (ONE, TWO):
            assert await one.claim(mark, NOW) in names

    over(cluster, story, 2)


def test_what_has_outlived_its_time_is_swept_out(cluster):
    async def story(one):
        await one.turn(ids.new(), "p/", 0, NOW)
        await one.keep([ONE], ids.new(), NOW)
        await one.sweep(NOW + LIFE)
        assert await one._pool.fetchval("SELECT count(*) FROM gatepost_marks") == 1
        await one.sweep(NOW + LIFE + 1)
        for table in ("gatepost_sessions", "gatepost_marks"):
            assert await one._pool.fetchval(f"SELECT count(*) FROM {table}") == 0

    over(cluster, story)


def test_gateways_that_start_at_once_bring_the_schema_up_once(cluster):
    async def go():
        plain = await asyncpg.connect(cluster.url)
        await plain.execute(
            "DROP TABLE IF EXISTS gatepost_sessions, gatepost_marks, gatepost_schema;"
            "DROP SEQUENCE IF EXISTS gatepost_marks_order;"
            "DROP FUNCTION IF EXISTS gatepost_adopt, gatepost_claim, gatepost_keep"
        )
        stores = await asyncio.gather(*(PostgresSessions.open(Secret(cluster.url)) for _ in range(4)))
        assert await plain.fetchval("SELECT version FROM gatepost_schema") == len(MIGRATIONS)
        for store in stores:
            await store.close()
        await plain.close()

    asyncio.run(go())


def test_a_database_that_does_not_answer_is_said_without_its_password():
    with pytest.raises(GatewayFault, match="does not answer") as caught:
        asyncio.run(PostgresSessions.open(Secret("postgresql://u:pa55word@127.0.0.1:9/x")))
    assert (caught.value.code, caught.value.status) == (Code.STATE_UNAVAILABLE, 503)
    assert "pa55word" not in caught.value.public


def test_a_database_that_goes_away_refuses_and_is_found_again(cluster):
    async def story(one):
        name = ids.new()
        assert await one.turn(name, "p/", 0, NOW) == 1
        await asyncio.to_thread(cluster.stop)
        with pytest.raises(GatewayFault, match="does not answer"):
            await one.turn(name, "p/", 0, NOW)
        await asyncio.to_thread(cluster.start)
        assert await one.turn(name, "p/", 0, NOW) == 2

    over(cluster, story)
