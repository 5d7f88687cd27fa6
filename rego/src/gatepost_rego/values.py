"""Rego values in Python: what they are made of, when they are equal, how they are ordered.

A value is ``None``, ``bool``, a number, ``str``, ``list`` (array), ``dict`` (object whose keys
are all strings), :class:`RegoObject` (object with at least one key that is not a string) or
:class:`RegoSet`. JSON that comes in is therefore used as it is, without a copy.

Numbers are ``int``, ``float`` or, where neither says the number as OPA would print it,
``decimal.Decimal``. Python holds ``True == 1`` and Rego does not, so equality goes through
:func:`equal` and membership through :func:`key_of`.

Values are immutable by convention: nothing in this package changes a list, dict, set or object
once another function can see it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from decimal import Decimal
from functools import cmp_to_key
from typing import Any, Final, TypeAlias, Union

Number: TypeAlias = Union[int, float, Decimal]
Value: TypeAlias = Union[
    None, bool, int, float, Decimal, str, "list[Value]", "dict[str, Value]", "RegoObject", "RegoSet"
]
Key: TypeAlias = Hashable


class Undefined:
    """The one value that is no value: a reference or expression without a result."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNDEFINED"

    def __bool__(self) -> bool:
        return False


UNDEFINED: Final = Undefined()


class ValueTypeError(TypeError):
    """A Python object that is no Rego value was met, for example a tuple inside the input."""


class _Mark:
    """A stand-in that is equal only to itself, for True and False as keys."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


_TRUE: Final = _Mark("true")
_FALSE: Final = _Mark("false")
_ARRAY: Final = _Mark("array")
_OBJECT: Final = _Mark("object")
_SET: Final = _Mark("set")
_PLAIN: Final = frozenset({str, int, float, Decimal, type(None)})


def key_of(value: Value) -> Key:
    """Give the hashable form of a value: two values are equal exactly when their keys are."""
    kind = type(value)
    if kind in _PLAIN:
        return value  # type: ignore[return-value]
    if value is True:
        return _TRUE
    if value is False:
        return _FALSE
    if isinstance(value, list):
        return (_ARRAY, *map(key_of, value))
    if isinstance(value, RegoSet):
        return (_SET, frozenset(value.items))
    if isinstance(value, dict):
        return (_OBJECT, frozenset((k, key_of(v)) for k, v in value.items()))
    if isinstance(value, RegoObject):
        return (_OBJECT, frozenset((k, key_of(v)) for k, (_, v) in value.items.items()))
    return _key_of_stranger(value)


def _key_of_stranger(value: object) -> Key:
    """Treat subclasses of the scalar types as their base; refuse everything else."""
    if isinstance(value, (str, int, float, Decimal)):
        return value
    raise ValueTypeError(f"a {type(value).__name__} is not a Rego value")


class RegoSet:
    """A set of values; iterates in insertion order, :meth:`ordered` gives OPA's order."""

    __slots__ = ("items",)

    def __init__(self, values: Iterable[Value] = ()) -> None:
        items: dict[Key, Value] = {}
        for value in values:
            # Of equal members, such as 1 and 1.0, the first one stays.
            items.setdefault(key_of(value), value)
        self.items = items

    @classmethod
    def of_items(cls, items: dict[Key, Value]) -> RegoSet:
        """Take over a mapping from :func:`key_of` to value without a copy."""
        made = cls.__new__(cls)
        made.items = items
        return made

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Value]:
        return iter(self.items.values())

    def __contains__(self, value: object) -> bool:
        return key_of(value) in self.items  # type: ignore[arg-type]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RegoSet) and self.items.keys() == other.items.keys()

    def __hash__(self) -> int:
        return hash(frozenset(self.items))

    def __repr__(self) -> str:
        return f"RegoSet({list(self.items.values())!r})"

    def ordered(self) -> list[Value]:
        """List the members in OPA's total order of values."""
        return ordered(self.items.values())

    def union(self, other: RegoSet) -> RegoSet:
        """Make the set of members of either."""
        return RegoSet.of_items({**other.items, **self.items})

    def intersection(self, other: RegoSet) -> RegoSet:
        """Make the set of members of both."""
        few, many = (self, other) if len(self) <= len(other) else (other, self)
        return RegoSet.of_items({k: v for k, v in few.items.items() if k in many.items})

    def difference(self, other: RegoSet) -> RegoSet:
        """Make the set of members of this one that the other lacks."""
        return RegoSet.of_items({k: v for k, v in self.items.items() if k not in other.items})


class RegoObject:
    """An object with at least one key that is not a string; made by :func:`make_object`."""

    __slots__ = ("items",)

    def __init__(self, items: dict[Key, tuple[Value, Value]]) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RegoObject) and key_of(self) == key_of(other)

    def __hash__(self) -> int:
        return hash(key_of(self))

    def __repr__(self) -> str:
        return f"RegoObject({list(self.items.values())!r})"


ObjectValue: TypeAlias = Union["dict[str, Value]", RegoObject]


def make_object(pairs: Iterable[tuple[Value, Value]]) -> ObjectValue:
    """Build an object; of two pairs with equal keys the later stays."""
    items = {key_of(k): (k, v) for k, v in pairs}
    if all(type(k) is str for k in items):
        return {k: v for k, v in items.values()}  # type: ignore[misc]
    return RegoObject(items)


def is_object(value: object) -> bool:
    """Say whether the value is an object of either form."""
    return isinstance(value, (dict, RegoObject))


def object_pairs(value: ObjectValue) -> Iterable[tuple[Value, Value]]:
    """Give the pairs of an object in no promised order."""
    return value.items() if isinstance(value, dict) else value.items.values()


def ordered_pairs(value: ObjectValue) -> list[tuple[Value, Value]]:
    """Give the pairs of an object in OPA's order of keys."""
    if isinstance(value, dict):
        return [(k, value[k]) for k in sorted(value)]
    return sorted(value.items.values(), key=_order_of_first)


def object_get(value: ObjectValue, key: Value) -> Value | Undefined:
    """Look a key up; UNDEFINED where it is missing."""
    if isinstance(value, dict):
        return value.get(key, UNDEFINED) if isinstance(key, str) else UNDEFINED
    pair = value.items.get(key_of(key))
    return UNDEFINED if pair is None else pair[1]


_SCALARS: Final = frozenset({str, int, float, Decimal, bool, type(None)})


def equal(left: object, right: object) -> bool:
    """Rego equality: Python's, but numbers and booleans are never equal, at any depth."""
    if left is right:
        return True
    if left != right:
        return False
    kind, other = type(left), type(right)
    if kind in _SCALARS:
        return (kind is bool) is (other is bool)
    return _same_shape(left, right)


def _same_shape(left: object, right: object) -> bool:
    """Compare again two composites that Python holds equal, now telling 1 from true."""
    if isinstance(left, list) and isinstance(right, list):
        return all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return all(equal(v, right[k]) for k, v in left.items())
    return True  # sets and RegoObjects already compare by key_of


_RANKS: Final[dict[type, int]] = {
    type(None): 0, bool: 1, int: 2, float: 2, Decimal: 2, str: 3,
    list: 4, dict: 5, RegoObject: 5, RegoSet: 6,
}  # fmt: skip


def rank(value: object) -> int:
    """Place of the value's type in OPA's order, from null up to set."""
    found = _RANKS.get(type(value))
    if found is not None:
        return found
    for kind, place in _RANKS.items():
        if isinstance(value, kind) and kind is not type(None):
            return place
    raise ValueTypeError(f"a {type(value).__name__} is not a Rego value")


TYPE_NAMES: Final = ("null", "boolean", "number", "string", "array", "object", "set")


def type_name(value: object) -> str:
    """Name the value's type as ``type_name`` does."""
    return TYPE_NAMES[rank(value)]


def compare(left: Value, right: Value) -> int:
    """Order two values as OPA does: negative, zero or positive."""
    if left is right:
        return 0
    place = rank(left)
    difference = place - rank(right)
    if difference:
        return difference
    if place <= 3:
        return (left > right) - (left < right) if place else 0  # type: ignore[operator]
    if place == 4:
        return _compare_lists(left, right)  # type: ignore[arg-type]
    if place == 6:
        return _compare_lists(left.ordered(), right.ordered())  # type: ignore[union-attr]
    return _compare_objects(left, right)  # type: ignore[arg-type]


def _compare_lists(left: list[Value], right: list[Value]) -> int:
    for one, other in zip(left, right, strict=False):
        found = compare(one, other)
        if found:
            return found
    return len(left) - len(right)


def _compare_objects(left: ObjectValue, right: ObjectValue) -> int:
    pairs = ordered_pairs(left)
    others = ordered_pairs(right)
    for (key, value), (other_key, other_value) in zip(pairs, others, strict=False):
        found = compare(key, other_key) or compare(value, other_value)
        if found:
            return found
    return len(pairs) - len(others)


_order: Final = cmp_to_key(compare)


def _order_of_first(pair: tuple[Value, Value]) -> Any:
    return _order(pair[0])


def ordered(values: Iterable[Value]) -> list[Value]:
    """Sort values in OPA's order (stable)."""
    found = list(values)
    kinds = {type(v) for v in found}
    if len(kinds) <= 1 and (not kinds or kinds <= {str, int, float, bool, Decimal, type(None)}):
        if kinds != {type(None)}:
            found.sort()
        return found
    found.sort(key=_order)
    return found
