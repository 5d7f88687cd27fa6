"""Short names for Python's syntax tree, in which compiled rules are written.

Only constants of a policy become part of such a tree, and only as constants.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any


class _Placed:
    """Gives a node the one place all compiled code is said to be at, which ``compile`` asks for."""

    lineno: int = 1
    col_offset: int = 0
    end_lineno: int | None = 1
    end_col_offset: int | None = 0


class Name(_Placed, ast.Name):
    """A placed ``Name``."""


class Constant(_Placed, ast.Constant):
    """A placed ``Constant``."""


class Call(_Placed, ast.Call):
    """A placed ``Call``."""


class Attribute(_Placed, ast.Attribute):
    """A placed ``Attribute``."""


class Subscript(_Placed, ast.Subscript):
    """A placed ``Subscript``."""


class Assign(_Placed, ast.Assign):
    """A placed ``Assign``."""


class AugAssign(_Placed, ast.AugAssign):
    """A placed ``AugAssign``."""


class Compare(_Placed, ast.Compare):
    """A placed ``Compare``."""


class UnaryOp(_Placed, ast.UnaryOp):
    """A placed ``UnaryOp``."""


class BoolOp(_Placed, ast.BoolOp):
    """A placed ``BoolOp``."""


class BinOp(_Placed, ast.BinOp):
    """A placed ``BinOp``."""


class IfExp(_Placed, ast.IfExp):
    """A placed ``IfExp``."""


class If(_Placed, ast.If):
    """A placed ``If``."""


class List(_Placed, ast.List):
    """A placed ``List``."""


class Tuple(_Placed, ast.Tuple):
    """A placed ``Tuple``."""


class Dict(_Placed, ast.Dict):
    """A placed ``Dict``."""


class For(_Placed, ast.For):
    """A placed ``For``."""


class While(_Placed, ast.While):
    """A placed ``While``."""


class FunctionDef(_Placed, ast.FunctionDef):
    """A placed ``FunctionDef``."""


class Return(_Placed, ast.Return):
    """A placed ``Return``."""


class Expr(_Placed, ast.Expr):
    """A placed ``Expr``."""


class Break(_Placed, ast.Break):
    """A placed ``Break``."""


class Continue(_Placed, ast.Continue):
    """A placed ``Continue``."""


class Pass(_Placed, ast.Pass):
    """A placed ``Pass``."""


class Raise(_Placed, ast.Raise):
    """A placed ``Raise``."""


class Try(_Placed, ast.Try):
    """A placed ``Try``."""


class ExceptHandler(_Placed, ast.ExceptHandler):
    """A placed ``ExceptHandler``."""


class Nonlocal(_Placed, ast.Nonlocal):
    """A placed ``Nonlocal``."""


class arg(_Placed, ast.arg):
    """A placed ``arg``."""


_LOAD = ast.Load()
_STORE = ast.Store()


def name(text: str) -> ast.Name:
    """Read a variable."""
    return Name(text, _LOAD)


def const(value: Any) -> ast.Constant:
    """Write a constant."""
    return Constant(value)


def call(function: str | ast.expr, *args: ast.expr) -> ast.Call:
    """Call a global by its name, or any expression."""
    return Call(name(function) if isinstance(function, str) else function, list(args), [])


def attr(value: str | ast.expr, field: str) -> ast.Attribute:
    """Read an attribute."""
    return Attribute(name(value) if isinstance(value, str) else value, field, _LOAD)


def method(value: str | ast.expr, field: str, *args: ast.expr) -> ast.Call:
    """Call a method."""
    return Call(attr(value, field), list(args), [])


def item(value: ast.expr, key: ast.expr) -> ast.Subscript:
    """Read an item."""
    return Subscript(value, key, _LOAD)


def set_item(value: ast.expr, key: ast.expr, new: ast.expr) -> ast.Assign:
    """Write an item."""
    return Assign([Subscript(value, key, _STORE)], new)


def assign(target: str, value: ast.expr) -> ast.Assign:
    """Write a variable."""
    return Assign([Name(target, _STORE)], value)


def compare(left: ast.expr, op: ast.cmpop, right: ast.expr) -> ast.Compare:
    """Compare two expressions."""
    return Compare(left, [op], [right])


def is_(left: ast.expr, right: ast.expr) -> ast.Compare:
    """Write ``left is right``."""
    return compare(left, ast.Is(), right)


def is_not(left: ast.expr, right: ast.expr) -> ast.Compare:
    """Write ``left is not right``."""
    return compare(left, ast.IsNot(), right)


def negate(value: ast.expr) -> ast.UnaryOp:
    """Write ``not value``."""
    return UnaryOp(ast.Not(), value)


def both(*values: ast.expr) -> ast.BoolOp:
    """Write ``a and b``."""
    return BoolOp(ast.And(), list(values))


def either(*values: ast.expr) -> ast.BoolOp:
    """Write ``a or b``."""
    return BoolOp(ast.Or(), list(values))


def choose(test: ast.expr, yes: ast.expr, no: ast.expr) -> ast.IfExp:
    """Write ``yes if test else no``."""
    return IfExp(test, yes, no)


def when(test: ast.expr, *body: ast.stmt) -> ast.If:
    """Write ``if test: body``."""
    return If(test, list(body), [])


def list_of(items: Sequence[ast.expr]) -> ast.List:
    """Write a list."""
    return List(list(items), _LOAD)


def tuple_of(items: Sequence[ast.expr]) -> ast.Tuple:
    """Write a tuple."""
    return Tuple(list(items), _LOAD)


def loop(targets: Sequence[str], items: ast.expr) -> ast.For:
    """Write a for loop whose body is still empty."""
    names: list[ast.expr] = [Name(target, _STORE) for target in targets]
    target = names[0] if len(names) == 1 else Tuple(names, _STORE)
    return For(target, items, [], [])


def define(title: str, params: Sequence[str], body: list[ast.stmt]) -> ast.FunctionDef:
    """Write a function."""
    args = ast.arguments([], [arg(param) for param in params], None, [], [], None, [])
    return FunctionDef(title, args, body, [])
