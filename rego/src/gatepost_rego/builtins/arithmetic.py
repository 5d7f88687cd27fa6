"""Arithmetic, comparison and `numbers.*` (OPA policy reference, sections Numbers, Comparison)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP
from functools import partial
from typing import Final

from gatepost_rego import numbers
from gatepost_rego.builtins.operands import integer, is_number, number, set_of
from gatepost_rego.builtins.registry import BuiltinError, BuiltinHalt, Context, operand_error
from gatepost_rego.builtins.signature import declare
from gatepost_rego.numbers import NumberError
from gatepost_rego.values import Number, RegoSet, Value, compare, equal

__all__ = ["BUILTINS"]

_Operation = Callable[[Number, Number], Number]


def _reckon(operation: _Operation, left: Value, right: Value) -> Number:
    one, other = number(left, 1), number(right, 2)
    try:
        return operation(one, other)
    except NumberError as error:
        raise BuiltinHalt(str(error)) from error


def minus(left: Value, right: Value) -> Value:
    """Subtract numbers, or take the members of one set from another."""
    if is_number(left) and is_number(right):
        return _reckon(numbers.subtract, left, right)
    if isinstance(left, RegoSet):
        return left.difference(set_of(right, 2))
    if is_number(left):
        raise operand_error(2, right, "number")
    raise operand_error(1, left, "number", "set")


def divide(left: Value, right: Value) -> Number:
    """Divide two numbers."""
    try:
        return _reckon(numbers.divide, left, right)
    except ZeroDivisionError as error:
        raise BuiltinError("divide by zero") from error


def remainder(left: Value, right: Value) -> int:
    """Give what is left of an integer division; its sign is the dividend's."""
    one, other = number(left, 1), number(right, 2)
    try:
        found = numbers.remainder(one, other)
    except ZeroDivisionError as error:
        raise BuiltinError("modulo by zero") from error
    if found is None:
        raise BuiltinError("modulo on floating-point number")
    return found


def absolute(value: Value) -> Number:
    """Give a number without its sign."""
    return numbers.absolute(number(value, 1))


def _rounded(mode: str, value: Value) -> int:
    return numbers.rounded(number(value, 1), mode)


def spread(ctx: Context, first: Value, last: Value) -> list[Value]:
    """List the integers from one to another, both included."""
    start, stop = integer(first, 1), integer(last, 2)
    return _stepped(ctx, start, stop, 1)


def spread_by(ctx: Context, first: Value, last: Value, step: Value) -> list[Value]:
    """List the integers from one to another at a distance."""
    start, stop, distance = integer(first, 1), integer(last, 2), integer(step, 3)
    if distance <= 0:
        raise BuiltinError("numbers.range_step: step must be a positive integer")
    return _stepped(ctx, start, stop, distance)


def _stepped(ctx: Context, start: int, stop: int, step: int) -> list[Value]:
    count = abs(stop - start) // step + 1
    ctx.reserve(count)
    ctx.charge(count)
    return list(range(start, stop + 1, step) if start <= stop else range(start, stop - 1, -step))


def _compares(accept: Callable[[int], bool], left: Value, right: Value) -> bool:
    return accept(compare(left, right))


def _unequal(left: Value, right: Value) -> bool:
    return not equal(left, right)


def _intersection(left: Value, right: Value) -> RegoSet:
    return set_of(left, 1).intersection(set_of(right, 2))


def _union(left: Value, right: Value) -> RegoSet:
    return set_of(left, 1).union(set_of(right, 2))


BUILTINS: Final = (
    declare("plus", partial(_reckon, numbers.add), infix="+"),
    declare("minus", minus, infix="-"),
    declare("mul", partial(_reckon, numbers.multiply), infix="*"),
    declare("div", divide, infix="/"),
    declare("rem", remainder, infix="%"),
    declare("and", _intersection, infix="&"),
    declare("or", _union, infix="|"),
    declare("eq", equal, infix="="),
    declare("assign", equal, infix=":="),
    declare("equal", equal, infix="=="),
    declare("neq", _unequal, infix="!="),
    declare("lt", partial(_compares, (0).__gt__), infix="<"),
    declare("lte", partial(_compares, (0).__ge__), infix="<="),
    declare("gt", partial(_compares, (0).__lt__), infix=">"),
    declare("gte", partial(_compares, (0).__le__), infix=">="),
    declare("abs", absolute),
    declare("ceil", partial(_rounded, ROUND_CEILING)),
    declare("floor", partial(_rounded, ROUND_FLOOR)),
    declare("round", partial(_rounded, ROUND_HALF_UP)),
    declare("numbers.range", spread, context=True),
    declare("numbers.range_step", spread_by, context=True),
)
