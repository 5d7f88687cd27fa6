"""Built-ins over whole collections (OPA policy reference, section Aggregates)."""

from __future__ import annotations

from typing import Final

from gatepost_rego import numbers
from gatepost_rego.builtins.operands import is_number, members, refuse_item
from gatepost_rego.builtins.registry import BuiltinError, Context, operand_error
from gatepost_rego.builtins.signature import declare
from gatepost_rego.numbers import NumberError
from gatepost_rego.values import (
    UNDEFINED,
    Number,
    RegoObject,
    RegoSet,
    Undefined,
    Value,
    ordered,
)

__all__ = ["BUILTINS"]


def count(value: Value) -> int:
    """Count members, keys or characters."""
    if isinstance(value, (list, RegoSet, dict, str, RegoObject)):
        return len(value)
    raise operand_error(1, value, "array", "object", "set", "string")


def total(ctx: Context, value: Value) -> Number:
    """Add up numbers."""
    found: Number = 0
    try:
        for item in _numbers(ctx, value):
            found = numbers.add(found, item)
    except NumberError as error:
        raise BuiltinError(str(error)) from error
    return found


def product(ctx: Context, value: Value) -> Number:
    """Multiply numbers."""
    factors = _numbers(ctx, value)
    # What a step costs grows with the digits already there, at most as many as all factors have.
    digits = sum(item.bit_length() >> 6 for item in factors if isinstance(item, int))
    ctx.charge(len(factors) * min(digits, 1 << 14) >> 4)
    try:
        return numbers.multiply_all(factors)
    except NumberError as error:
        raise BuiltinError(str(error)) from error


def _numbers(ctx: Context, value: Value) -> list[Number]:
    found: list[Number] = []
    items = members(value, 1)
    ctx.charge(count(value))
    for item in items:
        if not is_number(item):
            refuse_item(1, value, item, "number")
        found.append(item)
    return found


def _sorted(ctx: Context, value: Value) -> list[Value]:
    items = members(value, 1)
    ctx.charge(count(value))
    return ordered(items)


def greatest(ctx: Context, value: Value) -> Value | Undefined:
    """Give the last member in OPA's order; undefined for an empty collection."""
    found = _sorted(ctx, value)
    return found[-1] if found else UNDEFINED


def least(ctx: Context, value: Value) -> Value | Undefined:
    """Give the first member in OPA's order; undefined for an empty collection."""
    found = _sorted(ctx, value)
    return found[0] if found else UNDEFINED


def any_true(value: Value) -> bool:
    """Say whether a member is true."""
    return any(item is True for item in members(value, 1))


def all_true(value: Value) -> bool:
    """Say whether every member is true."""
    return all(item is True for item in members(value, 1))


BUILTINS: Final = (
    declare("count", count),
    declare("sum", total, context=True),
    declare("product", product, context=True),
    declare("max", greatest, context=True),
    declare("min", least, context=True),
    declare("sort", _sorted, context=True),
    declare("any", any_true, deprecated=True),
    declare("all", all_true, deprecated=True),
)
