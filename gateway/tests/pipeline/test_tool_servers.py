import pytest

from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.mcp import McpLimits
from gatepost_gateway.pipeline.tool_servers import LONGEST_NAME, mark_of, name_of, offered, read_server, split

from .tool_house import tool

MCP = {"type": "mcp", "server_label": "docs", "server_url": "https://tools.test/mcp"}
OWN = {"type": "function", "function": {"name": "search", "parameters": {}}}


def server(label="docs", **more):
    return read_server(MCP | {"server_label": label, **more})


def names(functions, *listed, most=128):
    made = offered(functions, listed, most)
    assert [name_of(one) for one in made.tools[len(functions) :]] == [one.name for one in made.offers]
    return {one.name: (one.server, one.tool) for one in made.offers}


def test_the_callers_own_tools_are_told_from_servers():
    functions, servers = split([OWN, MCP], McpLimits())
    assert (functions, servers) == ([OWN], [MCP])


@pytest.mark.parametrize(
    ("tools", "match"),
    [
        ([MCP, MCP], "of its own"),
        ([MCP | {"server_label": f"s{n}"} for n in range(9)], "8 tool servers"),
        ([{"type": "mcp"}], "server_label"),
        ([MCP | {"unknown": "canary"}], "not valid"),
        ([MCP | {"server_label": "1 canary"}], "begins with a letter"),
        ([MCP | {"server_url": "canary"}], "not an address"),
        ([MCP | {"server_url": "https://user:canary@tools.test"}], "credentials"),
        ([MCP | {"server_url": "https://tools.test/#canary"}], "fragment"),
        ([MCP | {"server_url": "https://tools.test/canary\r\nx: y"}], "no address can"),
        ([MCP | {"server_url": "https://tools.test/canary é"}], "no address can"),
        ([MCP | {"headers": {"Host": "canary"}}], "header"),
        ([MCP | {"headers": {"MCP-Session-Id": "canary"}}], "header"),
        ([MCP | {"headers": {"x": "canary\r\ny: z"}}], "header"),
        ([MCP | {"headers": {"x y": "canary"}}], "header"),
        ([MCP | {"headers": {f"x{n}": "canary" for n in range(33)}}], "32 headers"),
        ([MCP | {"headers": {"x": ["canary"]}}], "not valid"),
        ([MCP | {"require_approval": "sometimes"}], "not valid"),
        ([MCP | {"allowed_tools": [1]}], "not valid"),
    ],
)
def test_a_server_that_cannot_be_is_422_and_its_secrets_are_not_told(tools, match):
    with pytest.raises(CallerError, match=match) as caught:
        split(tools, McpLimits())
    assert (caught.value.status, caught.value.code, caught.value.param) == (422, Code.VALIDATION_FAILED, "tools")
    assert "canary" not in caught.value.public


@pytest.mark.parametrize(
    ("said", "waiting"),
    [
        (None, ""),
        ("never", ""),
        ("always", "abc"),
        ({"always": {"tool_names": ["a"]}}, "a"),
        ({"never": {"tool_names": ["a"]}}, "bc"),
        ({"always": {"tool_names": ["a"]}, "never": {"tool_names": ["a", "b"]}}, "ac"),
        ({}, ""),
    ],
)
def test_who_waits_for_an_approval(said, waiting):
    one = server(require_approval=said)
    assert "".join(name for name in "abc" if one.waits(name)) == waiting


@pytest.mark.parametrize("said", [["a"], {"tool_names": ["a"]}])
def test_only_allowed_tools_are_offered(said):
    assert names([], (server(allowed_tools=said), [tool("a"), tool("b")])) == {"a": ("docs", "a")}


def test_a_tool_goes_by_its_own_name_unless_it_is_shared():
    found = names([OWN], (server(), [tool("search"), tool("read")]), (server("old"), [tool("search")]))
    assert found == {
        "docs__search": ("docs", "search"),
        "read": ("docs", "read"),
        "old__search": ("old", "search"),
    }


def test_names_are_ones_that_providers_take_and_all_different():
    long = "x" * 100
    listed = [tool("a.b"), tool("a/b"), tool(long), tool(long + "y"), tool("ä")]
    found = names([], (server(), listed))
    assert len(found) == 5
    assert [one for _, one in found.values()] == [one.name for one in listed]
    assert all(len(name) <= LONGEST_NAME and name.isascii() for name in found)
    assert list(found)[:2] == ["docs__a_b", "docs__a_b_2"]


def test_a_name_cannot_be_taken_by_making_it_up():
    other = {"type": "function", "function": {"name": "docs__search"}}
    found = names([OWN, other], (server(), [tool("search")]))
    assert found == {"docs__search_2": ("docs", "search")}


def test_definitions_pass_unchanged():
    schema = {"properties": {"n": {"maximum": 10**30}}, "$defs": {"x": True}}
    made = offered([], [(server(), [tool("a", "Says a.", **schema), tool("b", None)])], 128)
    assert made.tools[0]["function"] == {
        "name": "a", "description": "Says a.", "parameters": {"type": "object", **schema},
    }  # fmt: skip
    assert "description" not in made.tools[1]["function"]


def test_more_tools_than_a_model_takes_are_422():
    with pytest.raises(CallerError, match="allowed_tools"):
        offered([OWN], [(server(), [tool(f"t{n}") for n in range(10)])], 10)


def test_a_definition_is_known_again():
    assert mark_of(tool("a")) == mark_of(tool("a"))
    assert len({mark_of(tool("a")), mark_of(tool("b")), mark_of(tool("a", "else")), mark_of(tool("a", x=1))}) == 4
