"""RE2, typed. Its time is linear in the text, whatever the pattern; it works on UTF-8 and counts bytes."""

import re
from collections.abc import Sequence
from typing import Any, Protocol, cast

import re2

_RE2 = cast("Any", re2)
_Error = cast("type[Exception]", _RE2.error)
SET_MEMORY = 8 << 20
_PATTERN_MEMORY = 1 << 18
_MOST_MEMORY = 1 << 22
"""A pattern gets more where it does not compile with less."""
UNION_MEMORY = 1 << 21
"""For many patterns in one."""
_CANARY = b"\x00\x01\x02"
"""Stands behind every text that a set sees. A set that does not even find this ran out of memory: all may be there."""


class PatternError(ValueError):
    """A pattern that cannot be used, and why."""


class Match(Protocol):
    """Offsets in bytes; group 0 is all of it, -1 a group that took no part."""

    def start(self, group: int = 0) -> int: ...
    def end(self, group: int = 0) -> int: ...


class Expression:
    """One compiled pattern. `search` looks from `at` on, and sees the character before it."""

    def __init__(self, source: str, memory: int = _PATTERN_MEMORY) -> None:
        """`memory` in bytes: with less than it needs it is many times slower. Raises PatternError."""
        try:
            compiled = _compiled(source, memory)
        except _Error as error:
            why: object = error.args[0] if error.args else "it does not compile"
            raise PatternError(why.decode() if isinstance(why, bytes) else str(why)) from None
        self.search: Search = compiled.search
        self.grouped: bool = compiled.groups > 0
        self.nearby: Search = compiled.search
        """The same for a short look in ASCII."""


class PlainExpression(Expression):
    """One of plain repetitions, none inside another: what Python's own `re` reads in linear time too. It is slow where
    nothing is found and fast where candidates stand close together.
    """

    def __init__(self, source: str) -> None:
        """Raises PatternError."""
        super().__init__(source)
        self.nearby = cast("Search", re.compile(source.encode()).search)


class Search(Protocol):
    def __call__(self, data: bytes, at: int = 0, end: int = 2**62, /) -> Match | None: ...


class ExpressionSet:
    """Says in one pass which of many patterns match somewhere. An empty source always may."""

    def __init__(self, sources: Sequence[str], memory: int = SET_MEMORY) -> None:
        """`memory` in bytes bounds what it grows to; one that is tight is slow. Raises PatternError."""
        self._everything = range(len(sources))
        self._always = [index for index, source in enumerate(sources) if not source]
        self._listed = [index for index, source in enumerate(sources) if source]
        chosen = _RE2.Set.SearchSet(_options(memory))
        try:
            for index in self._listed:
                chosen.Add(sources[index])
            chosen.Add(r"\x00\x01\x02")
            chosen.Compile()
        except _Error as error:
            raise PatternError(str(error)) from None
        self._match = chosen.Match

    def hits(self, data: bytes) -> Sequence[int]:
        """Which may match in `data`, in no order."""
        hits: list[int] | None = self._match(data + _CANARY)
        if not hits:
            return self._everything
        if len(hits) == 1:
            return self._always
        last = len(self._listed)
        return self._always + [self._listed[hit] for hit in hits if hit < last]


def quoted(text: str) -> str:
    """A pattern for just this text."""
    return _RE2.escape(text)


def _compiled(source: str, memory: int) -> Any:
    """With as little memory as will do: there are hundreds of them."""
    while True:
        try:
            return _RE2.compile(source, _options(memory))
        except _Error:
            if memory >= _MOST_MEMORY:
                raise
            memory *= 4


def _options(memory: int) -> Any:
    options = _RE2.Options()
    options.log_errors = False
    options.max_mem = memory
    return options
