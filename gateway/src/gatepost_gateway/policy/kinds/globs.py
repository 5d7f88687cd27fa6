"""Names matched by shell patterns: `*`, `?` and `[a-z]`."""

import fnmatch
import re
from collections.abc import Sequence


class Globs:
    """`fold`: letters match in either case."""

    def __init__(self, patterns: Sequence[str], *, fold: bool = False) -> None:
        self._fold = fold
        self._matchers = [re.compile(fnmatch.translate(self._name(one))) for one in patterns]

    def __bool__(self) -> bool:
        return bool(self._matchers)

    def match(self, name: str) -> bool:
        folded = self._name(name)
        return any(one.match(folded) for one in self._matchers)

    def _name(self, name: str) -> str:
        return name.casefold() if self._fold else name
