"""What the ledger in PostgreSQL promises beyond the suite of all ledgers: many at once, and trouble."""

import asyncio

import asyncpg
import pytest

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.governance import Became, Claim, Hold, Refusal
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage import postgres_ledger
from gatepost_gateway.storage.home import books
from gatepost_gateway.storage.postgres_ledger import _PART, Past, PostgresLedger, Times, used_of

from .test_ledgers import EMPTY, chores, flushed, kill

A, B = "a@2026-11-20", "b@2026-11"


async def nothing(names):
    return {}


def says(known):
    async def truth(names):
        return {name: known[name] for name in names if name in known}

    return truth


async def opened(cluster, name=None, *, settled=(), closed=(), truth=nothing, times=None):
    past = Past(dict(settled), closed, truth)
    return await PostgresLedger.open(Secret(cluster.url), name or ids.new(), past, times or Times(3600, 3600))


def over(cluster, story, ledgers=1):
    """Runs a story over so many gateways on one empty database; it is given a plain connection too."""

    async def go():
        plain = await asyncpg.connect(cluster.url)
        await _PART.migrate(plain)
        await plain.execute(EMPTY)
        made = [await opened(cluster) for _ in range(ledgers)]
        try:
            return await asyncio.wait_for(story(plain, *made), 60)
        finally:
            for one in made:
                await one.end(5)
            plain.terminate()

    return asyncio.run(go())


async def used(cluster, *names):
    found = await used_of(Secret(cluster.url), names)
    return [found[name] for name in names]


def test_many_callers_of_three_gateways_never_pass_the_limit_together(cluster):
    async def story(plain, *ledgers):
        async def call(number):
            ledger = ledgers[number % 3]
            # Two accounts, named in both orders.
            claims = (Claim(A, 1000, 7), Claim(B, 900, 7))
            said = await ledger.reserve(f"call-{number}", claims if number % 2 else claims[::-1])
            if isinstance(said, Hold):
                await asyncio.sleep(0)
                ledger.settle(said, 7)
            else:
                assert said.settled + said.held + said.asked > said.limit
            return said

        said = await asyncio.gather(*(call(number) for number in range(300)))
        given = sum(isinstance(one, Hold) for one in said)
        await flushed(*ledgers)
        assert await used(cluster, A, B) == [(7 * given, 0), (7 * given, 0)]
        assert given == 900 // 7
        assert await plain.fetchval("SELECT count(*) FROM gatepost_holds") == 0
        assert not any(one.open_holds() for one in ledgers)

    over(cluster, story, 3)


def test_what_is_known_of_an_account_is_as_the_last_answer_said(cluster):
    async def story(plain, one, two):
        hold = await one.reserve("1", (Claim(A, 100, 30),))
        assert one.used(A) == (0, 30)
        assert two.used(A) == (0, 0)
        one.settle(hold, 10)
        assert one.used(A) == (10, 0)
        await flushed(one)
        assert await two.reserve("2", (Claim(A, 20, 11),)) == Refusal(A, 20, 10, 0, 11)
        assert two.used(A) == (10, 0)
        assert await books(Secret(cluster.url))([A, B]) == {A: (10, 0), B: (0, 0)}
        one.forget(frozenset({"2026-11"}))
        assert one.used(A) == (0, 0)

    over(cluster, story, 2)
    assert books(None) is None


def test_a_caller_that_leaves_at_any_moment_leaves_no_hold(cluster):
    async def story(plain, ledger):
        for turns in range(12):
            asking = [asyncio.ensure_future(ledger.reserve(f"{turns}-{n}", (Claim(A, 10**6, 5),))) for n in range(5)]
            for _ in range(turns):
                await asyncio.sleep(0.0003)
            for one in asking:
                one.cancel()
            for said in await asyncio.gather(*asking, return_exceptions=True):
                if isinstance(said, Hold):
                    ledger.settle(said, 0)
                else:
                    assert isinstance(said, asyncio.CancelledError)
        await flushed(ledger)
        assert await used(cluster, A) == [(0, 0)]
        assert ledger.open_holds() == 0

    over(cluster, story)


def test_a_closed_account_gives_nothing_at_any_gateway(cluster):
    async def story(plain, one, two):
        await one.close(A)
        said = await two.reserve("1", (Claim(B, 10, 1), Claim(A, 10, 0)))
        assert said == Refusal(A, 10, 0, 0, 0, closed=True, index=1)

    over(cluster, story, 2)


def test_what_was_spent_before_comes_along_once(cluster):
    async def story(plain):
        name = ids.new()
        for _ in range(2):
            one = await opened(cluster, name, settled={A: 90}, closed=[B])
            await one.end(5)
        other = await opened(cluster, settled={A: 5})
        assert await other.reserve("1", (Claim(A, 100, 6),)) == Refusal(A, 100, 95, 0, 6)
        assert (await other.reserve("1", (Claim(B, 100, 6),))).closed
        await other.end(5)

    over(cluster, story, 0)


def test_subjects_are_many_and_bounded(cluster, monkeypatch):
    monkeypatch.setattr(postgres_ledger, "MOST_SUBJECTS", 3)
    names = [f"u/daily in p for user {name}@2026-11-20" for name in "abcdef"]
    rest = "u/daily in p for user@2026-11-20"

    async def story(plain, one, two):
        holds = [await (one, two)[n % 2].reserve(name, (Claim(name, 10, 4),)) for n, name in enumerate(names[:5])]
        assert [hold.claims[0].account for hold in holds] == [*names[:3], rest, rest]
        assert await one.reserve("f", (Claim(names[5], 10, 4),)) == Refusal(rest, 10, 0, 8, 4)
        assert (await two.reserve("a", (Claim(names[0], 10, 4),))).claims[0].account == names[0]
        one.settle(holds[4], 3)
        two.settle(holds[3], 1)
        await flushed(one, two)
        assert await used(cluster, rest) == [(4, 0)]

    over(cluster, story, 2)


def test_sums_beyond_all_measure_are_refused_and_never_break_a_batch(cluster):
    async def story(plain, ledger):
        dear, fits, dearer = await asyncio.gather(
            ledger.reserve("1", (Claim(A, 10**30, 10**21),)),
            ledger.reserve("2", (Claim(A, 10**30, 10**17),)),
            ledger.reserve("3", (Claim(A, 10**18, 10**18 + 1),)),
        )
        assert (dear.asked, dear.limit) == (10**21, 10**30)
        assert isinstance(fits, Hold)
        assert isinstance(dearer, Refusal)
        ledger.settle(fits, 10**25)
        await flushed(ledger)
        assert await used(cluster, A) == [(10**18, 0)]
        assert await ledger.reserve("4", ()) == Hold("4", ())

    over(cluster, story)


def test_a_gateway_that_does_not_come_back_is_settled_by_another_at_the_whole(cluster):
    async def story(plain, one, two):
        times = Times(beat=0.05, lease=0.3)
        dies, stays = await opened(cluster, "dies", times=times), await opened(cluster, "stays", times=times)
        hold = await dies.reserve("1", (Claim(A, 100, 30), Claim(B, 100, 30)))
        mine = await stays.reserve("2", (Claim(A, 100, 20),))
        await kill(dies)
        assert await used(cluster, A) == [(0, 50)]
        while await used(cluster, A, B) != [(30, 20), (30, 0)]:
            await asyncio.sleep(0.02)
        # Its own word, when it does come back, takes the place of what was presumed.
        again = await opened(cluster, "dies", truth=says({hold.id: Became(12, presumed=False)}), times=times)
        assert await used(cluster, A, B) == [(12, 20), (12, 0)]
        stays.settle(mine, 20)
        await flushed(stays)
        assert await used(cluster, A) == [(32, 0)]
        for ledger in (again, stays):
            await ledger.end(5)

    over(cluster, story, 2)


def test_a_gateway_that_was_taken_for_dead_has_the_last_word(cluster):
    async def story(plain, one, two):
        hold = await one.reserve("1", (Claim(A, 100, 30),))
        await plain.execute("UPDATE gatepost_gateways SET seen = seen - interval '2 hours' WHERE id = $1", one._gateway)
        await chores(two)
        assert await used(cluster, A) == [(30, 0)]
        one.settle(hold, 9)
        await flushed(one)
        assert await used(cluster, A) == [(9, 0)]

    over(cluster, story, 2)


def test_a_start_says_what_the_journal_knows_however_often_it_is_started(cluster):
    async def story(plain):
        one = await opened(cluster, "g")
        for name in ("spent", "running", "never"):
            await one.reserve(name, (Claim(A, 1000, 100),))
        await kill(one)
        known = {"spent": Became(40, presumed=False), "running": Became(100, presumed=True)}
        for _ in range(3):
            again = await opened(cluster, "g", truth=says(known))
            assert await used(cluster, A) == [(140, 0)]
            await kill(again)
        last = await opened(cluster, "g", truth=says(known))
        last.correct(Hold("running", (Claim(A, 1000, 100),)), 100, 30)
        last.correct(Hold("spent", (Claim(A, 1000, 100),)), 40, 1)  # not one that a crash left
        await flushed(last)
        assert await used(cluster, A) == [(70, 0)]
        await last.end(5)

    over(cluster, story, 0)


def test_a_copy_of_a_running_gateway_takes_its_place_and_loses_none_of_its_holds(cluster):
    async def story(plain):
        first = await opened(cluster, "g")
        hold = await first.reserve("1", (Claim(A, 100, 30),))
        second = await opened(cluster, "g")
        with pytest.raises(GatewayFault, match="another gateway was started with the data of this one") as caught:
            await first.reserve("2", (Claim(A, 100, 1),))
        assert (caught.value.code, caught.value.status) == (Code.STATE_UNAVAILABLE, 503)
        first.settle(hold, 12)
        await flushed(first)
        assert await used(cluster, A) == [(12, 0)]
        assert isinstance(await second.reserve("3", (Claim(A, 100, 88),)), Hold)
        for ledger in (first, second):
            await ledger.end(5)

    over(cluster, story, 0)


def test_a_database_that_goes_away_refuses_by_name_and_is_found_again(cluster):
    async def story(plain, ledger):
        hold = await ledger.reserve("1", (Claim(A, 100, 30),))
        await asyncio.to_thread(cluster.stop)
        ledger.settle(hold, 10)
        while ledger.trouble is None:
            await asyncio.sleep(0.001)
        assert "server.state_url" in ledger.trouble
        with pytest.raises(GatewayFault, match="the database of the ledger does not answer") as caught:
            await ledger.reserve("2", (Claim(A, 100, 1),))
        assert (caught.value.code, caught.value.status) == (Code.STATE_UNAVAILABLE, 503)
        with pytest.raises(GatewayFault, match="does not answer"):
            await ledger.close(A)
        assert ledger.open_holds() > 0
        await asyncio.to_thread(cluster.start)
        while ledger.trouble is not None:
            await asyncio.sleep(0.02)
        await flushed(ledger)
        assert await used(cluster, A) == [(10, 0)]
        assert isinstance(await ledger.reserve("3", (Claim(A, 100, 90),)), Hold)

    over(cluster, story)


def test_a_hold_whose_answer_was_lost_is_given_back(cluster):
    """The backend is shot while holds are under way, again and again: whether they were given, nobody is told."""

    async def story(plain, ledger):
        given, lost = [], 0
        for turn in range(10):
            while ledger.trouble is not None or ledger._connection is None or ledger._connection.is_closed():
                ledger._wake.set()
                await asyncio.sleep(0.01)
            pid = ledger._connection.get_server_pid()
            asks = [ledger.reserve(f"{turn}-{n}", (Claim(A, 10**6, 3),)) for n in range(8)]
            asking = [asyncio.ensure_future(one) for one in asks]
            await asyncio.sleep(0.0004 * (turn % 5))
            await plain.execute("SELECT pg_terminate_backend($1)", pid)
            said = await asyncio.gather(*asking, return_exceptions=True)
            given += [one for one in said if isinstance(one, Hold)]
            lost += sum(isinstance(one, GatewayFault) for one in said)
        await flushed(ledger)
        assert lost
        assert await used(cluster, A) == [(0, 3 * len(given))]
        for hold in given:
            ledger.settle(hold, 1)
        await flushed(ledger)
        assert await used(cluster, A) == [(len(given), 0)]

    over(cluster, story)


def test_a_hold_that_was_ruled_out_is_never_given(cluster):
    async def story(plain, ledger):
        ledger._doubtful.append("late")
        ledger._wake.set()
        await flushed(ledger)
        with pytest.raises(GatewayFault, match="ruled out"):
            await ledger.reserve("late", (Claim(A, 100, 30),))
        assert await used(cluster, A) == [(0, 0)]

    over(cluster, story)


def test_what_waits_for_the_database_is_bounded(cluster, monkeypatch):
    async def story(plain, ledger):
        monkeypatch.setattr(postgres_ledger, "MOST_WAITING", 2)
        holds = [await ledger.reserve(str(n), (Claim(A, 100, 1),)) for n in range(3)]
        for hold in holds:
            ledger.settle(hold, 1)
        with pytest.raises(GatewayFault, match="behind with what was spent"):
            await ledger.reserve("more", (Claim(A, 100, 1),))
        await flushed(ledger)
        assert isinstance(await ledger.reserve("more", (Claim(A, 100, 1),)), Hold)

    over(cluster, story)


def test_an_end_says_what_was_settled_and_gives_nothing_more(cluster):
    async def story(plain):
        one = await opened(cluster)
        holds = [await one.reserve(str(n), (Claim(A, 10**6, 2),)) for n in range(300)]
        for hold in holds:
            one.settle(hold, 1)
        await one.end(10)
        assert await used(cluster, A) == [(300, 0)]
        with pytest.raises(GatewayFault, match="the gateway is stopping"):
            await one.reserve("late", (Claim(A, 10**6, 2),))

    over(cluster, story, 0)


def test_accounts_of_periods_long_over_leave_and_nothing_else_does(cluster):
    async def story(plain, ledger):
        stay = ["a@2999-11-20", "a@2999-11", "a@2999-11-20T17", "no-period", "held@2020-01-01"]
        go = ["a@2020-11-20", "u/daily in p for user x@y@2020-11", "a@2020-11-20T17"]
        for name in stay + go:
            hold = await ledger.reserve(name, (Claim(name, 100, 5),))
            if name != "held@2020-01-01":
                ledger.settle(hold, 5)
        await flushed(ledger)
        ledger._sweep_at = 0.0
        await chores(ledger)
        names = await plain.fetch("SELECT account FROM gatepost_accounts")
        assert sorted(row[0] for row in names) == sorted(stay)
        assert await plain.fetchval("SELECT count(*) FROM gatepost_account_groups") == 0

    over(cluster, story)


def test_a_password_is_never_shown():
    async def go():
        return await PostgresLedger.open(Secret("postgresql://u:pa55word@127.0.0.1:9/x"), "g", Past({}, (), nothing))

    with pytest.raises(GatewayFault, match="the database of the ledger does not answer") as caught:
        asyncio.run(go())
    assert "pa55word" not in caught.value.public
