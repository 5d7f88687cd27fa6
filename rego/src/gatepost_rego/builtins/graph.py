"""Graphs and `walk` (OPA policy reference, section Graph)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gatepost_rego.builtins.operands import collection, object_of
from gatepost_rego.builtins.registry import Context
from gatepost_rego.builtins.signature import declare
from gatepost_rego.values import (
    Key,
    ObjectValue,
    RegoObject,
    RegoSet,
    Undefined,
    Value,
    key_of,
    object_get,
    ordered_pairs,
)

__all__ = ["BUILTINS"]


def _edges(graph: ObjectValue, vertex: Value) -> list[Value] | None:
    """List the neighbours of a vertex; None where the graph has no such vertex."""
    found = object_get(graph, vertex)
    if isinstance(found, Undefined):
        return None
    return collection(found, 1) if isinstance(found, (list, RegoSet)) else []


def reachable(ctx: Context, graph: Value, initial: Value) -> RegoSet:
    """Give the vertices that can be reached, the initial ones among them."""
    edges_of = object_of(graph, 1)
    waiting = list(collection(initial, 2))
    found: dict[Key, Value] = {}
    while waiting:
        vertex = waiting.pop()
        ctx.charge(1)
        place = key_of(vertex)
        if place in found:
            continue
        edges = _edges(edges_of, vertex)
        if edges is not None:
            found[place] = vertex
            ctx.charge(len(edges))
            ctx.reserve(len(edges))
            waiting.extend(edges)
    return RegoSet.of_items(found)


def reachable_paths(ctx: Context, graph: Value, initial: Value) -> RegoSet:
    """Give the paths that begin at the initial vertices, each as an array."""
    edges_of = object_of(graph, 1)
    found: dict[Key, Value] = {}
    for root in collection(initial, 2):
        edges = _edges(edges_of, root)
        if edges is None:
            continue
        if not edges:
            _note(ctx, found, [root])
        for neighbour in edges:
            _follow(ctx, edges_of, root, neighbour, found)
    return RegoSet.of_items(found)


def _note(ctx: Context, found: dict[Key, Value], path: list[Value]) -> None:
    ctx.charge(len(path))
    ctx.reserve(len(path))
    found[key_of(path)] = path


def _follow(
    ctx: Context, graph: ObjectValue, root: Value, first: Value, found: dict[Key, Value]
) -> None:
    """Follow all paths that begin with `root` and `first`.

    A vertex once left is not entered again from the same beginning, so a path also ends where
    it would meet an earlier one. OPA's own cases ask for that; OPA 1.20 lets paths meet.
    """
    reached = {key_of(root)}
    waiting: list[tuple[list[Value], Iterator[Value]]] = []

    def enter(path: list[Value], vertex: Value) -> None:
        ctx.charge(len(path) + 1)
        edges = _edges(graph, vertex)
        if edges is None:
            _note(ctx, found, path)
        elif edges:
            waiting.append(([*path, vertex], iter(edges)))
        else:
            _note(ctx, found, [*path, vertex])

    enter([root], first)
    while waiting:
        path, neighbours = waiting[-1]
        for neighbour in neighbours:
            if key_of(neighbour) in reached:
                _note(ctx, found, path)
                continue
            reached.add(key_of(path[-1]))
            enter(path, neighbour)
            break
        else:
            waiting.pop()


def walk(ctx: Context, value: Value) -> Iterator[list[Value]]:
    """Yield every value within a value, itself first, each with the path to it."""
    yield [[], value]
    waiting: list[tuple[list[Value], Iterator[tuple[Value, Value]]]] = []
    if _deep(value):
        waiting.append(([], _children(ctx, value)))
    while waiting:
        path, children = waiting[-1]
        for key, item in children:
            ctx.charge(len(path) + 2)
            here = [*path, key]
            yield [here, item]
            if _deep(item):
                waiting.append((here, _children(ctx, item)))
                break
        else:
            waiting.pop()


def _deep(value: Value) -> bool:
    return isinstance(value, (list, dict, RegoSet, RegoObject))


def _children(ctx: Context, value: Value) -> Iterator[tuple[Value, Value]]:
    if isinstance(value, list):
        return iter(enumerate(value))
    if isinstance(value, RegoSet):
        ctx.charge(len(value))
        return ((item, item) for item in value.ordered())
    if isinstance(value, (dict, RegoObject)):
        ctx.charge(len(value))
        return iter(ordered_pairs(value))
    return iter(())


BUILTINS: Final = (
    declare("graph.reachable", reachable, context=True),
    declare("graph.reachable_paths", reachable_paths, context=True),
    declare("walk", walk, context=True, relation=True),
)
