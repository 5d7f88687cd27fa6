"""The tools that a request declares, by name, in every format that callers speak."""

from typing import Any, cast


def declared_tools(body: dict[str, Any]) -> tuple[str, ...]:
    """Names in the order of the request. A tool of the provider's own goes by its type, an MCP server by its label."""
    found: list[str] = []
    for member in ("tools", "functions", "mcp_servers"):
        for one in _objects(body.get(member)):
            found += _names(one)
    return tuple(dict.fromkeys(found))


def _names(tool: dict[str, Any]) -> list[str]:
    for member in ("function", "custom", "toolSpec"):
        inner = tool.get(member)
        if isinstance(inner, dict):
            return _text(cast("dict[str, Any]", inner).get("name"))
    if isinstance(tool.get("name"), str):
        return _text(tool["name"])
    kind = tool.get("type")
    if kind == "mcp":
        return [f"mcp:{tool.get('server_label', '')}"]
    if isinstance(kind, str):
        return [kind]
    declared = _objects(tool.get("functionDeclarations", tool.get("function_declarations")))
    own = [name for name in tool if name not in ("functionDeclarations", "function_declarations")]
    return [name for one in declared for name in _text(one.get("name"))] + own


def _text(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else []


def _objects(value: Any) -> list[dict[str, Any]]:
    listed = cast("list[Any]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", one) for one in listed if isinstance(one, dict)]
