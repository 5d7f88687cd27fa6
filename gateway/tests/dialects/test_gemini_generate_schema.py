import pytest

from gatepost_gateway.dialects.gemini_generate_schema import json_schema
from gatepost_gateway.dialects.members import Malformed


def test_the_formats_own_schema_becomes_json_schema() -> None:
    said = {
        "type": "OBJECT",
        "properties": {
            "any_of": {"type": "STRING", "nullable": True, "enum": ["a"]},
            "list": {"type": "ARRAY", "min_items": "2", "items": {"type": "INTEGER"}},
            "either": {"anyOf": [{"type": "NUMBER"}, {"type": "BOOLEAN"}]},
        },
        "required": ["any_of"],
    }
    assert json_schema(said) == {
        "type": "object",
        "properties": {
            "any_of": {"type": ["string", "null"], "enum": ["a", None]},
            "list": {"type": "array", "minItems": 2, "items": {"type": "integer"}},
            "either": {"anyOf": [{"type": "number"}, {"type": "boolean"}]},
        },
        "required": ["any_of"],
    }


def test_json_schema_stays_as_it_is() -> None:
    said = {"type": "object", "$defs": {"a": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/a"}}}
    assert json_schema(said) == said
    assert json_schema(None) is None


def test_nesting_without_end_is_refused() -> None:
    said: dict[str, object] = {"type": "STRING"}
    for _ in range(200):
        said = {"items": said}
    with pytest.raises(Malformed):
        json_schema(said)
