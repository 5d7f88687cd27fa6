"""What every part of the state in PostgreSQL is held to when it connects."""

import asyncio

import asyncpg
import pytest

from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.postgres import Part

STEPS = {"one": "CREATE TABLE gatepost_tried (n int)", "two": "INSERT INTO gatepost_tried VALUES (2)"}


def part(*migrations: str) -> Part:
    return Part("tries", STEPS, migrations)  # type: ignore[arg-type] - a mapping does


def test_a_schema_goes_up_step_by_step_and_each_step_runs_once(cluster):
    async def go():
        for migrations in (("one",), ("one", "two"), ("one", "two")):
            pools = await asyncio.gather(*(part(*migrations).pool(Secret(cluster.url), 1) for _ in range(3)))
            for pool in pools:
                pool.terminate()
        plain = await asyncpg.connect(cluster.url)
        assert await plain.fetchval("SELECT count(*) FROM gatepost_tried") == 1
        assert await plain.fetchval("SELECT version FROM gatepost_schema WHERE part = 'tries'") == 2
        with pytest.raises(GatewayFault, match="newer than this gateway"):
            await part("one").pool(Secret(cluster.url), 1)
        await plain.close()

    asyncio.run(go())


def test_a_database_that_does_not_answer_is_said_without_its_password():
    with pytest.raises(GatewayFault, match="the database of the tries does not answer") as caught:
        asyncio.run(part().pool(Secret("postgresql://u:pa55word@127.0.0.1:9/x"), 1))
    assert (caught.value.code, caught.value.status) == (Code.STATE_UNAVAILABLE, 503)
    assert "pa55word" not in caught.value.public
