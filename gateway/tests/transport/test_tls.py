import asyncio
import contextlib
import socket
import ssl
import threading
from pathlib import Path

import pytest

from gatepost_gateway.transport import Fault, Origin, Timeouts, TransportError, client_context

from .certificates import Authority
from .peers import CHUNKED, NONE, OK, SOME, Peer, answering, both_loops, client, post, serving, sockets, sockets_before
from .test_client import AT_ONCE, cancelled


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


async def localhost(host: str, port: int) -> list[str]:
    del host, port
    return ["127.0.0.1"]


@both_loops
async def test_a_call_over_tls(authority: Authority) -> None:
    context = client_context(authority.ca_file)
    async with (
        serving(answering(OK), tls=authority.server("api.test"), host="api.test") as server,
        client(ssl_context=context, resolver=localhost) as made,
    ):
        for _ in range(3):
            assert await (await post(made, server.origin, body=b"x" * 100_000)).read_all(10) == b"hello"
        assert len(server.peers) == 1
        tls = server.peers[0].writer.get_extra_info("ssl_object")
        assert tls.selected_alpn_protocol() == "http/1.1"


@both_loops
async def test_the_name_goes_out_and_an_address_does_not(authority: Authority) -> None:
    names: list[str | None] = []
    for host, sent in (("api.test", "api.test"), ("127.0.0.1", None)):
        context = authority.server(host)
        context.sni_callback = lambda _, name, __: names.append(name)
        async with (
            serving(answering(OK), tls=context, host=host) as server,
            client(ssl_context=client_context(authority.ca_file), resolver=localhost) as made,
        ):
            assert await (await post(made, server.origin)).read_all(10) == b"hello"
        assert names.pop() == sent


@pytest.mark.parametrize("case", ["another name", "unknown authority", "expired", "plain text"])
@both_loops
async def test_a_peer_that_does_not_prove_itself(authority: Authority, tmp_path: Path, case: str) -> None:
    trusted = Authority(tmp_path) if case == "unknown authority" else authority
    name = "other.test" if case == "another name" else "api.test"
    seen: list[bytes] = []

    async def handler(peer: Peer) -> None:
        if case == "plain text":
            await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return
        seen.append((await peer.request())[1])

    tls = None if case == "plain text" else authority.server(name, expired=case == "expired")
    before = sockets_before()
    async with serving(handler, tls=tls, host="api.test", lenient=True) as server:
        origin = Origin("https", "api.test", server.port, True)
        async with client(ssl_context=client_context(trusted.ca_file), resolver=localhost) as made:
            with pytest.raises(TransportError) as caught:
                await post(made, origin)
            assert (caught.value.fault, caught.value.sent) == (Fault.TLS, False)
    assert seen == []
    await asyncio.sleep(0.02)
    assert sockets() <= before


def test_what_the_context_demands(authority: Authority, tmp_path: Path) -> None:
    context = client_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    with pytest.raises(OSError):
        client_context(str(tmp_path / "none.pem"))
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(ssl.SSLError):
        client_context(str(tmp_path / "empty.pem"))
    assert len(client_context(authority.ca_file).get_ca_certs()) == 1


def test_session_keys_are_not_written_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    assert client_context().keylog_filename is None


@both_loops
async def test_cancelled_in_the_handshake(authority: Authority) -> None:
    async def handler(peer: Peer) -> None:
        await peer.gone()

    async with (
        serving(handler) as server,
        client(ssl_context=client_context(authority.ca_file), resolver=localhost) as made,
    ):
        task = asyncio.ensure_future(post(made, Origin("https", "api.test", server.port, True), NONE))
        await asyncio.sleep(0.05)
        at = await cancelled(task)
        await asyncio.sleep(0.03)
        closed = server.peers[0].closed_at
        assert closed is not None
        assert closed - at < AT_ONCE


@both_loops
async def test_a_stalled_handshake_is_a_connect_timeout(authority: Authority) -> None:
    async def handler(peer: Peer) -> None:
        await peer.gone()

    async with (
        serving(handler) as server,
        client(ssl_context=client_context(authority.ca_file), resolver=localhost) as made,
    ):
        with pytest.raises(TransportError) as caught:
            await post(made, Origin("https", "api.test", server.port, True), Timeouts(0.1, 1, 1, 1))
        assert (caught.value.fault, caught.value.sent) == (Fault.CONNECT_TIMEOUT, False)
        await server.peers[0].left.wait()


@pytest.mark.parametrize("before", [b"", CHUNKED + b"3\r\nabc\r\n"])
@both_loops
async def test_cancelled_over_tls(authority: Authority, before: bytes) -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        if before:
            await peer.send(before)
        await peer.gone()

    async def consume() -> None:
        await (await post(made, server.origin)).read_all(100)

    async with (
        serving(handler, tls=authority.server("api.test"), host="api.test") as server,
        client(ssl_context=client_context(authority.ca_file), resolver=localhost) as made,
    ):
        task = asyncio.ensure_future(consume())
        await asyncio.sleep(0.1)
        at = await cancelled(task)
        await asyncio.sleep(0.03)
        closed = server.peers[0].closed_at
        assert closed is not None
        assert closed - at < AT_ONCE


def raw_end(peer: Peer) -> None:
    """Ends the TCP stream under TLS without a close_notify."""
    peer.writer.transport.abort()


@both_loops
async def test_a_body_that_ends_with_the_stream_needs_the_proper_end_of_tls(authority: Authority) -> None:
    proper = True

    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\nto the end")
        await asyncio.sleep(0.02)
        if proper:
            peer.writer.close()
            await peer.gone()
        else:
            raw_end(peer)

    async with (
        serving(handler, tls=authority.server("api.test"), host="api.test") as server,
        client(ssl_context=client_context(authority.ca_file), resolver=localhost) as made,
    ):
        assert await (await post(made, server.origin)).read_all(100) == b"to the end"
        proper = False
        with pytest.raises(TransportError) as caught:
            await (await post(made, server.origin)).read_all(100)
        assert caught.value.fault in (Fault.TRUNCATED, Fault.RESET)


@pytest.mark.parametrize("how", ["proper", "raw"])
@both_loops
async def test_truncation_over_tls(authority: Authority, how: str) -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED + b"3\r\nabc\r\n")
        await asyncio.sleep(0.02)
        if how == "proper":
            peer.writer.close()
            await peer.gone()
        else:
            raw_end(peer)

    async with (
        serving(handler, tls=authority.server("api.test"), host="api.test") as server,
        client(ssl_context=client_context(authority.ca_file), resolver=localhost) as made,
    ):
        answer = await post(made, server.origin)
        assert await answer.read() == b"abc"
        with pytest.raises(TransportError) as caught:
            await answer.read()
        assert caught.value.fault in (Fault.TRUNCATED, Fault.RESET)


@both_loops
async def test_a_kept_connection_closed_while_idle_is_not_used(authority: Authority) -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await asyncio.sleep(0.02)
        peer.writer.close()
        await peer.gone()

    async with (
        serving(handler, tls=authority.server("api.test"), host="api.test") as server,
        client(ssl_context=client_context(authority.ca_file), resolver=localhost) as made,
    ):
        for turn in range(2):
            assert await (await post(made, server.origin)).read_all(10) == b"hello"
            await asyncio.sleep(0.08)
            assert (made.idle(), len(server.peers)) == (0, turn + 1)


@both_loops
async def test_a_large_body_both_ways_with_a_slow_reader(authority: Authority) -> None:
    body = bytes(range(256)) * (8 << 10)

    async def handler(peer: Peer) -> None:
        while True:
            _, sent = await peer.request()
            await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(sent) + sent)

    async with (
        serving(handler, tls=authority.server("api.test"), host="api.test") as server,
        client(ssl_context=client_context(authority.ca_file), resolver=localhost) as made,
    ):
        answer = await post(made, server.origin, SOME, body=body)
        got = bytearray()
        while data := await answer.read():
            got += data
            await asyncio.sleep(0.002)
        assert bytes(got) == body
        assert made.idle() == 1


class Abrupt:
    """A server in a thread: it closes while the client's loop is busy, with or without a close_notify."""

    def __init__(self, context: ssl.SSLContext, notify: bool) -> None:
        self._context = context
        self._notify = notify
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(3)
        self.port = self._listener.getsockname()[1]
        self.close = threading.Event()
        self.closed = threading.Event()
        self.bodies: list[bytes] = []
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        for turn in range(2):
            try:
                sock, _ = self._listener.accept()
            except TimeoutError:
                break
            sock.settimeout(3)
            secured = self._context.wrap_socket(sock, server_side=True)
            self.bodies.append(secured.recv(65536).partition(b"\r\n\r\n")[2])
            secured.sendall(OK)
            if turn == 0:
                self.close.wait(5)
                if self._notify:
                    secured.settimeout(0)
                    with contextlib.suppress(ssl.SSLWantReadError, TimeoutError):
                        secured.unwrap()
                secured.close()
                self.closed.set()
            else:
                secured.recv(1)
                secured.close()
        self._listener.close()


@pytest.mark.parametrize("notify", [False, True])
@both_loops
async def test_a_request_that_met_a_closed_connection_goes_out_once_more(authority: Authority, notify: bool) -> None:
    server = Abrupt(authority.server("api.test"), notify)
    origin = Origin("https", "api.test", server.port, True)
    async with client(ssl_context=client_context(authority.ca_file), resolver=localhost) as made:
        assert await (await post(made, origin, body=b"1")).read_all(10) == b"hello"
        assert made.idle() == 1
        server.close.set()
        server.closed.wait(5)  # the loop stands still meanwhile
        assert made.idle() == 1
        try:
            assert await (await post(made, origin, body=b"2")).read_all(10) == b"hello"
        except TransportError as error:
            # uvloop does not report the end of a TLS stream that has no close_notify, so nothing is proved in time.
            assert not notify
            honest = error.fault is Fault.RESET and error.sent
            assert honest
            assert await (await post(made, origin, body=b"2")).read_all(10) == b"hello"
    server.thread.join(5)
    assert server.bodies == [b"1", b"2"]
