"""What is kept, for how long, and that nothing in use is ever closed from here."""

import asyncio

import pytest

from gatepost_gateway.transport import Fault, Origin, TransportError
from gatepost_gateway.transport.pool import Pool

from .peers import CHUNKED, OK, Peer, answering, both_loops, client, post, saying, serving, sockets, sockets_before


@both_loops
async def test_no_more_than_the_bound_lie_idle() -> None:
    async with serving(answering(OK)) as server, client(max_idle_per_origin=3) as made:
        before = sockets_before()
        answers = await asyncio.gather(*(post(made, server.origin) for _ in range(10)))
        assert len(server.peers) == 10
        for answer in answers:
            assert await answer.read_all(10) == b"hello"
        assert made.idle() == 3
        await asyncio.sleep(0.02)
        assert sockets() == before + 2 * 3


@both_loops
async def test_the_last_used_goes_first() -> None:
    async def handler(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n%d" % server.peers.index(peer))

    async with serving(handler) as server, client() as made:
        answers = await asyncio.gather(*(post(made, server.origin) for _ in range(3)))
        names = [await answer.read() for answer in answers]
        for answer in (answers[1], answers[0], answers[2]):
            answer.close()
        for _ in range(3):
            assert await (await post(made, server.origin)).read_all(1) == names[2]


@both_loops
async def test_idle_too_long() -> None:
    async with serving(answering(OK)) as server, client(idle_ttl=0.05) as made:
        assert await (await post(made, server.origin)).read_all(10) == b"hello"
        assert made.idle() == 1
        async with asyncio.timeout(1):
            await server.peers[0].left.wait()  # swept, though nobody called
        assert made.idle() == 0
        assert await (await post(made, server.origin)).read_all(10) == b"hello"
        assert len(server.peers) == 2


@both_loops
async def test_idle_too_long_but_not_swept_yet() -> None:
    async with serving(answering(OK)) as server, client(idle_ttl=0.6) as made:
        await (await post(made, server.origin)).read_all(10)
        await asyncio.sleep(0.35)
        await (await post(made, server.origin)).read_all(10)
        assert len(server.peers) == 1
        await asyncio.sleep(0.35)
        assert made.idle() == 1
        await (await post(made, server.origin)).read_all(10)
        assert len(server.peers) == 1


@both_loops
async def test_the_peers_own_limit_is_kept_to() -> None:
    limited = OK.replace(b"\r\n\r\n", b"\r\nKeep-Alive: timeout=2\r\n\r\n")
    async with serving(answering(limited, OK)) as server, client() as made:
        await (await post(made, server.origin)).read_all(10)
        loop = asyncio.get_running_loop()
        pool = made._pool
        slot = pool.slot(server.origin)
        assert loop.time() + 0.9 < slot.idle[0].expires_at < loop.time() + 1.1
        assert pool.take(slot, loop.time() + 1.2) is None
        assert made.idle() == 0


@both_loops
async def test_what_is_in_use_outlives_every_sweep() -> None:
    go = asyncio.Event()

    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED + b"3\r\nabc\r\n")
        await go.wait()
        await peer.send(b"3\r\ndef\r\n0\r\n\r\n")
        await peer.gone()

    async with serving(handler) as server, client(idle_ttl=0.02, max_idle_per_origin=1) as made:
        answers = [await post(made, server.origin) for _ in range(3)]
        await asyncio.sleep(0.1)
        go.set()
        for answer in answers:
            assert await answer.read_all(10) == b"abcdef"
        assert made.idle() <= 1


@both_loops
async def test_a_slot_that_was_dropped_takes_nothing_back() -> None:
    async with serving(saying(OK)) as server, client(idle_ttl=0.02) as made:
        held = await post(made, server.origin)
        (await post(made, server.origin)).close()
        await asyncio.sleep(0.08)
        assert made.idle() == 0
        assert await held.read_all(10) == b"hello"
        async with asyncio.timeout(1):
            await server.peers[0].left.wait()
        assert made.idle() == 0


@both_loops
async def test_origins_do_not_share() -> None:
    async with serving(answering(OK)) as one, serving(answering(OK)) as other, client() as made:
        for server in (one, other):
            assert await (await post(made, server.origin)).read_all(10) == b"hello"
        assert (len(one.peers), len(other.peers), made.idle()) == (1, 1, 2)


def test_an_origin_that_cannot_be_written_has_no_slot() -> None:
    with pytest.raises(TransportError) as caught:
        Pool(max_idle=1, idle_ttl=1).slot(Origin("http", "a b", 80))
    assert caught.value.fault is Fault.REFUSED
