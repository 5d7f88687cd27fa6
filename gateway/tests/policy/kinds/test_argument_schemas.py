"""JSON Schema for the arguments of tools."""

import json
import time
from typing import Any

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.policy.kinds.argument_schemas import MOST_ARGUMENTS, ArgumentSchema

PAY = {
    "type": "object",
    "properties": {
        "to": {"type": "string", "pattern": "^[A-Z]{2}[0-9]+$"},
        "amount": {"type": "number", "exclusiveMinimum": 0},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/part"}},
    },
    "required": ["to"],
    "additionalProperties": False,
    "$defs": {"part": {"enum": ["a", "b"]}},
}


def misfit(arguments: Any, schema: Any = PAY) -> str | None:
    return ArgumentSchema(schema).misfit(arguments if isinstance(arguments, str) else json.dumps(arguments))


def test_what_fits() -> None:
    assert misfit({"to": "DE12", "amount": 1, "parts": ["a"]}) is None


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ({}, "required"),
        ("", "required"),
        ({"to": "x"}, "properties/to/pattern"),
        ({"to": "DE1", "amount": 0}, "properties/amount/exclusiveMinimum"),
        ({"to": "DE1", "parts": ["c"]}, "enum"),
        ({"to": "DE1", "hidden-4929": 1}, "additionalProperties"),
        ([], "type"),
    ],
)
def test_what_does_not_is_told_in_the_schemas_own_words(arguments: Any, where: str) -> None:
    words = misfit(arguments)
    assert words is not None
    assert where in words
    assert "4929" not in words


def test_what_is_no_json() -> None:
    assert misfit("{'to': 1}") == "they are not JSON"
    assert misfit("[" * 100_000) == "they are not JSON"
    assert misfit('"' + "x" * MOST_ARGUMENTS + '"', True) is not None


def test_a_pattern_that_takes_other_engines_for_ever() -> None:
    schema = {"properties": {"x": {"pattern": "^(a+)+$"}}}
    began = time.thread_time()
    assert misfit({"x": "a" * 5000 + "!"}, schema) is not None
    assert time.thread_time() - began < 1


def test_a_property_may_be_called_like_a_keyword() -> None:
    assert misfit({"pattern": 1, "$ref": 2}, {"properties": {"pattern": {"type": "integer"}, "$ref": {}}}) is None


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "https://example.com/schema"}, "nothing is fetched"),
        ({"properties": {"a": {"$ref": "other.json"}}}, "nothing is fetched"),
        ({"$id": "https://example.com/schema"}, "nothing is fetched"),
        ({"type": "no-type"}, "not a JSON Schema"),
        ({"patternProperties": {"^a": {}}}, "cannot be used"),
        ({"pattern": "(?=a)"}, "cannot be used"),
        ("text", "mapping"),
        ({"description": "x" * 70_000}, "bytes"),
    ],
)
def test_what_is_refused(schema: Any, words: str) -> None:
    with pytest.raises(Unloadable, match=words):
        ArgumentSchema(schema, ("schemas", "t"))


def test_what_is_nested_too_deeply() -> None:
    schema: dict[str, Any] = {}
    for _ in range(40):
        schema = {"not": schema}
    with pytest.raises(Unloadable, match="nested"):
        ArgumentSchema(schema)


def test_the_place_of_a_mistake() -> None:
    with pytest.raises(Unloadable) as caught:
        ArgumentSchema({"properties": {"a": {"pattern": "("}}}, ("schemas", "t"))
    assert caught.value.path == ("schemas", "t", "properties", "a", "pattern")
