import asyncio

import httpx2
import pytest

from gatepost_gateway.domain.errors import Code
from gatepost_gateway.mcp import wire as module
from gatepost_gateway.mcp.wire import Wire
from gatepost_gateway.transport import Client

from ..transport.peers import CHUNKED, CONTEXT, answering, saying, serving
from .liars import LOOPBACK, plain, rpc


def over(handler, work, most=1000):
    """Runs `work` with the client that the package would use, over a wire to `handler`."""

    async def main():
        async with serving(handler) as server:
            origin = server.origin
            wire = Wire("s", origin, Client(egress=LOOPBACK, ssl_context=CONTEXT), most)
            async with httpx2.AsyncClient(transport=wire, trust_env=False, timeout=None) as client:
                try:
                    await work(client, wire, f"http://{origin.host}:{origin.port}/mcp")
                finally:
                    await wire.cut()
            return wire, server

    return asyncio.run(main())


def test_a_request_goes_out_as_it_is_and_asks_for_plain_bytes():
    heads = []

    async def handler(peer):
        heads.append(await peer.request())
        await peer.send(plain(b'{"a":1}'))
        await peer.gone()

    async def work(client, wire, url):
        answer = await client.post(f"{url}?a=%2F", json={"b": 2}, headers={"X-Own": "7"})
        assert (answer.status_code, answer.json(), wire.failure) == (200, {"a": 1}, None)

    over(handler, work)
    [(head, body)] = heads
    assert body == b'{"b":2}'
    assert head.startswith(b"POST /mcp?a=%2F HTTP/1.1\r\n")
    assert (b"x-own: 7" in head, b"accept-encoding: identity" in head, head.count(b"accept-encoding")) == (
        True,
        True,
        1,
    )


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (plain(b"", 302, more=b"location: /x\r\n"), Code.EGRESS_REFUSED, "redirect"),
        (plain(b"x", more=b"content-encoding: br\r\n"), Code.MCP_FAILED, "compressed"),
        (plain(b"no", 502), Code.MCP_FAILED, "refused with 502"),
        (plain(b'{"jsonrpc":"2.0"}', 400), Code.MCP_FAILED, "refused with 400"),
        (b"nonsense\r\n\r\n", Code.MCP_FAILED, "not HTTP"),
    ],
)
def test_a_bad_answer_is_kept_as_a_failure(answer, code, words):
    async def work(client, wire, url):
        assert (await client.post(url)).status_code >= 400
        assert wire.failure.code is code
        assert words in str(wire.failure)

    over(answering(answer), work)


def test_an_error_of_the_protocol_is_the_servers_word():
    page = rpc({"id": 1}, error={"code": -32602, "message": "no"}).replace(b"200 X", b"400 X")

    async def work(client, wire, url):
        assert (await client.post(url)).json()["error"]["code"] == -32602
        assert wire.failure is None

    over(answering(page), work)


@pytest.mark.parametrize("whole", [False, True])
def test_an_answer_is_bounded(whole):
    data = b"x" * 600
    pieces = [CHUNKED, *[b"258\r\n" + data + b"\r\n"] * 2]

    async def work(client, wire, url):
        answer = await client.post(url)
        assert len(answer.content) <= 1000
        assert wire.failure.code is Code.MCP_TOO_LARGE
        assert (await client.post(url)).status_code == 503  # what broke stays broken

    _, server = over(answering(plain(data * 2)) if whole else saying(*pieces), work)
    assert len(server.peers) == 1


def test_it_goes_to_one_place_only():
    async def work(client, wire, url):
        assert (await client.post(url.replace("127.0.0.1", "localhost"))).status_code == 503
        assert "elsewhere" in str(wire.failure)

    _, server = over(answering(plain(b"{}")), work)
    assert server.peers == []


def test_a_stream_of_the_servers_own_is_not_opened_but_a_broken_one_is_gone_on_with():
    async def work(client, wire, url):
        assert (await client.get(url)).status_code == 405
        assert (await client.get(url, headers={"Last-Event-ID": "7"})).status_code == 200

    _, server = over(answering(plain(b"")), work)
    assert len(server.peers) == 1


def test_the_requests_of_a_session_are_counted(monkeypatch):
    monkeypatch.setattr(module, "MOST_REQUESTS", 2)

    async def work(client, wire, url):
        codes = [(await client.post(url)).status_code for _ in range(3)]
        assert codes == [200, 200, 503]
        assert "too often" in str(wire.failure)

    over(answering(plain(b"{}")), work)


def test_nothing_goes_out_after_the_time_or_the_cut():
    async def late(client, wire, url):
        wire.until = 0.0
        assert (await client.post(url)).status_code == 503
        assert wire.failure.code is Code.MCP_TIMEOUT

    async def cut(client, wire, url):
        await wire.cut()
        assert (await client.post(url)).status_code == 503

    for work in (late, cut):
        _, server = over(answering(plain(b"{}")), work)
        assert server.peers == []


def test_a_cut_closes_what_is_under_way():
    async def work(client, wire, url):
        async with client.stream("POST", url) as answer:
            assert answer.status_code == 200
            await wire.cut()
            assert await answer.aread() == b""

    _, server = over(saying(CHUNKED, end="stay"), work)
    assert all(peer.left.is_set() for peer in server.peers)
