"""Names of declared tools, in each format."""

from typing import Any

import pytest

from gatepost_gateway.dialects.tools import declared_tools

CASES: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"tools": [{"type": "function", "function": {"name": "pay"}}, {"type": "custom", "custom": {"name": "run"}}]},
         ("pay", "run")),
    ({"functions": [{"name": "old"}]}, ("old",)),
    ({"tools": [{"type": "function", "name": "pay"}, {"type": "web_search"}]}, ("pay", "web_search")),
    ({"tools": [{"type": "mcp", "server_label": "crm"}]}, ("mcp:crm",)),
    ({"tools": [{"name": "bash", "type": "bash_20250124"}, {"name": "pay"}]}, ("bash", "pay")),
    ({"mcp_servers": [{"type": "url", "name": "crm"}]}, ("crm",)),
    ({"tools": [{"functionDeclarations": [{"name": "pay"}, {"name": "look"}]}, {"googleSearch": {}}]},
         ("pay", "look", "googleSearch")),
    ({"tools": {"function_declarations": []}}, ()),
    ({"tools": [{"function_declarations": [{"name": "pay"}]}]}, ("pay",)),
    ({"tools": ["?", {"function": {"name": 5}}, {}]}, ()),
    ({}, ()),
]  # fmt: skip


@pytest.mark.parametrize(("body", "names"), CASES)
def test_names_each_tool_once(body: dict[str, Any], names: tuple[str, ...]) -> None:
    assert declared_tools(body) == names
