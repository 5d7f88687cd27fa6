"""How long a match of a regular expression can be, read from its source (RE2's syntax).

A bounded width is what lets a pattern run on a stream: https://github.com/google/re2/wiki/Syntax
"""

from msgspec import Struct


class Width(Struct, frozen=True):
    """In characters; `most` None is without bound. `anchored`: it may ask where the text begins or ends."""

    least: int
    most: int | None
    anchored: bool = False


_NOTHING = Width(0, 0)
_ONE = Width(1, 1)
_ANCHOR = Width(0, 0, anchored=True)
_FREE = Width(0, None, anchored=True)


def width_of(source: str) -> Width:
    """The width of any match. A source that this cannot read is without bound; RE2 says what is wrong with it."""
    reader = _Reader(source)
    try:
        width = reader.alternatives()
    except IndexError:
        return _FREE
    return width if reader.at == len(source) else _FREE


def _sum(one: Width, other: Width) -> Width:
    most = None if one.most is None or other.most is None else one.most + other.most
    return Width(one.least + other.least, most, one.anchored or other.anchored)


def _either(one: Width, other: Width) -> Width:
    most = None if one.most is None or other.most is None else max(one.most, other.most)
    return Width(min(one.least, other.least), most, one.anchored or other.anchored)


def _times(one: Width, least: int, most: int | None) -> Width:
    if one.most == 0:
        return one
    return Width(one.least * least, None if most is None or one.most is None else one.most * most, one.anchored)


class _Reader:
    """Walks a source once. `at` is the next character; running off the end is an IndexError."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0

    def peek(self) -> str:
        return self.source[self.at : self.at + 1]

    def take(self) -> str:
        self.at += 1
        return self.source[self.at - 1]

    def past(self, end: str) -> None:
        """Goes on behind the next `end`; IndexError when there is none."""
        found = self.source.find(end, self.at)
        if found < 0:
            raise IndexError
        self.at = found + len(end)

    def alternatives(self) -> Width:
        width = self.sequence()
        while self.peek() == "|":
            self.at += 1
            width = _either(width, self.sequence())
        return width

    def sequence(self) -> Width:
        width = _NOTHING
        while self.peek() not in ("", "|", ")"):
            width = _sum(width, self.repeated(self.atom()))
        return width

    def atom(self) -> Width:
        character = self.take()
        if character == "(":
            return self.group()
        if character == "[":
            return self.characters()
        if character == "\\":
            return self.escape()
        return _ANCHOR if character in "^$" else _ONE

    def group(self) -> Width:
        if self.peek() == "?":
            self.at += 1
            if self.peek() in ("P", "<"):
                self.past(">")
            else:
                while self.peek() not in (":", ")"):
                    self.take()
                if self.take() == ")":  # flags alone: (?i)
                    return _NOTHING
        width = self.alternatives()
        self.take()
        return width

    def characters(self) -> Width:
        if self.peek() == "^":
            self.at += 1
        first = True
        while first or self.peek() != "]":
            first = False
            if self.source.startswith("[:", self.at):
                self.past(":]")
            elif self.take() == "\\":
                self.escape()
        self.at += 1
        return _ONE

    def escape(self) -> Width:
        character = self.take()
        if character in "bB":
            return _NOTHING
        if character in "Az":
            return _ANCHOR
        if character == "Q":
            return self.quoted()
        if character in "pPx":
            if self.peek() == "{":
                self.past("}")
            else:
                self.at += 2 if character == "x" else 1
        elif character in "01234567":
            while self.peek() in tuple("01234567"):
                self.at += 1
        return _ONE

    def quoted(self) -> Width:
        start = self.at
        end = self.source.find("\\E", start)
        self.at = len(self.source) if end < 0 else end + 2
        length = (len(self.source) if end < 0 else end) - start
        return Width(length, length)

    def repeated(self, width: Width) -> Width:
        while self.peek() in ("*", "+", "?", "{"):
            counts = self.counts()
            if counts is None:
                return width
            width = _times(width, *counts)
        return width

    def counts(self) -> tuple[int, int | None] | None:
        """None: a brace that is a character like others."""
        character = self.take()
        if character != "{":
            counted: tuple[int, int | None] = {"*": (0, None), "+": (1, None), "?": (0, 1)}[character]
        else:
            end = self.source.find("}", self.at)
            low, comma, high = self.source[self.at : max(end, self.at)].partition(",")
            if not low.isdecimal() or (high and not high.isdecimal()):
                self.at -= 1
                return None
            self.at = end + 1
            counted = (int(low), int(high) if high else None if comma else int(low))
        if self.peek() == "?":
            self.at += 1
        return counted
