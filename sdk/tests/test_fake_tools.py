"""Tool servers of the fake gateway. `tests/e2e/test_approvals.py` holds them to the real one."""

import pytest

from gatepost import wire
from gatepost._fake_tools import Loop, Refused, Sorted, ToolServers
from gatepost.testing import FakeGateway


@pytest.fixture
def servers():
    made = ToolServers()
    made.serve("docs", {"search": "3 documents", "delete": lambda said: f"{said['path']} is gone"})
    made.serve("docs", {"weather": "rain"})
    return made


def call(name, number=1):
    return wire.ToolCall(id=f"c{number}", name=name, arguments={})


def server(**more):
    return {"type": "mcp", "server_label": "docs", "server_url": "https://tools.test/mcp", **more}


def test_a_tool_brings_a_text_or_what_a_function_makes_of_its_arguments(servers):
    assert servers.call("docs", "search", {}) == "3 documents"
    assert servers.call("docs", "delete", {"path": "/a"}) == "/a is gone"


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        (None, False),
        ("never", False),
        ("always", True),
        ({"always": {"tool_names": ["search"]}}, True),
        ({"always": {"tool_names": ["delete"]}}, False),
        ({"never": {"tool_names": ["search"]}}, False),
        ({"never": {"tool_names": ["delete"]}}, True),
        ({}, False),
    ],
)
def test_what_waits(servers, said, waits):
    assert bool(servers.sort([call("search")], [server(require_approval=said)]).waiting) is waits


def test_a_function_of_the_callers_own_goes_before_a_servers_tool_of_its_name(servers):
    own = {"type": "function", "function": {"name": "weather"}}
    found = servers.sort([call("weather"), call("docs__weather", 2)], [own, server()])
    assert [one.name for one in found.own] == ["weather"]
    assert [(offer.server, offer.tool) for offer, _ in found.now] == [("docs", "weather")]
    assert found.status == "tool_calls_pending"


@pytest.mark.parametrize("tools", [[server(allowed_tools=["delete"])], [server(server_label="else")]])
def test_a_call_of_nobodys_tool_says_what_to_do(servers, tools):
    with pytest.raises(Refused, match="`search`") as caught:
        servers.sort([call("search")], tools)
    assert "serves" in caught.value.body["hint"]


def test_without_tools_every_call_is_the_callers_own(servers):
    assert servers.sort([call("search")], []).own == (call("search"),)


def test_each_call_that_waits_is_answered_once():
    loop = Loop(calls=Sorted(own=(call("f"),)))
    result = wire.ToolResult(tool_call_id="c1", content="x")
    loop.check(wire.ExecutionRequest(trace_id="t", tool_results=[result]))
    for wrong in ([], [result, result]):
        with pytest.raises(Refused, match="`c1`"):
            loop.check(wire.ExecutionRequest(trace_id="t", tool_results=wrong))


def test_a_model_that_asks_for_ever_is_stopped():
    gateway = FakeGateway()
    gateway.serves("docs", {"search": "nothing"})
    for _ in range(17):
        gateway.calls_tools(("search", {}))
    client = gateway.client()
    with pytest.raises(Exception, match="16 rounds") as caught:
        client.execute(client.traces.create().id, "x", tools=[server()])
    assert caught.value.code == "tool_rounds_exceeded"
