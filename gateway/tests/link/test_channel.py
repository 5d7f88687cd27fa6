import asyncio
import gc
import logging

import pytest

from gatepost_gateway.link import channel as module
from gatepost_gateway.link.channel import ChannelClosed

from .pair import echo, linked


def run(work):
    """Runs it, and holds the loop to leaving nothing behind."""
    loose = []

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda _, context: loose.append(context))
        await work()
        gc.collect()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    gc.collect()
    assert loose == []


def test_both_sides_ask_at_once_and_answers_find_their_questions():
    async def work():
        async def slow(payload):
            await asyncio.sleep(0.001 * (payload[0] % 3))
            return payload * 2

        async with linked({"slow": slow}, {"slow": slow}) as (left, right):
            asked = [side.ask("slow", bytes([number])) for number in range(50) for side in (left, right)]
            said = await asyncio.gather(*asked)
            assert said == [bytes([number]) * 2 for number in range(50) for _ in (left, right)]

    run(work)


def test_a_handler_may_ask_back():
    async def work():
        ends = []

        async def back(payload):
            return await ends[1].ask("echo", payload)

        async with linked({"echo": echo}, {"back": back}) as pair:
            ends += pair
            assert await pair[0].ask("back", b"x") == b"x"

    run(work)


def test_a_handler_that_fails_is_told_in_words_and_the_link_goes_on(caplog):
    async def work():
        async def broken(payload):
            raise ValueError("no such thing")

        async with linked({}, {"broken": broken, "echo": echo}) as (left, _):
            with caplog.at_level(logging.CRITICAL):
                with pytest.raises(RuntimeError, match="ValueError: no such thing"):
                    await left.ask("broken")
                with pytest.raises(RuntimeError, match="KeyError"):
                    await left.ask("unheard of")
            assert await left.ask("echo", b"still here") == b"still here"

    run(work)


def test_closing_fails_every_open_question_and_every_later_one():
    async def work():
        async def never(payload):
            await asyncio.get_running_loop().create_future()

        async with linked({}, {"never": never}) as (left, right):
            asked = [asyncio.ensure_future(left.ask("never")) for _ in range(3)]
            await asyncio.sleep(0.01)
            right.close()
            for one in asked:
                with pytest.raises(ChannelClosed):
                    await one
            assert left.closed
            with pytest.raises(ChannelClosed):
                await left.ask("never")
            for task in list(right._tasks):
                task.cancel()

    run(work)


def test_a_side_that_goes_while_an_answer_is_made_disturbs_nobody():
    async def work():
        async def slow(payload):
            await asyncio.sleep(0.02)
            return b"x" * 5_000_000

        async with linked({}, {"slow": slow}) as (left, right):
            asked = asyncio.ensure_future(left.ask("slow"))
            await asyncio.sleep(0.01)
            left.close()
            with pytest.raises(ChannelClosed):
                await asked
            await right.finish()

    run(work)


def test_who_leaves_while_asking_is_forgotten():
    async def work():
        async def slow(payload):
            await asyncio.sleep(0.01)
            return payload

        async with linked({}, {"slow": slow}) as (left, _):
            asked = asyncio.ensure_future(left.ask("slow", b"1"))
            await asyncio.sleep(0)
            asked.cancel()
            assert await left.ask("slow", b"2") == b"2"
            assert left._asked == {}

    run(work)


def test_large_frames_pass_whole():
    async def work():
        async with linked({}, {"echo": echo}) as (left, _):
            big = b"x" * 20_000_000
            assert await left.ask("echo", big) == big
            assert await asyncio.gather(*[left.ask("echo", big[:300_000]) for _ in range(20)]) == [big[:300_000]] * 20

    run(work)


def test_a_frame_that_is_too_large_or_is_none_of_ours_cuts_the_link(monkeypatch, caplog):
    monkeypatch.setattr(module, "MAX_FRAME", 1000)

    async def work():
        with caplog.at_level(logging.CRITICAL):
            async with linked({}, {"echo": echo}) as (left, right):
                with pytest.raises(ChannelClosed):
                    await left.ask("echo", b"x" * 2000)
                assert right.closed
            async with linked({}, {"echo": echo}) as (left, right):
                left._writer.write(b"\x00\x00\x00\x03abc")
                with pytest.raises(ChannelClosed):
                    await left.ask("echo")
                assert right.closed

    run(work)
