"""Reads a built-in's signature from the table into types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final

from gatepost_rego.builtins.registry import Builtin
from gatepost_rego.builtins.signatures import TABLE
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
    Named,
    ObjectOf,
    SetOf,
    Type,
)

__all__ = ["declare", "signature_of"]

_PATH: Final = AnyOf((STRING, ANY_ARRAY))
_NAMES: Final[dict[str, Type]] = {
    "any": ANY,
    "array": ANY_ARRAY,
    "boolean": BOOLEAN,
    "null": NULL,
    "number": NUMBER,
    "object": ANY_OBJECT,
    "path": _PATH,
    "paths": AnyOf((ArrayOf(dynamic=_PATH), SetOf(_PATH))),
    "set": ANY_SET,
    "string": STRING,
}


def _lines() -> Iterator[tuple[str, str]]:
    for line in TABLE.replace("\n    ", " ").splitlines():
        name, _, rest = line.partition("(")
        yield name, rest


_SIGNATURES: Final = dict(_lines())


def signature_of(name: str) -> tuple[tuple[Named, ...], Named | None]:
    """Return the arguments and the result of a built-in by name."""
    args, _, result = _SIGNATURES[name].rpartition(") -> ")
    found = tuple(_named(part) for part in _parts(args))
    return found, None if result == "void" else _named(result)


def declare(name: str, call: Callable[..., Any], **flags: Any) -> Builtin:
    """Make the built-in of that name, with the signature of the table."""
    args, result = signature_of(name)
    return Builtin(name=name, args=args, result=result, call=call, **flags)


def _named(text: str) -> Named:
    name, colon, rest = text.partition(": ")
    if colon and name.isidentifier():
        return Named(name, _type(rest))
    return Named("", _type(text))


def _parts(text: str, separator: str = ", ") -> list[str]:
    """Split where no bracket is open."""
    parts: list[str] = []
    depth = start = 0
    for place, char in enumerate(text):
        if char in "[<":
            depth += 1
        elif char in "]>":
            depth -= 1
        elif depth == 0 and text.startswith(separator, place):
            parts.append(text[start:place])
            start = place + len(separator)
    if start < len(text):
        parts.append(text[start:])
    return parts


@lru_cache(maxsize=512)
def _type(text: str) -> Type:
    plain = _NAMES.get(text)
    if plain is not None:
        return plain
    name, static, dynamic = _split(text)
    if name == "any":
        return AnyOf(tuple(map(_type, static)))
    if name == "set":
        return SetOf(_type(dynamic))
    if name == "array":
        return ArrayOf(tuple(map(_type, static)), _type(dynamic) if dynamic else None)
    fields = [part.split(": ", 1) for part in static]
    key, _, value = dynamic.partition(": ")
    return ObjectOf(
        tuple((field, _type(kind)) for field, kind in fields),
        (_type(key), _type(value)) if dynamic else None,
    )


def _split(text: str) -> tuple[str, list[str], str]:
    """Cut `name<static, ...>[dynamic]` into its three parts."""
    static: list[str] = []
    dynamic = ""
    opening = min((text.find(sign) for sign in "<[" if sign in text), default=len(text))
    name, rest = text[:opening], text[opening:]
    if rest.startswith("<"):
        end = _closing(rest)
        static, rest = _parts(rest[1:end]), rest[end + 1 :]
    if rest.startswith("["):
        dynamic = rest[1:-1]
    return name, static, dynamic


def _closing(text: str) -> int:
    depth = 0
    for place, char in enumerate(text):
        depth += (char in "[<") - (char in "]>")
        if not depth:
            return place
    raise ValueError(f"unbalanced type {text}")
