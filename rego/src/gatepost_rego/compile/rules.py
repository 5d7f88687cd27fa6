"""Rules and queries to Python functions: one function for each body and each else link."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from gatepost_rego.ast import Body, Rule, Scalar, Term, Var, is_wildcard
from gatepost_rego.check.names import plain
from gatepost_rego.check.tree import Group, Placed
from gatepost_rego.compile import pyast as py
from gatepost_rego.compile.pyast import (
    assign,
    attr,
    call,
    compare,
    const,
    is_,
    method,
    name,
    negate,
    set_item,
    tuple_of,
    when,
)
from gatepost_rego.compile.statements import StatementWriter
from gatepost_rego.compile.terms import Plan
from gatepost_rego.compile.writer import Unit, Val
from gatepost_rego.evaluate.documents import COMPLETE_TEXT, FUNCTION_TEXT
from gatepost_rego.visit import is_constant


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that gave a value: its path, and where it stands."""

    rule: str
    file: str
    row: int


class RuleCompiler:
    """Writes the functions of all rules into one list of definitions."""

    def __init__(self, unit: Unit, plan: Plan) -> None:
        self.unit = unit
        self.plan = plan
        self.definitions: list[ast.stmt] = []

    def _writer(self, fail_value: str | None = "U") -> StatementWriter:
        return StatementWriter(self.unit, self.plan, fail_value)

    def _add(self, function: ast.FunctionDef) -> str:
        self.definitions.append(function)
        return function.name

    def _note(self, writer: StatementWriter, placed: Placed, link: Rule) -> None:
        """In traced code, note that a rule gave a value."""
        if self.unit.traced:
            mark = Fired(placed.title, link.loc.source.name, link.loc.row)
            writer.emit(py.Expr(call("fired", name(writer.state), self.unit.constant(mark))))

    def value_body(self, title: str, placed: Placed, link: Rule, function: bool) -> str:
        """Write a body that gives one value, for complete rules and functions."""
        writer = self._writer()
        writer.frames[0].outputs = ("R",)
        params = ["S"]
        if function:
            params += self._arguments(writer, link.args or ())
        writer.body(link.body)
        assert link.value is not None
        value = writer.value(link.value)
        self._note(writer, placed, link)
        depth = len(writer.frames)
        if depth == 1 or (is_constant(link.value) and not self._outlined(writer)):
            writer.emit(py.Return(value.node))
            return self._add(writer.finish(title, params, py.Return(name("U"))))
        text = FUNCTION_TEXT if function else COMPLETE_TEXT
        conflict = method("S", "conflict", writer.place(link.loc), const(text))
        other = when(negate(call("equal", name("R"), value.node)), py.Raise(conflict, None))
        writer.emit(py.If(is_(name("R"), name("U")), [assign("R", value.node)], [other]))
        writer.prologue["R"] = name("U")
        return self._add(writer.finish(title, params, py.Return(name("R"))))

    def _outlined(self, writer: StatementWriter) -> bool:
        return any(frame.kind == "outlined" for frame in writer.frames)

    def _arguments(self, writer: StatementWriter, args: Sequence[Term]) -> list[str]:
        """Count the call, and match the arguments with their patterns."""
        left = attr(writer.meter(), "left")
        spend = py.AugAssign(py.Attribute(writer.meter(), "left", ast.Store()), ast.Sub(), const(1))
        check = py.Expr(method(writer.meter(), "check"))
        writer.emit(spend, when(compare(left, ast.Lt(), const(0)), check))
        params = [f"a{at}" for at in range(len(args))]
        for arg, param in zip(args, params, strict=True):
            if isinstance(arg, Var) and arg.name not in writer.bound:
                writer.bound[arg.name] = Val(name(param))
        for arg, param in zip(args, params, strict=True):
            if not (isinstance(arg, Var) and writer.bound[arg.name].node.id == param):  # type: ignore[attr-defined]
                writer.match(arg, Val(name(param)))
        return params

    def set_body(self, title: str, placed: Placed, rule: Rule) -> str:
        """Write a body that adds members to a set."""
        writer = self._writer(None)
        writer.body(rule.body)
        assert rule.key is not None
        value = writer.value(rule.key)
        self._note(writer, placed, rule)
        writer.emit(set_item(name("out"), writer.key(value), value.node))
        return self._add(writer.finish(title, ["S", "out"]))

    def pair_body(self, title: str, placed: Placed, rule: Rule) -> str:
        """Write a body that adds pairs to an object."""
        writer = self._writer(None)
        writer.body(rule.body)
        assert rule.value is not None
        key, value = writer.all_values((placed.rest[0], rule.value))
        self._note(writer, placed, rule)
        put = call("put_pair", name("S"), name("out"), key.node, value.node, writer.place(rule.loc))
        writer.emit(py.Expr(put))
        return self._add(writer.finish(title, ["S", "out"]))

    def path_body(self, title: str, group: Group, placed: Placed, rule: Rule) -> str:
        """Write a body that adds values or members at paths of several keys."""
        writer = self._writer(None)
        writer.body(rule.body)
        steps = [const(part) for part in placed.path[len(group.path) :]]
        function = "put_default" if rule.default else "put" if rule.key is None else "put_member"
        term = rule.key if rule.key is not None else rule.value
        assert term is not None
        *keys, value = writer.all_values((*placed.rest, term))
        nodes: list[ast.expr] = [*steps, *(key.node for key in keys)]
        self._note(writer, placed, rule)
        place = writer.place(rule.loc)
        put = call(function, name("S"), name("out"), tuple_of(nodes), value.node, place)
        writer.emit(py.Expr(put))
        return self._add(writer.finish(title, ["S", "out"]))

    def query(self, title: str, body: Body, names: Sequence[str]) -> str:
        """Write a query, which gathers the bindings of its variables."""
        writer = self._writer(None)
        writer.ordered = True
        writer.body(body)
        shown = [n for n in names if n in writer.bound and not is_wildcard(n)]
        keys: list[ast.expr | None] = [const(plain(n)) for n in shown]
        made = py.Dict(keys, [writer.bound[n].node for n in shown])
        writer.emit(py.Expr(method("out", "append", made)))
        return self._add(writer.finish(title, ["S", "out"]))


def constant_head(rule: Rule) -> object | None:
    """Give the scalar a rule always gives, wrapped in a tuple; None where it may differ."""
    value = rule.value
    if isinstance(value, Scalar) and rule.orelse is None:
        return (type(value.value), value.value)
    return None
