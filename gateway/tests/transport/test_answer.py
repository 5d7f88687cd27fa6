import asyncio

import pytest

from gatepost_gateway.transport import Fault, TransportError

from .peers import CHUNKED, OK, Peer, answering, both_loops, client, post, saying, serving


@both_loops
async def test_read_all_is_bounded_by_what_is_announced_and_by_what_comes() -> None:
    announced = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n"
    for beginning in (announced, CHUNKED + b"b\r\nhello world\r\n", b"HTTP/1.1 200 OK\r\n\r\nhello world"):
        async with serving(saying(beginning)) as server, client() as made:
            answer = await post(made, server.origin)
            with pytest.raises(TransportError) as caught:
                await answer.read_all(10)
            assert (caught.value.fault, caught.value.sent) == (Fault.TOO_LARGE, True)
            await server.peers[0].left.wait()
            assert made.idle() == 0
            with pytest.raises(TransportError):
                await answer.read_all(10)


@both_loops
async def test_read_all_at_the_limit() -> None:
    async with serving(answering(OK)) as server, client() as made:
        assert await (await post(made, server.origin)).read_all(5) == b"hello"
        with pytest.raises(TransportError) as caught:
            await (await post(made, server.origin)).read_all(4)
        assert caught.value.fault is Fault.TOO_LARGE


@both_loops
async def test_read_all_gives_the_rest() -> None:
    async with (
        serving(saying(CHUNKED + b"3\r\nabc\r\n", b"3\r\ndef\r\n", b"0\r\n\r\n", pause=0.02)) as server,
        client() as made,
    ):
        answer = await post(made, server.origin)
        assert await answer.read() == b"abc"
        assert await answer.read_all(3) == b"def"
        assert await answer.read_all(3) == b""
        assert await answer.read() == b""
        assert made.idle() == 1


@both_loops
async def test_read_all_of_a_cut_body() -> None:
    async with serving(saying(CHUNKED + b"3\r\nabc\r\n", end="end")) as server, client() as made:
        answer = await post(made, server.origin)
        with pytest.raises(TransportError) as caught:
            await answer.read_all(100)
        assert caught.value.fault is Fault.TRUNCATED
        with pytest.raises(TransportError):
            await answer.read()


@both_loops
async def test_closed_early_the_socket_is_cut() -> None:
    async with serving(saying(CHUNKED + b"3\r\nabc\r\n")) as server, client() as made:
        answer = await post(made, server.origin)
        answer.close()
        answer.close()
        async with asyncio.timeout(0.5):
            await server.peers[0].left.wait()
        assert made.idle() == 0
        with pytest.raises(TransportError) as caught:
            await answer.read()
        assert caught.value.fault is Fault.RESET


@both_loops
async def test_closed_unread_after_a_whole_answer_the_connection_is_kept() -> None:
    async with serving(answering(OK)) as server, client() as made:
        for _ in range(3):
            answer = await post(made, server.origin)
            await asyncio.sleep(0.01)
            answer.close()
            assert made.idle() == 1
        assert len(server.peers) == 1


@both_loops
async def test_an_old_answer_never_reads_a_later_ones_bytes() -> None:
    async with serving(answering(OK, OK.replace(b"hello", b"other"))) as server, client() as made:
        first = await post(made, server.origin)
        headers = first.headers
        await asyncio.sleep(0.01)
        first.close()
        second = await post(made, server.origin)
        assert await first.read() == b""
        assert await first.read_all(10) == b""
        assert await second.read_all(10) == b"other"
        assert first.headers is headers
        assert headers == [(b"content-length", b"5")]
        first.close()
        assert made.idle() == 1


@both_loops
async def test_closed_by_another_while_a_reader_waits() -> None:
    async with serving(saying(CHUNKED)) as server, client() as made:
        answer = await post(made, server.origin)
        reader = asyncio.ensure_future(answer.read())
        await asyncio.sleep(0.01)
        answer.close()
        with pytest.raises(TransportError) as caught:
            await reader
        assert caught.value.fault is Fault.RESET
        assert made.idle() == 0


@both_loops
async def test_two_readers_are_a_mistake() -> None:
    async with serving(saying(CHUNKED)) as server, client() as made:
        answer = await post(made, server.origin)
        first = asyncio.ensure_future(answer.read())
        await asyncio.sleep(0.01)
        with pytest.raises(RuntimeError, match="two readers"):
            await answer.read()
        answer.close()
        with pytest.raises(TransportError):
            await first


@both_loops
async def test_whatever_the_order_of_cancel_close_and_end() -> None:
    async def handler(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(CHUNKED + b"3\r\nabc\r\n")
            await asyncio.sleep(0)
            await peer.send(b"0\r\n\r\n")

    async with serving(handler) as server, client() as made:
        for step in range(60):
            answer = await post(made, server.origin)
            reader = asyncio.ensure_future(answer.read_all(100))
            for _ in range(step % 6):
                await asyncio.sleep(0)
            actions = [reader.cancel, answer.close, server.peers[-1].writer.transport.abort]
            for turn in range(3):
                actions[(step // 6 + turn) % 3]()
                if step % 2:
                    await asyncio.sleep(0)
            result = (await asyncio.gather(reader, return_exceptions=True))[0]
            assert result == b"abc" or isinstance(result, (asyncio.CancelledError, TransportError))
            await asyncio.sleep(0.001)
            assert made.idle() <= 1
