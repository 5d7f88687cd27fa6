"""Short names for Python's syntax tree, in which compiled rules are written.

Only constants of a policy become part of such a tree, and only as constants.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

Node = ast.expr
_LOAD = ast.Load()
_STORE = ast.Store()


def name(text: str) -> ast.Name:
    """Read a variable."""
    return ast.Name(text, _LOAD)


def const(value: Any) -> ast.Constant:
    """Write a constant."""
    return ast.Constant(value)


def call(function: str | ast.expr, *args: ast.expr) -> ast.Call:
    """Call a global by its name, or any expression."""
    return ast.Call(name(function) if isinstance(function, str) else function, list(args), [])


def attr(value: str | ast.expr, field: str) -> ast.Attribute:
    """Read an attribute."""
    return ast.Attribute(name(value) if isinstance(value, str) else value, field, _LOAD)


def method(value: str | ast.expr, field: str, *args: ast.expr) -> ast.Call:
    """Call a method."""
    return ast.Call(attr(value, field), list(args), [])


def item(value: ast.expr, key: ast.expr) -> ast.Subscript:
    """Read an item."""
    return ast.Subscript(value, key, _LOAD)


def set_item(value: ast.expr, key: ast.expr, new: ast.expr) -> ast.Assign:
    """Write an item."""
    return ast.Assign([ast.Subscript(value, key, _STORE)], new)


def assign(target: str, value: ast.expr) -> ast.Assign:
    """Write a variable."""
    return ast.Assign([ast.Name(target, _STORE)], value)


def compare(left: ast.expr, op: ast.cmpop, right: ast.expr) -> ast.Compare:
    """Compare two expressions."""
    return ast.Compare(left, [op], [right])


def is_(left: ast.expr, right: ast.expr) -> ast.Compare:
    """Write ``left is right``."""
    return compare(left, ast.Is(), right)


def is_not(left: ast.expr, right: ast.expr) -> ast.Compare:
    """Write ``left is not right``."""
    return compare(left, ast.IsNot(), right)


def negate(value: ast.expr) -> ast.UnaryOp:
    """Write ``not value``."""
    return ast.UnaryOp(ast.Not(), value)


def both(*values: ast.expr) -> ast.BoolOp:
    """Write ``a and b``."""
    return ast.BoolOp(ast.And(), list(values))


def either(*values: ast.expr) -> ast.BoolOp:
    """Write ``a or b``."""
    return ast.BoolOp(ast.Or(), list(values))


def choose(test: ast.expr, yes: ast.expr, no: ast.expr) -> ast.IfExp:
    """Write ``yes if test else no``."""
    return ast.IfExp(test, yes, no)


def when(test: ast.expr, *body: ast.stmt) -> ast.If:
    """Write ``if test: body``."""
    return ast.If(test, list(body), [])


def list_of(items: Sequence[ast.expr]) -> ast.List:
    """Write a list."""
    return ast.List(list(items), _LOAD)


def tuple_of(items: Sequence[ast.expr]) -> ast.Tuple:
    """Write a tuple."""
    return ast.Tuple(list(items), _LOAD)


def loop(targets: Sequence[str], items: ast.expr) -> ast.For:
    """Write a for loop whose body is still empty."""
    names: list[ast.expr] = [ast.Name(target, _STORE) for target in targets]
    target = names[0] if len(names) == 1 else ast.Tuple(names, _STORE)
    return ast.For(target, items, [], [])


def define(title: str, params: Sequence[str], body: list[ast.stmt]) -> ast.FunctionDef:
    """Write a function."""
    args = ast.arguments([], [ast.arg(param) for param in params], None, [], [], None, [])
    return ast.FunctionDef(title, args, body, [])
