import asyncio

import pytest

from gatepost_gateway.domain.ports import Answered, Origin, UpstreamRequest
from gatepost_gateway.pipeline.several import AT_ONCE, ask_each


def requests(count: int) -> list[UpstreamRequest]:
    return [UpstreamRequest(Origin("http", "p.test", 80), b"/", (), str(n).encode()) for n in range(count)]


def test_answers_come_in_order_and_a_few_at_a_time() -> None:
    running = most = 0

    async def ask(request: UpstreamRequest) -> Answered:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001 * (3 - int(request.body) % 3))
        running -= 1
        return Answered(request.body)

    answers = asyncio.run(ask_each(requests(20), ask))
    assert [one.body for one in answers] == [str(n).encode() for n in range(20)]
    assert most == AT_ONCE


def test_a_failure_gives_up_what_is_under_way() -> None:
    left: list[bytes] = []

    async def ask(request: UpstreamRequest) -> Answered:
        if request.body == b"2":
            raise ConnectionError
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            left.append(request.body)
            raise
        return Answered(b"")

    async def talk() -> None:
        with pytest.raises(ConnectionError):
            await ask_each(requests(10), ask)
        await asyncio.sleep(0)

    asyncio.run(talk())
    assert sorted(left) == [b"0", b"1", b"3", b"4", b"5", b"6", b"7"]


def test_who_leaves_takes_the_requests_along() -> None:
    left = 0

    async def ask(request: UpstreamRequest) -> Answered:
        nonlocal left
        try:
            await asyncio.sleep(60)
        finally:
            left += 1
        return Answered(b"")

    async def talk() -> None:
        task = asyncio.ensure_future(ask_each(requests(3), ask))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)

    asyncio.run(talk())
    assert left == 3
