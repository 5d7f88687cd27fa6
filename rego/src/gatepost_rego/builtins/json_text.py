"""JSON as text (OPA policy reference, section Encoding)."""

from __future__ import annotations

import json
from typing import Final, NoReturn

from gatepost_rego.builtins.golang.quoting import sanitise
from gatepost_rego.builtins.operands import object_of, string
from gatepost_rego.builtins.registry import TYPE_ERROR, BuiltinError, Context, operand_error
from gatepost_rego.builtins.signature import declare
from gatepost_rego.numbers import NumberError, number_of
from gatepost_rego.show import json_text
from gatepost_rego.values import RegoObject, RegoSet, Value, object_pairs

__all__ = ["BUILTINS", "clean", "read_json", "weigh"]

_OPTIONS: Final = ("indent", "prefix", "pretty")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"invalid character '{name[0]}' looking for beginning of value")


_DECODER: Final = json.JSONDecoder(
    parse_float=number_of, parse_int=number_of, parse_constant=_refuse_constant
)


def read_json(ctx: Context, text: str) -> Value:
    """Read JSON, keeping every digit; what is no JSON is a built-in error."""
    ctx.charge(1 + len(text) // 16)
    ctx.reserve(len(text) // 4)
    try:
        found: Value = _DECODER.decode(text.strip(" \t\r\n"))
    except json.JSONDecodeError as error:
        raise BuiltinError(f"{error.msg.lower()} at character {error.pos}") from error
    except (NumberError, ValueError) as error:
        raise BuiltinError(str(error)) from error
    except RecursionError as error:
        raise BuiltinError("exceeded max depth") from error
    return clean(found) if "\\u" in text or not text.isascii() else found


def clean(value: Value) -> Value:
    """Replace what is no character in every string of a value."""
    if isinstance(value, str):
        return sanitise(value)
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {sanitise(key): clean(item) for key, item in value.items()}
    return value


def weigh(ctx: Context, value: Value) -> None:
    """Count the work of writing a value as text before it is done."""
    waiting: list[Value] = [value]
    while waiting:
        item = waiting.pop()
        size = 1
        if isinstance(item, str):
            size += len(item) // 8
        elif isinstance(item, (list, RegoSet)):
            size += len(item)
            waiting.extend(item)
        elif isinstance(item, (dict, RegoObject)):
            size += 2 * len(item)
            for pair in object_pairs(item):
                waiting.extend(pair)
        ctx.charge(size)
        ctx.reserve(size)


def marshal(ctx: Context, value: Value) -> str:
    """Write a value as JSON."""
    weigh(ctx, value)
    return json_text(value)


def marshal_with_options(ctx: Context, value: Value, options: Value) -> str:
    """Write a value as JSON, on several lines where the options say so."""
    indent, prefix, pretty = _options(options)
    weigh(ctx, value)
    return prefix + json_text(value, indent, prefix) if pretty else json_text(value)


def _options(options: Value) -> tuple[str, str, bool]:
    texts = {"indent": "\t", "prefix": ""}
    pretty: bool | None = None
    given = False
    for key, item in object_pairs(object_of(options, 2)):
        if key not in _OPTIONS:
            raise BuiltinError(f'operand 2 object contained unknown key "{key}"', TYPE_ERROR)
        if key == "pretty":
            if not isinstance(item, bool):
                raise operand_error(2, item, "boolean")
            pretty = item
        elif isinstance(key, str):
            texts[key] = string(item, 2)
            given = True
    return texts["indent"], texts["prefix"], given if pretty is None else pretty


def unmarshal(ctx: Context, value: Value) -> Value:
    """Read JSON."""
    return read_json(ctx, string(value, 1))


def is_valid(ctx: Context, value: Value) -> bool:
    """Say whether a string is JSON."""
    if not isinstance(value, str):
        return False
    try:
        read_json(ctx, value)
    except BuiltinError:
        return False
    return True


BUILTINS: Final = (
    declare("json.marshal", marshal, context=True),
    declare("json.marshal_with_options", marshal_with_options, context=True),
    declare("json.unmarshal", unmarshal, context=True),
    declare("json.is_valid", is_valid, context=True),
)
