import asyncio

import pytest

from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.edge import idempotency as module
from gatepost_gateway.edge.idempotency import LIFE, Idempotency


class HandClock:
    now = 0.0

    def monotonic(self):
        return self.now

    def micros(self):
        return 0


class Maker:
    """Counts how often it makes an answer; `fail` that many times first."""

    def __init__(self, fail=0, body=b"x"):
        self.made, self.fail, self.body = 0, fail, body

    async def __call__(self):
        await asyncio.sleep(0)
        self.made += 1
        if self.made <= self.fail:
            raise ValueError("no")
        return 200, self.body + str(self.made).encode()


def test_the_same_key_is_answered_once_with_the_same_words():
    async def main():
        kept, make = Idempotency(HandClock()), Maker()
        said = await asyncio.gather(*[kept.once("me", b"k", b"body", make) for _ in range(10)])
        assert set(said) == {(200, b"x1")}
        assert make.made == 1

    asyncio.run(main())


def test_without_a_key_or_for_another_owner_everything_is_made():
    async def main():
        kept, make = Idempotency(HandClock()), Maker()
        for owner, key in (("me", None), ("me", None), ("me", b"k"), ("you", b"k"), ("me", b"l")):
            await kept.once(owner, key, b"body", make)
        assert make.made == 5

    asyncio.run(main())


def test_a_key_with_another_body_is_a_conflict():
    async def main():
        kept = Idempotency(HandClock())
        await kept.once("me", b"k", b"body", Maker())
        with pytest.raises(CallerError) as caught:
            await kept.once("me", b"k", b"other", Maker())
        assert (caught.value.status, caught.value.code) == (409, Code.CONFLICT)

    asyncio.run(main())


def test_a_failure_is_not_kept_and_those_who_wait_try_again():
    async def main():
        kept, make = Idempotency(HandClock()), Maker(fail=1)
        said = await asyncio.gather(*[kept.once("me", b"k", b"b", make) for _ in range(3)], return_exceptions=True)
        assert isinstance(said[0], ValueError)
        assert said[1] == said[2] == (200, b"x2")

    asyncio.run(main())


def test_a_first_caller_that_leaves_does_not_block_the_next():
    async def main():
        kept = Idempotency(HandClock())

        async def hang():
            await asyncio.get_running_loop().create_future()

        first = asyncio.ensure_future(kept.once("me", b"k", b"b", hang))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(kept.once("me", b"k", b"b", Maker()))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == (200, b"x1")

    asyncio.run(main())


def test_a_waiter_that_leaves_does_not_disturb_the_first():
    async def main():
        kept, make = Idempotency(HandClock()), Maker()
        first = asyncio.ensure_future(kept.once("me", b"k", b"b", make))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(kept.once("me", b"k", b"b", make))
        await asyncio.sleep(0)
        second.cancel()
        assert await first == (200, b"x1")

    asyncio.run(main())


def test_answers_are_kept_ten_minutes():
    async def main():
        clock, make = HandClock(), Maker()
        kept = Idempotency(clock)
        for moment in (0, LIFE, LIFE + 1):
            clock.now = moment
            await kept.once("me", b"k", b"b", make)
        assert make.made == 2

    asyncio.run(main())


def test_memory_is_bounded_in_number_and_bytes(monkeypatch):
    monkeypatch.setattr(module, "MOST", 5)
    monkeypatch.setattr(module, "MOST_BYTES", 1000)

    async def main():
        kept = Idempotency(HandClock())
        for number in range(20):
            await kept.once("me", str(number).encode(), b"b", Maker())
        assert len(kept._kept) == 5
        for number in range(20):
            await kept.once("me", b"b" + str(number).encode(), b"b", Maker(body=b"x" * 400))
        assert kept._bytes == sum(len(one.answer[1]) for one in kept._kept.values()) <= 1000

    asyncio.run(main())
