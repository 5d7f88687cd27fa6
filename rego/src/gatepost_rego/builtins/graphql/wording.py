"""How messages write values and types, and which names they suggest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from gatepost_rego.golang.quoting import quote

__all__ = ["did_you_mean", "or_list", "quote", "quoted", "similar", "type_text", "value_text"]

_MOST_NAMES: Final = 5
_LONGEST: Final = 200


def type_text(kind: dict[str, object]) -> str:
    """Write a type as GraphQL does."""
    inner = kind.get("Elem")
    text = f"[{type_text(inner)}]" if isinstance(inner, dict) else str(kind["NamedType"])
    return text + "!" if kind["NonNull"] else text


def value_text(charge: Callable[[int], object], value: dict[str, object]) -> str:
    """Write a value as GraphQL does."""
    raw, kind = str(value["Raw"]), value["Kind"]
    charge(1 + len(raw) // 16)
    children = value.get("Children")
    items: list[dict[str, object]] = children if isinstance(children, list) else []
    if kind == 0:
        return f"${raw}"
    if kind in (3, 4):
        return quote(raw)
    if kind == 8:
        return "[" + ",".join([_child_text(charge, item) for item in items]) + "]"
    if kind == 9:
        parts = [f"{item['Name']}:{_child_text(charge, item)}" for item in items]
        return "{" + ",".join(parts) + "}"
    return raw


def _child_text(charge: Callable[[int], object], child: dict[str, object]) -> str:
    inner = child.get("Value")
    return value_text(charge, inner) if isinstance(inner, dict) else ""


def or_list(names: Sequence[str]) -> str:
    """Join the first five names as alternatives."""
    few = list(names[:_MOST_NAMES])
    if len(few) <= 2:
        return " or ".join(few)
    return ", ".join(few[:-1]) + ", or " + few[-1]


def quoted(names: Iterable[str]) -> list[str]:
    """Put names between quotes."""
    return [f'"{name}"' for name in names]


def did_you_mean(
    charge: Callable[[int], object],
    typed: str,
    names: Iterable[str],
    before: str = "Did you mean",
    bare: bool = False,
) -> str:
    """Write a suggestion of similar names, with the space before it; "" where there is none."""
    found = similar(charge, typed, names)
    if not found:
        return ""
    return f" {before} {or_list(found if bare else quoted(found))}?"


def similar(charge: Callable[[int], object], typed: str, names: Iterable[str]) -> list[str]:
    """List the names that take few edits to become what was typed, the nearest first."""
    most = int(len(typed.encode()) * 0.4) + 1
    found: list[tuple[int, str]] = []
    for name in names:
        charge(1)
        if len(name) > _LONGEST or abs(len(name) - len(typed)) > most:
            continue
        charge(2 + len(name) * len(typed) // 3)
        distance = _edits(typed, name)
        if distance <= most:
            found.append((distance, name))
    return [name for _, name in sorted(found, key=lambda pair: pair[0])]


def _edits(one: str, other: str) -> int:
    """Count the edits between two names; any change of case alone is one."""
    if one == other:
        return 0
    one, other = one.lower(), other.lower()
    if one == other:
        return 1
    row = list(range(len(other) + 1))
    for at, char in enumerate(one, 1):
        previous, row[0] = row[0], at
        for place, mate in enumerate(other, 1):
            previous, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, previous + (char != mate)),
            )
    return row[-1]
