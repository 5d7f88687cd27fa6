"""Types and conversions (OPA policy reference, sections Types and Conversions)."""

from __future__ import annotations

import math
from functools import partial
from typing import Final

import re2

from gatepost_rego.builtins.operands import collection, is_number
from gatepost_rego.builtins.registry import TYPE_ERROR, BuiltinError, BuiltinHalt, operand_error
from gatepost_rego.builtins.signature import declare
from gatepost_rego.golang.quoting import quote, sanitise
from gatepost_rego.numbers import NumberError, number_of
from gatepost_rego.values import (
    Number,
    RegoSet,
    Value,
    rank,
    type_name,
)

__all__ = ["BUILTINS"]

_NAMELESS: Final = frozenset({"inf", "infinity", "nan"})
_LONGEST: Final = 5_000
_FLOAT: Final = re2.compile(r"[+-]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?")


def to_number(value: Value) -> Number:
    """Turn null, a boolean or the text of a number into a number."""
    if value is None:
        return 0
    if isinstance(value, bool):
        return int(value)
    if is_number(value):
        return value
    if isinstance(value, str):
        return _number_in(value)
    raise operand_error(1, value, "null", "boolean", "number", "string")


def _number_in(text: str) -> Number:
    if len(text) > _LONGEST:
        raise BuiltinHalt("text too long for a number")
    if text.lstrip("+-").lower() in _NAMELESS:
        raise BuiltinError("operand 1 must be valid number string but got string", TYPE_ERROR)
    if not _FLOAT.fullmatch(sanitise(text)) or "_" in text:
        raise BuiltinError(f"strconv.ParseFloat: parsing {quote(text)}: invalid syntax")
    try:
        found = number_of(_as_json(text))
    except NumberError as error:
        raise _out_of_range(text) from error
    if not math.isfinite(_as_float(found)):
        raise _out_of_range(text)
    return found


def _as_json(text: str) -> str:
    """Spell a number the way JSON wants it: no plus, no idle zeros, digits around the point."""
    sign = "-" if text.startswith("-") else ""
    digits, mark, power = text.lstrip("+-").lower().partition("e")
    whole, _, fraction = digits.partition(".")
    return f"{sign}{whole.lstrip('0') or '0'}{'.' + fraction if fraction else ''}{mark}{power}"


def _as_float(number: Number) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _out_of_range(text: str) -> BuiltinError:
    return BuiltinError(f"strconv.ParseFloat: parsing {quote(text)}: value out of range")


def _is(place: int, value: Value) -> bool:
    return rank(value) == place


def cast_array(value: Value) -> list[Value]:
    """Give an array as it is, a set as an array in OPA's order."""
    return collection(value, 1)


def cast_set(value: Value) -> RegoSet:
    """Give a set as it is, an array as a set."""
    return value if isinstance(value, RegoSet) else RegoSet(collection(value, 1))


def _cast(name: str, value: Value) -> Value:
    if type_name(value) != name:
        raise operand_error(1, value, name)
    return value


BUILTINS: Final = (
    declare("to_number", to_number),
    declare("is_null", partial(_is, 0)),
    declare("is_boolean", partial(_is, 1)),
    declare("is_number", partial(_is, 2)),
    declare("is_string", partial(_is, 3)),
    declare("is_array", partial(_is, 4)),
    declare("is_object", partial(_is, 5)),
    declare("is_set", partial(_is, 6)),
    declare("type_name", type_name),
    declare("cast_array", cast_array, deprecated=True),
    declare("cast_set", cast_set, deprecated=True),
    declare("cast_string", partial(_cast, "string"), deprecated=True),
    declare("cast_boolean", partial(_cast, "boolean"), deprecated=True),
    declare("cast_null", partial(_cast, "null"), deprecated=True),
    declare("cast_object", partial(_cast, "object"), deprecated=True),
)
