"""Time (OPA policy reference, section Time)."""

from __future__ import annotations

from typing import Final

from gatepost_rego.builtins.operands import integer, is_number, string
from gatepost_rego.builtins.registry import (
    TYPE_ERROR,
    BuiltinError,
    BuiltinHalt,
    Context,
    operand_error,
)
from gatepost_rego.builtins.signature import declare
from gatepost_rego.golang.durations import DurationError, parse_duration
from gatepost_rego.golang.layouts import DAYS, NAMED, format_moment
from gatepost_rego.golang.moments import (
    Civil,
    Moment,
    ZoneError,
    days_from_civil,
    load_zone,
)
from gatepost_rego.golang.time_parsing import TimeError, parse_time
from gatepost_rego.numbers import as_integer
from gatepost_rego.values import Value, type_name

__all__ = ["BUILTINS"]

_EARLIEST: Final = -(1 << 63)
_LATEST: Final = (1 << 63) - 1
_LONGEST: Final = 10_000


def _checked(nanos: int) -> int:
    if not _EARLIEST <= nanos <= _LATEST:
        raise BuiltinError("time outside of valid range")
    return nanos


def now(ctx: Context) -> int:
    """Give the time at the start of the evaluation."""
    return ctx.now_ns


def _short(text: str) -> str:
    if len(text) > _LONGEST:
        raise BuiltinHalt("text too long")
    return text


def parse(ctx: Context, layout: Value, value: Value) -> int:
    """Read a time by a layout of Go's, or by the name of one."""
    shape, text = _short(string(layout, 1)), _short(string(value, 2))
    ctx.charge(len(shape) + len(text))
    try:
        return _checked(parse_time(NAMED.get(shape, shape), text))
    except TimeError as error:
        raise BuiltinError(str(error)) from error


def parse_rfc3339(ctx: Context, value: Value) -> int:
    """Read a time as RFC 3339 writes it."""
    return parse(ctx, NAMED["RFC3339"], string(value, 1))


def duration(value: Value) -> int:
    """Read a duration such as `1h30m`."""
    try:
        return parse_duration(_short(string(value, 1)))
    except DurationError as error:
        raise BuiltinError(str(error)) from error


def _moment(value: Value, position: int) -> tuple[Moment, str]:
    """Read an operand: nanoseconds, or an array of these, a zone and a layout."""
    zone = layout = ""
    stamp = value
    if isinstance(value, list):
        if not value:
            raise operand_error(position, value, "either number (ns) or [number (ns), string (tz)]")
        stamp = value[0]
        zone = _text(value, 1, position)
        layout = _text(value, 2, position)
    elif not is_number(value):
        raise operand_error(position, value, "number", "array")
    if not is_number(stamp):
        raise BuiltinError(
            f"operand {position} must be a number but got {type_name(stamp)}", TYPE_ERROR
        )
    nanos = as_integer(stamp)
    if nanos is None or not _EARLIEST <= nanos <= _LATEST:
        raise BuiltinError("timestamp too big")
    try:
        return Moment(nanos, load_zone(zone)), layout
    except ZoneError as error:
        raise BuiltinError(str(error)) from error


def _text(parts: list[Value], place: int, position: int) -> str:
    if place >= len(parts):
        return ""
    found = parts[place]
    if isinstance(found, str):
        return found
    text = f"operand {position} must be a string but got {type_name(found)}"
    raise BuiltinError(text, TYPE_ERROR)


def date(value: Value) -> list[Value]:
    """Give year, month and day."""
    wall = _moment(value, 1)[0].civil()
    return [wall.year, wall.month, wall.day]


def clock(value: Value) -> list[Value]:
    """Give hour, minute and second."""
    wall = _moment(value, 1)[0].civil()
    return [wall.hour, wall.minute, wall.second]


def weekday(value: Value) -> str:
    """Give the name of the day of the week."""
    return DAYS[_moment(value, 1)[0].weekday()]


def add_date(value: Value, years: Value, months: Value, days: Value) -> int:
    """Add years, months and days; what is past the end of a month carries over."""
    moment = _moment(value, 1)[0]
    more = [integer(amount, place) for place, amount in enumerate((years, months, days), start=2)]
    if max(map(abs, more)) > 1 << 40:
        raise BuiltinError("time outside of valid range")
    wall = moment.civil()
    changed = Civil(
        wall.year + more[0], wall.month + more[1], wall.day + more[2],
        wall.hour, wall.minute, wall.second, wall.nanos,
    )  # fmt: skip
    return _checked(moment.zone.nanos_of(changed))


def difference(first: Value, second: Value) -> list[Value]:
    """Give the years, months, days, hours, minutes and seconds between two times."""
    one, other = _moment(first, 1)[0], _moment(second, 2)[0]
    # The second time is seen in the zone of the first.
    other = Moment(other.nanos, one.zone)
    if one.nanos > other.nanos:
        one, other = other, one
    start, end = one.civil(), other.civil()
    year, month, day = end.year - start.year, end.month - start.month, end.day - start.day
    hour, minute, second_ = (
        end.hour - start.hour, end.minute - start.minute, end.second - start.second,
    )  # fmt: skip
    if second_ < 0:
        second_, minute = second_ + 60, minute - 1
    if minute < 0:
        minute, hour = minute + 60, hour - 1
    if hour < 0:
        hour, day = hour + 24, day - 1
    if day < 0:
        # Borrow the days of the month in which the earlier time lies.
        day += days_from_civil(start.year, start.month + 1, 1) - days_from_civil(
            start.year, start.month, 1
        )
        month -= 1
    if month < 0:
        month, year = month + 12, year - 1
    return [year, month, day, hour, minute, second_]


def formatted(ctx: Context, value: Value) -> str:
    """Print a time, by RFC 3339 unless a layout says otherwise."""
    moment, layout = _moment(value, 1)
    ctx.charge(1 + len(layout))
    ctx.reserve(len(layout))
    return format_moment(moment, NAMED.get(_short(layout), layout) or NAMED["RFC3339Nano"])


BUILTINS: Final = (
    declare("time.now_ns", now, context=True, nondeterministic=True),
    declare("time.parse_ns", parse, context=True),
    declare("time.parse_rfc3339_ns", parse_rfc3339, context=True),
    declare("time.parse_duration_ns", duration),
    declare("time.date", date),
    declare("time.clock", clock),
    declare("time.weekday", weekday),
    declare("time.add_date", add_date),
    declare("time.diff", difference),
    declare("time.format", formatted, context=True),
)
