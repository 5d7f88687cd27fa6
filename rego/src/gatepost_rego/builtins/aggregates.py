"""Built-ins over whole collections (OPA policy reference, section Aggregates)."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from functools import cmp_to_key
from typing import Final

from gatepost_rego import numbers
from gatepost_rego.builtins.operands import is_number, members, refuse_item
from gatepost_rego.builtins.registry import BuiltinHalt, Context, operand_error
from gatepost_rego.builtins.signature import declare
from gatepost_rego.numbers import NumberError
from gatepost_rego.values import (
    UNDEFINED,
    Number,
    RegoObject,
    RegoSet,
    Undefined,
    Value,
    compare,
    ordered,
)

__all__ = ["BUILTINS"]

_AT_ONCE: Final = 10_000
_RUN: Final = 4_096


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
            if isinstance(item, float):
                ctx.charge(8)
            found = numbers.add(found, item)
    except NumberError as error:
        raise BuiltinHalt(str(error)) from error
    return found


def product(ctx: Context, value: Value) -> Number:
    """Multiply numbers."""
    try:
        return numbers.multiply_all(_numbers(ctx, value), ctx.charge)
    except NumberError as error:
        raise BuiltinHalt(str(error)) from error


def _numbers(ctx: Context, value: Value) -> Iterator[Number]:
    """Give the members one by one; one that is no number is an error."""
    for item in members(value, 1):
        ctx.charge(1)
        if not is_number(item):
            refuse_item(1, value, item, "number")
        yield item


def _sorted(ctx: Context, value: Value) -> list[Value]:
    items = members(value, 1)
    ctx.charge(count(value))
    if count(value) <= _AT_ONCE:
        return ordered(items)
    return _sorted_by_runs(ctx, list(items))


def _sorted_by_runs(ctx: Context, items: list[Value]) -> list[Value]:
    """Sort so many values that the clock must be looked at in between."""
    runs: list[list[Value]] = []
    for start in range(0, len(items), _RUN):
        ctx.charge(_RUN)
        runs.append(ordered(items[start : start + _RUN]))
    found: list[Value] = []
    for number, item in enumerate(heapq.merge(*runs, key=cmp_to_key(compare))):
        if number % 64 == 0:
            ctx.charge(256)
        found.append(item)
    return found


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
