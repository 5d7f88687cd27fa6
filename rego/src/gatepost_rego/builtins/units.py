"""Quantities with units, bits, random numbers (OPA policy reference, Units, Bitwise, Numbers)."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Final

from gatepost_rego.builtins.operands import integer, string
from gatepost_rego.builtins.registry import TYPE_ERROR, BuiltinError, BuiltinHalt, Context
from gatepost_rego.builtins.signature import declare
from gatepost_rego.numbers import MOST_BITS, number_of, round64
from gatepost_rego.values import Number, Value

__all__ = ["BUILTINS"]

_POWERS: Final = {letter: step for step, letter in enumerate("kmgtpe", start=1)}
_AMOUNT: Final = re.compile(r"[0-9.]*(?:[eE](?:[+-]|(?=[0-9]))[0-9.]*|[+-][0-9.]*)*", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_LONGEST: Final = 400


def _cut(name: str, noun: str, text: str) -> tuple[str, str]:
    """Cut a quantity into its amount and its unit."""
    if len(text) > _LONGEST:
        raise BuiltinHalt(f"{name}: amount too long")
    text = text.replace('"', "")
    if " " in text:
        raise BuiltinError(f"{name}: spaces not allowed in resource strings")
    found = _AMOUNT.match(text)
    amount = found.group() if found else ""
    if not amount:
        raise BuiltinError(f"{name}: no {noun}amount provided")
    return amount, text[len(amount) :]


def _value(name: str, noun: str, amount: str) -> Fraction:
    if not _DECIMAL.fullmatch(amount):
        raise BuiltinError(f"{name}: could not parse {noun}amount to a number")
    _, _, exponent = amount.lower().partition("e")
    if exponent and abs(int(exponent)) > 10 * _LONGEST:
        raise BuiltinError(f"{name}: exponent too large")
    return Fraction(amount)


def parse(value: Value) -> Number:
    """Read a quantity such as `10K`, `1.5Gi` or `200m` (milli)."""
    amount, unit = _cut("units.parse", "", string(value, 1))
    found = _value("units.parse", "", amount) * _factor(unit)
    if found.denominator == 1:
        return found.numerator
    # Ten digits behind the point, the last one rounded half away from zero.
    scaled = abs(found) * 10**10
    digits = f"{int(scaled + Fraction(1, 2)):011d}"
    sign = "-" if found < 0 else ""
    return number_of(f"{sign}{digits[:-10]}.{digits[-10:]}")


def _factor(unit: str) -> Fraction:
    # Only the first letter's case counts: `m` is milli and `M` mega.
    name = unit[:1] + unit[1:].lower()
    if name == "":
        return Fraction(1)
    if name == "m":
        return Fraction(1, 1000)
    power = _POWERS.get(name[0].lower())
    if power is None or name[1:] not in ("", "i"):
        raise BuiltinError(f"units.parse: unit {name} not recognized")
    return Fraction(1024 if name.endswith("i") else 1000) ** power


def parse_bytes(value: Value) -> int:
    """Read a number of bytes such as `10KB` or `1.5GiB`."""
    amount, unit = _cut("units.parse_bytes", "byte ", string(value, 1))
    found = _value("units.parse_bytes", "byte ", amount)
    name = unit.lower()
    power = _POWERS.get(name[:1])
    if name and (power is None or name[1:] not in ("", "b", "i", "ib")):
        raise BuiltinError(f"units.parse_bytes: byte unit {name} not recognized")
    factor = (1024 if "i" in name[1:] else 1000) ** (power or 0)
    mantissa, shift = round64(found.numerator, found.denominator)
    mantissa, further = round64(mantissa * factor, 1)
    shift += further
    return mantissa << shift if shift >= 0 else int(Fraction(mantissa, 1 << -shift))


def _bitwise(operation: Callable[[int, int], int], left: Value, right: Value) -> int:
    return operation(integer(left, 1), integer(right, 2))


def negate(value: Value) -> int:
    """Flip every bit."""
    return ~integer(value, 1)


def _distance(ctx: Context, value: Value, shift: Value) -> tuple[int, int]:
    number, distance = integer(value, 1), integer(shift, 2)
    if distance < 0:
        raise BuiltinError(
            "operand 2 must be an unsigned integer number but got a negative integer", TYPE_ERROR
        )
    ctx.charge(number.bit_length() >> 9)
    return number, distance


def shift_left(ctx: Context, value: Value, shift: Value) -> int:
    """Shift bits to the left; a result of more than some 4,200 digits is refused."""
    number, distance = _distance(ctx, value, shift)
    if number.bit_length() + distance > MOST_BITS:
        raise BuiltinHalt("number too big")
    return number << distance


def shift_right(ctx: Context, value: Value, shift: Value) -> int:
    """Shift bits to the right, keeping the sign."""
    number, distance = _distance(ctx, value, shift)
    return number >> distance


def random_below(ctx: Context, name: Value, limit: Value) -> int:
    """Give a random integer below a limit, the same one for the same name within an evaluation."""
    key = ("rand.intn", string(name, 1), integer(limit, 2))
    if key[2] == 0:
        return 0
    if key not in ctx.cache:
        ctx.cache[key] = ctx.random.randrange(abs(key[2]))
    found: int = ctx.cache[key]
    return found


BUILTINS: Final = (
    declare("units.parse", parse),
    declare("units.parse_bytes", parse_bytes),
    declare("bits.and", partial(_bitwise, int.__and__)),
    declare("bits.or", partial(_bitwise, int.__or__)),
    declare("bits.xor", partial(_bitwise, int.__xor__)),
    declare("bits.negate", negate),
    declare("bits.lsh", shift_left, context=True),
    declare("bits.rsh", shift_right, context=True),
    declare("rand.intn", random_below, context=True, nondeterministic=True),
)
