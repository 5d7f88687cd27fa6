"""Objects (OPA policy reference, section Object)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gatepost_rego.builtins.operands import array, object_of, refuse_item
from gatepost_rego.builtins.registry import TYPE_ERROR, BuiltinError, Context, operand_error
from gatepost_rego.builtins.signature import declare
from gatepost_rego.numbers import as_integer
from gatepost_rego.values import (
    UNDEFINED,
    Key,
    ObjectValue,
    RegoObject,
    RegoSet,
    Undefined,
    Value,
    equal,
    is_object,
    key_of,
    make_object,
    object_get,
    object_pairs,
)

__all__ = ["BUILTINS", "child_of"]


def child_of(value: Value, key: Value) -> Value | Undefined:
    """Look up a key of an object, an index of an array or a member of a set."""
    if isinstance(value, (dict, RegoObject)):
        return object_get(value, key)
    if isinstance(value, RegoSet):
        return value.items.get(key_of(key), UNDEFINED)
    if isinstance(value, list) and isinstance(key, int) and not isinstance(key, bool):
        return value[key] if 0 <= key < len(value) else UNDEFINED
    return UNDEFINED


def get(ctx: Context, value: Value, key: Value, default: Value) -> Value:
    """Look up a key, or a path given as an array, and fall back on a default."""
    place: Value = object_of(value, 1)
    if not isinstance(key, list):
        found = child_of(place, key)
        return default if isinstance(found, Undefined) else found
    ctx.charge(len(key))
    for step in key:
        whole = as_integer(step) if isinstance(step, float) else None
        found = child_of(place, step if whole is None else whole)
        if isinstance(found, Undefined):
            return default
        place = found
    return place


def keys(ctx: Context, value: Value) -> RegoSet:
    """Give the keys of an object as a set."""
    found = object_of(value, 1)
    ctx.charge(len(found))
    return RegoSet(key for key, _ in object_pairs(found))


def _wanted(ctx: Context, value: Value) -> set[Key]:
    """Collect the keys named by the members of an array or set or by the keys of an object."""
    items: Iterable[Value]
    if isinstance(value, (list, RegoSet)):
        items = value
        ctx.charge(len(value))
    elif isinstance(value, (dict, RegoObject)):
        items = [key for key, _ in object_pairs(value)]
        ctx.charge(len(items))
    else:
        raise operand_error(2, value, "object", "set", "array")
    return {key_of(item) for item in items}


def remove(ctx: Context, value: Value, names: Value) -> ObjectValue:
    """Leave out some keys."""
    found, drop = object_of(value, 1), _wanted(ctx, names)
    ctx.charge(len(found))
    return make_object(pair for pair in object_pairs(found) if key_of(pair[0]) not in drop)


def keep(ctx: Context, value: Value, names: Value) -> ObjectValue:
    """Leave out all but some keys."""
    found, kept = object_of(value, 1), _wanted(ctx, names)
    ctx.charge(len(found))
    return make_object(pair for pair in object_pairs(found) if key_of(pair[0]) in kept)


def union(ctx: Context, left: Value, right: Value) -> ObjectValue:
    """Merge two objects, recursively where both hold an object, else the right one winning."""
    return _merge(ctx, object_of(left, 1), object_of(right, 2))


def _merge(ctx: Context, left: ObjectValue, right: ObjectValue) -> ObjectValue:
    ctx.charge(len(left) + len(right) + 1)
    ctx.reserve(len(left) + len(right))
    merged = {key_of(key): (key, item) for key, item in object_pairs(left)}
    for key, item in object_pairs(right):
        place = key_of(key)
        before = merged.get(place)
        if before is not None and is_object(before[1]) and is_object(item):
            item = _merge(ctx, before[1], item)  # type: ignore[arg-type]  # noqa: PLW2901
        merged[place] = (key, item)
    return make_object(merged.values())


def union_all(ctx: Context, value: Value) -> ObjectValue:
    """Merge objects from left to right."""
    merged: ObjectValue = {}
    items = array(value, 1)
    for item in items:
        if not isinstance(item, (dict, RegoObject)):
            refuse_item(1, value, item, "object")
        merged = _merge(ctx, merged, item)
    return merged


def subset(ctx: Context, whole: Value, part: Value) -> bool:
    """Say whether one object, set or array holds everything of another."""
    if is_object(whole) and is_object(part):
        return _holds_object(ctx, whole, part)  # type: ignore[arg-type]
    if isinstance(whole, RegoSet) and isinstance(part, RegoSet):
        ctx.charge(len(part))
        return part.items.keys() <= whole.items.keys()
    if isinstance(whole, list) and isinstance(part, list):
        return _holds_run(ctx, whole, part)
    if isinstance(whole, list) and isinstance(part, RegoSet):
        ctx.charge(len(whole))
        return part.items.keys() <= {key_of(item) for item in whole}
    raise BuiltinError(
        "both arguments object.subset must be of the same type or array and set", TYPE_ERROR
    )


def _holds_object(ctx: Context, whole: ObjectValue, part: ObjectValue) -> bool:
    ctx.charge(len(part) + 1)
    for key, item in object_pairs(part):
        found = object_get(whole, key)
        if isinstance(found, Undefined):
            return False
        both = (
            (is_object(found) and is_object(item))
            or (isinstance(found, RegoSet) and isinstance(item, RegoSet))
            or (isinstance(found, list) and isinstance(item, list))
        )
        if not (subset(ctx, found, item) if both else equal(found, item)):
            return False
    return True


def _holds_run(ctx: Context, whole: list[Value], part: list[Value]) -> bool:
    """Say whether `part` occurs in `whole` without a gap."""
    for start in range(len(whole) - len(part) + 1):
        ctx.charge(1)
        for step, item in enumerate(part):
            if not equal(whole[start + step], item):
                break
            ctx.charge(1)
        else:
            return True
    return False


BUILTINS: Final = (
    declare("object.get", get, context=True),
    declare("object.keys", keys, context=True),
    declare("object.remove", remove, context=True),
    declare("object.filter", keep, context=True),
    declare("object.union", union, context=True),
    declare("object.union_n", union_all, context=True),
    declare("object.subset", subset, context=True),
)
