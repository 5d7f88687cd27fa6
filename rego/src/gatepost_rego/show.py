"""Values as text: in Rego's own notation, and as JSON the way OPA writes it."""

from __future__ import annotations

from decimal import Decimal
from operator import itemgetter
from typing import Final

from gatepost_rego.golang.quoting import SLICE, Tick, quote, sanitise
from gatepost_rego.numbers import number_text
from gatepost_rego.values import (
    ObjectValue,
    RegoObject,
    RegoSet,
    Value,
    ValueTypeError,
    ordered_pairs,
)

__all__ = ["json_key", "json_string", "json_text", "show"]

_LITERALS: Final = {None: "null", True: "true", False: "false"}
_ESCAPES: Final = {
    **{code: f"\\u{code:04x}" for code in (*range(32), *map(ord, "<>&\u2028\u2029"))},
    **{ord(char): f"\\{name}" for char, name in zip('"\\\b\f\n\r\t', '"\\bfnrt', strict=True)},
}


def show(value: Value, tick: Tick | None = None) -> str:
    """Write a value in Rego's notation, as OPA prints it in messages and for `%v`.

    `tick` is told of the work before each part of a long string.
    """
    if isinstance(value, str):
        return quote(value, tick=tick)
    if value is None or isinstance(value, bool):
        return _LITERALS[value]
    if isinstance(value, (int, float, Decimal)):
        return number_text(value)
    if isinstance(value, list):
        return f"[{', '.join([show(item, tick) for item in value])}]"
    if isinstance(value, RegoSet):
        members = [show(item, tick) for item in value.ordered()]
        return f"{{{', '.join(members)}}}" if members else "set()"
    if isinstance(value, (dict, RegoObject)):
        pairs = [f"{show(key, tick)}: {show(item, tick)}" for key, item in ordered_pairs(value)]
        return f"{{{', '.join(pairs)}}}"
    raise ValueTypeError(f"a {type(value).__name__} is not a Rego value")


def json_string(text: str, tick: Tick | None = None) -> str:
    """Write a string as Go's JSON encoder does, which also hides `<`, `>` and `&`."""
    if len(text) <= SLICE or tick is None:
        return f'"{sanitise(text).translate(_ESCAPES)}"'
    done: list[str] = []
    for start in range(0, len(text), SLICE):
        tick(SLICE // 16)
        done.append(sanitise(text[start : start + SLICE]).translate(_ESCAPES))
    return f'"{"".join(done)}"'


def json_text(
    value: Value,
    indent: str | None = None,
    prefix: str = "",
    margin: str = "",
    tick: Tick | None = None,
) -> str:
    """Write a value as JSON: sets as lists, keys that are no strings as their JSON.

    With `indent`, one member a line, each line after the first begun with `prefix`. `tick` is
    told of the work before each member and each part of a long string.
    """
    if isinstance(value, str):
        return json_string(value, tick)
    if tick is not None:
        tick(1)
    if value is None or isinstance(value, bool):
        return _LITERALS[value]
    if isinstance(value, (int, float, Decimal)):
        return number_text(value)
    if isinstance(value, (list, RegoSet)):
        items = value if isinstance(value, list) else value.ordered()
        inner = None if indent is None else margin + indent
        parts = [json_text(item, indent, prefix, inner or "", tick) for item in items]
        return _join("[]", parts, indent, prefix, margin)
    if isinstance(value, (dict, RegoObject)):
        inner = None if indent is None else margin + indent
        colon = ":" if indent is None else ": "
        parts = [
            f"{json_string(key, tick)}{colon}{json_text(item, indent, prefix, inner or '', tick)}"
            for key, item in _named(value)
        ]
        return _join("{}", parts, indent, prefix, margin)
    raise ValueTypeError(f"a {type(value).__name__} is not a Rego value")


def _named(value: ObjectValue) -> list[tuple[str, Value]]:
    if isinstance(value, dict):
        if not all([isinstance(key, str) for key in value]):
            raise ValueTypeError("an object's key is no string")
        return [(key, value[key]) for key in sorted(value)]
    named = [(json_key(key), item) for key, item in ordered_pairs(value)]
    named.sort(key=itemgetter(0))
    return named


def _join(signs: str, parts: list[str], indent: str | None, prefix: str, margin: str) -> str:
    if not parts:
        return signs
    if indent is None:
        return signs[0] + ",".join(parts) + signs[1]
    line = f"\n{prefix}{margin}"
    return f"{signs[0]}{line}{indent}{f',{line}{indent}'.join(parts)}{line}{signs[1]}"


def json_key(key: Value) -> str:
    """Write an object's key as the string it becomes in JSON."""
    if isinstance(key, str):
        return key
    return json_text(key)
