"""The front of the server on real sockets, under uvicorn and uvloop as it is served."""

import asyncio
import contextlib
import time

import msgspec
import pytest
import uvicorn
from uvicorn.server import Server

from gatepost_gateway.edge.http import BodyLimits
from gatepost_gateway.edge.protocol import PINNED, HeadLimits, guarded, sweep

from ..pipeline.fakes import KEY, Answer, House, ScriptedTransport, chat, daily, entry, events, snapshot_of
from .fakes import Front

LIMITS = HeadLimits(bytes=2000, count=20, seconds=0.2)
LINE = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + KEY.encode() + b"\r\n"


def call(body=None, *headers):
    raw = msgspec.json.encode(body or chat(model="sandbox/echo"))
    return LINE + b"".join(headers) + b"content-length: %d\r\n\r\n" % len(raw) + raw


UP = b"GET /up HTTP/1.1\r\nhost: x\r\n\r\n"


@contextlib.asynccontextmanager
async def serving(front=None):
    """(front, port) of a server in this loop."""
    front = front or Front(House(snapshot_of(entry())), BodyLimits(bytes=5000, seconds=0.3))
    config = uvicorn.Config(
        front.edge,
        port=0,
        http=guarded(LIMITS),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    sweeper = asyncio.ensure_future(sweep(server.server_state.connections, every=0.02))
    try:
        yield front, server.servers[0].sockets[0].getsockname()[1]
    finally:
        sweeper.cancel()
        await server.shutdown()


async def answer(reader):
    """(status, headers, body) of one answer."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines if line)
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
    else:
        body = await reader.readexactly(int(headers["content-length"]))
    return int(first.split()[1]), headers, body


@contextlib.asynccontextmanager
async def connected(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def talk(*pieces, wait=0.0, count=1, front=None):
    """What comes back for these pieces, `wait` seconds apart; then whether the server closed the connection."""

    async def main():
        async with serving(front) as (_, port), connected(port) as (reader, writer):
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(wait)
            answers = [await answer(reader) for _ in range(count)]
            try:
                rest = await asyncio.wait_for(reader.read(), 0.15)
                return answers, rest == b""
            except TimeoutError:
                return answers, False

    return asyncio.run(main())


def refusal(*pieces, wait=0.0):
    """The status and the code of what is refused with a body, and the connection closed."""
    [(status, headers, body)], closed = talk(*pieces, wait=wait)
    page = msgspec.json.decode(body)
    assert page["error"]["code"] == page["code"]
    assert "x-request-id" in headers
    assert headers["connection"] == "close"
    assert closed
    return status, page["code"]


def test_the_pinned_version_is_the_one_that_is_here():
    assert uvicorn.__version__ == PINNED


def test_a_call_on_a_connection_that_is_kept():
    answers, closed = talk(call(), call(), UP, wait=0.05, count=3)
    assert [status for status, _, _ in answers] == [200, 200, 200]
    assert not closed


def test_requests_that_come_all_at_once_are_answered_in_order():
    answers, _ = talk(UP + call() + UP + call(chat(model="nothing")), count=4)
    assert [status for status, _, _ in answers] == [200, 200, 200, 404]


def test_a_stream_over_a_socket():
    [(status, headers, body)], closed = talk(call(chat("a b c", model="sandbox/echo", stream=True)))
    assert (status, closed) == (200, False)
    assert headers["content-type"].startswith("text/event-stream")
    assert body.endswith(b"data: [DONE]\n\n")


def test_a_slow_head_is_408():
    assert refusal(LINE, wait=0.3) == (408, "request_timeout")
    assert refusal(LINE, *[b"x-%d: y\r\n" % number for number in range(8)], wait=0.05) == (408, "request_timeout")


def test_a_connection_that_says_nothing_is_closed_without_words():
    async def main():
        async with serving() as (_, port), connected(port) as (reader, _):
            began = time.monotonic()
            assert await asyncio.wait_for(reader.read(), 5) == b""
            assert time.monotonic() - began < 2

    asyncio.run(main())


def test_a_slow_body_is_408():
    [(status, _, body)], _ = talk(LINE + b"content-length: 50\r\n\r\n{", wait=0.4)
    assert (status, msgspec.json.decode(body)["error"]["code"]) == (408, "request_timeout")


@pytest.mark.parametrize(
    "pieces", [[LINE + b"x: " + b"y" * 3000], [LINE + b"x: " + b"y" * 3000 + b"\r\n\r\n"], [LINE] + [b"y" * 500] * 6]
)
def test_a_huge_head_is_431(pieces):
    assert refusal(*pieces, wait=0.01) == (431, "headers_too_large")


def test_a_huge_address_is_431():
    assert refusal(b"GET /" + b"x" * 3000 + b" HTTP/1.1\r\nhost: x\r\n\r\n") == (431, "headers_too_large")


def test_many_headers_are_431():
    assert refusal(UP[:-2] + b"".join(b"x-%d: y\r\n" % number for number in range(30)) + b"\r\n") == (
        431,
        "headers_too_large",
    )


def test_the_limit_holds_for_the_second_request_too():
    answers, closed = talk(UP, UP[:-2] + b"x: " + b"y" * 3000 + b"\r\n\r\n", wait=0.05, count=2)
    assert [status for status, _, _ in answers] == [200, 431]
    assert closed


def test_a_body_is_no_part_of_the_head():
    [(status, _, _)], _ = talk(call(chat("x" * 3000, model="sandbox/echo")))
    assert status == 200


def test_a_body_over_its_limit_is_413():
    [(status, _, body)], _ = talk(call(chat("x" * 6000)))
    assert (status, msgspec.json.decode(body)["error"]["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nx: a\x00b\r\n\r\n",
        LINE + b"transfer-encoding: chunked\r\n\r\nnonsense\r\n",
    ],
)
def test_garbage_is_400_with_a_body(garbage):
    assert refusal(garbage) == (400, "invalid_request")


def test_garbage_behind_a_request_does_not_stand_in_the_middle_of_its_answer():
    body = chat("/pace 30\na b c", model="sandbox/echo", stream=True)

    async def main():
        async with serving() as (_, port), connected(port) as (reader, writer):
            writer.write(call(body))
            await reader.readuntil(b'"content":"a"')
            writer.write(b"\x00\x01 nonsense\r\n\r\n")
            return await asyncio.wait_for(reader.read(), 5)

    assert b"HTTP/1.1 400" not in asyncio.run(main())


@pytest.mark.parametrize("streamed", [False, True])
def test_a_caller_that_hangs_up_cancels_the_call_at_once(streamed):
    async def main():
        never = asyncio.get_running_loop().create_future()
        pieces = [*events("a")[:2], lambda: never] if streamed else [lambda: never]
        transport = ScriptedTransport(Answer(200, pieces))
        front = Front(House(snapshot_of(entry(), budgets=(daily(10**9),)), transport))
        async with serving(front) as (_, port):
            async with connected(port) as (reader, writer):
                writer.write(call(chat(stream=streamed)))
                while not transport.given or transport.given[0].pieces:
                    await asyncio.sleep(0.001)
                if streamed:
                    await reader.readuntil(b'"a"')
            left = time.monotonic()
            while not transport.given[0].closed:
                await asyncio.sleep(0.001)
                assert time.monotonic() - left < 0.1
            record = front.house.record
            assert (record.outcome, record.estimated, front.house.ledger.open_holds()) == ("abandoned", True, 0)
            assert 0 < record.settled <= record.held

    asyncio.run(main())


def test_an_upgrade_is_not_followed():
    [(status, _, _)], _ = talk(UP[:-2] + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n")
    assert status in (200, 400)


def test_a_slow_reader_gets_everything_and_memory_stays_bounded():
    big = "x" * 50_000

    async def main():
        transport = ScriptedTransport(Answer(200, events(*[big] * 60, usage=False)))
        async with (
            serving(Front(House(snapshot_of(entry()), transport))) as (_, port),
            connected(port) as (reader, writer),
        ):
            writer.write(call(chat(stream=True)))
            await asyncio.sleep(0.05)
            waiting = len(transport.given[0].pieces)
            status, _, body = await answer(reader)
            return status, body, waiting

    status, body, _ = asyncio.run(main())
    assert status == 200
    assert body == b"".join(events(*[big] * 60, usage=False))
