"""Questions of many go as one statement, answers come back to who asked, and trouble is nobody's for long."""

import asyncio

import asyncpg
import pytest

from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage import postgres_batch
from gatepost_gateway.storage.postgres import Part
from gatepost_gateway.storage.postgres_batch import Batcher, plain

PART = Part("questions", {}, ())


class Asked:
    """A statement that doubles numbers, and remembers what it was asked together."""

    def __init__(self, more=lambda: None):
        self.more = more
        self.batches, self.undone, self.error = [], [], None

    async def say(self, connection, questions):
        self.batches.append(list(questions))
        if self.error is not None:
            raise self.error
        rows = await connection.fetch("SELECT 2 * n AS twice FROM unnest($1::int[]) AS n", questions)
        return [row["twice"] for row in rows]


def over(cluster, story, asked=None):
    asked = asked or Asked()

    async def go():
        batcher = Batcher(PART, Secret(cluster.url), asked.say, asked.undone.append, lambda: asked.more())  # noqa: PLW0108 - as it is then
        await batcher.open()
        try:
            await asyncio.wait_for(story(batcher, asked), 30)
        finally:
            await batcher.close()

    asyncio.run(go())


def test_what_is_asked_at_once_goes_together_and_in_order(cluster):
    async def story(batcher, asked):
        assert await asyncio.gather(*(batcher.ask(n) for n in range(200))) == [2 * n for n in range(200)]
        assert [one for batch in asked.batches for one in batch] == list(range(200))
        assert len(asked.batches) <= 6

    over(cluster, story)


def test_an_answer_whose_caller_has_left_is_undone(cluster):
    async def story(batcher, asked):
        gate = asyncio.Event()
        say = asked.say

        async def slowly(connection, questions):
            answers = await say(connection, questions)
            await gate.wait()
            return answers

        batcher._say = slowly
        first = asyncio.create_task(batcher.ask(1))
        while not asked.batches:
            await asyncio.sleep(0)
        second = asyncio.create_task(batcher.ask(2))
        await asyncio.sleep(0)
        first.cancel()
        second.cancel()
        gate.set()
        await asyncio.gather(first, second, return_exceptions=True)
        assert await batcher.ask(3) == 6
        # The second one was never asked.
        assert (asked.batches, asked.undone) == ([[1], [3]], [2])

    over(cluster, story)


def test_a_caller_who_leaves_in_the_moment_of_the_answer(cluster):
    async def story(batcher, asked):
        say = asked.say

        async def last_thing(connection, questions):
            answers = await say(connection, questions)
            asyncio.get_running_loop().call_soon(task.cancel)
            return answers

        batcher._say = last_thing
        task = asyncio.create_task(batcher.ask(7))
        await asyncio.gather(task, return_exceptions=True)
        assert (task.cancelled(), asked.undone) == (True, [14])

    over(cluster, story)


def test_trouble_refuses_all_that_wait_and_the_next_one_is_served(cluster):
    async def story(batcher, asked):
        asked.error = asyncpg.PostgresError("no")
        said = await asyncio.gather(*(batcher.ask(n) for n in range(100)), return_exceptions=True)
        assert {type(one) for one in said} == {GatewayFault}
        assert "the database of the questions does not answer (PostgresError)" in str(said[0])
        assert len(asked.batches) == 1
        asked.error = None
        assert await batcher.ask(1) == 2

    over(cluster, story)


def test_a_bug_is_loud_and_leaves_nobody_waiting(cluster, caplog):
    async def story(batcher, asked):
        asked.error = KeyError("bug")
        with pytest.raises(GatewayFault, match="KeyError"):
            await batcher.ask(1)
        asked.error = None
        assert await batcher.ask(1) == 2

    over(cluster, story)
    assert "not by its database's fault" in caplog.text
    assert "KeyError: 'bug'" in caplog.text


def test_what_needs_no_answer_is_said_by_itself_and_goes_along(cluster):
    async def story(batcher, asked):
        asked.more = lambda: None if [] in asked.batches else 0.0
        batcher.soon()
        while [] not in asked.batches:
            await asyncio.sleep(0.005)
        assert asked.batches == [[]]
        batcher.soon()
        await batcher.ask(1)
        assert asked.batches == [[], [1]]

    over(cluster, story)


def test_a_database_that_is_away_is_left_alone_for_a_while(cluster, monkeypatch):
    monkeypatch.setattr(postgres_batch, "RECONNECT", 0.1)

    async def story(batcher, asked):
        asked.more = lambda: 0.0 if len(asked.batches) < 5 else None
        asked.error = asyncpg.PostgresError("no")
        begun = asyncio.get_running_loop().time()
        batcher.soon()
        while len(asked.batches) < 5:
            await asyncio.sleep(0.01)
        assert asyncio.get_running_loop().time() - begun >= 0.4

    over(cluster, story)


def test_a_lost_connection_is_noticed_before_it_is_used(cluster):
    async def story(batcher, asked):
        plain = await asyncpg.connect(cluster.url)
        pid = batcher._connection.get_server_pid()
        await plain.execute("SELECT pg_terminate_backend($1)", pid)
        while not batcher._connection.is_closed():
            await asyncio.sleep(0.01)
        await plain.close()
        assert await batcher.ask(4) == 8

    over(cluster, story)


def test_a_name_that_a_database_may_not_keep_is_a_hash():
    assert plain("p/bot/guard/rate/get_weather") == "p/bot/guard/rate/get_weather"
    odd = ["\x00", "ü", "x" * 501, "\ud800", "a\n"]
    assert len({plain(one) for one in odd}) == len(odd)
    assert all(plain(one) == plain(plain(one)) for one in odd)
