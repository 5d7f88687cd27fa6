"""Documents whose rules have several variable keys in their heads.

"Policy Language", section "Variables in Rule Head References": every rule adds one path with a
value, or one member to the set at a path; two different values at one path are a conflict.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gatepost_rego.errors import Location
from gatepost_rego.values import RegoSet, equal, key_of, make_object

OBJECT_TEXT = "object keys must be unique"


class Branch:
    """A node that rules have put something under."""

    __slots__ = ("below",)

    def __init__(self) -> None:
        self.below: dict[Any, tuple[Any, Any]] = {}

    def value(self, state: Any) -> Any:
        """Turn the node and all under it into an object."""
        state.meter.charge(len(self.below))
        return make_object([(key, _settled(found, state)) for key, found in self.below.values()])


class _Members:
    """The set at the end of a path."""

    __slots__ = ("items",)

    def __init__(self) -> None:
        self.items: dict[Any, Any] = {}


class _Fallback:
    """The value of a default rule, which every other rule takes the place of."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def _settled(found: Any, state: Any) -> Any:
    if isinstance(found, Branch):
        return found.value(state)
    if isinstance(found, _Members):
        return RegoSet.of_items(found.items)
    return found.value if isinstance(found, _Fallback) else found


def _down(state: Any, tree: Branch, path: Sequence[Any], at: Location) -> Branch:
    for key in path:
        known = key_of(key)
        found = tree.below.get(known)
        if found is None:
            found = tree.below[known] = (key, Branch())
        if not isinstance(found[1], Branch):
            raise state.conflict(at, OBJECT_TEXT)
        tree = found[1]
    return tree


def put(state: Any, tree: Branch, path: Sequence[Any], value: Any, at: Location) -> None:
    """Add a value at a path. Raises the conflict error where another value stands."""
    state.meter.reserve(len(path))
    branch = _down(state, tree, path[:-1], at)
    last = key_of(path[-1])
    found = branch.below.get(last)
    if found is None:
        branch.below[last] = (path[-1], value)
    elif isinstance(found[1], (Branch, _Members)) or not equal(found[1], value):
        raise state.conflict(at, OBJECT_TEXT)


def put_default(state: Any, tree: Branch, path: Sequence[Any], value: Any, at: Location) -> None:
    """Add the value of a default rule where nothing stands."""
    branch = _down(state, tree, path[:-1], at)
    branch.below.setdefault(key_of(path[-1]), (path[-1], _Fallback(value)))


def put_member(state: Any, tree: Branch, path: Sequence[Any], value: Any, at: Location) -> None:
    """Add a member to the set at a path."""
    state.meter.reserve(len(path))
    branch = _down(state, tree, path[:-1], at)
    last = key_of(path[-1])
    found = branch.below.get(last)
    if found is None:
        found = branch.below[last] = (path[-1], _Members())
    if not isinstance(found[1], _Members):
        raise state.conflict(at, OBJECT_TEXT)
    found[1].items.setdefault(key_of(value), value)


def put_pair(
    state: Any, items: dict[Any, tuple[Any, Any]], key: Any, value: Any, at: Location
) -> None:
    """Add a pair to an object. Raises the conflict error where the key has another value."""
    known = key_of(key)
    found = items.get(known)
    if found is None:
        items[known] = (key, value)
    elif not equal(found[1], value):
        raise state.conflict(at, OBJECT_TEXT)
