"""JSON Schema for the arguments of tools: compiled once, bounded, with patterns in linear time.

https://json-schema.org/draft/2020-12/json-schema-validation; the drafts before it by `$schema`.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, cast

import msgspec

from gatepost_gateway.detect.expressions import Expression, PatternError
from gatepost_gateway.domain.chain import Unloadable

MOST_BYTES = 64 * 1024
MOST_DEPTH = 32
MOST_ARGUMENTS = 256 * 1024
"""Characters of arguments that are looked at: more do not fit."""
_ALWAYS_REFUSED = {
    "$dynamicRef": "it is not followed",
    "$recursiveRef": "it is not followed",
    "patternProperties": "its patterns could take a call's time: use `propertyNames` with `pattern`",
}
_VALUES = frozenset({"const", "default", "enum", "examples"})
"""Members of a schema that hold data, not schemas."""
_NAMED = frozenset({"properties", "$defs", "definitions", "dependentSchemas"})
"""Members whose members are schemas under names of the author's own."""

Path = tuple[str | int, ...]


class ArgumentSchema:
    """One tool's schema, ready to be asked."""

    def __init__(self, schema: dict[str, Any] | bool, path: Path = ()) -> None:
        """Raises Unloadable, with `path` before the place of what is at fault."""
        self._validator = _compiled(schema, path)

    def misfit(self, arguments: str) -> str | None:
        """Why arguments do not fit, in words of the schema and none of the arguments; None: they fit."""
        if len(arguments) > MOST_ARGUMENTS:
            return f"they have more than {MOST_ARGUMENTS} characters"
        try:
            said = msgspec.json.decode(arguments or "{}")
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return "they are not JSON"
        error = next(iter(self._validator.iter_errors(said)), None)
        if error is None:
            return None
        place = "/".join(str(step) for step in error.absolute_schema_path)
        return f"they do not fit its schema at `{place[:120]}`"


def _compiled(schema: dict[str, Any] | bool, path: Path) -> Any:
    if not isinstance(schema, dict | bool):
        raise Unloadable(path, "a schema is a mapping, or `true` or `false`")
    if len(msgspec.json.encode(schema)) > MOST_BYTES:
        raise Unloadable(path, f"the schema has more than {MOST_BYTES} bytes")
    patterns: dict[str, Expression] = {}
    for place, name, value in _members(schema, path, 0):
        _check(place, name, value, patterns)
    # Loaded where a rule needs it: most gateways have none.
    jsonschema: Any = import_module("jsonschema")
    drafts: Any = import_module("jsonschema.validators")
    chosen = drafts.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        chosen.check_schema(schema)
    except jsonschema.SchemaError as error:
        at = (*path, *cast("Path", tuple(error.absolute_path)))
        raise Unloadable(at, f"this is not a JSON Schema: `{str(error.validator)[:40]}` is not met") from None

    def pattern(_validator: Any, source: str, instance: Any, _schema: Any) -> Iterator[Any]:
        if isinstance(instance, str) and patterns[source].search(instance.encode("utf-8", "replace")) is None:
            yield jsonschema.ValidationError("it does not match the pattern")

    return drafts.extend(chosen, {"pattern": pattern})(schema)


def _members(schema: Any, path: Path, depth: int) -> Iterator[tuple[Path, str, Any]]:
    """Every keyword of a schema and of those in it."""
    if depth > MOST_DEPTH:
        raise Unloadable(path, f"the schema is nested deeper than {MOST_DEPTH}")
    if isinstance(schema, list):
        for number, one in enumerate(cast("list[Any]", schema)):
            yield from _members(one, (*path, number), depth + 1)
    elif isinstance(schema, dict):
        for name, value in cast("Mapping[str, Any]", schema).items():
            here = (*path, str(name))
            yield here, str(name), value
            if name in _NAMED and isinstance(value, dict):
                for own, one in cast("Mapping[str, Any]", value).items():
                    yield from _members(one, (*here, str(own)), depth + 1)
            elif name not in _VALUES:
                yield from _members(value, here, depth + 1)


def _check(path: Path, name: str, value: Any, patterns: dict[str, Expression]) -> None:
    if name in _ALWAYS_REFUSED:
        raise Unloadable(path, f"`{name}` cannot be used: {_ALWAYS_REFUSED[name]}")
    if name == "$ref" and not (isinstance(value, str) and value.startswith("#")):
        raise Unloadable(path, "`$ref` leads out of the schema: nothing is fetched")
    if name == "$id":
        raise Unloadable(path, "`$id` cannot be used: nothing is fetched by it")
    if name == "pattern" and isinstance(value, str):
        try:
            patterns[value] = Expression(value)
        except PatternError as error:
            raise Unloadable(path, f"this pattern cannot be used: {error}") from None
