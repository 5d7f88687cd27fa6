"""Terms to Python expressions: scalars, composites, comprehensions, calls and template strings."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from gatepost_rego.ast import (
    ArrayCompr,
    ArrayTerm,
    Body,
    Call,
    ObjectCompr,
    ObjectTerm,
    Ref,
    Scalar,
    SetCompr,
    SetTerm,
    Template,
    Term,
    Var,
)
from gatepost_rego.builtins.registry import Builtin
from gatepost_rego.compile import pyast as py
from gatepost_rego.compile.operators import INLINE
from gatepost_rego.compile.pyast import (
    assign,
    attr,
    call,
    const,
    is_,
    is_not,
    list_of,
    method,
    name,
    set_item,
    tuple_of,
    when,
)
from gatepost_rego.compile.writer import Unit, Val, Writer
from gatepost_rego.errors import Location
from gatepost_rego.evaluate.state import Site
from gatepost_rego.types import ArrayOf, Named, ObjectOf, SetOf
from gatepost_rego.types import Scalar as ScalarType
from gatepost_rego.values import RegoSet, Value, make_object
from gatepost_rego.visit import is_constant

_KIND_OF_TYPE = {"string": "str", "number": "num", "boolean": "bool", "null": "null"}
_KIND_OF_VALUE: dict[type, str] = {
    str: "str", int: "num", float: "num", bool: "bool", type(None): "null", list: "list",
    dict: "obj", RegoSet: "set",
}  # fmt: skip


class Plan(Protocol):
    """What the writer of terms must know of the program."""

    builtins: Mapping[str, Builtin]
    root: Site

    def function(self, called: str) -> int | None:
        """Give the number of a rule that is a function."""

    def arity(self, number: int) -> int:
        """Give the number of arguments of such a rule."""
        ...


def constant_value(term: Term) -> Value:
    """Work out a term that is written out in full."""
    if isinstance(term, ArrayTerm):
        return [constant_value(item) for item in term.items]
    if isinstance(term, SetTerm):
        return RegoSet(constant_value(item) for item in term.items)
    if isinstance(term, ObjectTerm):
        return make_object((constant_value(k), constant_value(v)) for k, v in term.pairs)
    assert isinstance(term, Scalar)
    return term.value  # type: ignore[no-any-return]


class TermWriter(Writer):
    """Writes terms. Statements and references come from the writers that build on this one."""

    def __init__(self, unit: Unit, plan: Plan, fail_value: str | None = "U") -> None:
        super().__init__(unit, fail_value)
        self.plan = plan

    def body(self, body: Body) -> None:
        """Write the statements of a body."""
        raise NotImplementedError

    def ref(self, ref: Ref) -> Val:
        """Write a reference."""
        raise NotImplementedError

    def all_values(self, terms: Sequence[Term]) -> list[Val]:
        """Write several terms, first those that bind what the others need."""
        raise NotImplementedError

    def place(self, at: Location) -> ast.expr:
        """Give the constant that names a place in the policy."""
        return self.unit.constant(at, ("place", at.source.name, at.row, at.col))

    def value(self, term: Term) -> Val:
        """Write a term whose value is then defined; the code gives up where it is not."""
        if isinstance(term, Scalar):
            return self.scalar(term.value)
        if isinstance(term, Var):
            return self.variable(term)
        if isinstance(term, Ref):
            return self.ref(term)
        if isinstance(term, Call):
            return self.call(term)
        if isinstance(term, (ArrayTerm, SetTerm, ObjectTerm)):
            return self.composite(term)
        if isinstance(term, Template):
            return self.template(term)
        return self.comprehension(term)

    def scalar(self, value: Any) -> Val:
        """Write a scalar."""
        kind = _KIND_OF_VALUE.get(type(value), "num")
        if type(value) in (str, int, bool, float) or value is None:
            return Val(const(value), kind)
        return Val(self.unit.constant(value), kind)

    def variable(self, var: Var) -> Val:
        """Write a variable that is bound here."""
        found = self.bound.get(var.name)
        if found is not None:
            return found
        if var.name == "input":
            return self.defined(self.input())
        return self.ref(Ref(var, (), var.loc))

    def composite(self, term: ArrayTerm | SetTerm | ObjectTerm) -> Val:
        """Write an array, set or object."""
        if is_constant(term):
            made = constant_value(term)
            return Val(self.unit.constant(made), _KIND_OF_VALUE.get(type(made), "obj"))
        if isinstance(term, ArrayTerm):
            return self.hold(list_of([self.value(item).node for item in term.items]), "list")
        if isinstance(term, SetTerm):
            items = [self.value(item).node for item in term.items]
            return self.hold(call("RegoSet", list_of(items)), "set")
        pairs = [(self.value(key), self.value(value)) for key, value in term.pairs]
        keys = [k.node.value for k, _ in pairs if isinstance(k.node, ast.Constant)]
        if len(set(keys)) == len(pairs) and all(type(key) is str for key in keys):
            nodes = [value.node for _, value in pairs]
            return self.hold(py.Dict([key.node for key, _ in pairs], nodes), "obj")
        pairs.sort(key=lambda pair: not isinstance(pair[0].node, ast.Constant))  # computed keys win
        tuples = [tuple_of((key.node, value.node)) for key, value in pairs]
        return self.hold(call("make_object", list_of(tuples)), "obj")

    def key(self, val: Val) -> ast.expr:
        """Write the key of a value in a set or object."""
        if val.kind in ("str", "num"):
            return val.node
        return call("keyed", self.meter(), val.node)

    def comprehension(self, term: ArrayCompr | SetCompr | ObjectCompr) -> Val:
        """Write a comprehension ("Policy Language", section "Comprehensions")."""
        out = self.temp("c")
        array = isinstance(term, ArrayCompr)
        self.emit(assign(out, list_of(()) if array else py.Dict([], [])))
        self.emit(py.Expr(method(attr(self.meter(), "growing"), "append", name(out))))
        with self.scope(array), self.once():
            self.body(term.body)
            if isinstance(term, ObjectCompr):
                key, value = self.all_values((term.key, term.value))
                place = self.place(term.loc)
                put = call("put_pair", name(self.state), name(out), key.node, value.node, place)
                self.emit(py.Expr(put))
            elif isinstance(term, ArrayCompr):
                self.emit(py.Expr(method(out, "append", self.value(term.term).node)))
            else:
                val = self.value(term.term)
                self.emit(set_item(name(out), self.key(val), val.node))
        self.emit(py.Expr(method(self.meter(), "grown")))
        if array:
            return Val(name(out), "list")
        if isinstance(term, SetCompr):
            return self.hold(call("set_of", name(out)), "set")
        return self.hold(call("make_object", method(out, "values")), "obj")

    def template(self, term: Template) -> Val:
        """Write a template string; an undefined part shows as ``<undefined>``."""
        pieces: list[ast.expr] = []
        for part in term.parts:
            if isinstance(part, str):
                pieces.append(const(part))
                continue
            out = self.temp("c")
            self.emit(assign(out, const("<undefined>")))
            self.emit(assign(f"{out}n", const(0)))
            with self.scope(), self.once(outputs=(out, f"{out}n")):
                self.looped = False
                found = self.value(part)
                text = found.node if found.kind == "str" else call("part_text", found.node)
                if self.looped:
                    place = self.place(term.loc)
                    self.emit(py.Expr(call("single", name(self.state), name(f"{out}n"), place)))
                    self.emit(assign(f"{out}n", const(1)))
                self.emit(assign(out, text))
            pieces.append(name(out))
        return self.hold(method(const(""), "join", tuple_of(pieces)), "str")

    def call(self, term: Call) -> Val:
        """Write a call; the code gives up where it is undefined."""
        number = self.plan.function(term.name)
        args = [self.value(arg) for arg in term.args]
        if term.name in self.unit.mocked:
            return self.mocked(term, args, number)
        if number is not None:
            return self.defined(self.rule_call(number, args))
        inline = INLINE.get(term.name)
        if inline is not None and inline.total:
            left, right = args
            return self.hold(inline.write(self.meter(), left.node, right.node), inline.kind)
        return self.builtin(term, args)

    def rule_call(self, number: int, args: list[Val]) -> ast.expr:
        """Write the call of a function that rules define."""
        return call(f"f{number}", name(self.state), *(arg.node for arg in args))

    def mocked(self, term: Call, args: list[Val], number: int | None) -> Val:
        """Write the call of a function that some ``with`` replaces."""
        out = self.temp()
        swap = call("replacement", name(self.state), const(term.name), *(a.node for a in args))
        self.emit(assign(out, swap))
        with self.scope(), self.once(outputs=(out,)):
            self.fail_if(is_not(name(out), name("M")))
            self.emit(assign(out, name("U")))
            if number is not None:
                self.emit(assign(out, self.rule_call(number, args)))
            else:
                self.emit(assign(out, self.builtin(term, args).node))
        self.fail_if(is_(name(out), name("U")))
        return Val(name(out))

    def builtin(self, term: Call, args: list[Val]) -> Val:
        """Write the call of a built-in, whose errors leave it undefined."""
        builtin = self.plan.builtins[term.name]
        inline = INLINE.get(term.name)
        out = self.temp()
        nodes = [arg.node for arg in args]
        function = self.unit.constant(builtin.call, ("builtin", term.name))
        front = [self.meter()] if builtin.context else []
        made: ast.expr = call(function, *front, *nodes)
        if builtin.relation:
            made = call("list", made)
        if inline is not None and not inline.total:
            made = inline.guard(nodes[0], nodes[1], made)
        self.emit(self._guarded(out, made, term))
        if builtin.relation:
            self.fail_if(is_(name(out), name("U")))
            found = self.temp()
            self.begin_loop((found,), call("members", self.meter(), name(out)))
            return Val(name(found))
        kind = self._kind(builtin.result) if builtin.result is not None else None
        self.emit(when(is_(name(out), name("U")), self.fail()))
        return Val(name(out), kind)

    def _guarded(self, out: str, made: ast.expr, term: Call) -> ast.Try:
        caught = method(self.state, "failed", name("E"), const(term.name), self.place(term.loc))
        handler = py.ExceptHandler(name("Failures"), "E", [assign(out, caught)])
        return py.Try([assign(out, made)], [handler], [], [])

    def _kind(self, result: Named) -> str | None:
        kind = result.type
        if isinstance(kind, ScalarType):
            return _KIND_OF_TYPE.get(kind.name)
        if isinstance(kind, ArrayOf):
            return "list"
        if isinstance(kind, SetOf):
            return "set"
        return "obj" if isinstance(kind, ObjectOf) else None
