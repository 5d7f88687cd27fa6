import asyncio

import pytest

from gatepost_gateway.pipeline.beat import EVERY, Beat

from .fakes import run


class Mouth:
    def __init__(self):
        self.said = 0

    async def __call__(self):
        self.said += 1


def test_it_speaks_after_a_whole_turn_of_silence_only():
    async def work():
        mouth = Mouth()
        beat = Beat(mouth)
        beat.start()
        said = []
        for sent in (True, False, False, True):
            if sent:
                beat.sent()
            beat._tick()
            await asyncio.sleep(0)
            said.append(mouth.said)
        await beat.stop()
        return said

    assert run(work()) == [0, 1, 2, 2]
    assert EVERY == 15


def test_it_never_speaks_twice_at_a_time_and_is_waited_for():
    async def work():
        open_, said = asyncio.Event(), []

        async def slow():
            said.append("begun")
            await open_.wait()
            said.append("done")

        beat = Beat(slow, 0.01)
        beat.start()
        await asyncio.sleep(0.05)
        asyncio.get_running_loop().call_later(0.01, open_.set)
        await beat.stop()
        return said

    assert run(work()) == ["begun", "done"]


def test_what_goes_wrong_in_it_is_raised():
    async def work():
        async def broken():
            raise OSError("gone")

        beat = Beat(broken, 0.01)
        beat.start()
        await asyncio.sleep(0.03)
        await beat.stop()

    with pytest.raises(OSError, match="gone"):
        run(work())


def test_a_caller_that_has_gone_is_not_waited_for():
    async def work():
        never = asyncio.Event()
        beat = Beat(never.wait, 0.01)
        beat.start()
        await asyncio.sleep(0.03)
        beat.cancel()
        await asyncio.sleep(0)
        beat.cancel()
        await asyncio.sleep(0)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert run(work()) == set()
