import asyncio
import json
import logging

import pytest

from gatepost_gateway.domain.errors import Code, ToolServerError
from gatepost_gateway.domain.mcp import McpLimits, RemoteResult
from gatepost_gateway.mcp import session as module
from gatepost_gateway.transport import Egress

from ..transport.peers import both_loops, serving, sockets, sockets_before
from .liars import TOOLS, Liar, plain, rpc, session_with, talking, text

OBJECT = {"type": "object"}


def asks(name="tools/call", answer=None, **more):
    return Liar(**{name: answer}, **more)


async def failure(work):
    with pytest.raises(ToolServerError) as caught:
        await work
    return caught.value


@both_loops
async def test_a_session_from_the_handshake_to_its_end():
    liar = asks(answer=lambda asked: text(f"heard {asked['params']['arguments']}"))
    headers = [("Authorization", "Bearer x"), ("X-Shelf", "7")]
    async with talking(liar, headers=headers) as (session, _):
        await session.begin(5)
        [tool] = await session.tools()
        assert (tool.name, tool.description, tool.schema) == ("echo", None, {"type": "object"})
        assert await session.call("echo", {"a": 1}, 5) == RemoteResult("heard {'a': 1}")
    assert liar.methods[:2] == ["server/discover", "initialize"]
    head = liar.heads[-1]
    assert (b"authorization: Bearer x" in head, b"x-shelf: 7" in head, b"user-agent: gatepost/" in head) == (True,) * 3
    assert b"POST /mcp?key=canary HTTP/1.1" in head


@both_loops
async def test_a_session_that_the_server_names_is_taken_back():
    def hello(asked):
        page = rpc(asked, result=Liar().answers["initialize"](asked))
        return page.replace(b"\r\n", b"\r\nmcp-session-id: s1\r\n", 1)

    liar = Liar(initialize=hello)
    async with talking(liar) as (session, _):
        await session.begin(5)
        await session.tools()
    assert liar.methods[-1] == "DELETE"
    assert b"mcp-session-id: s1" in liar.heads[-1]


@both_loops
async def test_what_the_server_calls_a_failure_is_a_result():
    def answer(asked):
        if asked["params"]["name"] == "unknown":
            return rpc(asked, error={"code": -32602, "message": "there is no such tool"})
        return text("it broke", isError=True)

    async with talking(asks(answer=answer)) as (session, _):
        await session.begin(5)
        assert await session.call("echo", {}, 5) == RemoteResult("it broke", failed=True)
        assert await session.call("unknown", {}, 5) == RemoteResult("there is no such tool", failed=True)


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ({"content": []}, ""),
        ({"content": [], "structuredContent": {"a": [1]}}, '{"a":[1]}'),
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "a\nb"),
        ({"content": [{"type": "image", "data": "AAAA", "mimeType": "image/png"}]}, "[image, not shown]"),
        ({"content": [{"type": "resource_link", "name": "r", "uri": "file:///r"}]}, "[resource file:///r]"),
        ({"content": [{"type": "resource", "resource": {"uri": "x:y", "text": "whole"}}]}, "whole"),
        ({"content": [{"type": "resource", "resource": {"uri": "x:y", "blob": "AA=="}}]}, "[resource x:y, not shown]"),
    ],
)
def test_a_result_is_what_a_model_can_read(result, said):
    async def main():
        async with talking(asks(answer=lambda _: result)) as (session, _):
            await session.begin(5)
            assert (await session.call("echo", {}, 5)).text == said

    asyncio.run(main())


def liars_at_call():
    another = {"jsonrpc": "2.0", "id": 7000, "result": {"content": []}}
    yield "silent", lambda _: None, Code.MCP_TIMEOUT
    yield "nonsense", lambda _: plain(b"not JSON"), Code.MCP_FAILED
    yield "another's answer", lambda _: plain(json.dumps(another).encode()), Code.MCP_TIMEOUT
    yield "wrong shape", lambda asked: rpc(asked, result={"content": "no list"}), Code.MCP_FAILED
    yield "a page", lambda _: plain(b"<html>", kind=b"text/html"), Code.MCP_FAILED
    yield "accepted only", lambda _: plain(b"", 202), Code.MCP_FAILED
    yield "refused", lambda _: plain(b"who are you", 401, kind=b"text/plain"), Code.MCP_FAILED
    yield "refused in JSON", lambda _: plain(b'{"error":"who are you"}', 403), Code.MCP_FAILED
    yield "elsewhere", lambda _: plain(b"", 307, more=b"location: /mcp2\r\n"), Code.EGRESS_REFUSED
    yield "huge", lambda asked: rpc(asked, result=text("x" * 5000)), Code.MCP_TOO_LARGE
    yield "squeezed", lambda asked: plain(b"x", more=b"content-encoding: gzip\r\n"), Code.MCP_FAILED
    yield "no HTTP", lambda _: b"hello\r\n\r\n", Code.MCP_FAILED
    yield "cut", lambda _: b"HTTP/1.1 200 X\r\ncontent-length: 9\r\ncontent-type: application/json\r\n\r\n{", None
    stream = b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    yield "an empty stream", lambda _: stream + b"0\r\n\r\n", Code.MCP_FAILED
    flood = b"data: " + b"y" * 2000 + b"\n\n"
    yield "a flood", lambda _: stream + b"7d8\r\n" + flood + b"\r\n7d8\r\n" + flood + b"\r\n7d8\r\n" + flood, None
    yield "asks back", lambda asked: rpc(asked, result={"resultType": "input_required"}), Code.MCP_FAILED


@pytest.mark.parametrize(("answer", "code"), [pytest.param(*one[1:], id=one[0]) for one in liars_at_call()])
def test_a_server_that_breaks_off_is_a_typed_error_and_everything_is_closed(answer, code):
    async def main():
        before = sockets_before()
        async with talking(asks(answer=answer), limits=McpLimits(answer_bytes=4096)) as (session, server):
            await session.begin(5)
            error = await failure(session.call("echo", {}, 0.3))
            assert error.server == "liar"
            assert error.code in ({code} if code else {Code.MCP_TIMEOUT, Code.MCP_TOO_LARGE})
            assert "canary" not in str(error)
            # What broke on the wire is broken.
            if code is not Code.MCP_FAILED:
                assert (await failure(session.call("echo", {}, 0.3))).code is error.code
            await session.close()
            assert all(peer.left for peer in server.peers)
        assert sockets() == before
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


@pytest.mark.parametrize(
    ("pages", "match"),
    [
        (lambda _: {"tools": TOOLS, "nextCursor": "more"}, "without an end"),
        (lambda _: {"tools": TOOLS * 2}, "twice"),
        (lambda _: {"tools": [{"name": "", "inputSchema": OBJECT}]}, "without a name"),
        (lambda _: {"tools": [{"name": "x" * 129, "inputSchema": OBJECT}]}, "too long"),
        (lambda _: {"tools": [{"name": "x"}]}, "keep to the protocol"),
        (
            lambda _: {"tools": [{"name": "x", "inputSchema": OBJECT, "description": "d" * 3000}], "nextCursor": "m"},
            "more",
        ),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(pages, match):
    async def main():
        async with talking(Liar(**{"tools/list": pages}), limits=McpLimits(answer_bytes=4096)) as (session, _):
            await session.begin(5)
            assert match in str(await failure(session.tools()))

    asyncio.run(main())


def test_every_page_of_a_list_is_read():
    def pages(asked):
        cursor = (asked.get("params") or {}).get("cursor")
        return {"tools": [{"name": f"t{cursor}", "inputSchema": OBJECT}], **({} if cursor else {"nextCursor": "2"})}

    async def main():
        async with talking(Liar(**{"tools/list": pages})) as (session, _):
            await session.begin(5)
            assert [one.name for one in await session.tools()] == ["tNone", "t2"]

    asyncio.run(main())


@pytest.mark.parametrize("answer", [lambda _: None, lambda _: plain(b"", 500), lambda asked: rpc(asked, result={})])
def test_a_handshake_that_fails_is_a_typed_error(answer):
    async def main():
        async with talking(Liar(initialize=answer)) as (session, _):
            error = await failure(session.begin(0.3))
            assert error.code in (Code.MCP_TIMEOUT, Code.MCP_FAILED)

    asyncio.run(main())


def test_a_name_is_resolved_once_and_what_it_leads_to_later_is_nothing_to_the_session():
    asked = []

    async def rebinding(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async def main():
        # Every answer closes its connection: the next request has to find the address again.
        liar = asks(answer=lambda asked: rpc(asked, result=text("still here")))
        closing = {
            name: (lambda asked, answer=answer: _closed(asked, answer))
            for name, answer in liar.answers.items()
        }  # fmt: skip
        liar.answers = closing
        async with talking(liar, resolver=rebinding) as (session, server):
            await session.begin(5)
            assert (await session.call("echo", {}, 5)).text == "still here"
            assert len(server.peers) > 1

    asyncio.run(main())
    assert asked == ["tools.test"]


def _closed(asked, answer):
    said = answer(asked)
    page = said if isinstance(said, bytes) else rpc(asked, result=said)
    return page.replace(b"\r\n", b"\r\nconnection: close\r\n", 1)


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["127.0.0.1", "169.254.169.254"], ["::ffff:192.168.0.1"]])
def test_a_name_that_leads_to_a_forbidden_address_is_refused_before_anything_is_sent(addresses):
    async def resolver(host, port):
        return addresses

    async def main():
        liar = Liar()
        async with talking(liar, resolver=resolver) as (session, _):
            error = await failure(session.begin(5))
            assert (error.code, error.status) == (Code.EGRESS_REFUSED, 422)
        assert liar.asked == []

    asyncio.run(main())


def test_loopback_is_refused_unless_it_is_listed():
    async def main():
        async with serving(Liar()) as server:
            session = session_with(server, egress=Egress())
            assert (await failure(session.begin(5))).code is Code.EGRESS_REFUSED
            await session.close()

    asyncio.run(main())


def test_a_call_that_is_left_leaves_nothing_behind():
    async def main():
        before = sockets_before()
        liar = asks(answer=lambda _: None)
        async with talking(liar) as (session, _):
            await session.begin(5)
            asking = asyncio.ensure_future(session.call("echo", {}, 60))
            while "tools/call" not in liar.methods:
                await asyncio.sleep(0.01)
            asking.cancel()
            await asyncio.wait([asking])
            assert asking.cancelled()
        assert sockets() == before
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_a_server_that_does_not_let_go_is_let_go(monkeypatch):
    monkeypatch.setattr(module, "CLOSING_SECONDS", 0.2)

    def hello(asked):
        page = rpc(asked, result=Liar().answers["initialize"](asked))
        return page.replace(b"\r\n", b"\r\nmcp-session-id: s1\r\n", 1)

    class Clinging(Liar):
        async def __call__(self, peer):
            while True:
                head, body = await peer.request()
                if head.startswith(b"DELETE"):
                    await peer.gone()
                    return
                asked = json.loads(body)
                self.asked.append(asked)
                await peer.send(self._answer(asked))

    async def main():
        before = sockets_before()
        async with talking(Clinging(initialize=hello)) as (session, _):
            await session.begin(5)
        assert sockets() == before

    asyncio.run(main())


def test_the_loggers_of_the_package_say_nothing(caplog):
    caplog.set_level(logging.DEBUG)
    stream = b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"

    async def main():
        async with talking(asks(answer=lambda _: stream + b"10\r\ndata: canary-x\n\n\r\n0\r\n\r\n")) as (session, _):
            await session.begin(5)
            await failure(session.call("echo", {"secret": "canary"}, 1))

    asyncio.run(main())
    assert [one for one in caplog.records if "canary" in one.getMessage()] == []
