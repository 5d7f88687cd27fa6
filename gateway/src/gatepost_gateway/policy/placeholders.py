"""Placeholders that can be undone: `[EMAIL_1]` goes to the provider, the address comes back to the caller.

What stands for what is kept in memory, for one call, and nowhere else.
"""

import re
from collections.abc import Iterable

_PLACEHOLDER = re.compile(r"\[[A-Z][A-Z0-9_]*_[0-9]+\]")


class Placeholders:
    """Numbers what is found, by kind, from one; the same value of a kind has the same number throughout the call."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """`texts`: all of a call as it came. What looks like a placeholder there is never given out."""
        self._taken = {match for text in texts for match in _PLACEHOLDER.findall(text)}
        self._given: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self.longest = 0
        """Characters of the longest placeholder given out so far."""

    def stand_in(self, kind: str, found: str) -> str:
        """What stands for `found`."""
        known = self._given.get((kind, found))
        return known if known is not None else self._give(kind, found)

    def _give(self, kind: str, found: str) -> str:
        while True:
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            placeholder = f"[{kind}_{number}]"
            if placeholder not in self._taken:
                break
        self._given[kind, found] = placeholder
        self._values[placeholder] = found
        self.longest = max(self.longest, len(placeholder))
        return placeholder

    def value(self, placeholder: str) -> str:
        """What a placeholder stands for; one that was never given out stands for itself."""
        return self._values.get(placeholder, placeholder)

    def restore(self, text: str) -> str:
        """`text` with every placeholder undone. What comes back is not looked at again."""
        if not self._values:
            return text
        return _PLACEHOLDER.sub(lambda match: self.value(match.group()), text)

    def restoring(self) -> "Restoring":
        return Restoring(self)


class Restoring:
    """A text on its way, restored. However it is cut, the same comes out; at most one placeholder is held back."""

    def __init__(self, placeholders: Placeholders) -> None:
        self._placeholders = placeholders
        self._held = ""

    def feed(self, text: str, ended: bool) -> str:
        """What may go out. With `ended` nothing more comes, and nothing is held."""
        text = self._held + text
        self._held = ""
        opened = text.rfind("[")
        if not ended and opened >= 0 and self._may_go_on(text[opened:]):
            text, self._held = text[:opened], text[opened:]
        return self._placeholders.restore(text)

    def _may_go_on(self, tail: str) -> bool:
        """Whether `tail` is the beginning of a placeholder."""
        inside = tail[1:]
        shaped = all(mark == "_" or ("0" <= mark <= "9") or ("A" <= mark <= "Z") for mark in inside)
        return shaped and len(tail) < self._placeholders.longest
