"""Functions that compiled code calls by name, besides lookups and budgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gatepost_rego.builtins.registry import Builtin, BuiltinError, BuiltinHalt
from gatepost_rego.errors import Location, Source
from gatepost_rego.evaluate.access import (
    at_most,
    contains,
    has_size,
    index,
    is_collection,
    keyed,
    less,
    members,
    ordered_members,
    ordered_pairs_of,
    pairs,
    same,
    stored,
)
from gatepost_rego.evaluate.partial import put, put_default, put_member, put_pair
from gatepost_rego.evaluate.state import MISSING, Site, State
from gatepost_rego.show import show
from gatepost_rego.values import UNDEFINED, RegoSet, equal, make_object

_NOWHERE = Source("", "")
TEMPLATE_TEXT = "template-strings must not produce multiple outputs"


@dataclass(frozen=True, slots=True)
class Swap:
    """A function that stands in for another one during a ``with``."""

    function: Any
    of_rules: bool


def replacement(state: State, called: str, *args: Any) -> Any:
    """Answer the call of a function that a ``with`` replaced; MISSING where none did."""
    if state.functions is None or called not in state.functions:
        return MISSING
    found = state.functions[called]
    if not isinstance(found, Swap):
        return found
    if found.of_rules:
        return _in_original(found.function, state, called, args)
    builtin: Builtin = found.function
    try:
        return builtin.call(state.meter, *args) if builtin.context else builtin.call(*args)
    except BuiltinError as error:
        return state.failed(error, builtin.name, Location(_NOWHERE, 0, 0))


def _in_original(
    function: Callable[..., Any], state: State, called: str, args: tuple[Any, ...]
) -> Any:
    """Call a replacement so that it reaches the function it replaces."""
    outer = state.functions or {}
    state.functions = {name: swap for name, swap in outer.items() if name != called}
    try:
        return function(state, *args)
    finally:
        state.functions = outer


def place_keys(state: State, place: Any) -> Any:
    """Give the keys below a place of the document tree."""
    if type(place) is Site:
        return state.keys(place)
    return [key for key, _ in ordered_pairs_of(state.meter, place)]


def place_value(state: State, place: Any, key: Any) -> Any:
    """Give what lies under a key of a place; UNDEFINED where rules give nothing."""
    return state.step(place, key)


def single(state: State, count: int, at: Location) -> None:
    """Refuse a second value in a part of a template string."""
    if count:
        raise state.conflict(at, TEMPLATE_TEXT)


def passed(state: State, at: Location) -> None:
    """Note that a statement was reached (only in traced code)."""
    if state.lines is not None:
        state.lines.add((at.source.name, at.row))


def fired(state: State, rule: Any) -> None:
    """Note that a rule gave a value (only in traced code)."""
    if state.fired is not None:
        state.fired.append(rule)


def part_text(value: Any) -> str:
    """Write a value inside a template string."""
    return value if isinstance(value, str) else show(value)


def set_of(items: dict[Any, Any]) -> RegoSet:
    """Turn gathered members into a set."""
    return RegoSet.of_items(items)


def namespace() -> dict[str, Any]:
    """Give the globals of compiled code."""
    return {
        "U": UNDEFINED, "M": MISSING, "RegoSet": RegoSet, "make_object": make_object,
        "set_of": set_of, "equal": equal, "index": index,
        "stored": stored, "members": members, "pairs": pairs,
        "ordered_members": ordered_members, "ordered_pairs_of": ordered_pairs_of, "keyed": keyed,
        "is_collection": is_collection, "has_size": has_size, "less": less, "at_most": at_most,
        "contains": contains, "same": same, "put": put, "put_default": put_default,
        "put_member": put_member, "put_pair": put_pair, "replacement": replacement,
        "Swap": Swap, "place_keys": place_keys, "place_value": place_value, "single": single,
        "passed": passed, "fired": fired, "part_text": part_text,
        "Failures": (BuiltinError, BuiltinHalt),
        "list": list, "dict": dict, "type": type, "int": int,
        "len": len, "isinstance": isinstance, "__builtins__": {},
    }  # fmt: skip
