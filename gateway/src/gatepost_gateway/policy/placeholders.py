"""Placeholders that can be undone: `[EMAIL_1]` goes to the provider, the address comes back to the caller.

What stands for what is kept in memory, for one call, and sealed where a provider remembers the conversation.
"""

import re
from collections.abc import Iterable, Mapping

PLACEHOLDER = re.compile(r"\[[A-Z][A-Z0-9_]*_[0-9]+\]")
_KIND = re.compile(r"[A-Z][A-Z0-9_]*")


class Placeholders:
    """Numbers what is found, by kind, from one; the same value of a kind has the same number throughout the call."""

    def __init__(self, texts: Iterable[str] = (), known: Mapping[str, str] | None = None) -> None:
        """`texts`: all of a call as it came. What looks like a placeholder there is never given out.

        `known`: what stands for what already, in the conversation that goes on.
        """
        self.values: dict[str, str] = {}
        """What each placeholder stands for."""
        self._taken: set[str] = set()
        self._given: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        self.longest = 0
        """Characters of the longest placeholder given out so far."""
        for placeholder, value in (known or {}).items():
            self._note(placeholder[1:].rpartition("_")[0], value, placeholder)
        self.avoid(texts)

    def avoid(self, texts: Iterable[str]) -> None:
        """Never gives out what stands in these."""
        self._taken.update(match for text in texts for match in PLACEHOLDER.findall(text))

    def stand_in(self, kind: str, found: str) -> str:
        """What stands for `found`."""
        kind = kind if _KIND.fullmatch(kind) else "TEXT"
        known = self._given.get((kind, found))
        return known if known is not None else self._give(kind, found)

    def _give(self, kind: str, found: str) -> str:
        while True:
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            placeholder = f"[{kind}_{number}]"
            if placeholder not in self._taken and placeholder not in self.values:
                self._note(kind, found, placeholder)
                return placeholder

    def _note(self, kind: str, value: str, placeholder: str) -> None:
        self._given[kind, value] = placeholder
        self.values[placeholder] = value
        self.longest = max(self.longest, len(placeholder))
