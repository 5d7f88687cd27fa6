"""Durations as Go's `time.ParseDuration` reads them, in nanoseconds."""

__all__ = ["DurationError", "parse_duration"]

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "\N{MICRO SIGN}s": 1_000,
    "\N{GREEK SMALL LETTER MU}s": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_MOST = 1 << 63
_DIGITS = "0123456789"


class DurationError(ValueError):
    """The text is not a duration."""


def parse_duration(text: str) -> int:
    """Read a duration such as `1h15m30.918s` and return its nanoseconds."""
    rest = text
    negative = rest[:1] == "-"
    if rest[:1] in ("-", "+") and rest:
        rest = rest[1:]
    if rest == "0":
        return 0
    if not rest:
        raise DurationError(f'time: invalid duration "{text}"')
    total = 0
    while rest:
        amount, rest = _amount(rest, text)
        total += amount
        if total > _MOST:
            raise DurationError(f'time: invalid duration "{text}"')
    if negative:
        return -total
    if total > _MOST - 1:
        raise DurationError(f'time: invalid duration "{text}"')
    return total


def _amount(rest: str, text: str) -> tuple[int, str]:
    """Read one number with its unit from the front of `rest`."""
    whole, rest = _leading_digits(rest)
    fraction = ""
    dotted = rest[:1] == "."
    if dotted:
        fraction, rest = _leading_digits(rest[1:])
    if not whole and not fraction:
        raise DurationError(f'time: invalid duration "{text}"')
    end = 0
    while end < len(rest) and rest[end] != "." and rest[end] not in _DIGITS:
        end += 1
    name, rest = rest[:end], rest[end:]
    if not name:
        raise DurationError(f'time: missing unit in duration "{text}"')
    unit = _UNITS.get(name)
    if unit is None:
        raise DurationError(f'time: unknown unit "{name}" in duration "{text}"')
    nanos = _int(whole) * unit
    if fraction:
        # Past 18 digits a fraction cannot change a whole nanosecond of any unit.
        kept = fraction[:18]
        nanos += int(kept) * unit // 10 ** len(kept)
    if nanos > _MOST:
        raise DurationError(f'time: invalid duration "{text}"')
    return nanos, rest


def _int(digits: str) -> int:
    # A longer number is out of range whatever its unit; reading it would cost time.
    return int(digits.lstrip("0")[:40] or "0")


def _leading_digits(text: str) -> tuple[str, str]:
    end = 0
    while end < len(text) and text[end] in _DIGITS:
        end += 1
    return text[:end], text[end:]
