"""Regular expressions (OPA policy reference, section Regex)."""

from __future__ import annotations

from typing import Any, Final

import re2

from gatepost_rego.builtins.operands import integer, string
from gatepost_rego.builtins.patterns import Spans, compiled, search, spans_of
from gatepost_rego.builtins.registry import BuiltinError, Context
from gatepost_rego.builtins.signature import declare
from gatepost_rego.golang.quoting import quote, sanitise
from gatepost_rego.values import Value

__all__ = ["BUILTINS"]


def match(ctx: Context, pattern: Value, value: Value) -> bool:
    """Say whether a pattern matches somewhere."""
    return search(ctx, compiled(string(pattern, 1)), string(value, 2))


def is_valid(pattern: Value) -> bool:
    """Say whether a text is a pattern."""
    if not isinstance(pattern, str):
        return False
    try:
        compiled(pattern)
    except BuiltinError:
        return False
    return True


def find_n(ctx: Context, pattern: Value, value: Value, limit: Value) -> list[Value]:
    """List the matches, at most so many; all of them when the limit is negative."""
    text = sanitise(string(value, 2))
    spans = spans_of(ctx, compiled(string(pattern, 1)), text, integer(limit, 3))
    return [text[found[0][0] : found[0][1]] for found in spans]


def find_groups(ctx: Context, pattern: Value, value: Value, limit: Value) -> list[Value]:
    """List the matches with their groups."""
    text = sanitise(string(value, 2))
    spans = spans_of(ctx, compiled(string(pattern, 1)), text, integer(limit, 3))
    ctx.reserve(sum(map(len, spans)))
    return [[text[max(start, 0) : max(end, 0)] for start, end in found] for found in spans]


def split(ctx: Context, pattern: Value, value: Value) -> list[Value]:
    """Cut a text wherever a pattern matches."""
    expression, text = string(pattern, 1), sanitise(string(value, 2))
    if expression and not text:
        return [""]
    parts: list[Value] = []
    begin = end = 0
    for found in spans_of(ctx, compiled(expression), text):
        end, after = found[0]
        if after:
            parts.append(text[begin:end])
        begin = after
    if end != len(text):
        parts.append(text[begin:])
    return parts


def replace(ctx: Context, value: Value, pattern: Value, template: Value) -> str:
    """Replace every match by a template in which `$1` and `${name}` stand for groups."""
    text, expression = sanitise(string(value, 1)), compiled(string(pattern, 2))
    parts = _template(string(template, 3), expression)
    done: list[str] = []
    last = 0
    for found in spans_of(ctx, expression, text):
        piece = _expand(parts, found, text)
        ctx.charge(1 + len(piece) // 16)
        ctx.reserve(1 + len(piece) // 8)
        done += (text[last : found[0][0]], piece)
        last = found[0][1]
    return "".join([*done, text[last:]])


def _expand(parts: list[str | int], spans: Spans, text: str) -> str:
    done: list[str] = []
    for part in parts:
        if isinstance(part, str):
            done.append(part)
        elif part < len(spans) and spans[part][0] >= 0:
            done.append(text[slice(*spans[part])])
    return "".join(done)


# The names `Regexp.Expand` of Go accepts; a bare name is as long as it can be.
_REFERENCE: Final = re2.compile(r"\$(?:\$|([\pL\p{Nd}_]+)|\{([\pL\p{Nd}_]+)\})")


def _template(template: str, expression: Any) -> list[str | int]:
    """Cut a template into literal text and numbers of groups."""
    names = expression.groupindex
    parts: list[str | int] = []
    last = 0
    for found in _REFERENCE.finditer(sanitise(template)):
        parts.append(template[last : found.start()])
        last = found.end()
        name = found.group(1) or found.group(2)
        if name is None:
            parts.append("$")
        elif name.isascii() and name.isdigit() and (name[0] != "0" or name == "0"):
            parts.append(int(name[:9]))
        elif name in names:
            parts.append(names[name])
    parts.append(template[last:])
    return parts


def template_match(
    ctx: Context, template: Value, value: Value, opening: Value, closing: Value
) -> bool:
    """Match a whole text against a template with patterns between delimiters."""
    text, begin, end = string(template, 1), string(opening, 3), string(closing, 4)
    for name, mark in (("start", begin), ("end", end)):
        if len(mark) != 1:
            raise BuiltinError(
                f"{name} delimiter has to be exactly one character long but is {len(mark)} long"
            )
    pattern = compiled(_anchored(ctx, text, begin, end))
    return search(ctx, pattern, string(value, 2))


def _anchored(ctx: Context, text: str, begin: str, end: str) -> str:
    ctx.charge(len(text))
    done = ["^"]
    depth = start = 0
    last = 0
    for place, char in enumerate(text):
        if char == begin and (begin != end or depth == 0):
            depth += 1
            if depth == 1:
                start = place
        elif char == end:
            depth -= 1
            if depth < 0:
                raise BuiltinError(f"unbalanced braces in {quote(text)}")
            if depth == 0:
                done += (re2.escape(text[last:start]), f"({text[start + 1 : place]})")
                last = place + 1
    if depth:
        raise BuiltinError(f"unbalanced braces in {quote(text)}")
    done += (re2.escape(text[last:]), "$")
    return "".join(done)


BUILTINS: Final = (
    declare("regex.match", match, context=True),
    declare("re_match", match, context=True, deprecated=True),
    declare("regex.is_valid", is_valid),
    declare("regex.find_n", find_n, context=True),
    declare("regex.find_all_string_submatch_n", find_groups, context=True),
    declare("regex.split", split, context=True),
    declare("regex.replace", replace, context=True),
    declare("regex.template_match", template_match, context=True),
)
