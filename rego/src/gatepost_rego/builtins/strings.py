"""Strings (OPA policy reference, section Strings)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN
from functools import lru_cache, partial
from typing import Final

from gatepost_rego.builtins.operands import (
    integer,
    number,
    object_of,
    string,
    strings_of,
)
from gatepost_rego.builtins.patterns import alternatives, spans_of
from gatepost_rego.builtins.registry import TYPE_ERROR, BuiltinError, Context, operand_error
from gatepost_rego.builtins.signature import declare
from gatepost_rego.golang.quoting import sanitise, text_of, utf8
from gatepost_rego.numbers import rounded
from gatepost_rego.values import RegoSet, Value, ordered_pairs, type_name

__all__ = ["BUILTINS"]

# Go's unicode.IsSpace; Python's own notion of white space has four control characters more.
_SPACES: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_PER_CELL: Final = 8
_PER_STEP: Final = 16
_SLICE: Final = 4_096
_SHAPES: Final = {2: "b", 8: "o", 10: "d", 16: "x"}


def _size(ctx: Context, characters: int) -> None:
    """Ask before making a string of that length."""
    ctx.charge(characters // _PER_STEP)
    ctx.reserve(characters // _PER_CELL)


def concat(ctx: Context, delimiter: Value, collection: Value) -> str:
    """Join strings."""
    between, parts = string(delimiter, 1), strings_of(collection, 2)
    ctx.charge(len(parts))
    _size(ctx, sum(map(len, parts)) + len(between) * len(parts))
    return between.join(parts)


def format_int(value: Value, base: Value) -> str:
    """Write a number, rounded towards zero, in base 2, 8, 10 or 16."""
    found = number(value, 1)
    shape = _SHAPES.get(integer(base, 2))
    if shape is None:
        raise BuiltinError("operand 2 must be one of {2, 8, 10, 16}", TYPE_ERROR)
    return format(rounded(found, ROUND_DOWN), shape)


def indexof(haystack: Value, needle: Value) -> int:
    """Give the place of the first occurrence, or -1."""
    text, wanted = string(haystack, 1), string(needle, 2)
    if not wanted:
        raise BuiltinError("empty search character")
    return text.find(wanted)


def indexof_n(ctx: Context, haystack: Value, needle: Value) -> list[Value]:
    """Give the places of all occurrences, overlapping ones too."""
    text, wanted = string(haystack, 1), string(needle, 2)
    if not wanted:
        raise BuiltinError("empty search character")
    found: list[Value] = []
    place = text.find(wanted)
    while place >= 0:
        ctx.charge(1 + len(wanted) // _PER_STEP)
        found.append(place)
        place = text.find(wanted, place + 1)
    return found


def substring(value: Value, offset: Value, length: Value) -> str:
    """Cut a piece out of a string; a negative length means up to its end."""
    text, start, size = string(value, 1), integer(offset, 2), integer(length, 3)
    if start < 0:
        raise BuiltinError("negative offset")
    return text[start:] if size < 0 else text[start : start + size]


def _mapped(ctx: Context, text: str, change: Callable[[str], str]) -> str:
    if text.isascii():
        return change(text)
    done: list[str] = []
    for start in range(0, len(text), _SLICE):
        ctx.charge(_SLICE // 8)
        done += [_simple(char, change) for char in text[start : start + _SLICE]]
    return "".join(done)


@lru_cache(maxsize=4096)
def _simple(char: str, change: Callable[[str], str]) -> str:
    """Map one character to one, as Go does, where Python would give several."""
    found = change(char)
    if len(found) == 1:
        return found
    if change is str.upper:
        found = char.title()
        return found if len(found) == 1 else char
    return found[0]


def lower(ctx: Context, value: Value) -> str:
    """Make all letters small."""
    text = string(value, 1)
    _size(ctx, len(text))
    return _mapped(ctx, text, str.lower)


def upper(ctx: Context, value: Value) -> str:
    """Make all letters capital."""
    text = string(value, 1)
    _size(ctx, len(text))
    return _mapped(ctx, text, str.upper)


def contains(haystack: Value, needle: Value) -> bool:
    """Say whether a string occurs in another."""
    return string(needle, 2) in string(haystack, 1)


def startswith(value: Value, prefix: Value) -> bool:
    """Say whether a string begins with another."""
    return string(value, 1).startswith(string(prefix, 2))


def endswith(value: Value, suffix: Value) -> bool:
    """Say whether a string ends with another."""
    return string(value, 1).endswith(string(suffix, 2))


def _texts(value: Value, position: int) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (list, RegoSet)):
        return tuple(strings_of(value, position))
    raise operand_error(position, value, "string", "set", "array")


def _any_match(
    match: Callable[[str, tuple[str, ...]], bool], ctx: Context, search: Value, base: Value
) -> bool:
    texts, ends = _texts(search, 1), _texts(base, 2)
    for text in texts:
        ctx.charge(len(ends) + 1)
        if match(text, ends):
            return True
    return False


def count(value: Value, part: Value) -> int:
    """Count the occurrences of a string that do not overlap."""
    return string(value, 1).count(string(part, 2))


def split(ctx: Context, value: Value, delimiter: Value) -> list[Value]:
    """Cut a string at a delimiter, or between all characters where that is empty."""
    text, mark = string(value, 1), string(delimiter, 2)
    parts = text.count(mark) + 1 if mark else len(text)
    ctx.charge(parts + len(text) // _PER_STEP)
    ctx.reserve(parts * 2 + len(text) // _PER_CELL)
    return list(text.split(mark)) if mark else list(text)


def split_n(ctx: Context, value: Value, delimiter: Value, limit: Value) -> list[Value]:
    """Cut a string at a delimiter and keep some parts: the first ones, or the last ones when
    the limit is negative.
    """
    most = integer(limit, 3)
    parts = split(ctx, value, delimiter)
    if most == 0:
        return []
    return parts[:most] if most > 0 else parts[most:]


def replace(ctx: Context, value: Value, old: Value, new: Value) -> str:
    """Replace every occurrence of a string."""
    text, before, after = string(value, 1), string(old, 2), string(new, 3)
    places = text.count(before)
    _size(ctx, len(text) + places * max(len(after) - len(before), 0))
    if before or text.isascii():
        return text.replace(before, after)
    # Nothing stands between all bytes, those of one character too.
    return text_of(utf8(text).decode("latin-1").replace("", _bytes(after)).encode("latin-1"))


def _bytes(text: str) -> str:
    """Give the UTF-8 bytes of a text as one character each."""
    return utf8(text).decode("latin-1")


def replace_n(ctx: Context, patterns: Value, value: Value) -> str:
    """Replace several strings at once; at one place the first key in order wins."""
    pairs: dict[str, str] = {}
    for key, item in ordered_pairs(object_of(patterns, 1)):
        if not isinstance(key, str) or not isinstance(item, str):
            raise _not_text(key, item)
        pairs[sanitise(key)] = item
    text = sanitise(string(value, 2))
    _size(ctx, len(text) + sum(map(len, pairs)))
    if "" not in pairs or text.isascii():
        return _replaced(ctx, pairs, text)
    as_bytes = {_bytes(key): _bytes(item) for key, item in pairs.items()}
    return text_of(_replaced(ctx, as_bytes, _bytes(text)).encode("latin-1"))


def _replaced(ctx: Context, pairs: dict[str, str], text: str) -> str:
    spots = _spots(ctx, pairs, text)
    grown = sum(len(pairs[text[start:end]]) for start, end in spots)
    ctx.charge(len(spots))
    _size(ctx, len(text) + grown)
    return _patched(text, spots, pairs)


def _spots(ctx: Context, pairs: dict[str, str], text: str) -> list[tuple[int, int]]:
    """Find what is to be replaced; the empty key also stands before every other match."""
    keys = [key for key in pairs if key]
    spots: list[tuple[int, int]] = []
    if keys:
        spots = [found[0] for found in spans_of(ctx, alternatives(keys), text)]
    if "" not in pairs:
        return spots
    ctx.charge(len(text))
    inner = {place for start, end in spots for place in range(start + 1, end)}
    empty = [(place, place) for place in range(len(text) + 1) if place not in inner]
    return sorted(spots + empty)


def _patched(text: str, spots: list[tuple[int, int]], pairs: dict[str, str]) -> str:
    done: list[str] = []
    last = 0
    for start, end in spots:
        done += (text[last:start], pairs[text[start:end]])
        last = end
    return "".join([*done, text[last:]])


def _not_text(key: Value, item: Value) -> BuiltinError:
    got = item if isinstance(key, str) else key
    part = "value" if isinstance(key, str) else "key"
    return BuiltinError(
        f"operand 1 must be object with string keys and values but got {type_name(got)} {part}",
        TYPE_ERROR,
    )


def trim(value: Value, cutset: Value) -> str:
    """Drop the characters of a set from both ends."""
    return string(value, 1).strip(string(cutset, 2))


def trim_left(value: Value, cutset: Value) -> str:
    """Drop the characters of a set from the beginning."""
    return string(value, 1).lstrip(string(cutset, 2))


def trim_right(value: Value, cutset: Value) -> str:
    """Drop the characters of a set from the end."""
    return string(value, 1).rstrip(string(cutset, 2))


def trim_prefix(value: Value, prefix: Value) -> str:
    """Drop a beginning once."""
    return string(value, 1).removeprefix(string(prefix, 2))


def trim_suffix(value: Value, suffix: Value) -> str:
    """Drop an end once."""
    return string(value, 1).removesuffix(string(suffix, 2))


def trim_space(value: Value) -> str:
    """Drop white space from both ends."""
    return string(value, 1).strip(_SPACES)


def reverse(ctx: Context, value: Value) -> str:
    """Turn a string round."""
    text = string(value, 1)
    _size(ctx, len(text))
    return text[::-1]


BUILTINS: Final = (
    declare("concat", concat, context=True),
    declare("format_int", format_int),
    declare("indexof", indexof),
    declare("indexof_n", indexof_n, context=True),
    declare("substring", substring),
    declare("lower", lower, context=True),
    declare("upper", upper, context=True),
    declare("contains", contains),
    declare("startswith", startswith),
    declare("endswith", endswith),
    declare("strings.any_prefix_match", partial(_any_match, str.startswith), context=True),
    declare("strings.any_suffix_match", partial(_any_match, str.endswith), context=True),
    declare("strings.count", count),
    declare("strings.replace_n", replace_n, context=True),
    declare("strings.reverse", reverse, context=True),
    declare("strings.split_n", split_n, context=True),
    declare("split", split, context=True),
    declare("replace", replace, context=True),
    declare("trim", trim),
    declare("trim_left", trim_left),
    declare("trim_right", trim_right),
    declare("trim_prefix", trim_prefix),
    declare("trim_suffix", trim_suffix),
    declare("trim_space", trim_space),
)
