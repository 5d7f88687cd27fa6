"""Cuts GraphQL source text into tokens (GraphQL specification, October 2021, section 2.1).

Places are counted as gqlparser counts them, which matters where a message names one: a string's
column is that behind its opening quote, a block string's is measured from the line it ends on, and
the line feed behind a carriage return belongs to the next line.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gatepost_rego.builtins.graphql.document import Costs, Fault, Place
from gatepost_rego.builtins.graphql.wording import quote

__all__ = ["Lexer", "Token"]

_NAME: Final = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_COMMENT: Final = re.compile(r"#[^\x00-\x08\x0a-\x1f]*")
_BLANK: Final = re.compile("[\t ,\ufeff]+")
_DIGITS: Final = re.compile(r"[0-9]*")
_PLAIN: Final = re.compile(r'[^"\\\x00-\x08\x0a-\x1f]+')
_BLOCK: Final = re.compile(r'[^"\\\x00-\x08\x0a-\x1f]+')
_COMMENT_NODE: Final = 8
_SIGNS: Final = frozenset("!$&():=@[]{}|")
_ESCAPES: Final = {
    '"': '"', "/": "/", "\\": "\\", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
}  # fmt: skip
_HEX: Final = re.compile(r"[0-9a-fA-F]{4}")


class Token(NamedTuple):
    """A token; its kind is how messages call it. ``fault`` is why one is not valid."""

    kind: str
    value: str
    place: Place
    comments: tuple[str, ...] = ()
    fault: Fault | None = None

    def __str__(self) -> str:
        return f"{self.kind} {quote(self.value)}" if self.value else self.kind


class Lexer:
    """Gives one token after the other, each with the comments right before it."""

    def __init__(self, text: str, costs: Costs) -> None:
        self._text = text
        self._charge = costs.charge
        self._reserve = costs.reserve
        self._at = 0
        self._line = 1
        self._line_start = 0

    def token(self) -> Token:
        """Read the next token."""
        self._charge(1)
        comments: list[str] = []
        self._skip_blanks()
        while found := _COMMENT.match(self._text, self._at):
            comments.append(found.group())
            self._at = found.end()
            self._charge(1 + len(comments[-1]) // 16)
            # Most comments become nodes of the tree, all those of one place at once.
            self._reserve(_COMMENT_NODE)
            self._skip_blanks()
        token = self._read()
        return token._replace(comments=tuple(comments)) if comments else token

    def _skip_blanks(self) -> None:
        text = self._text
        while self._at < len(text):
            self._charge(1)
            if found := _BLANK.match(text, self._at):
                self._at = found.end()
                continue
            if text[self._at] not in "\r\n":
                return
            self._new_line()

    def _new_line(self) -> None:
        """Step over a line's end of one or two characters."""
        self._at += 1
        self._line += 1
        self._line_start = self._at
        if self._text[self._at - 1 : self._at + 1] == "\r\n":
            self._at += 1

    def _read(self) -> Token:
        text, start = self._text, self._at
        if start >= len(text):
            return self._make("<EOF>", "", start)
        char = text[start]
        if char in _SIGNS:
            self._at += 1
            return self._make(char, "", start)
        if text.startswith("...", start):
            self._at += 3
            return self._make("...", "", start)
        if found := _NAME.match(text, start):
            self._at = found.end()
            return self._make("Name", found.group(), start)
        if char in "-0123456789":
            return self._number()
        if char == '"':
            return self._block() if text.startswith('"""', start) else self._string()
        return self._wrong_character(char)

    def _make(self, kind: str, value: str, start: int) -> Token:
        self._charge(len(value) // 16)
        return Token(kind, value, Place(self._line, start - self._line_start + 1))

    def _invalid(self, message: str) -> Token:
        place = Place(self._line, self._at - self._line_start + 1)
        return Token("<Invalid>", "", place, (), Fault(message, place))

    def _wrong_character(self, char: str) -> Token:
        if char < " ":
            return self._invalid(f'Cannot contain the invalid character "\\u{ord(char):04d}"')
        if char == "'":
            return self._invalid(
                "Unexpected single quote character ('), did you mean to use a double quote (\")?"
            )
        return self._invalid(f'Cannot parse the unexpected character "{_first_byte(char)}".')

    def _number(self) -> Token:
        """Read a number (sections 2.9.1 and 2.9.2)."""
        text, start = self._text, self._at
        self._at += text[start] == "-"
        if text.startswith("0", self._at):
            self._at += 1
            if self._peek().isdecimal() and self._peek().isascii():
                return self._invalid(
                    f"Invalid number, unexpected digit after 0: {self._describe()}."
                )
        elif not self._digits():
            return self._no_digit()
        kind = "Int"
        if self._peek() == ".":
            kind = "Float"
            self._at += 1
            if not self._digits():
                return self._no_digit()
        if self._peek() in ("e", "E"):
            kind = "Float"
            self._at += 1
            self._at += self._peek() in ("+", "-")
            if not self._digits():
                return self._no_digit()
        return self._make(kind, text[start : self._at], start)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _digits(self) -> int:
        found = _DIGITS.match(self._text, self._at)
        count = len(found.group()) if found else 0
        self._at += count
        return count

    def _no_digit(self) -> Token:
        return self._invalid(f"Invalid number, expected digit but got: {self._describe()}.")

    def _describe(self) -> str:
        char = self._peek()
        return f'"{_first_byte(char)}"' if char else "<EOF>"

    def _string(self) -> Token:
        """Read a string (section 2.9.4)."""
        text, start = self._text, self._at + 1
        self._at = start
        parts: list[str] = []
        while self._at < len(text):
            if found := _PLAIN.match(text, self._at):
                parts.append(found.group())
                self._at = found.end()
                continue
            char = text[self._at]
            if char == '"':
                token = self._make("String", "".join(parts), start)
                self._at += 1
                return token
            if char in "\r\n":
                break
            if char < " ":
                return self._invalid(f'Invalid character within String: "\\u{ord(char):04d}".')
            wrong = self._escape(parts)
            if wrong is not None:
                return wrong
        return self._invalid("Unterminated string.")

    def _escape(self, parts: list[str]) -> Token | None:
        """Read one escape sequence, or give the token that says what is wrong with it."""
        text, at = self._text, self._at
        self._charge(1)
        escape = text[at + 1 : at + 2]
        known = _ESCAPES.get(escape)
        if known is not None:
            parts.append(known)
            self._at += 2
            return None
        # gqlparser wants one more character behind the four digits, the closing quote at least.
        whole = at + 6 < len(text)
        if escape == "u" and whole and _HEX.match(text, at + 2):
            parts.append(_character(int(text[at + 2 : at + 6], 16)))
            self._at += 6
            return None
        self._at += 1
        if not escape:
            return self._invalid("Invalid character escape sequence.")
        if escape == "u":
            escape = text[at + 1 : at + 6] if whole else text[at + 1 :]
        return self._invalid(f"Invalid character escape sequence: \\{escape}.")

    def _block(self) -> Token:
        """Read a block string (section 2.9.4)."""
        text, start = self._text, self._at + 3
        self._at = start
        parts: list[str] = []
        while self._at < len(text):
            if found := _BLOCK.match(text, self._at):
                parts.append(found.group())
                self._at = found.end()
                continue
            self._charge(1)
            char = text[self._at]
            if text.startswith('"""', self._at):
                token = self._make("BlockString", _block_value("".join(parts)), start)
                self._at += 3
                return token
            if text.startswith('\\"""', self._at):
                parts.append('"""')
                self._at += 4
            elif char in "\r\n":
                parts.append("\n")
                self._block_line()
            elif char < " ":
                return self._invalid(f'Invalid character within String: "\\u{ord(char):04d}".')
            else:
                parts.append(char)
                self._at += 1
        return self._invalid("Unterminated string.")

    def _block_line(self) -> None:
        """Step over a line's end; unlike between tokens, both its characters count to it."""
        self._at += 2 if self._text.startswith("\r\n", self._at) else 1
        self._line += 1
        self._line_start = self._at


def _first_byte(char: str) -> str:
    """Give a character's first byte as a character: gqlparser looks at bytes here."""
    return chr(char.encode("utf-8", "replace")[0])


def _character(code: int) -> str:
    """Give the character of a code; halves of pairs are none."""
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else chr(code)


def _block_value(raw: str) -> str:
    """Strip common indentation and blank lines at both ends (section 2.9.4, BlockStringValue)."""
    lines = raw.split("\n")
    indents = [
        len(line) - len(rest) for line in lines[1:] if (rest := line.lstrip(" \t"))
    ]  # fmt: skip
    common = min(indents, default=0)
    lines = lines[:1] + [line[common:] for line in lines[1:]]
    first, last = 0, len(lines)
    while first < last and not lines[first].strip(" \t"):
        first += 1
    while last > first and not lines[last - 1].strip(" \t"):
        last -= 1
    return "\n".join(lines[first:last])
