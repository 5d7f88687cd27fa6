"""Checks of operands that many families share; each raises OPA's error for the wrong type."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NoReturn, TypeGuard

from gatepost_rego.builtins.registry import TYPE_ERROR, BuiltinError, operand_error
from gatepost_rego.numbers import as_integer
from gatepost_rego.values import (
    Number,
    ObjectValue,
    RegoObject,
    RegoSet,
    Value,
    type_name,
)

__all__ = [
    "array", "collection", "integer", "is_number", "members", "number", "object_of", "refuse_item",
    "set_of", "string", "strings_of",
]  # fmt: skip


def is_number(value: object) -> TypeGuard[Number]:
    """Say whether the value is a number; booleans, which Python counts as ints, are not."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def string(value: object, position: int) -> str:
    """Return the operand if it is a string."""
    if isinstance(value, str):
        return value
    raise operand_error(position, value, "string")


def number(value: object, position: int) -> Number:
    """Return the operand if it is a number."""
    if is_number(value):
        return value
    raise operand_error(position, value, "number")


def integer(value: object, position: int) -> int:
    """Return the operand as an int if it is a number without a fraction."""
    found = as_integer(number(value, position))
    if found is None:
        raise BuiltinError(
            f"operand {position} must be integer number but got floating-point number", TYPE_ERROR
        )
    return found


def array(value: object, position: int) -> list[Value]:
    """Return the operand if it is an array."""
    if isinstance(value, list):
        return value
    raise operand_error(position, value, "array")


def set_of(value: object, position: int) -> RegoSet:
    """Return the operand if it is a set."""
    if isinstance(value, RegoSet):
        return value
    raise operand_error(position, value, "set")


def object_of(value: object, position: int) -> ObjectValue:
    """Return the operand if it is an object."""
    if isinstance(value, (dict, RegoObject)):
        return value
    raise operand_error(position, value, "object")


def collection(value: object, position: int) -> list[Value]:
    """Return the members of an array or a set, the latter in OPA's order."""
    if isinstance(value, list):
        return value
    if isinstance(value, RegoSet):
        return value.ordered()
    raise operand_error(position, value, "array", "set")


def members(value: object, position: int) -> Iterable[Value]:
    """Return the members of an array or a set in no promised order."""
    if isinstance(value, list):
        return value
    if isinstance(value, RegoSet):
        return value
    raise operand_error(position, value, "array", "set")


def strings_of(value: object, position: int) -> list[str]:
    """Return the members of an array or set of strings, the latter in OPA's order."""
    found: list[str] = []
    for item in collection(value, position):
        if not isinstance(item, str):
            refuse_item(position, value, item, "string")
        found.append(item)
    return found


def refuse_item(position: int, holder: object, item: object, wanted: str) -> NoReturn:
    """Raise OPA's error for a member of the wrong type."""
    raise BuiltinError(
        f"operand {position} must be {type_name(holder)} of {wanted}s but got "
        f"{type_name(holder)} containing {type_name(item)}",
        TYPE_ERROR,
    )
