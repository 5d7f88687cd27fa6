"""Gemini's own schema words as JSON schema.

Source: Gemini API reference, `Schema` ("a select subset of an OpenAPI 3.0 schema object": types in capitals,
`nullable`). The other direction needs no words: `parametersJsonSchema` and `responseJsonSchema` take JSON schema as
it is.
"""

from typing import Any, cast

from gatepost_gateway.dialects.members import Malformed

_NESTED = ("items",)
_LISTS = ("anyOf", "prefixItems")
_NUMBERS = frozenset({"minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength"})
_DEEPEST = 100


def json_schema(said: Any, depth: int = 0) -> Any:
    """The same in JSON schema. Raises Malformed when it is nested beyond sense."""
    if depth > _DEEPEST:
        raise Malformed("a schema is nested too deeply")
    if not isinstance(said, dict):
        return said
    schema, out = cast("dict[str, Any]", said), dict[str, Any]()
    for name, value in schema.items():
        if name == "nullable":
            continue
        out[_name(name)] = _value(_name(name), value, depth)
    if schema.get("nullable") is True and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
        if isinstance(out.get("enum"), list) and None not in out["enum"]:
            out["enum"] = [*out["enum"], None]
    return out


def _name(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest) if rest and head else name


def _value(name: str, value: Any, depth: int) -> Any:
    if name == "type" and isinstance(value, str):
        return value.lower()
    if name in _NUMBERS and isinstance(value, str) and value.isdigit():
        return int(value)  # ProtoJSON writes 64-bit numbers as text
    if name == "properties" and isinstance(value, dict):
        return {key: json_schema(inner, depth + 1) for key, inner in cast("dict[str, Any]", value).items()}
    if name in _NESTED:
        return json_schema(value, depth + 1)
    if name in _LISTS and isinstance(value, list):
        return [json_schema(inner, depth + 1) for inner in cast("list[Any]", value)]
    return value
