"""Arrays and sets (OPA policy reference, sections Arrays and Sets)."""

from __future__ import annotations

from typing import Final

from gatepost_rego.builtins.operands import array, integer, refuse_item, set_of
from gatepost_rego.builtins.registry import Context
from gatepost_rego.builtins.signature import declare
from gatepost_rego.values import Key, RegoSet, Value

__all__ = ["BUILTINS"]


def concat(ctx: Context, left: Value, right: Value) -> list[Value]:
    """Join two arrays."""
    one, other = array(left, 1), array(right, 2)
    ctx.reserve(len(one) + len(other))
    ctx.charge(len(one) + len(other))
    return one + other


def part(ctx: Context, value: Value, start: Value, stop: Value) -> list[Value]:
    """Cut a piece out of an array; indexes outside it mean its ends."""
    items = array(value, 1)
    first, last = max(integer(start, 2), 0), min(integer(stop, 3), len(items))
    ctx.charge(max(last - first, 0))
    return items[first:last] if first < last else []


def reversed_array(ctx: Context, value: Value) -> list[Value]:
    """Turn an array round."""
    items = array(value, 1)
    ctx.charge(len(items))
    return items[::-1]


def flatten(ctx: Context, value: Value) -> list[Value]:
    """Put the items of arrays within the array in their place, one level deep."""
    found: list[Value] = []
    for item in array(value, 1):
        items = item if isinstance(item, list) else [item]
        ctx.charge(len(items) + 1)
        ctx.reserve(len(items))
        found.extend(items)
    return found


def _sets(value: Value) -> list[RegoSet]:
    found: list[RegoSet] = []
    for item in set_of(value, 1):
        if not isinstance(item, RegoSet):
            refuse_item(1, value, item, "set")
        found.append(item)
    return found


def union(ctx: Context, value: Value) -> RegoSet:
    """Give the members of any of the sets."""
    merged: dict[Key, Value] = {}
    for item in _sets(value):
        ctx.charge(len(item) + 1)
        merged.update(item.items)
    return RegoSet.of_items(merged)


def intersection(ctx: Context, value: Value) -> RegoSet:
    """Give the members of all of the sets; no sets, no members."""
    found = _sets(value)
    if not found:
        return RegoSet()
    kept = found[0]
    for item in found[1:]:
        ctx.charge(min(len(item), len(kept)) + 1)
        kept = kept.intersection(item)
    return kept


def difference(left: Value, right: Value) -> RegoSet:
    """Give the members of one set that are not in another."""
    return set_of(left, 1).difference(set_of(right, 2))


BUILTINS: Final = (
    declare("array.concat", concat, context=True),
    declare("array.slice", part, context=True),
    declare("array.reverse", reversed_array, context=True),
    declare("array.flatten", flatten, context=True),
    declare("union", union, context=True),
    declare("intersection", intersection, context=True),
    declare("set_diff", difference, deprecated=True),
)
