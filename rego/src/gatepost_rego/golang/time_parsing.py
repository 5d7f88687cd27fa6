"""Reads a moment by a layout, as Go's `time.Parse` does."""

from __future__ import annotations

from dataclasses import dataclass

from .layouts import DAYS, MONTHS, Element, elements
from .moments import Civil, Zone
from .quoting import quote

__all__ = ["TimeError", "parse_time"]

_DIGITS = "0123456789"
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class TimeError(ValueError):
    """The text is not a time of that layout."""


class _Mismatch(Exception):
    """The text does not go on as the layout wants."""


class _OutOfRange(Exception):
    """A number in the text is too big for its place."""


@dataclass(slots=True)
class _Fields:
    year: int = 0
    month: int = -1
    day: int = -1
    day_of_year: int = -1
    hour: int = 0
    minute: int = 0
    second: int = 0
    nanos: int = 0
    afternoon: bool | None = None
    offset: int | None = None
    zone: str | None = None


def parse_time(layout: str, text: str) -> int:
    """Return the nanoseconds since 1970 of a text in a layout."""
    fields, rest = _Fields(), text
    parts = elements(layout)
    for place, (kind, wanted) in enumerate(parts):
        try:
            if not kind:
                rest = _skip(rest, wanted)
            else:
                rest = _read(fields, kind, wanted, rest, parts[place + 1 :])
        except _Mismatch:
            shown = f"parsing time {quote(text)} as {quote(layout)}"
            raise TimeError(f"{shown}: cannot parse {quote(rest)} as {quote(wanted)}") from None
        except _OutOfRange as error:
            raise TimeError(f"parsing time {quote(text)}: {error} out of range") from None
    if rest:
        raise TimeError(f"parsing time {quote(text)}: extra text: {quote(rest)}")
    return _assemble(fields, text)


def _skip(rest: str, wanted: str) -> str:
    """Skip literal text; a run of spaces in the layout takes any run of them in the text."""
    while wanted:
        if wanted[0] == " ":
            if rest and rest[0] != " ":
                raise _Mismatch
            wanted, rest = wanted.lstrip(" "), rest.lstrip(" ")
            continue
        if not rest or rest[0] != wanted[0]:
            raise _Mismatch
        wanted, rest = wanted[1:], rest[1:]
    return rest


def _digits(rest: str, least: int, most: int) -> tuple[int, str]:
    end = 0
    while end < most and end < len(rest) and rest[end] in _DIGITS:
        end += 1
    if end < least:
        raise _Mismatch
    return int(rest[:end]), rest[end:]


def _lookup(names: tuple[str, ...], rest: str, length: int | None) -> tuple[int, str]:
    for place, name in enumerate(names):
        wanted = name if length is None else name[:length]
        if rest[: len(wanted)].lower() == wanted.lower():
            return place, rest[len(wanted) :]
    raise _Mismatch


def _bounded(rest: str, kind: str, low: int, high: int, name: str) -> tuple[int, str]:
    padded = kind[0] == "0"
    found, rest = _digits(rest, 2 if padded else 1, 2)
    if not low <= found <= high:
        raise _OutOfRange(name)
    return found, rest


def _read(
    fields: _Fields, kind: str, wanted: str, rest: str, following: tuple[Element, ...]
) -> str:
    if kind[0] == ".":
        return _fraction(fields, kind, wanted, rest)
    if kind[0] in "-Z":
        return _offset(fields, kind, rest)
    if kind == "MST":
        return _zone(fields, rest)
    if kind in ("15", "03", "3", "04", "4", "05", "5", "PM", "pm"):
        return _clock(fields, kind, rest, following)
    return _date(fields, kind, rest)


def _date(fields: _Fields, kind: str, rest: str) -> str:
    match kind:
        case "2006":
            if len(rest) < 4 or rest[0] not in _DIGITS:
                raise _Mismatch
            fields.year, rest = _digits(rest, 4, 4)
        case "06":
            short, rest = _digits(rest, 2, 2)
            fields.year = short + (1900 if short >= 69 else 2000)
        case "Jan" | "January":
            place, rest = _lookup(MONTHS, rest, 3 if kind == "Jan" else None)
            fields.month = place + 1
        case "01" | "1":
            fields.month, rest = _bounded(rest, kind, 1, 12, "month")
        case "Mon" | "Monday":
            _, rest = _lookup(DAYS, rest, 3 if kind == "Mon" else None)
        case "02" | "_2" | "2":
            rest = rest[1:] if kind == "_2" and rest[:1] == " " else rest
            fields.day, rest = _digits(rest, 2 if kind == "02" else 1, 2)
        case _:
            for _ in range(2):
                rest = rest[1:] if kind == "__2" and rest[:1] == " " else rest
            fields.day_of_year, rest = _digits(rest, 3 if kind == "002" else 1, 3)
    return rest


def _clock(fields: _Fields, kind: str, rest: str, following: tuple[Element, ...]) -> str:
    match kind:
        case "15":
            fields.hour, rest = _bounded(rest, "15", 0, 23, "hour")
        case "03" | "3":
            fields.hour, rest = _bounded(rest, kind, 0, 12, "hour")
        case "04" | "4":
            fields.minute, rest = _bounded(rest, kind, 0, 59, "minute")
        case "05" | "5":
            fields.second, rest = _bounded(rest, kind, 0, 59, "second")
            explicit = bool(following) and following[0][0][:1] == "."
            if not explicit and rest[:1] in (".", ",") and rest[1:2] in tuple(_DIGITS):
                rest = _take_nanos(fields, rest)
        case _:
            upper = kind == "PM"
            mark, rest = rest[:2], rest[2:]
            if mark not in (("PM", "AM") if upper else ("pm", "am")):
                raise _Mismatch
            fields.afternoon = mark.lower() == "pm"
    return rest


def _take_nanos(fields: _Fields, rest: str) -> str:
    end = 1
    while end < len(rest) and rest[end] in _DIGITS:
        end += 1
    fields.nanos = int(rest[1:end][:9].ljust(9, "0"))
    return rest[end:]


def _fraction(fields: _Fields, kind: str, wanted: str, rest: str) -> str:
    if kind == ".9":
        if len(rest) < 2 or rest[0] not in ".," or rest[1] not in _DIGITS:
            return rest
        return _take_nanos(fields, rest)
    piece, rest = rest[: len(wanted)], rest[len(wanted) :]
    if len(piece) < len(wanted) or piece[0] not in ".," or not _all_digits(piece[1:]):
        raise _Mismatch
    fields.nanos = int(piece[1:][:9].ljust(9, "0"))
    return rest


def _all_digits(text: str) -> bool:
    return all(char in _DIGITS for char in text)


def _offset(fields: _Fields, kind: str, rest: str) -> str:
    if kind[0] == "Z" and rest[:1] == "Z":
        fields.offset = 0
        return rest[1:]
    piece, rest = rest[: len(kind)], rest[len(kind) :]
    if len(piece) < len(kind) or piece[0] not in "+-":
        raise _Mismatch
    colon = ":" in kind
    numbers = piece[1:].split(":") if colon else [piece[at : at + 2] for at in (1, 3, 5)]
    if colon and (len(piece) > 3 and piece[3] != ":"):
        raise _Mismatch
    numbers = [number for number in numbers if number]
    if not all(len(number) == 2 and _all_digits(number) for number in numbers):
        raise _Mismatch
    hours, minutes, seconds = ([int(number) for number in numbers] + [0, 0])[:3]
    if hours > 24:
        raise _OutOfRange("time zone offset hour")
    if minutes > 60:
        raise _OutOfRange("time zone offset minute")
    if seconds > 60:
        raise _OutOfRange("time zone offset second")
    total = hours * 3600 + minutes * 60 + seconds
    fields.offset = -total if piece[0] == "-" else total
    return rest


def _zone(fields: _Fields, rest: str) -> str:
    if rest.startswith("UTC"):
        fields.offset, fields.zone = 0, "UTC"
        return rest[3:]
    length = _abbreviation_length(rest)
    if not length:
        raise _Mismatch
    fields.zone = rest[:length]
    return rest[length:]


def _abbreviation_length(text: str) -> int:
    """Measure a zone's abbreviation at the start of a text, by Go's rules."""
    if text.startswith(("ChST", "MeST")):
        return 4
    if text.startswith("GMT"):
        return 3 + _signed_length(text[3:])
    if text[:1] in ("+", "-"):
        return _signed_length(text)
    capitals = 0
    while capitals < 6 and capitals < len(text) and "A" <= text[capitals] <= "Z":
        capitals += 1
    if capitals == 5:
        return 5 if text[4] == "T" else 0
    if capitals == 4:
        return 4 if text[3] == "T" or text.startswith("WITA") else 0
    return 3 if capitals == 3 else 0


def _signed_length(text: str) -> int:
    if text[:1] not in ("+", "-"):
        return 0
    digits = 1
    while digits < len(text) and text[digits] in _DIGITS:
        digits += 1
    hours = int(text[1:digits][:4]) if digits > 1 else 24
    return digits if hours < 24 else 0


def _assemble(fields: _Fields, text: str) -> int:
    if fields.afternoon and fields.hour < 12:
        fields.hour += 12
    elif fields.afternoon is False and fields.hour == 12:
        fields.hour = 0
    _settle_day(fields, text)
    wall = Civil(
        fields.year, fields.month, fields.day,
        fields.hour, fields.minute, fields.second, fields.nanos,
    )  # fmt: skip
    offset = fields.offset
    if offset is None and fields.zone is not None and fields.zone[:3] == "GMT":
        offset = int(fields.zone[3:] or 0) * 3600
    return Zone(offset=offset or 0).nanos_of(wall)


def _settle_day(fields: _Fields, text: str) -> None:
    leap = fields.year % 4 == 0 and (fields.year % 100 != 0 or fields.year % 400 == 0)
    if fields.day_of_year >= 0:
        _settle_by_day_of_year(fields, text, leap)
        return
    fields.month = 1 if fields.month < 0 else fields.month
    fields.day = 1 if fields.day < 0 else fields.day
    last = 29 if leap and fields.month == 2 else _MONTH_DAYS[fields.month - 1]
    if not 1 <= fields.day <= last:
        raise TimeError(f"parsing time {quote(text)}: day out of range")


def _settle_by_day_of_year(fields: _Fields, text: str, leap: bool) -> None:
    if not 1 <= fields.day_of_year <= 365 + leap:
        raise TimeError(f"parsing time {quote(text)}: day-of-year out of range")
    month, day = 1, fields.day_of_year
    while day > _MONTH_DAYS[month - 1] + (leap and month == 2):
        day -= _MONTH_DAYS[month - 1] + (leap and month == 2)
        month += 1
    if fields.month not in (-1, month):
        raise TimeError(f"parsing time {quote(text)}: day-of-year does not match month")
    if fields.day not in (-1, day):
        raise TimeError(f"parsing time {quote(text)}: day-of-year does not match day")
    fields.month, fields.day = month, day
