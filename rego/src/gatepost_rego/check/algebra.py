"""What static types have in common: union, agreement, and what lies under a key.

"Policy Language", section "Strict type checking" and the type errors OPA reports. ``None`` as a
type means that nothing is known yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gatepost_rego.types import (
    ANY,
    ANY_ARRAY,
    ANY_OBJECT,
    ANY_SET,
    BOOLEAN,
    NULL,
    NUMBER,
    STRING,
    AnyOf,
    ArrayOf,
    ObjectOf,
    Scalar,
    SetOf,
    Type,
)
from gatepost_rego.values import RegoObject, RegoSet, Value, key_of, object_pairs

_ORDER = (Scalar, ArrayOf, ObjectOf, SetOf, AnyOf)
_BIGGEST = 200
_EMPTY: dict[type, Type] = {list: ANY_ARRAY, dict: ANY_OBJECT, RegoSet: ANY_SET}
_SCALARS = ("null", "boolean", "number", "string")


def _place(kind: Type) -> tuple[int, int, str]:
    number = _SCALARS.index(kind.name) if isinstance(kind, Scalar) else 0
    return (_ORDER.index(type(kind)), number, str(kind))


def union(left: Type | None, right: Type | None) -> Type | None:
    """Give the type of what may be of either; nothing known on one side leaves the other."""
    if left is None or right is None:
        return right if left is None else left
    if left == right:
        return left
    if ANY in (left, right):
        return ANY
    members: list[Type] = []
    for kind in (left, right):
        for part in kind.of if isinstance(kind, AnyOf) else (kind,):
            if part not in members:
                members.append(part)
    members.sort(key=_place)
    return members[0] if len(members) == 1 else AnyOf(tuple(members))


def union_of(kinds: Iterable[Type | None]) -> Type | None:
    """Give the union of many types; unknown as soon as one is."""
    found: Type | None = None
    for kind in kinds:
        if kind is None:
            return None
        found = union(found, kind)
    return found


def type_of_value(value: Value) -> Type:
    """Give the type of a constant."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, str):
        return STRING
    if isinstance(value, (list, dict, RegoSet)) and not value:
        return _EMPTY[type(value)]
    if isinstance(value, list):
        return ArrayOf(tuple(map(type_of_value, value)))
    if isinstance(value, RegoSet):
        return SetOf(union_of(map(type_of_value, value)))
    if isinstance(value, (dict, RegoObject)):
        return ObjectOf(tuple((key_name(k), type_of_value(v)) for k, v in object_pairs(value)))
    return NUMBER


def bounded(kind: Type | None) -> Type | None:
    """Give the type, or that of any array or object where it has grown too big to reason about.

    Types share their parts, so values made of themselves double theirs with every step.
    """
    if not isinstance(kind, (ArrayOf, ObjectOf, SetOf)) or _fits(kind):
        return kind
    if isinstance(kind, ArrayOf):
        return ANY_ARRAY
    return ANY_OBJECT if isinstance(kind, ObjectOf) else ANY_SET


def _fits(kind: Type) -> bool:
    left, queue = _BIGGEST, [kind]
    while queue and left:
        left -= 1
        part = queue.pop()
        if isinstance(part, ArrayOf):
            queue.extend(one for one in (*part.static, part.dynamic) if one is not None)
        elif isinstance(part, ObjectOf):
            queue.extend(one for _, one in part.static if one is not None)
            queue.extend(part.dynamic or ())
        elif isinstance(part, SetOf) and part.of is not None:
            queue.append(part.of)
        elif isinstance(part, AnyOf):
            queue.extend(part.of)
        if len(queue) > _BIGGEST:
            return False
    return not queue


def key_name(key: Value) -> Any:
    """Give a constant key in the form object types hold it."""
    return key if isinstance(key, str) else key_of(key)


def unknown(kind: Type | None) -> bool:
    """Say whether a type, or any part of it, is not known."""
    if kind is None:
        return True
    if isinstance(kind, ArrayOf):
        return any(map(unknown, kind.static))
    if isinstance(kind, ObjectOf):
        return any(unknown(part) for _, part in kind.static)
    return False


def agree(left: Type | None, right: Type | None) -> bool:
    """Say whether some value may be of both types."""
    if left is None or right is None:
        return False
    if isinstance(left, AnyOf):
        return not left.of or any(agree(part, right) for part in left.of)
    if isinstance(right, AnyOf):
        return not right.of or any(agree(left, part) for part in right.of)
    if isinstance(left, Scalar) or isinstance(right, Scalar):
        return left == right
    if isinstance(left, ArrayOf) and isinstance(right, ArrayOf):
        return _arrays_agree(left, right)
    if isinstance(left, ObjectOf) and isinstance(right, ObjectOf):
        return _objects_agree(left, right)
    if isinstance(left, SetOf) and isinstance(right, SetOf):
        return left.of is None or right.of is None or agree(left.of, right.of)
    return False


def _arrays_agree(left: ArrayOf, right: ArrayOf) -> bool:
    if not (_array_fits(left, right) and _array_fits(right, left)):
        return False
    return left.dynamic is None or right.dynamic is None or agree(left.dynamic, right.dynamic)


def _array_fits(left: ArrayOf, right: ArrayOf) -> bool:
    if len(left.static) > len(right.static) and right.dynamic is None:
        return False
    for at, kind in enumerate(left.static):
        other = right.static[at] if at < len(right.static) else right.dynamic
        if not agree(kind, other):
            return False
    return True


def _objects_agree(left: ObjectOf, right: ObjectOf) -> bool:
    if not (_object_fits(left, right) and _object_fits(right, left)):
        return False
    if left.dynamic is None or right.dynamic is None:
        return True
    return agree(left.dynamic[1], right.dynamic[1])


def _object_fits(left: ObjectOf, right: ObjectOf) -> bool:
    known = dict(right.static)
    for key, kind in left.static:
        other = known.get(key)
        if other is None:
            other = right.dynamic[1] if right.dynamic is not None else None
        if not agree(kind, other):
            return False
    return True


def _key_type(key: Any) -> Type:
    if isinstance(key, str):
        return STRING
    return NUMBER if isinstance(key, (int, float)) else ANY


def keys_of(kind: Type) -> Type | None:
    """Give the type of keys of what has members; None for scalars."""
    if isinstance(kind, ArrayOf):
        return NUMBER
    if isinstance(kind, SetOf):
        return ANY if kind.of is None else kind.of
    if isinstance(kind, ObjectOf):
        found = union_of(_key_type(key) for key, _ in kind.static)
        return union(found, kind.dynamic[0] if kind.dynamic else None) or ANY
    if isinstance(kind, AnyOf):
        return ANY if not kind.of else _union_known(map(keys_of, kind.of))
    return None


def values_of(kind: Type) -> Type | None:
    """Give the type of members; None for scalars."""
    if isinstance(kind, ArrayOf):
        return union(union_of(kind.static) if kind.static else None, kind.dynamic) or ANY
    if isinstance(kind, SetOf):
        return ANY if kind.of is None else kind.of
    if isinstance(kind, ObjectOf):
        found = union_of(part for _, part in kind.static) if kind.static else None
        return union(found, kind.dynamic[1] if kind.dynamic else None) or ANY
    if isinstance(kind, AnyOf):
        return ANY if not kind.of else _union_known(map(values_of, kind.of))
    return None


def _union_known(kinds: Iterable[Type | None]) -> Type | None:
    found: Type | None = None
    for kind in kinds:
        found = union(found, kind)
    return found


def select(kind: Type, key: Value) -> Type | None:
    """Give the type under a constant key; None where there can be nothing."""
    if isinstance(kind, ArrayOf):
        return _select_item(kind, key)
    if isinstance(kind, SetOf):
        return kind.of if kind.of is None or agree(kind.of, type_of_value(key)) else None
    if isinstance(kind, ObjectOf):
        found = dict(kind.static).get(key_name(key))
        if (
            found is None
            and kind.dynamic is not None
            and agree(kind.dynamic[0], type_of_value(key))
        ):
            return kind.dynamic[1]
        return found
    if isinstance(kind, AnyOf):
        return ANY if not kind.of else _union_known(select(part, key) for part in kind.of)
    return None


def _select_item(kind: ArrayOf, key: Value) -> Type | None:
    if isinstance(key, bool) or not isinstance(key, int):
        return None
    if 0 <= key < len(kind.static):
        return kind.static[key]
    return kind.dynamic if key >= 0 else None
