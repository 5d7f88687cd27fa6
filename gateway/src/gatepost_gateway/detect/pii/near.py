"""What stands beside a candidate: the words that say what a number is."""

from collections.abc import Callable, Sequence
from functools import cached_property

from gatepost_gateway.detect.expressions import Expression
from gatepost_gateway.detect.patterns import Check, Found

MARGIN = 60
"""How many characters on either side are read."""

_LETTERS = r"A-Za-z\x{C0}-\x{24F}\x{370}-\x{52F}\x{1E00}-\x{1FFF}"
"""Of scripts that put spaces between words. As classes by name they would fill most of the memory."""


class Near:
    """True where one of `words` (RE2's syntax, either case) stands within MARGIN before, or half as far behind."""

    def __init__(self, words: Sequence[str]) -> None:
        self._ends = any("$" in word for word in words)
        self.source = rf"(?i)(?:^|[^{_LETTERS}])(?:" + "|".join(words) + ")"

    @cached_property
    def _expression(self) -> Expression:
        return Expression(self.source)

    def __call__(self, found: Found) -> bool:
        search = self._expression.search
        before, after = found.before[-MARGIN:], found.after[: MARGIN // 2]
        if self._ends:
            return bool(search(before.encode("utf-8", "replace")) or search(after.encode("utf-8", "replace")))
        return search(f"{before}\0{after}".encode("utf-8", "replace")) is not None


def or_alone(source: str) -> str:
    """`source`, or a text in which something may be `alone`: for what must stand beside a value, or nothing at all."""
    return rf"{source}|(?s)\A.{{0,{4 * MARGIN}}}\z|[ \t\"'.]{{{MARGIN // 2}}}"


def alone(found: Found) -> bool:
    """Whether the value is all that the text holds: a field of a form, a cell of a table."""
    return not found.before.strip(" \t\"'") and not found.after.strip(" \t\"'.")


def all_of(*conditions: Callable[[Found], bool]) -> Check:
    """Sure where every condition holds."""
    return lambda found: float(all(condition(found) for condition in conditions))


def joins(character: str) -> bool:
    """Whether a neighbour makes one word with letters and digits. In scripts without spaces none does."""
    return character == "_" or (character.isalnum() and character < "\u0530")


def digits(text: str) -> str:
    return "".join(character for character in text if character.isdecimal())
