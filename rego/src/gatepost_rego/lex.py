"""Text to tokens ("Policy Reference", section "Grammar").

Keywords come out as names: which names are keywords depends on the version and the imports, so
the parser decides. A token knows whether anything stands between it and the one before, because
``a [b]`` is not ``a[b]``.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from gatepost_rego.errors import PARSE, Abort, Location, Source
from gatepost_rego.numbers import number_of
from gatepost_rego.values import Number

NAME: Final = "name"
NUMBER: Final = "number"
STRING: Final = "string"
TEMPLATE: Final = "template"
SIGN: Final = "sign"
END: Final = "end"

MAX_SOURCE: Final = 4 * 1024 * 1024
MAX_NESTING: Final = 100
MAX_DIGITS: Final = 4_000

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r]+)|(?P<newline>\n+)|(?P<comment>\#[^\n]*)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    |(?P<string>"(?:[^"\\\n]|\\[^\n])*")|(?P<raw>`[^`]*`)
    |(?P<template>\$["`])
    |(?P<sign>:=|==|!=|<=|>=|[-+*/%&|=<>.,;:(){}\[\]])""",
    re.VERBOSE,
)


class Token:
    """One token; ``value`` is the string, number or template parts it stands for."""

    __slots__ = ("adjacent", "col", "end_row", "kind", "row", "text", "value")

    def __init__(self, kind: str, text: str, row: int, col: int, adjacent: bool) -> None:
        self.kind = kind
        self.text = text
        self.row = row
        self.col = col
        self.end_row = row
        self.adjacent = adjacent
        self.value: Any = None

    def __repr__(self) -> str:
        return f"{self.kind}({self.text!r})"


class Lexer:
    """Reads one source; ``comments`` holds (row, column, text after the ``#``)."""

    def __init__(self, source: Source) -> None:
        if len(source.text) > MAX_SOURCE:
            at = Location(source, 1, 1)
            raise Abort(at, PARSE, f"source is longer than {MAX_SOURCE} characters")
        self.source = source
        self.text = source.text
        self.comments: list[tuple[int, int, str]] = []
        self.row = 1
        self.line_start = 0

    def fail(self, position: int, message: str) -> Abort:
        """Build the error of a place given by its offset."""
        at = Location(self.source, self.row, position - self.line_start + 1)
        return Abort(at, PARSE, message)

    def tokens(self) -> list[Token]:
        """Read the whole text; the last token is END."""
        return self._read(0, None, 0)[0]

    def _read(self, position: int, closer: str | None, depth: int) -> tuple[list[Token], int]:
        """Read tokens to the end of the text, or to the brace that closes a template part."""
        text, match = self.text, _TOKEN.match
        out: list[Token] = []
        previous_end, open_braces = -1, 0
        size = len(text)
        while position < size:
            found = match(text, position)
            if found is None:
                raise self._illegal(position)
            kind, end = found.lastgroup, found.end()
            if kind in ("space", "newline", "comment"):
                self._skip(str(kind), found.group(), position)
                position = end
                continue
            part = found.group()
            if closer is not None and kind == SIGN:
                open_braces += (part == "{") - (part == "}")
                if open_braces < 0:
                    break
            token = self._token(str(kind), part, position, previous_end == position)
            if kind == TEMPLATE:
                end = self._template(token, end, depth)
            self._advance(text, position, end, str(kind))
            token.end_row = self.row
            out.append(token)
            position = previous_end = end
        if closer is not None and position >= size:
            raise self.fail(position, "non-terminated template string expression")
        out.append(Token(END, "", self.row, position - self.line_start + 1, False))
        return out, position

    def _skip(self, kind: str, part: str, position: int) -> None:
        if kind == "newline":
            self.row += len(part)
            self.line_start = position + len(part)
        elif kind == "comment":
            column = position - self.line_start + 1
            self.comments.append((self.row, column, part[1:].rstrip("\r")))

    def _advance(self, text: str, start: int, end: int, kind: str) -> None:
        if kind == "raw":
            lines = text.count("\n", start, end)
            if lines:
                self.row += lines
                self.line_start = text.rindex("\n", start, end) + 1

    def _token(self, kind: str, part: str, position: int, adjacent: bool) -> Token:
        column = position - self.line_start + 1
        token = Token("string" if kind == "raw" else kind, part, self.row, column, adjacent)
        if kind == "string":
            token.value = self._unescape(part, position)
        elif kind == "raw":
            token.value = part[1:-1]
        elif kind == "number":
            token.value = self._number(part, position)
        return token

    def _unescape(self, part: str, position: int) -> str:
        if "\\" not in part and part.isprintable():
            return part[1:-1]
        try:
            value = json.loads(part)
        except ValueError as error:
            raise self.fail(position, "illegal string escape sequence") from error
        if not value.isascii():
            value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return str(value)

    def _number(self, part: str, position: int) -> Number:
        if part[0] == "0" and part[1:2].isdigit():
            raise self.fail(position, "illegal number format: expected number without leading zero")
        following = self.text[position + len(part) : position + len(part) + 1]
        if following.isalpha() or following == "_":
            raise self.fail(position, f"illegal number format: unexpected {following!r}")
        try:
            return read_number(part)
        except ValueError as error:
            raise self.fail(position, str(error)) from error

    def _template(self, token: Token, position: int, depth: int) -> int:
        """Read ``$"..."``: text up to each ``{``, then the tokens up to its ``}``."""
        if depth >= MAX_NESTING // 4:
            raise self.fail(position, "template strings nest too deep")
        quote = token.text[1]
        parts: list[str | list[Token]] = []
        text, size, start, chars = self.text, len(self.text), position, ""
        while True:
            if position >= size or (quote == '"' and text[position] == "\n"):
                raise self.fail(start, "non-terminated string")
            char = text[position]
            if char == quote:
                break
            if char == "{":
                parts.append(self._text_of(chars, quote, start))
                tokens, position = self._read(position + 1, "}", depth + 1)
                parts.append(tokens)
                chars, start = "", position + 1
            elif (
                char == "\\" and position + 1 < size and (quote == '"' or text[position + 1] == "{")
            ):
                pair = text[position : position + 2]
                chars += pair[1] if pair[1] in "{}" else pair
                position += 1
            else:
                if char == "\n":
                    self.row += 1
                    self.line_start = position + 1
                chars += char
            position += 1
        parts.append(self._text_of(chars, quote, start))
        token.value = parts
        return position + 1

    def _text_of(self, chars: str, quote: str, start: int) -> str:
        return chars if quote == "`" else self._unescape(f'"{chars}"', start)

    def _illegal(self, position: int) -> Abort:
        char = self.text[position]
        if char in '"`':
            return self.fail(position, "non-terminated string")
        return self.fail(position, f"illegal token: {char!r}")


def read_number(text: str) -> Number:
    """Read JSON number syntax without loss.

    Raises ValueError for numbers too long or too large to compute with.
    """
    if len(text) > MAX_DIGITS:
        raise ValueError(f"number is longer than {MAX_DIGITS} digits")
    return number_of(text)
