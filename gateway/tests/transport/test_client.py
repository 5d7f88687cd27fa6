"""Whole calls against peers on loopback: what goes out, what comes back, what is kept, what is never done twice."""

import asyncio
import contextlib
import socket
import time

import pytest

from gatepost_gateway.transport import Client, Egress, Fault, Origin, TransportError

from .peers import (
    CHUNKED,
    CONTEXT,
    NONE,
    OK,
    SOME,
    Peer,
    answering,
    both_loops,
    client,
    post,
    saying,
    serving,
    sockets,
    sockets_before,
)

AT_ONCE = 0.010
"""Seconds between a cancel and the peer seeing the socket closed."""


@both_loops
async def test_a_call() -> None:
    seen: list[tuple[bytes, bytes]] = []

    async def handler(peer: Peer) -> None:
        while True:
            seen.append(await peer.request())
            await peer.send(b"HTTP/1.1 201 Created\r\nX-Id: 7\r\ncontent-length: 2\r\n\r\nok")

    async with serving(handler) as server, client() as made:
        for _ in range(3):
            answer = await post(made, server.origin, body=b'{"a":1}', authorization=b"Bearer k")
            assert answer.status == 201
            assert answer.headers == [(b"x-id", b"7"), (b"content-length", b"2")]
            assert await answer.read() == b"ok"
            assert await answer.read() == b""
            assert await answer.read() == b""
            answer.close()
            answer.close()
        assert len(server.peers) == 1
        assert made.idle() == 1
    head = b"POST /v1/chat HTTP/1.1\r\nhost: 127.0.0.1:%d\r\nauthorization: Bearer k\r\n" % server.port
    assert seen == [(head + b"accept-encoding: identity\r\ncontent-length: 7\r\n\r\n", b'{"a":1}')] * 3


@both_loops
async def test_the_whole_request_is_one_write() -> None:
    pieces: list[bytes] = []

    async def handler(peer: Peer) -> None:
        pieces.append(await peer.reader.read(1 << 20))
        await peer.send(OK)
        await peer.gone()

    async with serving(handler) as server, client() as made:
        answer = await post(made, server.origin, body=b"x" * 2000)
        assert await answer.read_all(5) == b"hello"
    assert pieces[0].endswith(b"x" * 2000)


@both_loops
async def test_headers_that_would_split_the_request_open_no_connection() -> None:
    async with serving(answering(OK)) as server, client() as made:
        with pytest.raises(TransportError) as caught:
            await post(made, server.origin, x=b"a\r\nb: c")
        assert (caught.value.fault, caught.value.sent) == (Fault.REFUSED, False)
        assert server.peers == []


@pytest.mark.parametrize(
    ("method", "answer", "status", "body"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", 200, b""),
        (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n", 304, b""),
        (b"POST", b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"hello"),
        (b"POST", b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"hello"),
        (b"POST", b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", 302, b""),
        (b"POST", b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f\x8b", 200, b"\x1f\x8b"),
        (b"POST", CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 200, b"abcde"),
    ],
)
@both_loops
async def test_kinds_of_answers(method: bytes, answer: bytes, status: int, body: bytes) -> None:
    async with serving(answering(answer)) as server, client() as made:
        for _ in range(2):
            got = await made.open(server.origin, method, b"/", [], b"", SOME)
            assert (got.status, await got.read_all(100)) == (status, body)
            assert (b"link", b"x") not in got.headers
        assert len(server.peers) == (2 if method == b"HEAD" else 1)


# What is kept for another call.


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (OK, True),
        (OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"), False),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello", False),
        (b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\nhello", True),
        (OK + b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged", False),
        (OK + b"x", False),
        (b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=5, max=100\r\ncontent-length: 5\r\n\r\nhello", True),
        (b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 5\r\n\r\nhello", False),
    ],
)
@both_loops
async def test_what_is_kept(answer: bytes, kept: bool) -> None:
    async with serving(answering(answer)) as server, client() as made:
        for _ in range(2):
            assert await (await post(made, server.origin)).read_all(10) == b"hello"
        assert len(server.peers) == (1 if kept else 2)


@both_loops
async def test_bytes_that_come_later_spoil_a_kept_connection() -> None:
    async def handler(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(OK)
            await asyncio.sleep(0.02)
            await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged")

    async with serving(handler) as server, client() as made:
        answer = await post(made, server.origin)
        assert await answer.read_all(10) == b"hello"
        assert made.idle() == 1
        await asyncio.sleep(0.05)
        assert made.idle() == 0
    # And while the answer is still in its caller's hands:
    async with serving(handler) as server, client() as made:
        answer = await post(made, server.origin)
        await asyncio.sleep(0.05)
        assert await answer.read_all(10) == b"hello"
        assert made.idle() == 0


@both_loops
async def test_an_answer_before_the_request_is_sent_is_taken_and_its_connection_is_not_kept() -> None:
    async def handler(peer: Peer) -> None:
        await peer.head()
        peer.reader._transport.pause_reading()  # type: ignore[attr-defined]
        await peer.send(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig")
        await asyncio.sleep(0.2)

    async with serving(handler) as server, client() as made:
        answer = await post(made, server.origin, body=b"x" * (32 << 20))
        assert (answer.status, await answer.read_all(10)) == (413, b"big")
        assert made.idle() == 0


# A kept connection that the peer closed in the meantime.


def closing_after_one(how: str, seen: list[bytes]):
    async def handler(peer: Peer) -> None:
        seen.append((await peer.request())[1])
        await peer.send(OK)
        if len(seen) > 1:
            await peer.gone()
            return
        await asyncio.sleep(0.02)
        if how == "end":
            peer.writer.close()
        else:
            peer.reset()

    return handler


@pytest.mark.parametrize("how", ["end", "reset"])
@both_loops
async def test_a_connection_closed_while_idle_is_never_used(how: str) -> None:
    seen: list[bytes] = []
    async with serving(closing_after_one(how, seen)) as server, client() as made:
        assert await (await post(made, server.origin, body=b"1")).read_all(10) == b"hello"
        await asyncio.sleep(0.06)
        assert made.idle() == 0
        assert await (await post(made, server.origin, body=b"2")).read_all(10) == b"hello"
    assert seen == [b"1", b"2"]


class Blind:
    """A peer without a loop: it closes while the client's loop is busy, so that the client cannot have noticed."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.origin = Origin("http", "127.0.0.1", self.listener.getsockname()[1], True)

    async def serve_one(self, answer: bytes = OK) -> socket.socket:
        loop = asyncio.get_running_loop()
        self.listener.setblocking(False)
        sock, _ = await loop.sock_accept(self.listener)
        sock.setblocking(False)
        await loop.sock_recv(sock, 65536)
        await loop.sock_sendall(sock, answer)
        return sock


@pytest.mark.parametrize("method", [b"POST", b"GET"])
@both_loops
async def test_a_request_that_met_a_closed_connection_goes_out_once_more(method: bytes) -> None:
    peer = Blind()
    async with client() as made:
        serving_one = asyncio.ensure_future(peer.serve_one())
        assert await (await made.open(peer.origin, method, b"/", [], b"", SOME)).read_all(10) == b"hello"
        sock = await serving_one
        assert made.idle() == 1
        serving_one = asyncio.ensure_future(peer.serve_one())
        await asyncio.sleep(0)
        sock.close()  # the end of the stream arrives now, and the request is written before the loop can see it
        assert await (await made.open(peer.origin, method, b"/", [], b"", SOME)).read_all(10) == b"hello"
        (await serving_one).close()
    peer.listener.close()


@both_loops
async def test_a_second_closed_connection_is_not_met_with_a_third_try() -> None:
    count = 0

    async def handler(peer: Peer) -> None:
        nonlocal count
        count += 1
        await peer.request()
        if count > 1:
            return
        await peer.send(OK)
        await peer.request()
        count += 10

    async with serving(handler) as server, client() as made:
        await (await made.open(server.origin, b"GET", b"/", [], b"", SOME)).read_all(10)
        with pytest.raises(TransportError) as caught:
            await made.open(server.origin, b"GET", b"/", [], b"", SOME)
        assert (caught.value.fault, caught.value.sent) == (Fault.RESET, True)
        assert len(server.peers) == 2


@pytest.mark.parametrize("how", ["end", "reset", "half"])
@both_loops
async def test_a_post_that_arrived_is_never_sent_again(how: str) -> None:
    seen: list[bytes] = []

    async def handler(peer: Peer) -> None:
        while True:
            seen.append((await peer.request())[1])
            if seen[-1] == b"first":
                await peer.send(OK)
            elif how == "end":
                peer.writer.close()
                return
            elif how == "half":
                peer.end()
            else:
                peer.reset()
                return

    async with serving(handler) as server, client() as made:
        await (await post(made, server.origin, body=b"first")).read_all(10)
        with pytest.raises(TransportError) as caught:
            await post(made, server.origin, body=b"second")
        assert (caught.value.fault, caught.value.sent) == (Fault.RESET, True)
    assert seen == [b"first", b"second"]


@both_loops
async def test_a_fresh_connection_that_closes_is_not_tried_again() -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()

    async with serving(handler) as server, client() as made:
        for method in (b"GET", b"POST"):
            with pytest.raises(TransportError) as caught:
                await made.open(server.origin, method, b"/", [], b"", SOME)
            assert (caught.value.fault, caught.value.sent) == (Fault.RESET, True)
        assert len(server.peers) == 2


@pytest.mark.parametrize("beginning", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\n"])
@both_loops
async def test_nothing_is_sent_again_once_a_byte_of_an_answer_came(beginning: bytes) -> None:
    count = 0

    async def handler(peer: Peer) -> None:
        nonlocal count
        await peer.request()
        await peer.send(OK)
        await peer.request()
        count += 1
        await peer.send(beginning)

    async with serving(handler) as server, client() as made:
        await (await made.open(server.origin, b"GET", b"/", [], b"", SOME)).read_all(10)
        with pytest.raises(TransportError) as caught:
            await made.open(server.origin, b"GET", b"/", [], b"", SOME)
        assert caught.value.fault in (Fault.TRUNCATED, Fault.RESET)
        assert (len(server.peers), count) == (1, 1)


# Cancelled.


async def cancelled(task: "asyncio.Task[object]") -> float:
    """Cancels and returns when that was."""
    at = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return at


async def still_usable(made: Client, server_origin: Origin) -> None:
    answer = await post(made, server_origin)
    assert await answer.read_all(10) == b"hello"


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 200 OK\r\nx: ", b"HTTP/1.1 100 Continue\r\n\r\n"])
@both_loops
async def test_cancelled_before_the_head(before: bytes) -> None:
    turn = 0

    async def handler(peer: Peer) -> None:
        nonlocal turn
        turn += 1
        await peer.request()
        if turn > 1:
            await peer.send(OK)
        elif before:
            await peer.send(before)
        await peer.gone()

    async with serving(handler) as server, client() as made:
        task = asyncio.ensure_future(post(made, server.origin))
        await asyncio.sleep(0.05)
        at = await cancelled(task)
        await asyncio.sleep(0.03)
        closed = server.peers[0].closed_at
        assert closed is not None
        assert closed - at < AT_ONCE
        assert made.idle() == 0
        await still_usable(made, server.origin)


@pytest.mark.parametrize(
    "before", [CHUNKED, CHUNKED + b"3\r\nabc\r\n", CHUNKED + b"10\r\nabc", CHUNKED + b"3\r\nabc\r\n0\r\n"]
)
@pytest.mark.parametrize("whole", [False, True])
@both_loops
async def test_cancelled_in_the_body(before: bytes, whole: bool) -> None:
    turn = 0

    async def handler(peer: Peer) -> None:
        nonlocal turn
        turn += 1
        await peer.request()
        await peer.send(OK if turn > 1 else before)
        await peer.gone()

    async def consume() -> None:
        answer = await post(made, server.origin)
        if whole:
            await answer.read_all(100)
        while await answer.read():
            pass

    async with serving(handler) as server, client() as made:
        task = asyncio.ensure_future(consume())
        await asyncio.sleep(0.05)
        at = await cancelled(task)
        await asyncio.sleep(0.03)
        closed = server.peers[0].closed_at
        assert closed is not None
        assert closed - at < AT_ONCE
        await still_usable(made, server.origin)


@both_loops
async def test_cancelled_on_a_reused_connection_sends_nothing_again() -> None:
    seen = 0

    async def handler(peer: Peer) -> None:
        nonlocal seen
        await peer.request()
        await peer.send(OK)
        await peer.request()
        seen += 1
        await peer.gone()

    async with serving(handler) as server, client() as made:
        await still_usable(made, server.origin)
        task = asyncio.ensure_future(made.open(server.origin, b"GET", b"/", [], b"", SOME))
        await asyncio.sleep(0.05)
        at = await cancelled(task)
        await asyncio.sleep(0.03)
        closed = server.peers[0].closed_at
        assert closed is not None
        assert closed - at < AT_ONCE
        assert (len(server.peers), seen) == (1, 1)


@both_loops
async def test_cancelled_while_connecting_and_resolving() -> None:
    # A listener whose queue is full neither takes nor refuses a connection.
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    port = full.getsockname()[1]
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(("127.0.0.1", port))
        fillers.append(filler)
    before = sockets_before()
    async with client() as made:
        task = asyncio.ensure_future(post(made, Origin("http", "127.0.0.1", port, True), NONE))
        await asyncio.sleep(0.05)
        assert sockets() == before + 1
        await cancelled(task)
        await asyncio.sleep(0)
        assert sockets() == before

    async def never(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    async with client(resolver=never) as made:
        task = asyncio.ensure_future(post(made, Origin("http", "a.example", port, True), NONE))
        await asyncio.sleep(0.02)
        await cancelled(task)
        assert sockets() == before
    for one in (full, *fillers):
        one.close()


@both_loops
async def test_cancelled_at_any_moment_nothing_leaks() -> None:
    async def handler(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(CHUNKED)
            for _ in range(3):
                await peer.send(b"3\r\nabc\r\n")
                await asyncio.sleep(0.0005)
            await peer.send(b"0\r\n\r\n")

    async def call() -> bytes:
        answer = await post(made, server.origin)
        try:
            parts = [await answer.read()]
            while parts[-1]:
                parts.append(await answer.read())
            return b"".join(parts)
        finally:
            answer.close()

    async with serving(handler) as server, client() as made:
        before = sockets_before()
        for step in range(120):
            task = asyncio.ensure_future(call())
            if step % 2:
                for _ in range(step // 4):
                    await asyncio.sleep(0)
            else:
                await asyncio.sleep(step * 0.00005)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                assert await task == b"abcabcabc"
        await asyncio.sleep(0.05)
        assert sockets() <= before + 2 * made.idle()
        assert await call() == b"abcabcabc"


# The client itself.


@both_loops
async def test_a_closed_client_keeps_and_opens_nothing() -> None:
    async with serving(answering(OK)) as server:
        made = Client(egress=Egress(), ssl_context=CONTEXT)
        held = await post(made, server.origin)
        await (await post(made, server.origin)).read_all(10)
        assert made.idle() == 1
        await made.close()
        await made.close()
        await server.peers[1].left.wait()
        assert await held.read_all(10) == b"hello"
        await server.peers[0].left.wait()
        with pytest.raises(TransportError) as caught:
            await post(made, server.origin)
        assert (caught.value.fault, caught.value.sent) == (Fault.REFUSED, False)
        assert len(server.peers) == 2


@both_loops
async def test_the_environment_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    async with serving(answering(OK)) as server, client(ssl_context=None) as made:
        assert await (await post(made, server.origin)).read_all(10) == b"hello"


@both_loops
async def test_many_at_once_keep_their_answers_apart() -> None:
    async def handler(peer: Peer) -> None:
        while True:
            body = (await peer.request())[1]
            await asyncio.sleep(0.001 * (int(body) % 7))
            await peer.send(b"HTTP/1.1 200 OK\r\nx-n: %b\r\ncontent-length: %d\r\n\r\n%b" % (body, len(body), body))

    async def call(number: int) -> None:
        answer = await post(made, server.origin, body=b"%d" % number)
        assert answer.headers[0] == (b"x-n", b"%d" % number)
        assert await answer.read_all(100) == b"%d" % number

    async with serving(handler) as server, client(max_idle_per_origin=8) as made:
        for _ in range(5):
            await asyncio.gather(*(call(number) for number in range(60)))
        assert made.idle() == 8


@both_loops
async def test_saying_nothing_of_what_was_sent() -> None:
    async with serving(saying(b"garbage with secret\r\n")) as server, client() as made:
        with pytest.raises(TransportError) as caught:
            await post(made, server.origin, authorization=b"Bearer secret")
        assert caught.value.fault is Fault.GARBAGE
        assert "secret" not in repr(caught.value) + str(caught.value)
