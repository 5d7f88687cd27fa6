"""The functions every Go template may call."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote_plus

from .floats import format_float
from .quoting import utf8
from .template_parsing import TemplateError
from .verbs import Argument, Tagged, sprintf

__all__ = ["FUNCTIONS", "printed", "truth"]

_Claim = Callable[[int], None]
_Function = Callable[[_Claim, list[object]], object]


def printed(value: object) -> str:
    """Print a value as Go's `%v`."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Tagged):
        return value.text
    if isinstance(value, float):
        return format_float(value, "g", -1)
    if isinstance(value, list):
        return f"[{' '.join(map(printed, value))}]"
    if isinstance(value, dict):
        return f"map[{' '.join([f'{key}:{printed(value[key])}' for key in sorted(value)])}]"
    return str(value)


def truth(value: object) -> bool:
    """Say whether a value is not the zero of its type; a number kept as text never is."""
    return bool(value.text) if isinstance(value, Tagged) else bool(value)


def _text(value: object) -> str:
    return value.text if isinstance(value, Tagged) else str(value)


def _needs(args: list[object], least: int, name: str) -> None:
    if len(args) < least:
        raise TemplateError(f"template: wrong number of args for {name}")


def _length(claim: _Claim, args: list[object]) -> object:
    _needs(args, 1, "len")
    value = args[0]
    if isinstance(value, (str, Tagged)):
        return len(utf8(_text(value)))
    if isinstance(value, (list, dict)):
        return len(value)
    raise TemplateError("template: error calling len")


def _index(claim: _Claim, args: list[object]) -> object:
    _needs(args, 1, "index")
    value = args[0]
    for key in args[1:]:
        if isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
            value = value[key]
        elif isinstance(value, dict) and isinstance(key, (str, Tagged)):
            value = value.get(_text(key))
        else:
            raise TemplateError("template: error calling index")
    return value


def _slice(claim: _Claim, args: list[object]) -> object:
    _needs(args, 1, "slice")
    value = args[0]
    bounds = [key for key in args[1:] if isinstance(key, int) and key >= 0]
    if not isinstance(value, (str, list)) or len(bounds) != len(args) - 1 or len(bounds) > 2:
        raise TemplateError("template: error calling slice")
    start, stop = (bounds + [len(value)] * 2)[:2] if bounds else (0, len(value))
    if not start <= stop <= len(value):
        raise TemplateError("template: error calling slice: index out of range")
    return value[start:stop]


def _print(claim: _Claim, args: list[object]) -> object:
    """Join values as `fmt.Sprint`: a space only between two that are no strings."""
    done: list[str] = []
    for place, value in enumerate(args):
        before = args[place - 1] if place else None
        if place and not isinstance(before, (str, Tagged)) and not isinstance(value, (str, Tagged)):
            done.append(" ")
        done.append(printed(value))
        claim(len(done[-1]))
    return "".join(done)


def _println(claim: _Claim, args: list[object]) -> object:
    text = " ".join(map(printed, args)) + "\n"
    claim(len(text))
    return text


def _printf(claim: _Claim, args: list[object]) -> object:
    _needs(args, 1, "printf")
    return sprintf(_text(args[0]), [_argument(value) for value in args[1:]], claim)


def _argument(value: object) -> Argument:
    if isinstance(value, (bool, list, dict, type(None))):
        kind = {bool: "bool", list: "[]interface {}", dict: "map[string]interface {}"}
        return Tagged(printed(value), kind.get(type(value), "<nil>"))
    if isinstance(value, (int, float, str, Tagged)):
        return value
    raise TemplateError("template: error calling printf")


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (str, Tagged)):
        return "string"
    return type(value).__name__


def _same(left: object, right: object) -> bool:
    if left is None or right is None:
        return left is right
    if isinstance(left, (list, dict)) or isinstance(right, (list, dict)):
        raise TemplateError("template: non-comparable type")
    if _kind(left) != _kind(right):
        raise TemplateError("template: incompatible types for comparison")
    return _comparable(left) == _comparable(right)


def _comparable(value: object) -> object:
    return value.text if isinstance(value, Tagged) else value


def _equal(claim: _Claim, args: list[object]) -> object:
    _needs(args, 2, "eq")
    return any(_same(args[0], other) for other in args[1:])


def _unequal(claim: _Claim, args: list[object]) -> object:
    _needs(args, 2, "ne")
    return not _same(args[0], args[1])


def _less(args: list[object]) -> bool:
    _needs(args, 2, "lt")
    left, right = _comparable(args[0]), _comparable(args[1])
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    if _kind(left) != _kind(right) or not isinstance(left, (int, float)):
        raise TemplateError("template: incompatible types for comparison")
    return left < right  # type: ignore[operator]


def _html(claim: _Claim, args: list[object]) -> object:
    text = str(_print(claim, args))
    signs = {"&": "&amp;", "'": "&#39;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "\0": "\ufffd"}
    return "".join([signs.get(char, char) for char in text])


def _query(claim: _Claim, args: list[object]) -> object:
    return quote_plus(utf8(str(_print(claim, args))))


def _negation(claim: _Claim, args: list[object]) -> object:
    _needs(args, 1, "not")
    return not truth(args[0])


FUNCTIONS: dict[str, _Function] = {
    "len": _length,
    "index": _index,
    "slice": _slice,
    "print": _print,
    "println": _println,
    "printf": _printf,
    "html": _html,
    "urlquery": _query,
    "not": _negation,
    "eq": _equal,
    "ne": _unequal,
    "lt": lambda claim, args: _less(args),
    "le": lambda claim, args: _less(args) or _same(args[0], args[1]),
    "gt": lambda claim, args: not _less(args) and not _same(args[0], args[1]),
    "ge": lambda claim, args: not _less(args),
}
