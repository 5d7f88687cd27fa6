"""JSON as text (OPA policy reference, section Encoding)."""

from __future__ import annotations

import json
import json.scanner
from typing import Any, Final, NoReturn

from gatepost_rego.builtins.operands import object_of, string
from gatepost_rego.builtins.registry import TYPE_ERROR, BuiltinError, Context, operand_error
from gatepost_rego.builtins.signature import declare
from gatepost_rego.golang.quoting import sanitise
from gatepost_rego.numbers import NumberError, number_of
from gatepost_rego.show import json_text
from gatepost_rego.values import RegoObject, RegoSet, Value, object_pairs

__all__ = ["BUILTINS", "clean", "read_json", "weigh"]

_OPTIONS: Final = ("indent", "prefix", "pretty")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"invalid character '{name[0]}' looking for beginning of value")


_DECODER: Final = json.JSONDecoder(parse_float=number_of, parse_constant=_refuse_constant)
# What the decoder in C reads within a few milliseconds; longer texts are read by the one in
# Python, which can be stopped.
_AT_ONCE: Final = 50_000


def _watchful(ctx: Context) -> json.JSONDecoder:
    """Make a decoder that counts every value and every string."""
    made = json.JSONDecoder(parse_float=number_of, parse_constant=_refuse_constant)
    scan = json.scanner.py_make_scanner(made)  # type: ignore[attr-defined]
    plain = made.parse_string  # type: ignore[attr-defined]

    def counted(text: str, place: int) -> Any:
        ctx.charge(2)
        return scan(text, place)

    def string_at(text: str, end: int, strict: bool = True) -> Any:
        found, after = plain(text, end, strict)
        ctx.charge(1 + len(found) // 64)
        return found, after

    made.parse_string = string_at  # type: ignore[attr-defined]
    scan = json.scanner.py_make_scanner(made)  # type: ignore[attr-defined]
    made.scan_once = counted  # type: ignore[attr-defined]
    made.parse_array = _through(made.parse_array, counted)  # type: ignore[attr-defined]
    made.parse_object = _through(made.parse_object, counted)  # type: ignore[attr-defined]
    scan = json.scanner.py_make_scanner(made)  # type: ignore[attr-defined]
    return made


def _through(parse: Any, scan: Any) -> Any:
    """Make a collection's parser read its members by another scanner."""

    def read(start: Any, *given: Any) -> Any:
        if len(given) == 1:  # an array: only the scanner follows
            return parse(start, scan)
        strict, _, *rest = given
        return parse(start, strict, scan, *rest)

    return read


def read_json(ctx: Context, text: str) -> Value:
    """Read JSON, keeping every digit; what is no JSON is a built-in error."""
    ctx.charge(1 + len(text) // 16)
    ctx.reserve(len(text) // 4)
    try:
        decoder = _DECODER if len(text) <= _AT_ONCE else _watchful(ctx)
        found: Value = decoder.decode(text.strip(" \t\r\n"))
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
    return json_text(value, tick=ctx.charge)


def marshal_with_options(ctx: Context, value: Value, options: Value) -> str:
    """Write a value as JSON, on several lines where the options say so."""
    indent, prefix, pretty = _options(options)
    weigh(ctx, value)
    if pretty:
        return prefix + json_text(value, indent, prefix, tick=ctx.charge)
    return json_text(value, tick=ctx.charge)


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
