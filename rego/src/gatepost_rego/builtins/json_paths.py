"""`json.filter` and `json.remove`: objects cut down to, or by, paths into them."""

from __future__ import annotations

from typing import Final

from gatepost_rego.builtins.operands import collection, object_of, refuse_item
from gatepost_rego.builtins.registry import Context
from gatepost_rego.builtins.signature import declare
from gatepost_rego.values import (
    Key,
    RegoObject,
    RegoSet,
    Value,
    key_of,
    make_object,
    object_pairs,
)

__all__ = ["BUILTINS", "path_of"]

# Paths as a tree: what lies below each step; None where a path ends.
_Tree = dict[Key, "_Tree | None"]


def path_of(text: str) -> list[Value]:
    """Cut a JSON pointer, with or without its leading slash, into its steps."""
    steps = text.removeprefix("/").split("/")
    return [step.replace("~1", "/").replace("~0", "~") for step in steps]


def _tree(ctx: Context, value: Value) -> _Tree:
    root: _Tree = {}
    for item in collection(value, 2):
        if isinstance(item, str):
            steps = path_of(item)
        elif isinstance(item, list):
            steps = item
        else:
            refuse_item(2, value, item, "string or array")
        ctx.charge(len(steps) + 1)
        if steps:
            _plant(root, steps)
    return root


def _plant(root: _Tree, steps: list[Value]) -> None:
    """Add one path; of two paths the one that ends first counts."""
    place = root
    for step in steps[:-1]:
        below = place.setdefault(key_of(step), {})
        if below is None:
            return
        place = below
    place[key_of(steps[-1])] = None


def keep(ctx: Context, value: Value, paths: Value) -> Value:
    """Keep only what the paths lead to."""
    found = object_of(value, 1)
    return _kept(ctx, found, _tree(ctx, paths))


def _kept(ctx: Context, value: Value, tree: _Tree | None) -> Value:
    if tree is None:
        return value
    if isinstance(value, (dict, RegoObject)):
        ctx.charge(len(value) + 1)
        return make_object(
            (key, _kept(ctx, item, tree[key_of(key)]))
            for key, item in object_pairs(value)
            if key_of(key) in tree
        )
    if isinstance(value, list):
        ctx.charge(len(value) + 1)
        return [
            _kept(ctx, item, tree[str(place)])
            for place, item in enumerate(value)
            if str(place) in tree
        ]
    if isinstance(value, RegoSet):
        ctx.charge(len(value) + 1)
        return RegoSet(
            _kept(ctx, item, tree[key]) for key, item in value.items.items() if key in tree
        )
    return value


def remove(ctx: Context, value: Value, paths: Value) -> Value:
    """Remove what the paths lead to."""
    found = object_of(value, 1)
    return _rest(ctx, found, _tree(ctx, paths))


def _rest(ctx: Context, value: Value, tree: _Tree) -> Value:
    if isinstance(value, (dict, RegoObject)):
        ctx.charge(len(value) + 1)
        return make_object(
            (key, _below(ctx, item, tree, key_of(key)))
            for key, item in object_pairs(value)
            if not _ends(tree, key_of(key))
        )
    if isinstance(value, list):
        ctx.charge(len(value) + 1)
        return [
            _below(ctx, item, tree, str(place))
            for place, item in enumerate(value)
            if not _ends(tree, str(place))
        ]
    if isinstance(value, RegoSet):
        ctx.charge(len(value) + 1)
        return RegoSet(
            _below(ctx, item, tree, key)
            for key, item in value.items.items()
            if not _ends(tree, key)
        )
    return value


def _ends(tree: _Tree, key: Key) -> bool:
    return key in tree and tree[key] is None


def _below(ctx: Context, value: Value, tree: _Tree, key: Key) -> Value:
    further = tree.get(key)
    return value if further is None else _rest(ctx, value, further)


BUILTINS: Final = (
    declare("json.filter", keep, context=True),
    declare("json.remove", remove, context=True),
)
