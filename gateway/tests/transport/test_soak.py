"""Thousands of calls leave nothing behind."""

import asyncio
import gc
import resource
import tracemalloc

from .peers import CHUNKED, OK, Peer, answering, both_loops, client, post, serving, sockets, sockets_before


async def call(made, origin) -> None:
    assert await (await post(made, origin)).read_all(100) == b"hello"


@both_loops
async def test_two_thousand_calls_one_after_another() -> None:
    async with serving(answering(OK)) as server, client() as made:
        for _ in range(50):
            await call(made, server.origin)
        gc.collect()
        before = sockets_before()
        tracemalloc.start()
        for _ in range(200):
            await call(made, server.origin)
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        tracemalloc.start()
        for _ in range(1800):
            await call(made, server.origin)
        gc.collect()
        later = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert (sockets(), len(server.peers), made.idle()) == (before, 1, 1)
        assert later < held + 20_000


@both_loops
async def test_two_thousand_calls_at_once() -> None:
    async def handler(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(CHUNKED + b"5\r\nhello\r\n")
            await asyncio.sleep(0.01)
            await peer.send(b"0\r\n\r\n")

    async with serving(handler) as server, client(max_idle_per_origin=16) as made:
        gc.collect()
        before = sockets_before()
        # Both ends live in this process, which may not have many descriptors: in groups.
        group = min(500, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200) // 2)
        for start in range(0, 2000, group):
            await asyncio.gather(*(call(made, server.origin) for _ in range(min(group, 2000 - start))))
        await asyncio.sleep(0.2)
        assert made.idle() == 16
        assert sockets() == before + 2 * 16


@both_loops
async def test_connections_that_break_leave_nothing() -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nabc")

    async with serving(handler) as server, client() as made:
        before = sockets_before()
        for _ in range(300):
            answer = await post(made, server.origin)
            results = await asyncio.gather(answer.read_all(100), return_exceptions=True)
            assert isinstance(results[0], Exception)
        await asyncio.sleep(0.02)
        assert sockets() == before
