"""Reads the part of YAML that metadata and configuration are written in.

Block and flow collections, plain and quoted scalars on one or more lines, ``|`` and ``>``. What is
beyond (anchors, tags, several documents) is an error, never a guess.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

MAX_DEPTH: Final = 50
_KEY: Final = re.compile(
    r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#\-?:,\[\]{}&*!|>'"%@`][^#]*?|[-?:][^\s#][^#]*?)\s*:(?=\s|$)"""
)
_INTEGER: Final = re.compile(r"[-+]?(0x[0-9a-fA-F_]+|0o?[0-7_]+|0b[01_]+|0|[1-9][0-9_]*)$")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?$")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}$")
_BLOCK: Final = re.compile(r"([|>])([-+]?)([1-9]?)([-+]?)\s*(#.*)?$")
_WORDS: Final = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


class YamlError(ValueError):
    """The text is no YAML, or of the part that is not read here."""


def read_yaml(text: str) -> Any:
    """Read one document to None, bool, int, float, str, list and dict. Raises YamlError."""
    reader = _Reader(text)
    found = reader.block(-1, 0)
    reader.skip_blank()
    if reader.at < len(reader.lines):
        raise reader.error("unexpected text")
    return found


def plain(text: str) -> Any:
    """Decide what a scalar without quotes stands for."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return _integer(text.replace("_", ""))
    if _FLOAT.match(text):
        return float(text.replace("_", ""))
    if _DATE.match(text):
        return f"{text}T00:00:00Z"
    if text[0] in "&*!%@`":
        raise YamlError(f"{text[0]!r} is not read here")
    return text


def _integer(text: str) -> int:
    digits = text.lstrip("+-")
    if digits[:1] == "0" and digits[1:2].isdigit():
        return int(text, 8)
    return int(text, 0)


def _uncommented(text: str) -> str:
    """Cut a comment off a line, which begins at a ``#`` after a space outside of quotes."""
    quote = ""
    for at, char in enumerate(text):
        if quote:
            if char == quote and text[at - 1] != "\\":
                quote = ""
        elif char in "\"'" and (at == 0 or text[at - 1] in " [{,:"):
            quote = char
        elif char == "#" and (at == 0 or text[at - 1] in " \t"):
            return text[:at].rstrip()
    return text.rstrip()


class _Reader:
    """Reads lines from the top; ``at`` is the next one."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.at = 0
        if self.lines and self.lines[0].rstrip() == "---":
            self.at = 1

    def error(self, what: str) -> YamlError:
        """Build the error of the current line."""
        return YamlError(f"yaml: line {self.at + 1}: {what}")

    def skip_blank(self) -> None:
        """Go to the next line that says something."""
        while self.at < len(self.lines):
            text = self.lines[self.at].strip()
            if text and not text.startswith("#"):
                return
            self.at += 1

    def indent(self) -> int:
        """Give the depth of the current line."""
        line = self.lines[self.at]
        if "\t" in line[: len(line) - len(line.lstrip())]:
            raise self.error("found a tab used for indentation")
        return len(line) - len(line.lstrip(" "))

    def block(self, outer: int, depth: int) -> Any:
        """Read the value whose lines stand deeper than ``outer``."""
        self.skip_blank()
        if self.at >= len(self.lines) or self.indent() <= outer:
            return None
        if depth > MAX_DEPTH:
            raise self.error("nested too deep")
        level = self.indent()
        text = self.lines[self.at][level:]
        if text == "-" or text.startswith("- "):
            return self._sequence(level, depth)
        if _KEY.match(text) and text[0] not in "[{":
            return self._mapping(level, depth)
        self.at += 1
        return self._scalar(_uncommented(text), outer)

    def _continues(self, level: int) -> bool:
        self.skip_blank()
        if self.at >= len(self.lines):
            return False
        found = self.indent()
        if found > level:
            raise self.error("did not find expected key or item")
        return found == level

    def _sequence(self, level: int, depth: int) -> list[Any]:
        items: list[Any] = []
        while self._continues(level):
            text = self.lines[self.at][level:]
            if not (text == "-" or text.startswith("- ")):
                break
            rest = text[1:].lstrip(" ")
            inside = level + len(text) - len(rest)
            if not _uncommented(rest):
                self.at += 1
                items.append(self.block(level, depth + 1))
            elif rest == "-" or rest.startswith("- ") or (_KEY.match(rest) and rest[0] not in "[{"):
                self.lines[self.at] = " " * inside + rest
                items.append(self.block(level, depth + 1))
            else:
                self.at += 1
                items.append(self._scalar(_uncommented(rest), level))
        return items

    def _mapping(self, level: int, depth: int) -> dict[Any, Any]:
        pairs: dict[Any, Any] = {}
        while self._continues(level):
            text = self.lines[self.at][level:]
            found = _KEY.match(text)
            if found is None:
                break
            key = self._key(found.group(1))
            rest = _uncommented(text[found.end() :].strip())
            self.at += 1
            if key in pairs:
                raise self.error(f"mapping key {key!r} already defined")
            pairs[key] = self._scalar(rest, level) if rest else self._under(level, depth)
        return pairs

    def _under(self, level: int, depth: int) -> Any:
        """Read what stands below a key; a list may stand at the key's own depth."""
        self.skip_blank()
        if self.at < len(self.lines) and self.indent() == level:
            text = self.lines[self.at][level:]
            if text == "-" or text.startswith("- "):
                return self._sequence(level, depth + 1)
        return self.block(level, depth + 1)

    def _key(self, text: str) -> Any:
        return _quoted(text) if text[0] in "\"'" else plain(text)

    def _scalar(self, text: str, outer: int) -> Any:
        """Read a scalar or flow collection that begins in the line above ``at``."""
        header = _BLOCK.match(text)
        if header is not None:
            return self._literal(header, outer)
        if text[0] in "[{\"'":
            while not _complete(text):
                if self.at >= len(self.lines):
                    raise self.error("unexpected end of text")
                text += " " + _uncommented(self.lines[self.at].strip())
                self.at += 1
            return _Flow(text).whole()
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if not line.strip() or len(line) - len(line.lstrip(" ")) <= outer:
                break
            if line.lstrip().startswith("#"):
                break
            if _KEY.match(line.strip()):
                raise self.error("mapping values are not allowed in this context")
            text += " " + _uncommented(line.strip())
            self.at += 1
        return plain(text)

    def _literal(self, header: re.Match[str], outer: int) -> str:
        """Read the lines of a ``|`` or ``>`` block."""
        lines: list[str] = []
        level = outer + int(header.group(3)) if header.group(3) else 0
        while self.at < len(self.lines):
            line = self.lines[self.at]
            depth = len(line) - len(line.lstrip(" "))
            if line.strip():
                level = level or depth
                if depth < level or depth <= outer:
                    break
            lines.append(line[level:] if level else line.lstrip(" "))
            self.at += 1
        chomp = header.group(2) or header.group(4)
        text = "\n".join(lines) if header.group(1) == "|" else _folded(lines)
        if chomp == "+":
            return text + "\n"
        text = text.rstrip("\n")
        return text if chomp == "-" or not text else text + "\n"


def _folded(lines: list[str]) -> str:
    """Join lines with spaces; blank lines and deeper lines keep their breaks."""
    text, before = "", ""
    for line in lines:
        if not text:
            text = line
        elif not line or line[:1] == " " or before[:1] == " ":
            text += "\n" + line
        else:
            text += line if not before and text.endswith("\n") else (" " if before else "\n") + line
        before = line
    return text


def _quoted(text: str) -> str:
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    try:
        return str(json.loads(text))
    except ValueError as error:
        raise YamlError(f"bad string {text}") from error


def _complete(text: str) -> bool:
    """Say whether all brackets and quotes of a flow value are closed."""
    quote, open_ = "", 0
    at = 0
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\" and quote == '"':
                at += 1
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        else:
            open_ += (char in "[{") - (char in "]}")
        at += 1
    return not quote and open_ <= 0


class _Flow:
    """Reads ``[a, {b: c}]`` and quoted scalars."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def whole(self) -> Any:
        """Read the text to its end."""
        found = self._value(0)
        if self.text[self.at :].strip():
            raise YamlError(f"unexpected text after {self.text[: self.at]!r}")
        return found

    def _space(self) -> str:
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1
        return self.text[self.at : self.at + 1]

    def _value(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise YamlError("nested too deep")
        char = self._space()
        if char == "[":
            return self._list(depth)
        if char == "{":
            return self._dict(depth)
        if char and char in "\"'":
            found = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""").match(self.text, self.at)
            if found is None:
                raise YamlError("string is not closed")
            self.at = found.end()
            return _quoted(found.group())
        found = re.compile(r"(?:[^,\[\]{}:]|:(?![\s,\]}]|$))*").match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return plain(found.group().strip())

    def _list(self, depth: int) -> list[Any]:
        self.at += 1
        items: list[Any] = []
        while self._space() != "]":
            items.append(self._value(depth + 1))
            self._comma("]")
        self.at += 1
        return items

    def _comma(self, closer: str) -> None:
        char = self._space()
        if char == ",":
            self.at += 1
        elif char != closer:
            raise YamlError(f"did not find expected ',' or {closer!r}")

    def _dict(self, depth: int) -> dict[Any, Any]:
        self.at += 1
        pairs: dict[Any, Any] = {}
        while self._space() != "}":
            key = self._value(depth + 1)
            value = None
            if self._space() == ":":
                self.at += 1
                value = self._value(depth + 1) if self._space() not in (",", "}") else None
            pairs[key] = value
            self._comma("}")
        self.at += 1
        return pairs
