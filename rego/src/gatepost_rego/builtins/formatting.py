"""`sprintf` (OPA policy reference, section Strings)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from gatepost_rego.builtins.operands import array, is_number, string
from gatepost_rego.builtins.registry import Context
from gatepost_rego.builtins.signature import declare
from gatepost_rego.golang.quoting import Tick
from gatepost_rego.golang.verbs import Argument, sprintf
from gatepost_rego.numbers import as_integer, number_text
from gatepost_rego.show import show
from gatepost_rego.values import Number, Value

__all__ = ["BUILTINS"]


def _argument(value: Value, tick: Tick) -> Argument:
    """Turn a value into what OPA hands to Go: an integer, a float, or else its text."""
    if isinstance(value, str):
        return value
    return _numeric(value) if is_number(value) else show(value, tick)


def _numeric(value: Number) -> Argument:
    if isinstance(value, int):
        return value
    text = number_text(value)
    if "e" not in text:
        whole = as_integer(value)
        if whole is not None and abs(whole) < 1 << 63:
            return whole
    return float(value) if "." in text and _finite(value) else text


def _finite(value: float | Decimal) -> bool:
    return abs(float(value)) != float("inf")


def formatted(ctx: Context, text: Value, values: Value) -> str:
    """Format values as Go's `fmt.Sprintf` would."""
    pattern, items = string(text, 1), array(values, 2)
    ctx.charge(len(items) + len(pattern) // 16)

    def claim(characters: int) -> None:
        ctx.charge(1 + characters // 16)
        ctx.reserve(characters // 8)

    return sprintf(pattern, [_argument(item, ctx.charge) for item in items], claim)


BUILTINS: Final = (declare("sprintf", formatted, context=True),)
