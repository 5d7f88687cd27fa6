"""Where a connection goes: resolved once, checked, pinned; through a proxy only as configured."""

import asyncio
import socket
import time
from collections.abc import Sequence

import pytest

from gatepost_gateway.transport import Egress, Fault, Origin, Proxy, Timeouts, TransportError, client_context

from .certificates import Authority
from .peers import OK, SOME, Peer, answering, both_loops, client, post, serving, sockets, sockets_before


class Names:
    """A resolver that counts; each question takes the next answer, the last one again and again."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


async def refused(origin: Origin, **options: object) -> TransportError:
    before = sockets_before()
    async with client(**options) as made:
        with pytest.raises(TransportError) as caught:
            await post(made, origin)
    assert not caught.value.sent
    assert sockets() == before
    return caught.value


@both_loops
async def test_resolved_once_per_connection_and_pinned() -> None:
    async with serving(answering(OK)) as server:
        names = Names(["127.0.0.1"], ["169.254.169.254"])
        origin = Origin("http", "api.test", server.port, True)
        async with client(resolver=names) as made:
            for _ in range(3):
                assert await (await post(made, origin)).read_all(10) == b"hello"
            assert names.asked == [("api.test", server.port)]


@both_loops
async def test_a_name_that_turns_inward_is_refused_on_the_next_connection() -> None:
    async with serving(answering(OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))) as server:
        names = Names(["127.0.0.1"], ["169.254.169.254"])
        origin = Origin("http", "api.test", server.port, True)
        async with client(resolver=names) as made:
            assert await (await post(made, origin)).read_all(10) == b"hello"
            with pytest.raises(TransportError) as caught:
                await post(made, origin)
            assert (caught.value.fault, caught.value.sent) == (Fault.REFUSED, False)


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["fe80::1"], ["0.0.0.0"],
     ["2002:7f00:1::1"], ["64:ff9b::7f00:1"], ["not an address"]],
)  # fmt: skip
@both_loops
async def test_forbidden_addresses(addresses: list[str]) -> None:
    error = await refused(Origin("http", "api.test", 80), resolver=Names(addresses))
    assert error.fault is Fault.REFUSED
    assert addresses[0] not in str(error) or addresses == ["not an address"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "2130706433", "0x7f.1", "127.1"])
@both_loops
async def test_ways_to_write_loopback_with_the_systems_resolver(host: str) -> None:
    error = await refused(Origin("http", host, 80))
    assert error.fault in (Fault.REFUSED, Fault.RESOLVE)


@both_loops
async def test_the_permission_is_part_of_the_origin() -> None:
    async with serving(answering(OK)) as server, client() as made:
        assert await (await post(made, server.origin)).read_all(10) == b"hello"
        with pytest.raises(TransportError) as caught:
            await post(made, Origin("http", "127.0.0.1", server.port, False))
        assert caught.value.fault is Fault.REFUSED
    async with serving(answering(OK)) as server, client(egress=Egress.of("127.0.0.0/8")) as made:
        assert await (await post(made, Origin("http", "127.0.0.1", server.port))).read_all(10) == b"hello"


@both_loops
async def test_names_without_an_address() -> None:
    async def gone(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    async def none(host: str, port: int) -> Sequence[str]:
        return []

    for resolver in (gone, none):
        assert (await refused(Origin("http", "a.test", 80), resolver=resolver)).fault is Fault.RESOLVE
    assert (await refused(Origin("http", "a" * 64 + ".test", 80))).fault is Fault.RESOLVE


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@both_loops
async def test_nobody_listens() -> None:
    error = await refused(Origin("http", "127.0.0.1", closed_port(), True))
    assert error.fault is Fault.CONNECT


@both_loops
async def test_the_next_address_is_tried() -> None:
    async with serving(answering(OK)) as server:
        names = Names(["127.0.0.2", "::1", "127.0.0.1"])
        async with client(resolver=names) as made:
            answer = await post(made, Origin("http", "api.test", server.port, True))
            assert await answer.read_all(10) == b"hello"


class Deaf:
    """An address that neither takes nor refuses a connection."""

    def __init__(self, host: str, port: int = 0) -> None:
        self._sockets = [socket.create_server((host, port), backlog=0)]
        self.port = self._sockets[0].getsockname()[1]
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((host, self.port))
            self._sockets.append(filler)

    def close(self) -> None:
        for one in self._sockets:
            one.close()


@both_loops
async def test_a_deaf_address_uses_up_its_share_only() -> None:
    async with serving(answering(OK)) as server:
        deaf = Deaf("127.0.0.2", server.port)
        async with client(resolver=Names(["127.0.0.2", "127.0.0.1"])) as made:
            began = time.monotonic()
            answer = await post(made, Origin("http", "api.test", server.port, True), Timeouts(0.4, 5, 5, 5))
            assert 0.19 < time.monotonic() - began < 0.35
            assert await answer.read_all(10) == b"hello"
        deaf.close()


@pytest.mark.parametrize(("timeouts", "fault"), [
    (Timeouts(0.1, 5, 5, 5), Fault.CONNECT_TIMEOUT),
    (Timeouts(5, 5, 5, 0.1), Fault.TOTAL_TIMEOUT),
    (Timeouts(0, 0, 0, 0.1), Fault.TOTAL_TIMEOUT),
])  # fmt: skip
@both_loops
async def test_a_deaf_host(timeouts: Timeouts, fault: Fault) -> None:
    deaf = Deaf("127.0.0.1")
    before = sockets_before()
    async with client() as made:
        began = time.monotonic()
        with pytest.raises(TransportError) as caught:
            await post(made, Origin("http", "127.0.0.1", deaf.port, True), timeouts)
        assert (caught.value.fault, caught.value.sent) == (fault, False)
        assert time.monotonic() - began < 0.3
    assert sockets() == before
    deaf.close()


@both_loops
async def test_a_slow_resolver_is_within_the_connect_limit() -> None:
    async def slow(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(5)
        return ["127.0.0.1"]

    async with client(resolver=slow) as made:
        with pytest.raises(TransportError) as caught:
            await post(made, Origin("http", "a.test", 80, True), Timeouts(0.05, 5, 5, 5))
        assert caught.value.fault is Fault.CONNECT_TIMEOUT


# Proxies.


@both_loops
async def test_plain_http_through_a_proxy_is_in_absolute_form() -> None:
    heads: list[bytes] = []

    async def handler(peer: Peer) -> None:
        while True:
            heads.append((await peer.request())[0])
            await peer.send(OK)

    async with serving(handler) as server:
        proxy = Proxy("127.0.0.1", server.port, b"Basic c2VjcmV0")
        assert "c2VjcmV0" not in repr(proxy)
        names = Names(["127.0.0.1"])
        async with client(resolver=names, proxies={"http": proxy}) as made:
            for _ in range(2):
                assert await (await post(made, Origin("http", "api.test", 8080))).read_all(10) == b"hello"
        assert names.asked == [("127.0.0.1", server.port)]
        assert len(server.peers) == 1
    assert heads[0].startswith(
        b"POST http://api.test:8080/v1/chat HTTP/1.1\r\nhost: api.test:8080\r\nproxy-authorization: Basic c2VjcmV0\r\n"
    )


@both_loops
async def test_a_proxy_for_one_scheme_or_host_is_not_anothers() -> None:
    async with serving(answering(OK)) as server:
        dead = Proxy("127.0.0.1", closed_port())
        for proxies in ({"https": dead}, {"http": dead, "http://127.0.0.1": None}, {"http://other.test": dead}):
            async with client(proxies=proxies) as made:
                assert await (await post(made, server.origin)).read_all(10) == b"hello"


@both_loops
async def test_addresses_written_out_are_refused_behind_a_proxy_too() -> None:
    proxies = {"http": Proxy("127.0.0.1", 1), "https": Proxy("127.0.0.1", 1)}
    for scheme in proxies:
        error = await refused(Origin(scheme, "169.254.169.254", 80), proxies=proxies)
        assert error.fault is Fault.REFUSED
    error = await refused(Origin("http", "a.test", 80), proxies={"http": Proxy("169.254.1.1", 1)})
    assert error.fault is Fault.REFUSED


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.transport.abort()


@both_loops
async def test_https_through_a_proxy_is_a_tunnel(tmp_path) -> None:
    authority = Authority(tmp_path)
    heads: list[bytes] = []

    async def handler(peer: Peer) -> None:
        heads.append(await peer.head())
        reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
        try:
            await peer.send(b"HTTP/1.1 200 Connection established\r\nx: y\r\n\r\n")
            await asyncio.gather(relay(peer.reader, writer), relay(reader, peer.writer), return_exceptions=True)
        finally:
            writer.close()

    async with (
        serving(answering(OK), tls=authority.server("api.test"), host="api.test") as target,
        serving(handler) as server,
    ):
        proxy = Proxy("127.0.0.1", server.port, b"Basic eA==")
        context = client_context(authority.ca_file)
        async with client(ssl_context=context, proxies={"https": proxy}) as made:
            for _ in range(2):
                assert await (await post(made, target.origin)).read_all(10) == b"hello"
        assert len(server.peers) == 1
    name = b"api.test:%d" % target.port
    assert heads == [b"CONNECT %b HTTP/1.1\r\nhost: %b\r\nproxy-authorization: Basic eA==\r\n\r\n" % (name, name)]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nearly",
        b"SSH-2.0\r\n\r\n",
        b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 20000,
        b"",
    ],
)
@both_loops
async def test_a_proxy_that_does_not_grant_the_tunnel(answer: bytes) -> None:
    async def handler(peer: Peer) -> None:
        await peer.head()
        await peer.send(answer)
        await asyncio.sleep(0.05)

    async with (
        serving(handler) as server,
        client(proxies={"https": Proxy("127.0.0.1", server.port)}) as made,
    ):
        with pytest.raises(TransportError) as caught:
            await post(made, Origin("https", "api.test", 443), SOME)
        assert (caught.value.fault, caught.value.sent) == (Fault.CONNECT, False)
        await server.peers[0].left.wait()


@both_loops
async def test_a_proxy_that_stalls() -> None:
    async def handler(peer: Peer) -> None:
        await peer.gone()

    async with (
        serving(handler) as server,
        client(proxies={"https": Proxy("127.0.0.1", server.port)}) as made,
    ):
        with pytest.raises(TransportError) as caught:
            await post(made, Origin("https", "api.test", 443), Timeouts(0.1, 5, 5, 5))
        assert caught.value.fault is Fault.CONNECT_TIMEOUT
        await server.peers[0].left.wait()
