"""`json.patch`: JSON Patch (RFC 6902), with OPA's paths into sets.

Every operation makes new containers along its path and leaves the rest as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gatepost_rego.builtins.json_paths import path_of
from gatepost_rego.builtins.operands import array, object_of
from gatepost_rego.builtins.registry import BuiltinError, Context
from gatepost_rego.builtins.signature import declare
from gatepost_rego.numbers import as_integer
from gatepost_rego.show import show
from gatepost_rego.values import (
    ObjectValue,
    RegoObject,
    RegoSet,
    Undefined,
    Value,
    equal,
    key_of,
    make_object,
    object_get,
    object_pairs,
    type_name,
)

__all__ = ["BUILTINS"]

_Path = list[Value]


def _index(items: list[Value], step: Value, *, end: bool = False) -> int:
    """Read a step into an array; `end` allows the place behind the last item."""
    if isinstance(step, str):
        if step == "-":
            place = len(items)
        elif step.isascii() and step.isdigit() and len(step) < 19:
            if step != "0" and step[0] == "0":
                raise BuiltinError("leading zeros are not allowed in JSON paths")
            place = int(step)
        else:
            raise BuiltinError(f"invalid index {show(step)}")
    elif isinstance(step, (int, float)) and not isinstance(step, bool):
        whole = as_integer(step)
        place = -1 if whole is None else whole
    else:
        raise BuiltinError(f"invalid type for indexing into an array: {type_name(step)}")
    if not 0 <= place < len(items) + end:
        what = "index for array insertion" if end else "index for array"
        raise BuiltinError(f"{what} out of bounds")
    return place


def _missing(step: Value) -> BuiltinError:
    return BuiltinError(f"cannot delete child key {show(step)} that does not exist")


def _child(value: Value, step: Value) -> Value:
    if isinstance(value, (dict, RegoObject)):
        found = object_get(value, step)
        if isinstance(found, Undefined):
            raise BuiltinError(f"path {show(step)} does not exist in object term {show(value)}")
        return found
    if isinstance(value, list):
        return value[_index(value, step)]
    if isinstance(value, RegoSet) and step in value:
        return step
    raise BuiltinError(f"expected composite type, found value: {show(value)}")


def _get(ctx: Context, value: Value, path: _Path) -> Value:
    for step in path:
        ctx.charge(1)
        value = _child(value, step)
    return value


_Change = Callable[[Value, Value], Value]


def _changed(ctx: Context, value: Value, path: _Path, change: _Change) -> Value:
    """Apply a change to the container the path leads to, giving it the path's last step."""
    if isinstance(value, (dict, list, RegoSet, RegoObject)):
        ctx.charge(len(value) + 1)
        ctx.reserve(len(value) + 1)
    if len(path) == 1:
        return change(value, path[0])
    step = path[0]
    below = _changed(ctx, _child(value, step), path[1:], change)
    if isinstance(value, (dict, RegoObject)):
        return _with_pair(value, step, below)
    if isinstance(value, list):
        copy = list(value)
        copy[_index(value, step)] = below
        return copy
    if isinstance(value, RegoSet):
        kept = {key: item for key, item in value.items.items() if key != key_of(step)}
        return RegoSet.of_items({**kept, key_of(below): below})
    raise BuiltinError(f"expected composite type, found value: {show(value)}")


def _with_pair(value: ObjectValue, key: Value, item: Value) -> ObjectValue:
    return make_object([*object_pairs(value), (key, item)])


def _insert(new: Value) -> _Change:
    def change(value: Value, step: Value) -> Value:
        if isinstance(value, (dict, RegoObject)):
            return _with_pair(value, step, new)
        if isinstance(value, list):
            place = _index(value, step, end=True)
            return [*value[:place], new, *value[place:]]
        if isinstance(value, RegoSet):
            if not equal(step, new):
                raise BuiltinError(
                    f"set key {show(step)} does not equal value to be inserted {show(new)}"
                )
            return value.union(RegoSet([new]))
        raise BuiltinError(f"expected composite type, found value: {show(value)}")

    return change


def _delete(value: Value, step: Value) -> Value:
    if isinstance(value, (dict, RegoObject)):
        if isinstance(object_get(value, step), Undefined):
            raise _missing(step)
        place = key_of(step)
        return make_object(pair for pair in object_pairs(value) if key_of(pair[0]) != place)
    if isinstance(value, list):
        index = _index(value, step)
        return [*value[:index], *value[index + 1 :]]
    if isinstance(value, RegoSet):
        if step not in value:
            raise _missing(step)
        return value.difference(RegoSet([step]))
    raise BuiltinError(f"expected composite type, found value: {show(value)}")


def _add(ctx: Context, value: Value, path: _Path, new: Value) -> Value:
    return _changed(ctx, value, path, _insert(new)) if path else new


def _remove(ctx: Context, value: Value, path: _Path) -> Value:
    if not path:
        raise BuiltinError("cannot delete the whole document")
    return _changed(ctx, value, path, _delete)


def _replace(ctx: Context, value: Value, path: _Path, new: Value) -> Value:
    return _add(ctx, _remove(ctx, value, path), path, new) if path else new


def _path(patch: ObjectValue, name: str) -> _Path:
    found = _attribute(patch, name)
    if isinstance(found, str):
        return path_of(found) if found else []
    if isinstance(found, list):
        return found
    raise BuiltinError(f"attribute '{name}' must be a string or an array")


def _attribute(patch: ObjectValue, name: str) -> Value:
    found = object_get(patch, name)
    if isinstance(found, Undefined):
        raise BuiltinError(f"missing required attribute '{name}'")
    return found


def _apply(ctx: Context, value: Value, patch: ObjectValue) -> Value:
    operation = _attribute(patch, "op")
    if not isinstance(operation, str):
        raise BuiltinError("attribute 'op' must be a string")
    path = _path(patch, "path")
    match operation:
        case "add":
            return _add(ctx, value, path, _attribute(patch, "value"))
        case "remove":
            return _remove(ctx, value, path)
        case "replace":
            return _replace(ctx, value, path, _attribute(patch, "value"))
        case "move":
            source = _path(patch, "from")
            moved = _get(ctx, value, source)
            return _add(ctx, _remove(ctx, value, source), path, moved)
        case "copy":
            return _add(ctx, value, path, _get(ctx, value, _path(patch, "from")))
        case "test":
            return _tested(ctx, value, path, _attribute(patch, "value"))
    raise BuiltinError(f"unrecognized op: '{operation}'")


def _tested(ctx: Context, value: Value, path: _Path, wanted: Value) -> Value:
    if not equal(_get(ctx, value, path), wanted):
        raise BuiltinError("value from EditTree != patch value")
    return value


def patch_value(ctx: Context, target: Value, patches: Value) -> Value:
    """Apply patches one after the other; one that fails makes all of them fail."""
    for patch in array(patches, 2):
        ctx.charge(1)
        target = _apply(ctx, target, object_of(patch, 2))
    return target


BUILTINS: Final = (declare("json.patch", patch_value, context=True),)
