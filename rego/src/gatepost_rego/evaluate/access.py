"""Looking into values: one key, all members, all pairs; undefined where there is nothing.

"Policy Language", section "References". What iterates counts its steps beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from gatepost_rego.evaluate.meter import PACE, Meter
from gatepost_rego.values import (
    UNDEFINED,
    Key,
    RegoObject,
    RegoSet,
    Value,
    compare,
    equal,
    is_object,
    key_of,
    object_get,
    ordered_pairs,
    rank,
)

_FEW: Final = PACE


def index(value: object, key: object) -> object:
    """Give what the value holds under the key; a set holds its members under themselves."""
    kind = type(value)
    if kind is dict:
        return value.get(key, UNDEFINED) if type(key) is str else UNDEFINED  # type: ignore[attr-defined]
    if kind is list:
        return _item(value, key)  # type: ignore[arg-type]
    if kind is RegoSet:
        return key if key in value else UNDEFINED  # type: ignore[operator]
    if kind is RegoObject:
        return object_get(value, key)  # type: ignore[arg-type]
    if value is UNDEFINED or kind in (str, int, float, bool, type(None), Decimal):
        return UNDEFINED
    return _index_subclass(value, key)


def stored(value: object, key: object) -> object:
    """Look into base documents, where OPA's storage also takes a number's text for an index."""
    if type(value) is list and type(key) is str and key.isdecimal() and key.isascii():
        return _item(value, int(key)) if len(key) < 10 else UNDEFINED
    return index(value, key)


def _index_subclass(value: object, key: object) -> object:
    """Serve dict and list subclasses; anything stranger is refused by rank."""
    rank(value)
    if isinstance(value, dict):
        return index(dict(value), key)
    return index(list(value), key) if isinstance(value, list) else UNDEFINED


def _item(items: list[Value], key: object) -> object:
    if type(key) is float and key.is_integer():
        key = int(key)
    if type(key) is int and 0 <= key < len(items):
        return items[key]
    return UNDEFINED


def _members(value: object, ordered: bool) -> Iterable[Value]:
    kind = type(value)
    if kind is dict and not ordered:
        return value.values()  # type: ignore[attr-defined, no-any-return]
    if kind is RegoSet:
        return value.ordered() if ordered else value.items.values()  # type: ignore[attr-defined, no-any-return]
    if is_object(value):
        return [found for _, found in _pairs(value, ordered)]
    if isinstance(value, list):
        return value
    if value is not UNDEFINED:
        rank(value)
    return ()


def members(meter: Meter, value: object) -> Iterable[Value]:
    """Give all members of a collection in any order; nothing for a scalar."""
    found = value if type(value) is list else _members(value, False)
    size = len(found)  # type: ignore[arg-type]
    meter.left -= size + 1
    if meter.left < 0:
        meter.check()
    return found if size < _FEW else meter.paced(found)


def ordered_members(meter: Meter, value: object) -> Iterable[Value]:
    """Give all members of a collection in OPA's order."""
    if type(value) is not list and isinstance(value, (dict, RegoSet, RegoObject)):
        meter.charge(2 * len(value))
    found = _members(value, True)
    size = len(found)  # type: ignore[arg-type]
    meter.charge(size + 1)
    return found if size < _FEW else meter.paced(found)


def _pairs(value: object, ordered: bool) -> Iterable[tuple[Value, Value]]:
    if isinstance(value, dict):
        return ordered_pairs(value) if ordered else value.items()
    if isinstance(value, list):
        return enumerate(value)
    if isinstance(value, RegoSet):
        found = value.ordered() if ordered else value.items.values()
        return zip(found, found, strict=True)
    if isinstance(value, RegoObject):
        return ordered_pairs(value) if ordered else value.items.values()
    if value is not UNDEFINED:
        rank(value)
    return ()


def pairs(meter: Meter, value: object) -> Iterable[tuple[Value, Value]]:
    """Give all keys with their values in any order; nothing for a scalar."""
    size = _size(value)
    meter.left -= size + 1
    if meter.left < 0:
        meter.check()
    found = _pairs(value, False)
    return found if size < _FEW else meter.paced(found)


def ordered_pairs_of(meter: Meter, value: object) -> Iterable[tuple[Value, Value]]:
    """Give all keys with their values in OPA's order."""
    size = _size(value)
    meter.charge(2 * size + 1)
    found = _pairs(value, True)
    return found if size < _FEW else meter.paced(found)


def _size(value: object) -> int:
    return len(value) if isinstance(value, (dict, list, RegoSet, RegoObject)) else 0


def is_collection(value: object) -> bool:
    """Say whether the value has members."""
    return isinstance(value, (list, dict, RegoSet, RegoObject))


def has_size(value: object, size: int) -> bool:
    """Say whether the value is an object with this many keys."""
    return is_object(value) and len(value) == size  # type: ignore[arg-type]


_SMALL: Final = frozenset({int, float, bool, type(None), Decimal})
_LONG: Final = 10_000


def _weigh(meter: Meter, value: object) -> None:
    """Look at the clock before work on a value that may be big."""
    kind = type(value)
    if kind not in _SMALL and (kind is not str or len(value) > _LONG):  # type: ignore[arg-type]
        meter.check()


def same(meter: Meter, left: object, right: object) -> bool:
    """Compare two values: ``==``."""
    if left is right:
        return True
    _weigh(meter, left)
    return equal(left, right)


def keyed(meter: Meter, value: Value) -> Key:
    """Give the key of a value in a set."""
    _weigh(meter, value)
    return key_of(value)


def less(meter: Meter, left: Value, right: Value) -> bool:
    """Compare in OPA's order: ``<``."""
    if type(left) is int and type(right) is int:
        return left < right
    _weigh(meter, left)
    return compare(left, right) < 0


def at_most(meter: Meter, left: Value, right: Value) -> bool:
    """Compare in OPA's order: ``<=``."""
    if type(left) is int and type(right) is int:
        return left <= right
    _weigh(meter, left)
    return compare(left, right) <= 0


def contains(meter: Meter, value: object, member: Value) -> bool:
    """Say whether a collection has the member (``member in value``)."""
    kind = type(value)
    if kind is RegoSet:
        return keyed(meter, member) in value.items  # type: ignore[attr-defined]
    if kind is str or not is_collection(value):
        return False
    meter.charge(len(value))  # type: ignore[arg-type]
    if kind is list and type(member) is str:
        return member in value  # type: ignore[operator]
    return any(equal(member, found) for found in _members(value, False))
