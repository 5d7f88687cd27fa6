"""Operators that become Python operators where that is exact."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gatepost_rego.compile import pyast as py
from gatepost_rego.compile.pyast import both, call, choose, const, is_, name, negate


@dataclass(frozen=True, slots=True)
class Inline:
    """How an operator is written. ``total``: it has a value for any two operands."""

    write: Callable[[ast.expr, ast.expr, ast.expr], ast.expr]
    kind: str
    total: bool = True

    def guard(self, left: ast.expr, right: ast.expr, made: ast.expr) -> ast.expr:
        """Use the operator for two small integers, and the built-in's call for all else."""
        integers = [
            is_(call("type", node), name("int"))
            for node in (left, right)
            if not (isinstance(node, ast.Constant) and type(node.value) is int)
        ]
        if any(isinstance(n, ast.Constant) and type(n.value) is not int for n in (left, right)):
            return made
        if not integers:
            return made
        test = integers[0] if len(integers) == 1 else both(*integers)
        return choose(test, self.write(made, left, right), made)


def exact(node: ast.expr) -> bool:
    """Say whether ``==`` with this constant is Rego's: neither True nor False equals it."""
    if not isinstance(node, ast.Constant):
        return False
    value = node.value
    return type(value) is str or (type(value) in (int, float) and value not in (0, 1))


def equality(meter: ast.expr, left: ast.expr, right: ast.expr) -> ast.expr:
    """Write ``left == right`` of Rego."""
    for one, other in ((left, right), (right, left)):
        if exact(one):
            return py.Compare(other, [ast.Eq()], [one])
        if isinstance(one, ast.Constant) and (one.value is None or type(one.value) is bool):
            return is_(other, const(one.value))
    return call("same", meter, left, right)


def inequality(meter: ast.expr, left: ast.expr, right: ast.expr) -> ast.expr:
    """Write ``left != right`` of Rego."""
    return negate(equality(meter, left, right))


def _arithmetic(op: ast.operator) -> Callable[[ast.expr, ast.expr, ast.expr], ast.expr]:
    return lambda _, left, right: py.BinOp(left, op, right)


INLINE: Final[dict[str, Inline]] = {
    "equal": Inline(equality, "bool"),
    "neq": Inline(inequality, "bool"),
    "lt": Inline(lambda meter, left, right: call("less", meter, left, right), "bool"),
    "gt": Inline(lambda meter, left, right: call("less", meter, right, left), "bool"),
    "lte": Inline(lambda meter, left, right: call("at_most", meter, left, right), "bool"),
    "gte": Inline(lambda meter, left, right: call("at_most", meter, right, left), "bool"),
    "internal.member_2": Inline(
        lambda meter, left, right: call("contains", meter, right, left), "bool"
    ),
    "plus": Inline(_arithmetic(ast.Add()), "num", total=False),
    "minus": Inline(_arithmetic(ast.Sub()), "num", total=False),
}
