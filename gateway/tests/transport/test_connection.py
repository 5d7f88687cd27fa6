"""Deadlines, back-pressure and broken peers on a live connection."""

import asyncio
import time

import pytest

from gatepost_gateway.transport import Fault, Timeouts, TransportError
from gatepost_gateway.transport.connection import HIGH_WATER

from .peers import CHUNKED, NONE, OK, Peer, answering, both_loops, client, post, saying, serving

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n"


async def failing(handler, timeouts: Timeouts = NONE) -> tuple[TransportError, bytes, float]:
    """The fault that a call ends with, what it got before, and the seconds it took; the socket must be closed then."""
    got = b""
    async with serving(handler) as server, client() as made:
        began = time.monotonic()
        try:
            answer = await post(made, server.origin, timeouts)
            try:
                while True:
                    data = await answer.read()
                    got += data
                    if not data:
                        raise AssertionError(f"a clean end after {got!r}")
            finally:
                with pytest.raises(TransportError):
                    await answer.read()
                answer.close()
        except TransportError as error:
            took = time.monotonic() - began
            assert made.idle() == 0
            async with asyncio.timeout(1):
                await server.peers[0].left.wait()
            return error, got, took


def within(seconds: float, took: float) -> bool:
    """Not before its time, and long before any other clock of these tests would have ended it."""
    return seconds - 0.005 <= took < seconds + 1.5


@pytest.mark.parametrize(("banner", "fault"), [(b"", Fault.RESET), (b"220 mail.example ESMTP\r\n", Fault.GARBAGE)])
@both_loops
async def test_a_peer_that_closes_or_speaks_before_it_is_asked(banner: bytes, fault: Fault) -> None:
    async def handler(peer: Peer) -> None:
        if banner:
            await peer.send(banner)
            await peer.gone()

    async with serving(handler) as server, client() as made:
        for _ in range(20):
            with pytest.raises(TransportError) as caught:
                await post(made, server.origin)
            assert caught.value.fault is fault
        await asyncio.sleep(0.02)
        assert made.idle() == 0


@both_loops
async def test_stall_before_the_head() -> None:
    timeouts = Timeouts(connect=1, first_byte=0.1, idle=0.03, total=5)
    error, got, took = await failing(saying(), timeouts)
    assert (error.fault, error.sent, got) == (Fault.FIRST_BYTE_TIMEOUT, True, b"")
    assert within(0.1, took)


@both_loops
async def test_an_interim_answer_is_not_the_first_byte() -> None:
    timeouts = Timeouts(connect=1, first_byte=0.2, idle=0.05, total=5)
    error, _, took = await failing(saying(b"HTTP/1.1 100 Continue\r\n\r\n"), timeouts)
    assert error.fault is Fault.FIRST_BYTE_TIMEOUT
    assert within(0.2, took)


@pytest.mark.parametrize("first_byte", [0, 0.05, 2])
@pytest.mark.parametrize(
    "before", [b"HTTP/1.1 200", HEAD, HEAD + b"12345", CHUNKED, CHUNKED + b"5\r\n123", CHUNKED + b"3\r\nabc\r\n"]
)
@both_loops
async def test_stall_in_the_middle(before: bytes, first_byte: float) -> None:
    timeouts = Timeouts(connect=1, first_byte=first_byte, idle=0.1, total=5)
    error, _, took = await failing(saying(before), timeouts)
    assert (error.fault, error.sent) == (Fault.IDLE_TIMEOUT, True)
    assert within(0.1, took)


@both_loops
async def test_total_ends_a_stall_that_nothing_else_bounds() -> None:
    for before in (b"", HEAD + b"123"):
        timeouts = Timeouts(connect=0, first_byte=0, idle=0, total=0.1)
        error, _, took = await failing(saying(before), timeouts)
        assert error.fault is Fault.TOTAL_TIMEOUT
        assert within(0.1, took)


@both_loops
async def test_slow_bytes_pass_and_total_ends_them() -> None:
    data = HEAD + b"0123456789"

    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(data[:-10])
        for at in range(len(data) - 10, len(data)):
            await asyncio.sleep(0.05)
            await peer.send(data[at : at + 1])
        await peer.gone()

    async with serving(handler) as server, client() as made:
        answer = await post(made, server.origin, Timeouts(connect=1, first_byte=1, idle=0.2, total=5))
        parts: list[bytes] = []
        while data_now := await answer.read():
            parts.append(data_now)
        assert parts == [b"%d" % digit for digit in range(10)]
    error, got, took = await failing(handler, Timeouts(connect=1, first_byte=1, idle=0.2, total=0.3))
    assert error.fault is Fault.TOTAL_TIMEOUT
    assert b"0123456789".startswith(got)
    assert 3 <= len(got) <= 6
    assert 0.29 <= took < 0.4


@both_loops
async def test_a_slow_head_passes_byte_by_byte() -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        for at in range(len(OK)):
            await peer.send(OK[at : at + 1])
            await asyncio.sleep(0.004)
        await peer.gone()

    async with serving(handler) as server, client() as made:
        answer = await post(made, server.origin, Timeouts(connect=1, first_byte=0.05, idle=0.05, total=5))
        assert await answer.read_all(10) == b"hello"


@both_loops
async def test_a_deadline_of_one_call_is_not_the_next_ones() -> None:
    async def handler(peer: Peer) -> None:
        while True:
            await peer.request()
            await asyncio.sleep(0.12)
            await peer.send(OK)

    async with serving(handler) as server, client() as made:
        for timeouts in (NONE, Timeouts(1, 0.2, 0.2, 0.2), Timeouts(1, 0.2, 0.2, 0.2), Timeouts(1, 5, 5, 5), NONE):
            assert await (await post(made, server.origin, timeouts)).read_all(10) == b"hello"
        assert len(server.peers) == 1
        with pytest.raises(TransportError) as caught:
            await post(made, server.origin, Timeouts(1, 0.05, 0, 0))
        assert caught.value.fault is Fault.FIRST_BYTE_TIMEOUT


@pytest.mark.parametrize(
    ("before", "end", "fault", "got"),
    [
        (b"", "end", Fault.RESET, b""),
        (b"", "reset", Fault.RESET, b""),
        (b"HTTP/1.1 20", "end", Fault.TRUNCATED, b""),
        (HEAD + b"12345", "end", Fault.TRUNCATED, b"12345"),
        (HEAD + b"12345", "reset", Fault.RESET, b"12345"),
        (CHUNKED + b"3\r\nabc\r\n", "end", Fault.TRUNCATED, b"abc"),
        (CHUNKED + b"3\r\nab", "end", Fault.TRUNCATED, b"ab"),
        (CHUNKED + b"3\r\nabc\r\n0\r\n", "end", Fault.TRUNCATED, b"abc"),
        (CHUNKED + b"3\r\nabc\r\n", "reset", Fault.RESET, b"abc"),
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", "reset", Fault.RESET, b"to the end"),
        (CHUNKED + b"3\r\nabc\r\nzz\r\n", "stay", Fault.GARBAGE, b"abc"),
        (CHUNKED + b"3\r\nabcde\r\n", "stay", Fault.GARBAGE, b"abc"),
        (b"\x16\x03\x01\x02", "stay", Fault.GARBAGE, b""),
        (b"HTTP/1.1 abc\r\n\r\n", "stay", Fault.GARBAGE, b""),
        (b"HTTP/1.1 101 Switching\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n", "stay", Fault.GARBAGE, b""),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n", "stay", Fault.GARBAGE, b""),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000, "stay", Fault.TOO_LARGE, b""),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000 + b"\r\n\r\n", "stay", Fault.TOO_LARGE, b""),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 300 + b"\r\n", "stay", Fault.TOO_LARGE, b""),
    ],
)
@both_loops
async def test_broken_answers(before: bytes, end: str, fault: Fault, got: bytes) -> None:
    error, came, took = await failing(saying(before, end=end))
    assert (error.fault, error.sent, came) == (fault, True, got)
    assert took < 0.5


@both_loops
async def test_a_body_that_ends_with_the_stream() -> None:
    async with (
        serving(saying(b"HTTP/1.1 200 OK\r\n\r\nto the ", b"end", end="end", pause=0.02)) as server,
        client() as made,
    ):
        answer = await post(made, server.origin)
        assert await answer.read() == b"to the "
        assert await answer.read() == b"end"
        assert await answer.read() == b""
        assert made.idle() == 0
        answer = await post(made, server.origin)
        assert await answer.read_all(10) == b"to the end"


@both_loops
async def test_no_byte_is_withheld() -> None:
    go = asyncio.Event()

    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED)
        for _ in range(20):
            await go.wait()
            go.clear()
            await peer.send(b"1\r\nx\r\n")
        await peer.send(b"0\r\n\r\n")
        await peer.gone()

    async with serving(handler) as server, client() as made:
        answer = await post(made, server.origin)
        for _ in range(20):
            began = time.monotonic()
            go.set()
            async with asyncio.timeout(0.5):
                assert await answer.read() == b"x"
            assert time.monotonic() - began < 0.05
        assert await answer.read() == b""


@both_loops
async def test_a_part_of_a_chunk_is_handed_on() -> None:
    async with serving(saying(CHUNKED + b"ff\r\nabc")) as server, client() as made:
        answer = await post(made, server.origin)
        async with asyncio.timeout(0.5):
            assert await answer.read() == b"abc"
        answer.close()


@both_loops
async def test_what_came_in_pieces_is_read_as_one_batch() -> None:
    async with (
        serving(saying(CHUNKED + b"1\r\na\r\n", b"2\r\nbc\r\n", b"1\r\nd\r\n0\r\n\r\n")) as server,
        client() as made,
    ):
        answer = await post(made, server.origin)
        await asyncio.sleep(0.05)
        assert await answer.read() == b"abcd"
        assert await answer.read() == b""
        assert made.idle() == 1


@both_loops
async def test_an_unread_body_stops_the_peer_and_reading_lets_it_go_on() -> None:
    size = 32 << 20
    written = 0

    async def handler(peer: Peer) -> None:
        nonlocal written
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        block = b"x" * 65536
        for _ in range(size // len(block)):
            await peer.send(block)
            written += len(block)
        await peer.gone()

    async with serving(handler) as server, client() as made:
        answer = await post(made, server.origin, Timeouts(connect=1, first_byte=1, idle=0.1, total=10))
        await asyncio.sleep(0.4)  # longer than the idle limit: it is the reader who is slow
        held = written
        assert held < size
        await asyncio.sleep(0.1)
        assert written == held
        largest = total = 0
        while data := await answer.read():
            largest = max(largest, len(data))
            total += len(data)
        assert total == size
        assert largest <= HIGH_WATER + (256 << 10)
        assert made.idle() == 1


@both_loops
async def test_read_all_takes_a_large_body_and_resumes_a_paused_one() -> None:
    body = bytes(range(256)) * (16 << 10)

    async with (
        serving(answering(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)) as server,
        client() as made,
    ):
        assert await (await post(made, server.origin)).read_all(len(body)) == body
        answer = await post(made, server.origin)
        await asyncio.sleep(0.1)
        assert await answer.read_all(len(body)) == body
        assert made.idle() == 1


@both_loops
async def test_after_a_pause_the_idle_limit_counts_from_the_resumption() -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (1 << 30))
        try:
            async with asyncio.timeout(0.2):
                while True:
                    await peer.send(b"x" * 65536)
        except TimeoutError:
            await peer.gone()

    async with serving(handler) as server, client() as made:
        answer = await post(made, server.origin, Timeouts(connect=1, first_byte=1, idle=0.15, total=10))
        await asyncio.sleep(0.4)
        began = time.monotonic()

        async def drain() -> None:
            while await answer.read():
                pass

        with pytest.raises(TransportError) as caught:
            await drain()
        assert caught.value.fault is Fault.IDLE_TIMEOUT
        assert 0.13 < time.monotonic() - began < 0.6


@both_loops
async def test_a_deadline_that_passes_while_the_connection_lies_idle_means_nothing() -> None:
    async with serving(answering(OK)) as server, client() as made:
        for _ in range(2):
            assert await (await post(made, server.origin, Timeouts(1, 0.05, 0.05, 0.05))).read_all(10) == b"hello"
            await asyncio.sleep(0.1)
            assert made.idle() == 1
        assert len(server.peers) == 1
