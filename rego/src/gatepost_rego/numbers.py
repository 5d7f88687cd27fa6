"""Numbers as OPA reads, prints and reckons them.

Numbers without a fraction are exact, however written. Everything else OPA reckons in binary with
64 bits of mantissa (Go's `big.Float`) and prints with the fewest digits that read back as the
same such number, which is why 0.1 + 0.2 is 0.3 and 1 / 3 has twenty digits. A float stands for
the decimal number that its `repr` shows; a Decimal is used where no float shows the number, or where it is equal to a float
but was written otherwise (`1e2`, `1.50`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from math import isfinite
from typing import Final

from gatepost_rego.values import Number

__all__ = [
    "MOST_BITS", "NumberError", "absolute", "add", "as_integer", "divide", "multiply",
    "multiply_all", "number_of", "number_text", "remainder", "round64", "rounded", "subtract",
]  # fmt: skip

_SPELLING: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_MANTISSA: Final = 64
_DOUBLE: Final = 53
_EXACT_FLOATS: Final = 2.0**53
# Python refuses to turn integers of more than 4,300 digits into text, so bigger ones are refused
# where they would arise.
_MOST_DIGITS: Final = 4_000
_MOST_EXPONENT: Final = 4_000
MOST_BITS: Final = 14_000
_WIDEST_SHIFT: Final = 1 << 16
_EXACT: Final = Context(prec=3 * _MOST_EXPONENT, Emax=10**9, Emin=-(10**9))


class NumberError(ValueError):
    """A text is no JSON number, or a number is bigger than this engine reckons with."""


def number_of(text: str) -> Number:
    """Read a JSON number, keeping every digit of it."""
    if not _SPELLING.fullmatch(text):
        raise NumberError(f"invalid number {text[:40]}")
    if len(text) > _MOST_DIGITS + 1:
        raise NumberError("number too big")
    if "." not in text and "e" not in text and "E" not in text:
        return int(text)
    exact = Decimal(text)
    if abs(exact.adjusted()) > _MOST_EXPONENT:
        raise NumberError("number too big")
    return _settle(exact, text)


def _settle(exact: Decimal, text: str) -> Number:
    """Choose the form of a number that is not written as an integer."""
    close = float(exact)
    shown = repr(close)
    if shown == text:
        return close
    if not isfinite(close) or Decimal(shown) != exact:
        return exact
    # Only where float and decimal are equal to the last bit do they stay equal as Python values;
    # an integer stays equal to the int of the same value.
    return exact if close == exact or abs(close) >= _EXACT_FLOATS else close


def number_text(number: Number) -> str:
    """Print a number as OPA does."""
    if isinstance(number, float):
        return repr(number)
    if isinstance(number, Decimal):
        return _decimal_text(number)
    return str(number)


def _decimal_text(number: Decimal) -> str:
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        raise NumberError(f"{number} is no JSON number")
    adjusted = number.adjusted()
    if exponent <= 0 and adjusted >= -5:
        return format(number, "f")
    text = "".join(map(str, digits))
    fraction = f".{text[1:]}" if len(text) > 1 else ""
    power = f"-{-adjusted:02d}" if adjusted < 0 else str(adjusted)
    return f"{'-' if sign else ''}{text[0]}{fraction}e{power}"


def as_integer(number: Number) -> int | None:
    """Return the integer a number is, however it is written; None where it has a fraction."""
    if isinstance(number, int):
        return number
    if isinstance(number, float):
        if not number.is_integer():
            return None
        return int(number) if abs(number) < _EXACT_FLOATS else int(Decimal(repr(number)))
    return int(number) if number == number.to_integral_value(context=_EXACT) else None


def add(left: Number, right: Number) -> Number:
    """Add as OPA's `plus`."""
    whole = _whole(left, right)
    return _reckon(_sum, left, right) if whole is None else whole[0] + whole[1]


def subtract(left: Number, right: Number) -> Number:
    """Subtract as OPA's `minus`."""
    whole = _whole(left, right)
    return _reckon(_difference, left, right) if whole is None else whole[0] - whole[1]


def multiply(left: Number, right: Number) -> Number:
    """Multiply as OPA's `mul`; a product of more than some 4,200 digits is refused."""
    whole = _whole(left, right)
    if whole is None:
        return _reckon(_product, left, right)
    if whole[0].bit_length() + whole[1].bit_length() > MOST_BITS:
        raise NumberError("number too big")
    return whole[0] * whole[1]


def multiply_all(factors: Iterable[Number], tick: Callable[[int], None]) -> Number:
    """Multiply as OPA's `product`, which keeps 53 bits where a factor has a fraction.

    `tick` is told of each step's cost.
    """
    exact = 1
    numbers = list(factors)
    wholes = [as_integer(number) for number in numbers]
    if None not in wholes:
        for whole in wholes:
            tick(1 + (exact.bit_length() >> 9))
            exact = multiply(exact, whole)  # type: ignore[assignment, arg-type]
        return exact
    found: _Binary = (1, 0)
    for number in numbers:
        tick(8)
        found = round64(*_product(found, _binary(number)), _DOUBLE)
    numerator, denominator = _ratio(*found)
    try:
        close = numerator / denominator
    except OverflowError as error:
        raise NumberError("number too big") from error
    return int(Decimal(repr(close))) if close.is_integer() else close


def divide(left: Number, right: Number) -> Number:
    """Divide as OPA's `div`; raises ZeroDivisionError."""
    if isinstance(left, int) and isinstance(right, int) and right and left % right == 0:
        small = max(left.bit_length(), right.bit_length()) <= _MANTISSA
        return left // right if small else _reckon(_quotient, left, right)
    return _reckon(_quotient, left, right)


def remainder(left: Number, right: Number) -> int | None:
    """Take OPA's `rem`, whose sign is the dividend's; None unless both are integers."""
    whole = _whole(left, right)
    if whole is None:
        return None
    one, other = whole
    found = abs(one) % abs(other)
    return -found if one < 0 else found


def absolute(number: Number) -> Number:
    """Drop the sign as OPA's `abs`, which also forgets how the number was written."""
    if isinstance(number, int) and number.bit_length() <= _MANTISSA:
        return abs(number)
    mantissa, power = _binary(number)
    return _number(abs(mantissa), power)


def rounded(number: Number, mode: str) -> int:
    """Round to an integer by one of the decimal module's modes, after OPA's 64 bits."""
    if isinstance(number, int) and number.bit_length() <= _MANTISSA:
        return number
    mantissa, power = _binary(number)
    if power >= 0:
        return _ratio(mantissa, power)[0]
    numerator, denominator = _ratio(mantissa, power)
    whole, rest = divmod(abs(numerator), denominator)
    negative = numerator < 0
    if mode == ROUND_DOWN:
        up = False
    elif mode == ROUND_HALF_UP:
        up = 2 * rest >= denominator
    else:
        up = rest > 0 and negative is (mode == ROUND_FLOOR)
    if negative and not whole and mode in (ROUND_CEILING, ROUND_FLOOR):
        # OPA looks at the sign of the number cut off, and zero has none: ceil(-0.5) is 1.
        return int(mode == ROUND_CEILING)
    found = whole + up
    return -found if negative else found


# A binary number is a mantissa and a power of two.
_Binary = tuple[int, int]


def round64(numerator: int, denominator: int, bits: int = _MANTISSA) -> _Binary:
    """Round a ratio to 64 (or other) bits of mantissa, to nearest and then to even."""
    size = abs(numerator)
    shift = size.bit_length() - denominator.bit_length() - bits
    top, bottom = (size, denominator << shift) if shift > 0 else (size << -shift, denominator)
    mantissa, rest = divmod(top, bottom)
    if mantissa.bit_length() > bits:
        rest += (mantissa & 1) * bottom
        mantissa, bottom, shift = mantissa >> 1, bottom << 1, shift + 1
    twice = 2 * rest
    if twice > bottom or (twice == bottom and mantissa & 1):
        mantissa += 1
        if mantissa.bit_length() > bits:
            mantissa, shift = mantissa >> 1, shift + 1
    return (-mantissa if numerator < 0 else mantissa), shift


def _binary(number: Number) -> _Binary:
    if isinstance(number, int):
        return round64(number, 1)
    exact = Decimal(repr(number)) if isinstance(number, float) else number
    return round64(*exact.as_integer_ratio())


def _whole(left: Number, right: Number) -> tuple[int, int] | None:
    """Return both numbers as integers where neither has a fraction."""
    if isinstance(left, int) and isinstance(right, int):
        return left, right
    one = as_integer(left)
    other = None if one is None else as_integer(right)
    return None if one is None or other is None else (one, other)


def _reckon(
    operation: Callable[[_Binary, _Binary], tuple[int, int]], left: Number, right: Number
) -> Number:
    numerator, denominator = operation(_binary(left), _binary(right))
    return _number(*round64(numerator, denominator))


def _ratio(mantissa: int, power: int) -> tuple[int, int]:
    if abs(power) > _WIDEST_SHIFT:
        raise NumberError("number too big")
    return (mantissa << power, 1) if power >= 0 else (mantissa, 1 << -power)


def _aligned(left: _Binary, right: _Binary) -> tuple[int, int, int]:
    power = min(left[1], right[1])
    if max(left[1], right[1]) - power > _WIDEST_SHIFT:
        raise NumberError("number too big")
    return left[0] << (left[1] - power), right[0] << (right[1] - power), power


def _sum(left: _Binary, right: _Binary) -> tuple[int, int]:
    one, other, power = _aligned(left, right)
    return _ratio(one + other, power)


def _difference(left: _Binary, right: _Binary) -> tuple[int, int]:
    one, other, power = _aligned(left, right)
    return _ratio(one - other, power)


def _product(left: _Binary, right: _Binary) -> tuple[int, int]:
    return _ratio(left[0] * right[0], left[1] + right[1])


def _quotient(left: _Binary, right: _Binary) -> tuple[int, int]:
    if not right[0]:
        raise ZeroDivisionError
    numerator, denominator = _ratio(left[0], left[1] - right[1])
    sign = -1 if right[0] < 0 else 1
    return numerator * sign, denominator * abs(right[0])


def _number(mantissa: int, power: int) -> Number:
    """Give the number with the fewest digits that rounds to this binary one."""
    if not mantissa:
        return 0
    if abs(power) > MOST_BITS:
        raise NumberError("number too big")
    numerator, denominator = _ratio(mantissa, power)
    digits = _shortest(mantissa, power, numerator, denominator)
    if numerator % denominator == 0:
        return int(digits)
    return _settle(digits, "")


def _shortest(mantissa: int, power: int, numerator: int, denominator: int) -> Decimal:
    wanted = (mantissa, power)
    try:
        close = numerator / denominator
    except OverflowError:
        close = 0.0
    candidate = Decimal(repr(close))
    if close and round64(*candidate.as_integer_ratio()) == wanted:
        return candidate
    for precision in range(1 if not close else 16, 22):
        context = Context(prec=precision, Emax=10**9, Emin=-(10**9))
        candidate = context.divide(Decimal(numerator), Decimal(denominator))
        if round64(*candidate.as_integer_ratio()) == wanted:
            return candidate
    raise NumberError("number too big")  # 21 digits always tell 64 bits apart
