"""Infers the types of rules and variables, and refuses what no value can satisfy.

OPA checks calls against the signatures of functions, equality of types that never agree, and
references into what has no such key. Rules are typed after those they need.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from gatepost_rego.ast import (
    ArrayCompr,
    ArrayTerm,
    Body,
    Call,
    Every,
    ObjectCompr,
    ObjectTerm,
    Ref,
    Rule,
    Scalar,
    SetCompr,
    SetTerm,
    Template,
    Term,
    TermStmt,
    Unify,
    Var,
)
from gatepost_rego.check.algebra import (
    agree,
    bounded,
    key_name,
    select,
    type_of_value,
    union,
    union_of,
    unknown,
)
from gatepost_rego.check.calls import Functions
from gatepost_rego.check.recursion import Dependencies
from gatepost_rego.check.references import Env, ReferenceTyper
from gatepost_rego.check.tree import Group, Node, Placed
from gatepost_rego.errors import TYPE, Diagnostic, Location
from gatepost_rego.types import (
    ANY,
    ANY_ARRAY,
    ANY_OBJECT,
    ANY_SET,
    BOOLEAN,
    STRING,
    AnyOf,
    ArrayOf,
    Named,
    ObjectOf,
    SetOf,
    Type,
)
from gatepost_rego.visit import inner


def shown(kind: Type | None) -> str:
    """Write a type as OPA's messages do."""
    return "???" if kind is None else str(kind)


class Signature:
    """The types of a function's arguments and of what it gives."""

    __slots__ = ("args", "result", "title")

    def __init__(self, title: str, args: Sequence[Named], result: Named | None) -> None:
        self.title = title
        self.args = tuple(args)
        self.result = result


class TypeChecker(ReferenceTyper):
    """Checks rules and queries; ``known`` holds the types of documents and functions by path."""

    def __init__(
        self,
        root: Node,
        functions: Functions,
        errors: list[Diagnostic],
        known: dict[tuple[str, ...], Type | None] | None = None,
        signatures: dict[str, Signature] | None = None,
    ) -> None:
        self.root = root
        self.functions = functions
        self.errors = errors
        self.known = {} if known is None else known
        self.signatures = {} if signatures is None else signatures
        self._computed: dict[int, Type | None] = {}

    def error(self, at: Location, text: str) -> None:
        """Note a finding."""
        new = Diagnostic.at(at, TYPE, text)
        if new not in self.errors:
            self.errors.append(new)

    def program(self, graph: Dependencies, groups: list[Group]) -> None:
        """Type all rules, each after those it needs."""
        owners = {id(one): group for group in groups for one in group.everything()}
        done: set[int] = set()
        for group in groups:
            self._in_order(group, graph, owners, done)

    def _in_order(
        self, start: Group, graph: Dependencies, owners: dict[int, Group], done: set[int]
    ) -> None:
        stack = [(start, False)]
        while stack:
            group, ready = stack.pop()
            if ready:
                self._group(group)
                continue
            if id(group) in done:
                continue
            done.add(id(group))
            stack.append((group, True))
            for one in group.everything():
                for needed in graph.needs.get(id(one), ()):
                    if id(owners[id(needed)]) not in done:
                        stack.append((owners[id(needed)], False))

    def _group(self, group: Group) -> None:
        found: Type | None = None
        for placed in group.everything():
            for link in placed.rule.chain():
                found = union(found, self._rule(group, placed, link))
        self.known[group.path] = bounded(found) or ANY

    def _rule(self, group: Group, placed: Placed, rule: Rule) -> Type | None:
        env: Env = {}
        self.body(rule.body, env)
        for term in placed.rest:
            self.term(term, env)
        key = None if rule.key is None else self.term(rule.key, env) or ANY
        value = ANY if rule.value is None else self.term(rule.value, env) or ANY
        if group.kind == "function":
            self._function(group, rule, env, value)
            return value
        if group.kind == "set":
            return SetOf(key)
        if group.kind == "complete":
            return value
        return self._object(group, placed, env, value if key is None else SetOf(key))

    def _object(self, group: Group, placed: Placed, env: Env, found: Type) -> Type:
        """Type what a rule with keys in its head adds."""
        steps: list[Term | str] = [*placed.path[len(group.path) :], *placed.rest]
        for step in reversed(steps):
            kind = STRING if isinstance(step, str) else self.term(step, env) or ANY
            found = ObjectOf(dynamic=(kind, found))
        return found

    def _function(self, group: Group, rule: Rule, env: Env, value: Type) -> None:
        args: list[Type] = []
        for arg in rule.args or ():
            args.append(self._pattern_type(arg, env))
        old = self.signatures.get(group.name)
        if rule.default and old is not None:
            args = [named.type for named in old.args]
        if old is not None:
            args = [union(a.type, b) or ANY for a, b in zip(old.args, args, strict=True)]
            value = union(old.result.type if old.result else None, value) or ANY
        named = [Named("", kind) for kind in args]
        self.signatures[group.name] = Signature(group.name, named, Named("", value))

    def _pattern_type(self, term: Term, env: Env) -> Type:
        for part in inner(term):
            if isinstance(part, Var) and env.get(part.name) is None:
                env[part.name] = ANY
        return self.term(term, env) or ANY

    def query(self, body: Body) -> None:
        """Check a query."""
        self.body(body, {})

    def body(self, body: Body, env: Env) -> None:
        """Check the statements of an ordered body."""
        for stmt in body:
            kind = stmt.kind
            for one in stmt.withs:
                if not (isinstance(one.target, Call) and isinstance(one.value, Call)):
                    self.term(one.value, env)
            if isinstance(kind, Unify):
                self._equal(kind.left, kind.right, stmt.loc, env)
            elif isinstance(kind, Every):
                self._every(kind, env)
            elif isinstance(kind, TermStmt):
                if isinstance(kind.term, Call):
                    self.call(kind.term, env, statement=True)
                else:
                    self.term(kind.term, env)

    def _every(self, kind: Every, env: Env) -> None:
        self.term(kind.domain, env)
        inside = dict(env)
        if kind.key is not None:
            inside[kind.key.name] = ANY
        inside[kind.value.name] = ANY
        self.body(kind.body, inside)

    def _equal(self, left: Term, right: Term, at: Location, env: Env) -> None:
        one, other = self.term(left, env), self.term(right, env)
        if not self._unify(left, one, right, other, env):
            self.error(at, f"match error\n\tleft  : {shown(one)}\n\tright : {shown(other)}")

    def _unify(
        self, left: Term, one: Type | None, right: Term, other: Type | None, env: Env
    ) -> bool:
        if unknown(one) and not unknown(other):
            return self.fit(left, other, env)
        if unknown(other) and not unknown(one):
            return self.fit(right, one, env)
        if not unknown(one):
            return agree(one, other)
        pairs: list[tuple[Term, Term]] = []
        if isinstance(left, ArrayTerm) and isinstance(right, ArrayTerm):
            if len(left.items) != len(right.items):
                return False
            pairs = list(zip(left.items, right.items, strict=True))
        elif isinstance(left, ObjectTerm) and isinstance(right, ObjectTerm):
            pairs = [(a, b) for (_, a), (_, b) in zip(left.pairs, right.pairs, strict=False)]
        return all(self._unify(a, self.term(a, env), b, self.term(b, env), env) for a, b in pairs)

    def fit(self, term: Term, kind: Type | None, env: Env, widen: bool = False) -> bool:
        """Give a type to a term; variables not typed yet take theirs from it."""
        if isinstance(term, Var):
            return self._fit_var(term, kind, env, widen)
        if isinstance(term, (ArrayTerm, ObjectTerm, SetTerm)) and isinstance(kind, AnyOf):
            choices = kind.of or (ANY,)
            if kind.of:
                return any([self.fit(term, choice, env, True) for choice in choices])
            parts = self._parts(term)
            return all([self.fit(part, ANY, env, True) for part in parts])
        if isinstance(term, ArrayTerm):
            return isinstance(kind, ArrayOf) and self._fit_array(term, kind, env, widen)
        if isinstance(term, ObjectTerm):
            return isinstance(kind, ObjectOf) and self._fit_object(term, kind, env, widen)
        if isinstance(term, SetTerm):
            return isinstance(kind, SetOf) and all(
                [self.fit(item, kind.of, env, widen) for item in term.items]
            )
        known = self._computed.get(id(term), ANY)
        return agree(known if id(term) in self._computed else self.term(term, env) or ANY, kind)

    def _fit_var(self, var: Var, kind: Type | None, env: Env, widen: bool) -> bool:
        existing = self.term(var, env)
        if not widen and existing is not None:
            return agree(existing, kind)
        env[var.name] = union(existing, kind)
        return True

    def _parts(self, term: ArrayTerm | ObjectTerm | SetTerm) -> list[Term]:
        if isinstance(term, ObjectTerm):
            return [part for pair in term.pairs for part in pair]
        return list(term.items)

    def _fit_array(self, term: ArrayTerm, kind: ArrayOf, env: Env, widen: bool) -> bool:
        if len(term.items) != len(kind.static) and kind.dynamic is None:
            return False
        kinds = [*kind.static, *[kind.dynamic] * len(term.items)]
        return all([self.fit(t, k, env, widen) for t, k in zip(term.items, kinds, strict=False)])

    def _fit_object(self, term: ObjectTerm, kind: ObjectOf, env: Env, widen: bool) -> bool:
        if len(term.pairs) != len(kind.static) and kind.dynamic is None:
            return False
        for key, value in term.pairs:
            inside = select(kind, key.value) if isinstance(key, Scalar) else ANY
            if inside is None or not self.fit(value, inside, env, widen):
                return False
        return True

    def term(self, term: Term, env: Env) -> Type | None:
        """Check a term and give its type; None while a variable in it has none."""
        if isinstance(term, Scalar):
            return type_of_value(term.value)
        if isinstance(term, Var):
            if term.name == "input":
                return ANY
            return (
                self.ref(Ref(term, (), term.loc), env)
                if term.name == "data"
                else env.get(term.name)
            )
        if isinstance(term, (Ref, Call, ArrayCompr, SetCompr, ObjectCompr, Template)):
            found = self._compute(term, env)
            self._computed[id(term)] = found or ANY
            return found
        if isinstance(term, (ArrayTerm, SetTerm, ObjectTerm)) and not self._parts(term):
            empty: dict[type, Type] = {
                ArrayTerm: ANY_ARRAY,
                ObjectTerm: ANY_OBJECT,
                SetTerm: ANY_SET,
            }
            return empty[type(term)]
        if isinstance(term, ArrayTerm):
            kinds = tuple(self.term(item, env) for item in term.items)
            return bounded(ArrayOf(cast("tuple[Type, ...]", kinds)))
        if isinstance(term, SetTerm):
            items = [self.term(item, env) for item in term.items]
            return bounded(SetOf(union_of(items))) if None not in items else None
        return bounded(self._object_term(term, env))

    def _compute(
        self, term: Ref | Call | ArrayCompr | SetCompr | ObjectCompr | Template, env: Env
    ) -> Type | None:
        """Check and type a term whose type is asked for again: by then it is known."""
        if isinstance(term, Ref):
            return self.ref(term, env)
        if isinstance(term, Call):
            return self.call(term, env)
        return bounded(self._closure(term, dict(env)))

    def _object_term(self, term: ObjectTerm, env: Env) -> Type | None:
        static: list[tuple[object, Type]] = []
        dynamic: tuple[Type, Type] | None = None
        for key, value in term.pairs:
            kind = self.term(value, env)
            if isinstance(key, Scalar):
                static.append((key_name(key.value), kind))  # type: ignore[arg-type]
            else:
                if unknown(kind):
                    return None
                pair = (self.term(key, env) or ANY, kind or ANY)
                dynamic = (
                    pair
                    if dynamic is None
                    else (union(dynamic[0], pair[0]) or ANY, union(dynamic[1], pair[1]) or ANY)
                )
        return ObjectOf(tuple(static), dynamic)

    def _closure(self, term: ArrayCompr | SetCompr | ObjectCompr | Template, env: Env) -> Type:
        if isinstance(term, Template):
            for part in term.parts:
                if not isinstance(part, str):
                    self.term(part, env)
            return STRING
        self.body(term.body, env)
        if isinstance(term, ObjectCompr):
            return ObjectOf(
                dynamic=(self.term(term.key, env) or ANY, self.term(term.value, env) or ANY)
            )
        found = self.term(term.term, env) or ANY
        return ArrayOf(dynamic=found) if isinstance(term, ArrayCompr) else SetOf(found)

    def call(self, call: Call, env: Env, statement: bool = False) -> Type | None:
        """Check a call against the signature of its function."""
        have = [self.term(arg, env) for arg in call.args]
        signature = self._signature(call.name)
        if signature is None:
            return ANY
        wanted = [named.type for named in signature.args]
        with_output = signature.result is not None and len(have) == len(wanted) + 1
        if statement and call.name == "equal" and len(have) == 2:
            if not self._unify(call.args[0], have[0], call.args[1], have[1], env):
                text = f"match error\n\tleft  : {shown(have[0])}\n\tright : {shown(have[1])}"
                self.error(call.loc, text)
            return BOOLEAN
        if len(have) != len(wanted) and not (with_output and statement):
            self._refuse(call, signature, have, "arity mismatch", statement, False)
            return ANY
        if with_output and signature.result is not None:
            wanted.append(signature.result.type)
        pairs = zip(call.args, wanted, strict=True)
        if not all([self.fit(arg, kind, env) for arg, kind in pairs]):
            self._refuse(call, signature, have, "invalid argument(s)", statement, True)
        return ANY if signature.result is None else signature.result.type

    def _signature(self, title: str) -> Signature | None:
        if title in self.functions.rules:
            return self.signatures.get(title)
        builtin = self.functions.builtins.get(title)
        if builtin is None or builtin.variadic is not None:
            return None
        return Signature(title, builtin.args, builtin.result)

    def _refuse(
        self, call: Call, signature: Signature, have: list[Type | None], what: str,
        statement: bool, with_result: bool,
    ) -> None:  # fmt: skip
        shown_have = [shown(kind) for kind in have] + ([] if statement else ["???"])
        wanted = [str(named) for named in signature.args]
        if with_result and signature.result is not None:
            wanted.append(str(signature.result))
        text = (
            f"{call.name}: {what}\n\thave: ({', '.join(shown_have)})\n\twant: ({', '.join(wanted)})"
        )
        self.error(call.loc, text)
