"""The promises of counters, held by PostgreSQL; and what holds for two gateways over one database."""

import asyncio

import pytest

from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.ledger import MemoryCounters
from gatepost_gateway.storage import postgres_counters
from gatepost_gateway.storage.postgres_counters import PostgresCounters

from ..counter_stores import CountersContract
from ..postgres import sql


def opening(cluster):
    return PostgresCounters.open(Secret(cluster.url), MemoryCounters(SystemClock()))


def over(cluster, story, gateways=1):
    async def go():
        opened = [await opening(cluster) for _ in range(gateways)]
        await sql(cluster, "TRUNCATE gatepost_counts")
        for one in opened:
            one._sums._accounts.clear()
        try:
            return await asyncio.wait_for(story(*opened), 60)
        finally:
            for one in opened:
                await one.close()

    return asyncio.run(go())


async def hears(counters, account, amount, seconds=60.0):
    """Waits until so much was counted, and gives it."""
    until = asyncio.get_running_loop().time() + 20
    while (so_far := counters.so_far(account, seconds)) != amount:
        assert asyncio.get_running_loop().time() < until, so_far
        await asyncio.sleep(0.01)
    return so_far


@pytest.mark.parametrize("name", [name for name in vars(CountersContract) if name.startswith("test_")])
def test_contract(name, cluster):
    over(cluster, getattr(CountersContract(), name))


def test_gateways_hear_of_each_others_counts_once(cluster):
    async def story(one, two):
        for number in range(50):
            (one, two)[number % 2].add("a", 1, 60.0)
            one.add(f"b{number % 5}", 2, 3600.0)
            if number % 10 == 0:
                await asyncio.sleep(0.03)
        for counters in (one, two):
            await hears(counters, "a", 50)
            for number in range(5):
                await hears(counters, f"b{number}", 20, 3600.0)
        await asyncio.sleep(3 * postgres_counters.POLL)
        assert [one.so_far("a", 60.0), two.so_far("a", 60.0)] == [50, 50]

    over(cluster, story, 2)


def test_a_gateway_that_starts_knows_what_there_was(cluster):
    async def story(one):
        one.add("a", 3, 60.0)
        one.add("old", 5, 600.0)
        await one._batcher.ask(None)
        await sql(cluster, "UPDATE gatepost_counts SET at = at - 550 WHERE account = 'old'")
        await sql(cluster, "INSERT INTO gatepost_counts SELECT -n, 'x', 'gone', 1, 60, 0 FROM generate_series(1, 9) n")
        new = await opening(cluster)
        assert [new.so_far("a", 60.0), new.so_far("old", 600.0), new.so_far("gone", 60.0)] == [3, 5, 0]
        (bucket,) = new._sums._accounts["old"].buckets
        assert 540 <= new._sums._clock.monotonic() - bucket * 10 <= 570
        await new.close()

    over(cluster, story)


def test_no_name_that_a_model_may_give_stops_the_counting(cluster):
    async def story(one, two):
        for name in ("tool\x00", "werkzeug ü", "\ud800", "x" * 5000):
            one.add(name, 1, 60.0)
            assert await hears(two, name, 1) == 1

    over(cluster, story, 2)


def test_many_additions_are_read_in_pages(cluster, monkeypatch):
    monkeypatch.setattr(postgres_counters, "PAGE", 7)

    async def story(one, two):
        for number in range(60):
            one.add(f"a{number}", 1, 60.0)
        for number in range(60):
            assert await hears(two, f"a{number}", 1) == 1

    over(cluster, story, 2)


def test_what_is_over_is_swept_out(cluster):
    async def story(one):
        one.add("a", 1, 60.0)
        one.add("b", 1, 3600.0)
        await one._batcher.ask(None)
        await sql(cluster, "UPDATE gatepost_counts SET at = at - 100")
        await one.sweep()
        assert [row["account"] for row in await sql(cluster, "SELECT account FROM gatepost_counts")] == ["b"]

    over(cluster, story)


def test_without_its_database_nothing_is_known_and_later_nothing_is_lost(cluster, monkeypatch):
    monkeypatch.setattr(postgres_counters, "STALE", 1.5)

    async def story(one, two):
        one.add("a", 1, 60.0)
        await hears(two, "a", 1)
        await asyncio.to_thread(cluster.stop)
        one.add("a", 2, 60.0)
        await asyncio.sleep(2 * postgres_counters.STALE)
        with pytest.raises(GatewayFault, match="the database of the counters does not answer"):
            one.so_far("a", 60.0)
        await asyncio.to_thread(cluster.start)
        until = asyncio.get_running_loop().time() + 20
        while asyncio.get_running_loop().time() - two._read_at > postgres_counters.STALE:
            assert asyncio.get_running_loop().time() < until
            await asyncio.sleep(0.02)
        await hears(two, "a", 3)

    over(cluster, story, 2)


def test_what_was_counted_last_is_said_before_the_end(cluster):
    async def story(one):
        one.add("a", 4, 60.0)
        await one.close()
        (row,) = await sql(cluster, "SELECT amount FROM gatepost_counts WHERE account = 'a'")
        assert row["amount"] == 4

    over(cluster, story)
