"""The promises of rates, held by PostgreSQL; and what holds for two gateways over one database."""

import asyncio
import random

import asyncpg
import pytest

from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.limits import WINDOW, Ask
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage import postgres_batch, postgres_rates
from gatepost_gateway.storage.postgres_rates import GRAIN, PostgresRates

from ..postgres import sql
from ..rate_stores import RatesContract, ask, fill

TABLES = "gatepost_rates, gatepost_slots, gatepost_owners, gatepost_rate_subjects, gatepost_rate_groups"


def over(cluster, story, gateways=1):
    """Runs a story over so many gateways on the same database, which is emptied before."""

    async def go():
        opened = [await PostgresRates.open(Secret(cluster.url)) for _ in range(gateways)]
        plain = await asyncpg.connect(cluster.url)
        await plain.execute(f"TRUNCATE {TABLES}")
        await plain.close()
        try:
            return await asyncio.wait_for(story(*opened), 60)
        finally:
            for one in opened:
                await one.close()

    return asyncio.run(go())


@pytest.mark.parametrize("name", [name for name in vars(RatesContract) if name.startswith("test_")])
def test_contract(name, cluster):
    over(cluster, getattr(RatesContract(), name))


async def pass_time(cluster, seconds, *gateways):
    """As if so much time had gone by: all that was counted is older."""
    far = 10**12  # two steps: no row meets the key of one that has not moved yet
    await sql(cluster, "UPDATE gatepost_rates SET tick = tick + $1", far)
    await sql(cluster, "UPDATE gatepost_rates SET tick = tick - $1", far + round(seconds / GRAIN))
    for one in gateways:
        one._full.clear()


def test_two_gateways_count_together(cluster):
    async def story(one, two):
        asks = (ask("a", 25), ask("b", 40), ask("c", 30, slot=True))
        said = await asyncio.gather(*((one, two)[n % 2].take(asks) for n in range(100)))
        assert sum(taken.admitted for taken in said) == 25
        assert sorted(taken.windows[0].remaining for taken in said if taken.admitted) == list(range(25))
        (wide,) = (await two.take((ask("b", 40, 41),))).windows
        assert wide.remaining == 15

    over(cluster, story, 2)


def test_slots_of_one_gateway_are_held_from_the_other_and_come_back(cluster):
    async def story(one, two):
        slots = (ask("s", 3, slot=True),)
        held = [await one.take(slots), await two.take(slots), await one.take(slots)]
        assert [taken.admitted for taken in held] == [True] * 3
        assert not (await two.take(slots)).admitted
        one.release("s")
        until = asyncio.get_running_loop().time() + 10
        while not (await two.take(slots)).admitted:
            assert asyncio.get_running_loop().time() < until
            await asyncio.sleep(0.01)
        assert not (await one.take(slots)).admitted

    over(cluster, story, 2)


def test_a_slot_that_its_own_gateway_released_is_free_for_its_next_call(cluster):
    async def story(one):
        for _ in range(20):
            assert (await one.take((ask("s", 1, slot=True),))).admitted
            one.release("s")

    over(cluster, story)


def test_the_slots_of_a_gateway_that_was_killed_come_free_with_its_lease(cluster, monkeypatch):
    async def story(dead, alive):
        assert (await dead.take((ask("s", 1, slot=True),))).admitted
        dead._batcher._working.cancel()
        await asyncio.gather(dead._batcher._working, return_exceptions=True)
        assert not (await alive.take((ask("s", 1, slot=True),))).admitted
        until = asyncio.get_running_loop().time() + 20
        while not (await alive.take((ask("s", 1, slot=True),))).admitted:
            assert asyncio.get_running_loop().time() < until
            await asyncio.sleep(0.05)
        await asyncio.sleep(1.5)
        # Who is alive keeps its own for as long as it lives.
        assert not (await alive.take((ask("s", 1, slot=True),))).admitted

    monkeypatch.setattr(postgres_rates, "LEASE", 1.0)
    over(cluster, story, 2)


def test_a_gateway_that_ends_leaves_no_slot(cluster):
    async def story(one, two):
        assert (await one.take((ask("s", 1, slot=True),))).admitted
        await one.close()
        assert (await two.take((ask("s", 1, slot=True),))).admitted
        with pytest.raises(GatewayFault):
            await one.take((ask("s", 1, slot=True),))

    over(cluster, story, 2)


def test_what_the_database_forgot_of_slots_is_said_again(cluster, monkeypatch):
    async def story(one, two):
        assert (await one.take((ask("s", 1, slot=True),))).admitted
        await sql(cluster, "TRUNCATE gatepost_slots, gatepost_owners")
        until = asyncio.get_running_loop().time() + 20
        while not await sql(cluster, "SELECT 1 FROM gatepost_slots WHERE account = 's' AND held = 1"):
            assert asyncio.get_running_loop().time() < until
            await asyncio.sleep(0.02)
        assert not (await two.take((ask("s", 1, slot=True),))).admitted

    monkeypatch.setattr(postgres_rates, "LEASE", 0.5)
    over(cluster, story, 2)


@pytest.mark.parametrize("seed", range(4))
def test_no_window_of_sixty_seconds_ever_holds_more_than_the_limits(cluster, seed):
    """The same as for one process, with time that passes in the database, and two gateways that take turns."""
    chance = random.Random(seed)

    async def story(*gateways):
        used: dict[str, list[list[float]]] = {"a": [], "b": []}
        now = 0.0
        for _ in range(60):
            wait = chance.choice([0, 0.25, 1, 7.5, 20, 59.5, 61])
            now += wait
            await pass_time(cluster, wait, *gateways)
            gateway = chance.choice(gateways)
            asked = (("a", 12, chance.randint(1, 6)), ("b", 9, chance.randint(1, 6)))
            said = await gateway.take(tuple(Ask(*one) for one in asked))
            sums = {name: sum(n for at, n in used[name] if at > now - WINDOW) for name, _, _ in asked}
            if said.admitted:
                for name, most, amount in asked:
                    assert sums[name] + amount <= most
                    used[name].append([now, amount])
                if chance.random() < 0.3:
                    back = chance.randint(0, asked[0][2])
                    gateway.give_back("a", back, said.at)
                    await gateway.take((Ask("other", 1000),))
                    used["a"][-1][1] -= back
            else:
                # By the clock of the test nothing else passes, but a test takes a moment too.
                near = {name: sum(n for at, n in used[name] if at > now - WINDOW - 5) for name, _, _ in asked}
                assert any(near[name] + amount > most for name, most, amount in asked)

    over(cluster, story, 2)


def test_after_the_wait_that_was_said_the_call_is_admitted(cluster):
    async def story(one):
        for _ in range(3):
            assert (await one.take((ask(),))).admitted
            await pass_time(cluster, 7.5, one)
        refused = (await one.take((ask(),))).windows[0]
        assert 37 <= refused.retry_after <= 38.5
        # Known to be used up: nobody is asked, and the answer is the same.
        known = await one.take((ask(), ask("b", 5, slot=True)))
        assert (known.admitted, known.windows[0].remaining) == (False, 0)
        assert refused.retry_after - 1 <= known.windows[0].retry_after <= refused.retry_after
        assert (await one.take((ask(limit=4),))).admitted
        await pass_time(cluster, refused.retry_after + 2 * GRAIN, one)
        assert (await one.take((ask(limit=3),))).windows[0].remaining == 0

    over(cluster, story)


def test_a_caller_who_leaves_takes_nothing(cluster):
    async def story(one):
        asks = (ask("a", 1000), ask("s", 1000, slot=True))
        for delay in range(30):
            leaving = asyncio.create_task(one.take(asks))
            for _ in range(delay % 6):
                await asyncio.sleep(0)
            if delay % 5 == 4:
                await asyncio.sleep(0.0005 * (delay % 7))
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
            if not leaving.cancelled():
                for taken in leaving.result().asks:
                    one.release(taken.account) if taken.slot else one.give_back("a", 1, leaving.result().at)
        until = asyncio.get_running_loop().time() + 10
        while True:
            said = await one.take((ask("a", 1000, 1001), ask("s", 1000, 1001, slot=True)))
            if [window.remaining for window in said.windows] == [1000, 1000]:
                break
            assert asyncio.get_running_loop().time() < until, said
            await asyncio.sleep(0.02)

    over(cluster, story)


def test_subjects_beyond_the_bound_share_one_account_and_are_forgotten(cluster, monkeypatch):
    monkeypatch.setattr(postgres_rates, "MOST_SUBJECTS", 100)

    async def story(one, two):
        await fill(one, "l in p for user", 100)
        said = await two.take((ask("l in p for user new", 2), ask("l in p for user newer", 2)))
        assert [taken.account for taken in said.asks] == ["l in p for user"] * 2
        assert not (await one.take((ask("l in p for user newest", 2),))).admitted
        assert (await two.take((ask("l in p for user u0", 2),))).admitted
        assert (await two.take((ask("k in p for user newest", 2),))).admitted
        await sql(cluster, "UPDATE gatepost_rate_subjects SET at = at - 200")
        await pass_time(cluster, 100, one, two)
        await one.sweep()
        assert [tuple(row) for row in await sql(cluster, "SELECT count(*) FROM gatepost_rates")] == [(0,)]
        assert await sql(cluster, "SELECT * FROM gatepost_rate_groups") == []
        said = await two.take((ask("l in p for user new", 2),))
        assert said.asks[0].account == "l in p for user new"
        (row,) = await sql(cluster, "SELECT * FROM gatepost_rate_groups")
        assert tuple(row) == ("l in p for user", 1)

    over(cluster, story, 2)


def test_gateways_that_meet_on_many_accounts_never_wait_in_a_circle(cluster):
    async def story(one, two):
        names = [f"l{n % 3} for key k{n}" for n in range(12)]

        async def some(gateway, turn):
            asks = [ask(names[(turn * step) % 12], 10_000, slot=step == 5) for step in (1, 5, 7)]
            taken = await gateway.take(tuple(asks[:: 1 if turn % 2 else -1]))
            for held in taken.asks:
                gateway.release(held.account) if held.slot else gateway.give_back(held.account, 1, taken.at)
            return taken.admitted

        sweeping = [gateway.sweep() for gateway in (one, two) for _ in range(5)]
        told = await asyncio.gather(*(some((one, two)[n % 2], n) for n in range(600)), *sweeping)
        assert all(told[:600])

    over(cluster, story, 2)


def test_connections_that_are_cut_at_any_moment_let_nothing_through_and_hold_nothing(cluster):
    async def story(*gateways):
        under_way, most, admitted, working = 0, 0, 0, True
        asks = (ask("r", 150), ask("s", 4, slot=True))

        async def client(number):
            nonlocal under_way, most, admitted
            dice = random.Random(number)
            gateway = gateways[number % 2]
            for _ in range(60):
                taking = asyncio.ensure_future(gateway.take(asks))
                if dice.random() < 0.1:
                    await asyncio.sleep(dice.random() * 0.01)
                    taking.cancel()
                (taken,) = await asyncio.gather(taking, return_exceptions=True)
                if isinstance(taken, BaseException):
                    assert isinstance(taken, GatewayFault | asyncio.CancelledError)
                elif taken.admitted:
                    under_way, admitted = under_way + 1, admitted + 1
                    most = max(most, under_way)
                    await asyncio.sleep(dice.random() * 0.01)
                    under_way -= 1
                    gateway.release("s")
                else:
                    await asyncio.sleep(0.003)

        async def cutter():
            while working:
                await sql(
                    cluster,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND random() < 0.5",
                )
                await asyncio.sleep(0.1)

        cutting = asyncio.create_task(cutter())
        await asyncio.gather(*(client(number) for number in range(16)))
        working = False
        await cutting
        assert 0 < admitted <= 150
        assert most <= 4
        until = asyncio.get_running_loop().time() + 20
        left = 0
        while left != 4:
            assert asyncio.get_running_loop().time() < until
            await asyncio.sleep(0.02)
            (said,) = await asyncio.gather(gateways[0].take((ask("s", 4, 5, slot=True),)), return_exceptions=True)
            left = 0 if isinstance(said, BaseException) else said.windows[0].remaining

    over(cluster, story, 2)


def test_a_database_that_goes_away_refuses_and_is_found_again(cluster):
    async def story(one):
        assert (await one.take((ask("s", 2, slot=True),))).admitted
        await asyncio.to_thread(cluster.stop)
        said = await asyncio.gather(*(one.take((ask(),)) for _ in range(5)), return_exceptions=True)
        assert {type(error) for error in said} == {GatewayFault}
        assert {(error.code, error.status) for error in said} == {(Code.STATE_UNAVAILABLE, 503)}
        assert "the database of the rate limits does not answer" in str(said[0])
        one.release("s")
        await asyncio.to_thread(cluster.start)
        for _ in range(2):
            assert (await one.take((ask("s", 2, slot=True),))).admitted

    over(cluster, story)


def test_a_database_that_hangs_is_waited_for_two_seconds_and_no_longer(cluster, monkeypatch):
    monkeypatch.setattr(postgres_batch, "SECONDS", 0.3)

    async def story(one):
        blocker = await asyncpg.connect(cluster.url)
        async with blocker.transaction():
            await blocker.execute("SELECT pg_advisory_xact_lock(hashtextextended('a', 2))")
            said = await asyncio.gather(*(one.take((ask("a"),)) for _ in range(100)), return_exceptions=True)
            assert {type(error) for error in said} == {GatewayFault}
        await blocker.close()
        assert (await one.take((ask("a", 1000),))).admitted

    over(cluster, story)


def test_the_address_is_never_said():
    with pytest.raises(GatewayFault, match="does not answer") as caught:
        asyncio.run(PostgresRates.open(Secret("postgresql://u:pa55word@127.0.0.1:9/x")))
    assert "pa55word" not in caught.value.public
