"""Globs (OPA policy reference, section Glob), turned into patterns for RE2."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import re2

from gatepost_rego.builtins.operands import array, refuse_item, string
from gatepost_rego.builtins.patterns import compiled
from gatepost_rego.builtins.registry import (
    TYPE_ERROR,
    BuiltinError,
    BuiltinHalt,
    Context,
    operand_error,
)
from gatepost_rego.builtins.signature import declare
from gatepost_rego.golang.quoting import sanitise
from gatepost_rego.values import Value, type_name

__all__ = ["BUILTINS"]

_SPECIAL: Final = frozenset("*?\\[]{}")
_LONGEST: Final = 10_000


class _Translator:
    """Reads a glob once and writes the pattern for it.

    `*` is any text without a delimiter, `**` any text, `?` one character that is no delimiter,
    `[ab]`, `[a-z]`, `[!ab]` one character of a set, `{a,b}` one of several globs.
    """

    def __init__(self, glob: str, delimiters: tuple[str, ...]) -> None:
        self.glob = glob
        self.place = 0
        self.depth = 0
        marks = "".join(map(re2.escape, delimiters))
        self.single = f"[^{marks}]" if marks else "."

    def pattern(self) -> str:
        done: list[str] = []
        while self.place < len(self.glob):
            done.append(self._item(self._take()))
        # A group left open ends with the glob.
        return "(?s)\\A" + "".join(done) + ")" * self.depth + "\\z"

    def _take(self) -> str:
        char = self.glob[self.place]
        self.place += 1
        return char

    def _peek(self) -> str:
        return self.glob[self.place : self.place + 1]

    def _item(self, char: str) -> str:
        if char == "*":
            return self._stars()
        if char == "?":
            return self.single
        if char == "[":
            return self._range()
        if char == "{":
            self.depth += 1
            return "(?:"
        if self.depth and char == ",":
            return "|"
        if self.depth and char == "}":
            self.depth -= 1
            return ")"
        if char == "\\":
            return str(re2.escape(self._take())) if self._peek() else ""
        return str(re2.escape(char))

    def _stars(self) -> str:
        if self._peek() == "*":
            self.place += 1
            return ".*"
        return f"{self.single}*"

    def _range(self) -> str:
        negated = self._peek() == "!"
        self.place += negated
        sign = "^" if negated else ""
        if self.glob[self.place + 1 : self.place + 2] == "-":
            low = self._take()
            self.place += 1
            high = self._next()
            if self._next() != "]":
                raise BuiltinError("expected close range character")
            if high < low:
                raise BuiltinError(f"hi character '{high}' should be greater than lo '{low}'")
            return f"[{sign}{re2.escape(low)}-{re2.escape(high)}]"
        return f"[{sign}{''.join(map(re2.escape, self._list()))}]"

    def _next(self) -> str:
        if not self._peek():
            raise BuiltinError("unexpected end of input")
        return self._take()

    def _list(self) -> list[str]:
        found: list[str] = []
        while (char := self._next()) != "]":
            found.append(self._next() if char == "\\" else char)
        if not found:
            raise BuiltinError("could not parse range")
        return found


@lru_cache(maxsize=512)
def _pattern(glob: str, delimiters: tuple[str, ...]) -> str:
    return _Translator(glob, delimiters).pattern()


def _delimiters(value: Value) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise operand_error(2, value, "array", "null")
    found: list[str] = []
    for item in array(value, 2):
        if not isinstance(item, str):
            refuse_item(2, value, item, "string")
        if len(item) != 1:
            raise BuiltinError(
                f"operand 2 must be array of runes but got array containing {type_name(item)}",
                TYPE_ERROR,
            )
        found.append(sanitise(item))
    return tuple(found) or (".",)


def match(ctx: Context, pattern: Value, delimiters: Value, value: Value) -> bool:
    """Match a whole text against a glob."""
    glob, marks, text = string(pattern, 1), _delimiters(delimiters), string(value, 3)
    if len(glob) > _LONGEST:
        raise BuiltinHalt("pattern too long")
    expression = compiled(_pattern(sanitise(glob), marks))
    ctx.charge(1 + len(text) // 16)
    return expression.search(sanitise(text)) is not None


def quote_meta(ctx: Context, pattern: Value) -> str:
    """Take the meaning of special characters away."""
    text = string(pattern, 1)
    ctx.charge(1 + len(text) // 16)
    ctx.reserve(len(text) // 4)
    return "".join([f"\\{char}" if char in _SPECIAL else char for char in text])


BUILTINS: Final = (
    declare("glob.match", match, context=True),
    declare("glob.quote_meta", quote_meta, context=True),
)
