"""Regular expressions compiled by RE2, whose syntax and linear time are those of Go's regexp."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import re2

from gatepost_rego.builtins.registry import BuiltinError, BuiltinHalt, Context
from gatepost_rego.golang.quoting import sanitise

__all__ = ["Spans", "alternatives", "compiled", "search", "spans_of"]

_LONGEST: Final = 100_000
_MEMORY: Final = 32 << 20
_STEP: Final = 256

Spans = list[tuple[int, int]]


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return options


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern, _options())


def compiled(pattern: str) -> Any:
    """Compile a pattern of a policy or its input; what Go would refuse is a built-in error."""
    if len(pattern) > _LONGEST:
        raise BuiltinHalt("error parsing regexp: expression too large")
    if "\\C" in pattern.replace("\\\\", ""):
        raise BuiltinError("error parsing regexp: invalid escape sequence: `\\C`")
    try:
        return _compiled(sanitise(pattern))
    except re2.error as error:
        detail = error.args[0]
        text = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
        raise BuiltinError(f"error parsing regexp: {text}") from error


def alternatives(texts: Iterable[str]) -> Any:
    """Compile a pattern for any of some literal texts, the first one first."""
    return compiled("|".join(map(re2.escape, texts)))


def _charge(ctx: Context, pattern: Any, text: str) -> None:
    """Count the work of one pass: at worst every instruction of the program at every byte."""
    ctx.charge(1 + len(text) * min(pattern.programsize, 64) // _STEP)


def search(ctx: Context, pattern: Any, text: str) -> bool:
    """Say whether a pattern matches anywhere in a text."""
    _charge(ctx, pattern, text)
    return pattern.search(sanitise(text)) is not None


def spans_of(ctx: Context, pattern: Any, text: str, limit: int = -1) -> list[Spans]:
    """List the matches as Go's `FindAll` does, each as the spans of its groups.

    An empty match right after another match does not count; a group that took no part has the
    span (-1, -1).
    """
    found: list[Spans] = []
    if limit == 0:
        return found
    _charge(ctx, pattern, text)
    groups = range(pattern.groups + 1)
    last = -1
    for match in pattern.finditer(text):
        start, end = match.span()
        if start == end == last:
            continue
        last = end
        ctx.charge(len(groups))
        found.append([match.span(group) for group in groups])
        if len(found) == limit:
            break
    return found
