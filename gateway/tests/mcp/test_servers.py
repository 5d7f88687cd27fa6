"""One suite for the real servers and the scripted ones that the pipeline's tests use."""

import asyncio
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from gatepost_gateway.domain.errors import Code, ToolServerError
from gatepost_gateway.domain.mcp import McpLimits, RemoteResult, ToolServer
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.mcp import McpServers
from gatepost_gateway.transport import Egress

from ..pipeline.tool_house import FakeServers, tool
from ..transport.peers import CONTEXT, sockets, sockets_before
from .liars import LOOPBACK, Liar, serving


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The address of a tool server of the official package, in a process of its own."""
    folder = tmp_path_factory.mktemp("real")
    main = Path(__file__).with_name("tool_server.py")
    process = subprocess.Popen(
        [sys.executable, str(main), "0", str(folder / "notes"), "archive"], stdout=subprocess.PIPE
    )
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/mcp"
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


@pytest.fixture(params=["real", "fake"])
def house(request):
    """Servers, and one of them that has the tool `search`."""
    if request.param == "real":
        address = request.getfixturevalue("real")
        return McpServers(LOOPBACK, CONTEXT), ToolServer("archive", Secret(address))
    servers = FakeServers(archive=[tool("search", "Searches documents.")])
    servers.answers["search"] = RemoteResult("3 documents about cats")
    return servers, ToolServer("archive", Secret("http://nowhere"))


def test_a_session_lists_and_calls(house):
    servers, server = house

    async def main():
        async with servers.open(server, "p", 10) as session:
            assert servers.open_sessions == 1
            [search] = await session.tools()
            assert (search.name, search.description, search.schema["type"]) == (
                "search", "Searches documents.", "object",
            )  # fmt: skip
            assert await session.call("search", {"query": "cats"}, 10) == RemoteResult("3 documents about cats")
            assert await session.call("none", {}, 10) == RemoteResult("Unknown tool: none", failed=True)
        assert servers.open_sessions == 0

    asyncio.run(main())


def test_what_its_user_raises_goes_through_and_the_session_is_closed(house):
    servers, server = house

    async def main():
        before = sockets_before()
        with pytest.raises(ZeroDivisionError):
            async with servers.open(server, "p", 10):
                raise ZeroDivisionError
        assert (servers.open_sessions, sockets()) == (0, before)

    asyncio.run(main())


def test_a_caller_that_leaves_closes_the_session(house):
    servers, server = house

    async def stay(opened):
        async with servers.open(server, "p", 10):
            opened.set()
            await asyncio.get_running_loop().create_future()

    async def main():
        before, opened = sockets(), asyncio.Event()
        task = asyncio.ensure_future(stay(opened))
        await opened.wait()
        task.cancel()
        await asyncio.wait([task])
        assert (task.cancelled(), servers.open_sessions, sockets()) == (True, 0, before)

    asyncio.run(main())


def test_places_are_counted_in_all_and_for_each_project():
    async def main():
        async with serving(Liar()) as peer, AsyncExitStack() as stack:
            servers = McpServers(LOOPBACK, CONTEXT, McpLimits(sessions=2, project_sessions=1))
            server = ToolServer("s", Secret(f"http://127.0.0.1:{peer.port}/mcp"))
            await stack.enter_async_context(servers.open(server, "p", 5))
            error = await _refused(servers, server, "p")
            assert (error.code, error.status, error.retry_after) == (Code.MCP_BUSY, 503, 1.0)
            async with servers.open(server, "q", 5):
                assert (await _refused(servers, server, "r")).code is Code.MCP_BUSY
            async with servers.open(server, "r", 5):
                assert servers.open_sessions == 2

    asyncio.run(main())


async def _refused(servers, server, owner):
    with pytest.raises(ToolServerError) as caught:
        async with servers.open(server, owner, 5):
            pass
    return caught.value


def test_a_server_that_is_not_there_leaves_its_place_free():
    servers = McpServers(Egress(), CONTEXT)
    error = asyncio.run(_refused(servers, ToolServer("s", Secret("http://127.0.0.1:9/mcp")), "p"))
    assert (error.code, servers.open_sessions) == (Code.EGRESS_REFUSED, 0)


def test_nothing_of_the_package_is_loaded_before_the_first_session():
    program = (
        "import sys, gatepost_gateway.app.serve, gatepost_gateway.mcp\n"
        "print([one for one in sys.modules if one.split('.')[0] in ('mcp', 'mcp_types', 'httpx2')])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
