"""Makers of documents: how the bodies of a document's rules become its one value.

"Policy Language", sections "Complete Definitions", "Partial Rules", "Functions" and
"Default Keyword". A body is a compiled function; a maker calls the bodies that may apply.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gatepost_rego.errors import Location
from gatepost_rego.evaluate.access import index
from gatepost_rego.evaluate.partial import Branch
from gatepost_rego.evaluate.state import Path, State
from gatepost_rego.values import UNDEFINED, RegoSet, equal, make_object

Maker = Callable[[State], Any]
_MOST_ENTRIES = 200_000
COMPLETE_TEXT = "complete rules must not produce multiple outputs"
FUNCTION_TEXT = "functions must not produce multiple outputs for same inputs"


@dataclass(frozen=True, slots=True)
class Body:
    """One compiled rule: its function, where it stands, and what its index asks of the input.

    ``chain`` holds the functions of its else links. ``constant``: the one value it can give.
    """

    call: Callable[..., Any]
    at: Location
    chain: tuple[Callable[..., Any], ...] = ()


class Dispatch:
    """Picks the bodies that the input can satisfy, by one path that many compare with constants."""

    __slots__ = ("_bodies", "_other", "_path", "_table")

    def __init__(
        self,
        bodies: Sequence[Body],
        path: Path | None = None,
        wanted: Sequence[frozenset[Any] | None] = (),
    ) -> None:
        self._bodies = tuple(bodies)
        self._other: tuple[Body, ...] = ()
        self._table: dict[Any, tuple[Body, ...]] = {}
        by_key: dict[Any, list[int]] = {}
        others: list[int] = []
        for at, keys in enumerate(wanted):
            if keys is None:
                others.append(at)
            for key in keys or ():
                by_key.setdefault(key, []).append(at)
        self._path = path if len(others) * len(by_key) <= _MOST_ENTRIES else None
        if self._path is not None:
            self._other = tuple(bodies[at] for at in others)
            for key, places in by_key.items():
                self._table[key] = tuple(bodies[at] for at in sorted([*places, *others]))

    def bodies(self, state: State) -> tuple[Body, ...]:
        """Give the bodies to run, in the order of the policy."""
        if self._path is None:
            return self._bodies
        found: object = state.input
        for part in self._path:
            found = index(found, part)
        kind = type(found)
        if kind is str or kind is int or kind is float:
            return self._table.get(found, self._other)
        if found is UNDEFINED or found is None or kind is bool:
            return self._other
        return self._bodies


def _first(body: Body, *args: Any) -> Any:
    """Run a body and, while it gives nothing, its else links."""
    found = body.call(*args)
    if found is UNDEFINED:
        for link in body.chain:
            found = link(*args)
            if found is not UNDEFINED:
                return found
    return found


def complete(
    number: int, path: Path, dispatch: Dispatch, default: Callable[..., Any] | None, eager: bool
) -> Maker:
    """Make a complete document; ``eager``: all bodies give the same constant, so one is enough."""

    def make(state: State) -> Any:
        if state.overrides and state.overridden(path):
            return _keep(state, number, state.base_at(path))
        found = UNDEFINED
        for body in dispatch.bodies(state):
            new = body.call(state) if not body.chain else _first(body, state)
            if new is UNDEFINED:
                continue
            if found is UNDEFINED:
                found = new
                if eager:
                    break
            elif not equal(found, new):
                raise state.conflict(body.at, COMPLETE_TEXT)
        if found is UNDEFINED and default is not None:
            found = default(state)
        state.documents[number] = found
        return found

    return make


def _keep(state: State, number: int, found: Any) -> Any:
    state.documents[number] = found
    return found


def partial_set(number: int, path: Path, dispatch: Dispatch) -> Maker:
    """Make a set of what all bodies add."""

    def make(state: State) -> Any:
        if state.overrides and state.overridden(path):
            return _keep(state, number, state.base_at(path))
        items: dict[Any, Any] = {}
        state.meter.growing.append(items)
        for body in dispatch.bodies(state):
            body.call(state, items)
        state.meter.grown()
        found = RegoSet.of_items(items)
        state.documents[number] = found
        return found

    return make


def partial_object(number: int, path: Path, dispatch: Dispatch) -> Maker:
    """Make an object of the pairs all bodies add."""

    def make(state: State) -> Any:
        if state.overrides and state.overridden(path):
            return _keep(state, number, state.base_at(path))
        items: dict[Any, tuple[Any, Any]] = {}
        state.meter.growing.append(items)
        for body in dispatch.bodies(state):
            body.call(state, items)
        state.meter.grown()
        found = make_object(items.values())
        state.documents[number] = found
        return found

    return make


def partial_tree(number: int, path: Path, dispatch: Dispatch, defaults: Sequence[Body]) -> Maker:
    """Make a document of rules whose heads go down several keys."""

    def make(state: State) -> Any:
        if state.overrides and state.overridden(path):
            return _keep(state, number, state.base_at(path))
        tree = Branch()
        for body in dispatch.bodies(state):
            body.call(state, tree)
        for body in defaults:
            body.call(state, tree)
        found = tree.value(state)
        state.documents[number] = found
        return found

    return make


def function(
    bodies: Sequence[Body], default: Callable[..., Any] | None, single: bool
) -> Callable[..., Any]:
    """Make the function of all bodies that define it; ``single``: there is one body and no more."""
    if single:
        return bodies[0].call
    many = tuple(bodies)

    def call(state: State, *args: Any) -> Any:
        state.meter.charge(1)
        found = UNDEFINED
        for body in many:
            new = body.call(state, *args) if not body.chain else _first(body, state, *args)
            if new is UNDEFINED:
                continue
            if found is UNDEFINED:
                found = new
            elif not equal(found, new):
                raise state.conflict(body.at, FUNCTION_TEXT)
        if found is UNDEFINED and default is not None:
            found = default(state, *args)
        return found

    return call
