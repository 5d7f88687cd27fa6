"""Floats as Go's strconv prints them.

The rules are those of the Go documentation of `strconv.FormatFloat`: a precision of -1 asks for
the fewest digits that read back as the same number.
"""

import math

__all__ = ["format_float", "shortest_digits"]

_SHORTEST_EXPONENT = 6
_MANTISSA_BITS = 53
_LEAST_EXPONENT = -1074


def shortest_digits(value: float) -> tuple[str, int]:
    """Return the fewest digits that identify `value` and where their point lies.

    The number is 0.DIGITS times ten to the power of the second member.
    """
    if value == 0:
        return "", 0
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + (int(exponent) if exponent else 0)
    digits = whole + ("" if fraction == "0" else fraction)
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    return stripped.rstrip("0"), point


def format_float(value: float, verb: str, precision: int) -> str:
    """Print `value` as `strconv.FormatFloat(value, verb, precision, 64)` does."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    lower = verb.lower()
    if lower == "b":
        return _binary(value)
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    if lower == "e":
        text = _exponent(value, precision)
    elif lower == "f":
        text = _fixed(value, precision)
    else:
        text = _general(value, precision)
    return sign + (text.upper() if verb.isupper() else text)


def _binary(value: float) -> str:
    if value == 0:
        return f"0p{_LEAST_EXPONENT:+d}"
    mantissa, exponent = math.frexp(value)
    power = max(exponent - _MANTISSA_BITS, _LEAST_EXPONENT)
    return f"{int(math.ldexp(mantissa, exponent - power))}p{power:+d}"


def _exponent(value: float, precision: int) -> str:
    if precision >= 0:
        return f"{abs(value):.{precision}e}"
    digits, point = shortest_digits(value)
    return _exponent_text(digits or "0", point - 1 if digits else 0)


def _exponent_text(digits: str, exponent: int) -> str:
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _fixed(value: float, precision: int) -> str:
    if precision >= 0:
        return f"{abs(value):.{precision}f}"
    digits, point = shortest_digits(value)
    return _fixed_text(digits, point)


def _fixed_text(digits: str, point: int) -> str:
    if point <= 0:
        whole, fraction = "0", "0" * -point + digits
    else:
        padded = digits.ljust(point, "0")
        whole, fraction = padded[:point], padded[point:]
    return f"{whole}.{fraction}" if fraction and digits else whole


def _general(value: float, precision: int) -> str:
    if precision < 0:
        digits, point = shortest_digits(value)
        limit = _SHORTEST_EXPONENT
        limit = max(limit, 21) if precision < -1 else limit
    else:
        wanted = precision or 1
        scientific = f"{abs(value):.{wanted - 1}e}"
        mantissa, _, exponent = scientific.partition("e")
        digits = mantissa.replace(".", "").rstrip("0")
        point = int(exponent) + 1 if digits else 0
        limit = wanted
        if limit > len(digits) >= point:
            limit = len(digits)
    exponent_of_first = point - 1
    if digits and (exponent_of_first < -4 or exponent_of_first >= limit):
        return _exponent_text(digits, exponent_of_first)
    return _fixed_text(digits, point)
