"""`json.match_schema` and `json.verify_schema`, by the package `jsonschema`.

OPA reports failures in the words of the Go library gojsonschema; the common keywords are told
in its words here, all others in those of `jsonschema`.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any, Final

from gatepost_rego.builtins.json_text import read_json, weigh
from gatepost_rego.builtins.registry import BuiltinError, Context, operand_error
from gatepost_rego.builtins.signature import declare
from gatepost_rego.numbers import number_text
from gatepost_rego.show import json_key
from gatepost_rego.values import RegoObject, RegoSet, Value, ordered_pairs

__all__ = ["BUILTINS"]

_TYPES: Final = ("array", "boolean", "integer", "number", "null", "object", "string")
_PYTHON_TYPES: Final = {
    bool: "boolean", str: "string", list: "array", dict: "object", type(None): "null",
    int: "integer", float: "number",
}  # fmt: skip


def _document(ctx: Context, value: Value, position: int) -> Any:
    """Read a document given as JSON text or as a value, without numbers only Rego knows."""
    if isinstance(value, str):
        return _plain(read_json(ctx, value))
    if not isinstance(value, (dict, RegoObject)):
        raise operand_error(position, value, "string", "object")
    weigh(ctx, value)
    return _plain(value)


def _plain(value: Value) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (list, RegoSet)):
        return [_plain(item) for item in (value if isinstance(value, list) else value.ordered())]
    if isinstance(value, (dict, RegoObject)):
        return {json_key(key): _plain(item) for key, item in ordered_pairs(value)}
    return value


def _validator(schema: Any) -> Any:
    """Make a validator that follows no reference to anywhere else."""
    from jsonschema import Draft4Validator, Draft6Validator, Draft7Validator
    from jsonschema.exceptions import SchemaError

    kinds = {
        "http://json-schema.org/draft-04/schema": Draft4Validator,
        "http://json-schema.org/draft-06/schema": Draft6Validator,
    }
    named = str(schema.get("$schema", "")).rstrip("#") if isinstance(schema, dict) else ""
    kind = kinds.get(named, Draft7Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        raise BuiltinError(_schema_fault(error)) from error
    if _has_pattern_or_reference(schema):
        raise BuiltinError("patterns and references to other documents are not supported")
    return kind(schema)


def _has_pattern_or_reference(schema: Any) -> bool:
    """Find what would run a backtracking pattern or look for another document."""
    waiting = [schema]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            reference = item.get("$ref")
            if isinstance(reference, str) and not reference.startswith("#"):
                return True
            if isinstance(item.get("pattern"), str) or "patternProperties" in item:
                return True
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return False


def _schema_fault(error: Any) -> str:
    if error.path and error.path[-1] == "type":
        return (
            f"has a primitive type that is NOT VALID -- given: /{error.instance}/ "
            f"Expected valid values are:[{' '.join(_TYPES)}]"
        )
    return str(error.message)


def verify(ctx: Context, schema: Value) -> list[Value]:
    """Say whether a value is a schema, and if not why."""
    try:
        _validator(_document(ctx, schema, 1))
    except BuiltinError as error:
        if error.code != "eval_builtin_error":
            raise
        return [False, f"jsonschema: {error.message}"]
    return [True, None]


def match(ctx: Context, document: Value, schema: Value) -> list[Value]:
    """Validate a document, giving whether it is valid and every failure."""
    instance, rules = _document(ctx, document, 1), _validator(_document(ctx, schema, 2))
    faults: list[Value] = []
    for error in rules.iter_errors(instance):
        ctx.charge(100)
        faults.extend(_faults(error))
    return [not faults, faults]


def _faults(error: Any) -> list[Value]:
    path = [str(part) for part in error.absolute_path]
    field = ".".join(path) or "(root)"
    kind, text = _told(error)
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        # One error stands for one missing property: that named in its message.
        name = next((name for name in missing if repr(name) in error.message), missing[0])
        text = f"{name} is required"
    return [{"desc": text, "error": f"{field}: {text}", "field": field, "type": kind}]


def _told(error: Any) -> tuple[str, str]:
    limit = error.validator_value
    match error.validator:
        case "type":
            wanted = limit if isinstance(limit, str) else ",".join(limit)
            given = _PYTHON_TYPES.get(type(error.instance), "number")
            return "invalid_type", f"Invalid type. Expected: {wanted}, given: {given}"
        case "required":
            return "required", ""
        case "minimum":
            return "number_gte", f"Must be greater than or equal to {number_text(limit)}"
        case "maximum":
            return "number_lte", f"Must be less than or equal to {number_text(limit)}"
        case "minLength":
            return "string_gte", f"String length must be greater than or equal to {limit}"
        case "maxLength":
            return "string_lte", f"String length must be less than or equal to {limit}"
        case "minItems":
            return "array_min_items", f"Array must have at least {limit} items"
        case "maxItems":
            return "array_max_items", f"Array must have at most {limit} items"
    return str(error.validator), str(error.message)


_declare: Final = partial(declare, context=True, extra="schema", modules=("jsonschema",))

BUILTINS: Final = (
    _declare("json.match_schema", match),
    _declare("json.verify_schema", verify),
)
