"""Statements to Python: tests, unification, ``not``, ``every`` and ``with``."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from gatepost_rego.ast import (
    ArrayTerm,
    Body,
    Call,
    Every,
    ObjectTerm,
    Ref,
    Scalar,
    Stmt,
    Term,
    TermStmt,
    Unify,
    Var,
    With,
)
from gatepost_rego.check.names import ROOTS
from gatepost_rego.check.unify import never_equal, pattern_variables, ref_outputs, split
from gatepost_rego.compile import pyast as py
from gatepost_rego.compile.operators import INLINE, equality
from gatepost_rego.compile.pyast import (
    assign,
    call,
    compare,
    const,
    either,
    is_,
    is_not,
    item,
    method,
    name,
    negate,
    tuple_of,
)
from gatepost_rego.compile.refs import RefWriter
from gatepost_rego.compile.writer import Val
from gatepost_rego.visit import inner

Item = tuple[Term, "Term | Val"]


class StatementWriter(RefWriter):
    """Writes statements and bodies."""

    def body(self, body: Body) -> None:
        """Write the statements of a body, one inside the loops of those before."""
        for stmt in body:
            self.statement(stmt)

    def all_values(self, terms: Sequence[Term]) -> list[Val]:
        """Write several terms, first those that bind what the others need."""
        found: dict[int, Val] = {}
        while len(found) < len(terms):
            at = next(at for at, term in enumerate(terms) if at not in found and self.ready(term))
            found[at] = self.value(terms[at])
        return [found[at] for at in range(len(terms))]

    def statement(self, stmt: Stmt) -> None:
        """Write one statement; the code after it runs only where it holds."""
        if self.unit.traced:
            self.emit(py.Expr(call("passed", name(self.state), self.place(stmt.loc))))
        state = self.state
        if stmt.withs:
            self._begin_with(stmt.withs)
        if stmt.negated:
            self._not(stmt)
        elif isinstance(stmt.kind, Unify):
            self.unify([(stmt.kind.left, stmt.kind.right)])
        elif isinstance(stmt.kind, Every):
            self._every(stmt.kind)
        elif isinstance(stmt.kind, TermStmt):
            self._test(stmt.kind.term)
        self.state = state

    def _begin_with(self, withs: Sequence[With]) -> None:
        """Make the state that the statement sees ("Policy Language", section "With Keyword")."""
        changes = [self._change(one) for one in withs]
        title = self.temp("S")
        made = method(self.state, "under", tuple_of(changes), self.place(withs[0].loc))
        self.emit(assign(title, made))
        self.state = title

    def _change(self, one: With) -> ast.expr:
        target = one.target
        if isinstance(target, Call):
            return tuple_of((const("function"), const(target.name), self._replacement(one.value)))
        path = target.path if isinstance(target, Ref) else ()
        head = target.head if isinstance(target, Ref) else target
        kind = head.name if isinstance(head, Var) else "input"
        steps = [self.value(step).node for step in path]
        return tuple_of((const(kind), tuple_of(steps), self.value(one.value).node))

    def _replacement(self, value: Term) -> ast.expr:
        """Write what stands in for a function: another function, or one value."""
        if isinstance(value, Call) and not value.args:
            number = self.plan.function(value.name)
            if number is not None:
                return call("Swap", name(f"f{number}"), const(True))
            builtin = self.plan.builtins.get(value.name)
            if builtin is not None:
                function = self.unit.constant(builtin, ("declared", value.name))
                return call("Swap", function, const(False))
        return self.value(value).node

    def _not(self, stmt: Stmt) -> None:
        """Write ``not``: the statement is tried in a block of its own."""
        flag = self.temp("n")
        self.emit(assign(flag, const(False)))
        with self.scope(), self.once(flag, (flag,)):
            self.statement(Stmt(stmt.kind, stmt.loc))
            self.stop(flag)
        self.fail_if(name(flag))

    def _every(self, kind: Every) -> None:
        """Write ``every``: the body must hold for all members of a collection."""
        domain = self.value(kind.domain)
        self.fail_if(negate(call("is_collection", domain.node)))
        flag, hit = self.temp("n"), self.temp("n")
        key, value = self.temp(), self.temp()
        self.emit(assign(flag, const(False)), assign(hit, const(False)))
        with self.scope(), self.once(flag, (flag, hit)):
            self.begin_loop((key, value), call("pairs", self.meter(), domain.node))
            if kind.key is not None:
                self.bound[kind.key.name] = Val(name(key))
            self.bound[kind.value.name] = Val(name(value))
            self.emit(assign(hit, const(False)))
            with self.scope(), self.once(hit, (flag, hit)):
                self.body(kind.body)
                self.stop(hit)
            self.emit(py.If(name(hit), [self.fail()], []))
            self.stop(flag)
        self.fail_if(name(flag))

    def _test(self, term: Term) -> None:
        """Write a term that must be defined and not false."""
        if isinstance(term, Scalar):
            if term.value is False:
                self.emit(self.fail())
            return
        if isinstance(term, Call):
            if self._with_output(term):
                *args, last = term.args
                self.unify([(Call(term.name, tuple(args), term.loc), last)])
                return
            inline = INLINE.get(term.name)
            plain = self.plan.function(term.name) is None and term.name not in self.unit.mocked
            if inline is not None and inline.total and plain:
                left, right = (self.value(arg) for arg in term.args)
                test = inline.write(self.meter(), left.node, right.node)
                self.fail_if(_negated(test))
                return
        found = self.value(term)
        if found.kind in (None, "bool"):
            self.fail_if(is_(found.node, const(False)))

    def _with_output(self, term: Call) -> bool:
        """Say whether the last argument takes the result, as in ``count(xs, n)``."""
        number = self.plan.function(term.name)
        if number is not None:
            return len(term.args) == self.plan.arity(number) + 1
        builtin = self.plan.builtins[term.name]
        return builtin.result is not None and len(term.args) == len(builtin.args) + 1

    def unify(self, pending: list[Item]) -> None:
        """Write unifications, those first of which one side is known."""
        while pending:
            for at, (left, right) in enumerate(pending):
                smaller = self._pair(left, right)
                if smaller is not None:
                    pending[at : at + 1] = smaller
                    break
            else:
                raise AssertionError("safety let an unbound variable through")

    def ready(self, term: Term) -> bool:
        """Say whether a term can be computed here, iteration in its references included."""
        missing = {
            part.name
            for part in inner(term)
            if isinstance(part, Var) and part.name not in self.bound and part.name not in ROOTS
        }
        if not missing:
            return True
        if isinstance(term, (Var, ArrayTerm, ObjectTerm)) and not missing.isdisjoint(
            pattern_variables(term)
        ):
            return False
        return missing <= ref_outputs(term, self.bound)

    def _pair(self, left: Term, right: Term | Val) -> list[Item] | None:
        """Write one unification; give what is left of it, or None while nothing is known."""
        if isinstance(right, Val):
            return self._against(left, right)
        if never_equal(left, right):
            self.emit(py.If(const(True), [self.fail()], []))
            self._bind_nothing(left, right)
            return []
        if not (self.ready(left) and self.ready(right)):
            smaller = split(left, right)
            if smaller is not None:
                return list(smaller)
        if self.ready(left):
            return self._computed(right, left)
        return self._computed(left, right) if self.ready(right) else None

    def _bind_nothing(self, *terms: Term) -> None:
        """Give variables of patterns that can never match some value: the code is not reached."""
        for term in terms:
            for title in pattern_variables(term):
                self.bound.setdefault(title, Val(name("U")))

    def _computed(self, pattern: Term, term: Term) -> list[Item]:
        if self.ready(pattern):
            one, other = self.value(pattern), self.value(term)
            self.fail_if(_negated(equality(self.meter(), one.node, other.node)))
            return []
        return [(pattern, self.value(term))]

    def match(self, pattern: Term, val: Val) -> None:
        """Write the unification of a pattern with a value."""
        self.unify([(pattern, val)])

    def _against(self, pattern: Term, val: Val) -> list[Item] | None:
        """Match a value against a pattern: bind a variable, compare, or take it apart."""
        if isinstance(pattern, Var) and not self.ready(pattern):
            self.bound[pattern.name] = val
            return []
        if self.ready(pattern):
            found = self.value(pattern)
            self.fail_if(_negated(equality(self.meter(), found.node, val.node)))
            return []
        if isinstance(pattern, ArrayTerm):
            return self._array(pattern, val)
        if isinstance(pattern, ObjectTerm):
            return self._object(pattern, val)
        return None

    def _array(self, pattern: ArrayTerm, val: Val) -> list[Item]:
        node = self.hold(val.node).node
        size = compare(call("len", node), ast.NotEq(), const(len(pattern.items)))
        wrong = negate(call("isinstance", node, name("list")))
        self.fail_if(either(wrong, size))
        return [(part, self.hold(item(node, const(at)))) for at, part in enumerate(pattern.items)]

    def _object(self, pattern: ObjectTerm, val: Val) -> list[Item] | None:
        if not all(self.known(key) for key, _ in pattern.pairs):
            return None
        node = self.hold(val.node).node
        self.fail_if(negate(call("has_size", node, const(len(pattern.pairs)))))
        found: list[Item] = []
        for key, part in pattern.pairs:
            found.append((part, self.defined(call("index", node, self.value(key).node))))
        return found


def _negated(test: ast.expr) -> ast.expr:
    """Negate a test, without a double ``not``."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq):
        return py.Compare(test.left, [ast.NotEq()], test.comparators)
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is):
        return is_not(test.left, test.comparators[0])
    return negate(test)
