"""`regex.globs_match`: do two simple patterns have a text in common?

The patterns know single characters, `.`, sets in brackets, and the flags `*` and `+` behind
one of these; a backslash takes a character's meaning away. OPA takes them from the Go library
glob-intersection, whose grammar this follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gatepost_rego.builtins.operands import string
from gatepost_rego.builtins.registry import BuiltinError, Context
from gatepost_rego.builtins.signature import declare
from gatepost_rego.values import Value

__all__ = ["BUILTINS"]

_FLAGS: Final = "*+"
_WIDEST: Final = 0x10FFFF


@dataclass(frozen=True, slots=True)
class _Token:
    """Ranges of characters and how often one of them may come: "", "*" or "+"."""

    ranges: tuple[tuple[int, int], ...]
    flag: str = ""

    def meets(self, other: _Token) -> bool:
        return any(
            low <= high2 and low2 <= high
            for low, high in self.ranges
            for low2, high2 in other.ranges
        )


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def fail(self, reason: str) -> BuiltinError:
        return BuiltinError(
            f"input:{self.text}, pos:{self.place}, {reason}: the input provided is invalid"
        )

    def tokens(self) -> Iterator[_Token]:
        while self.place < len(self.text):
            char = self._take()
            if char in _FLAGS:
                raise self.fail(f"flag '{char}' must be preceded by a non-flag")
            yield _Token(self._ranges(char), self._flag())

    def _take(self) -> str:
        char = self.text[self.place]
        self.place += 1
        return char

    def _ranges(self, char: str) -> tuple[tuple[int, int], ...]:
        if char == ".":
            return ((0, _WIDEST),)
        if char == "[":
            return self._set()
        if char == "]":
            raise self.fail("set-close ']' with no preceding '['")
        if char == "\\":
            if self.place >= len(self.text):
                raise self.fail("escape character without a character behind it")
            char = self._take()
        return ((ord(char), ord(char)),)

    def _flag(self) -> str:
        if self.place < len(self.text) and self.text[self.place] in _FLAGS:
            return self._take()
        return ""

    def _set(self) -> tuple[tuple[int, int], ...]:
        found: list[tuple[int, int]] = []
        between = False
        while True:
            if self.place >= len(self.text):
                self.place += 1
                raise self.fail("found [ without matching ]")
            char = self._take()
            if char == "]":
                break
            if char == "-" and found and not between:
                between = True
                continue
            if char == "\\" and self.place < len(self.text):
                char = self._take()
            if between:
                low = found.pop()[0]
                if low > ord(char):
                    raise self.fail("range is out of order, low is higher than high")
                found.append((low, ord(char)))
            else:
                found.append((ord(char), ord(char)))
            between = False
        if between:
            raise self.fail("range has no end")
        return tuple(found)


def globs_match(ctx: Context, left: Value, right: Value) -> bool:
    """Say whether some non-empty text matches both patterns."""
    one, other = string(left, 1), string(right, 2)
    ctx.charge(len(one) + len(other))
    ones, others = list(_Reader(one).tokens()), list(_Reader(other).tokens())
    if not ones and not others:
        return True
    return _common(ctx, ones, others)


def _common(ctx: Context, ones: list[_Token], others: list[_Token]) -> bool:
    """Walk both patterns at once, as the product of two small automata.

    A state is a place in each, and whether the token before that place may still repeat.
    """
    waiting = [(0, 0, False, False)]
    seen = set(waiting)
    while waiting:
        state = waiting.pop()
        if _may_end(ones, state[0]) and _may_end(others, state[1]):
            return True
        ctx.charge(4)
        for following in _steps(ones, others, state):
            if following not in seen:
                ctx.reserve(4)
                seen.add(following)
                waiting.append(following)
    return False


_State = tuple[int, int, bool, bool]


def _may_end(tokens: list[_Token], place: int) -> bool:
    return all(token.flag == "*" for token in tokens[place:])


def _choices(tokens: list[_Token], place: int, again: bool) -> list[tuple[_Token, int, bool]]:
    """List the tokens that may take the next character, with the place behind each."""
    found: list[tuple[_Token, int, bool]] = []
    if again:
        found.append((tokens[place - 1], place, True))
    for index in range(place, len(tokens)):
        token = tokens[index]
        found.append((token, index + 1, token.flag != ""))
        if token.flag != "*":
            break
    return found


def _steps(ones: list[_Token], others: list[_Token], state: _State) -> Iterator[_State]:
    place, place2, again, again2 = state
    for token, after, repeats in _choices(ones, place, again):
        for token2, after2, repeats2 in _choices(others, place2, again2):
            if token.meets(token2):
                yield after, after2, repeats, repeats2


BUILTINS: Final = (declare("regex.globs_match", globs_match, context=True),)
