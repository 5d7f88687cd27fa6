"""Which thing a name means: rules, imports, arguments and declared variables.

"Policy Language", sections "Variables", "Scope" and "Equality: Assignment, Comparison, and
Unification". Declared variables get names of their own (``x#1``), so that the later stages see
no two variables with one name; rules and imports become references from ``data`` or ``input``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gatepost_rego.ast import (
    COMPREHENSIONS,
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
    SomeIn,
    SomeVars,
    Stmt,
    Template,
    Term,
    TermStmt,
    Unify,
    Var,
    With,
    is_wildcard,
)
from gatepost_rego.errors import COMPILE, Diagnostic, Location
from gatepost_rego.parse.terms import dotted
from gatepost_rego.visit import inner, map_parts, terms_of

ROOTS = ("data", "input")


def plain(name: str) -> str:
    """Give the name as it was written in the policy."""
    return "_" if is_wildcard(name) else name.partition("#")[0]


class Scope:
    """The names declared in one body; ``seen`` are those used there before any declaration."""

    __slots__ = ("declared", "how", "outer", "places", "seen", "used")

    def __init__(self, outer: Scope | None) -> None:
        self.outer = outer
        self.declared: dict[str, str] = {}
        self.how: dict[str, str] = {}
        self.places: dict[str, Location] = {}
        self.seen: set[str] = set()
        self.used: set[str] = set()

    def find(self, name: str) -> Scope | None:
        """Give the nearest scope that declares the name."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.declared:
                return scope
            scope = scope.outer
        return None


class NameResolver:
    """Resolves the names of one rule or query. Findings go to ``errors``."""

    def __init__(
        self,
        globals_: Mapping[str, tuple[str, ...]],
        errors: list[Diagnostic],
        strict: bool = False,
    ) -> None:
        self.globals = globals_
        self.errors = errors
        self.strict = strict
        self.counter = 0

    def error(self, at: Location, message: str) -> None:
        """Note a finding."""
        self.errors.append(Diagnostic.at(at, COMPILE, message))

    def rule(self, rule: Rule) -> Rule:
        """Resolve a rule and its else chain."""
        scope = Scope(None)
        args = None
        if rule.args is not None:
            args = tuple(self._argument(arg, scope) for arg in rule.args)
        return self._link(rule, args, scope)

    def _argument(self, arg: Term, scope: Scope) -> Term:
        for found in inner(arg):
            if isinstance(found, Var) and not is_wildcard(found.name):
                if found.name in ROOTS:
                    self.error(found.loc, self._shadows("args", found.name))
                elif found.name not in scope.declared:
                    self.declare(found, scope, "arg", check=False)
        return self.term(arg, scope)

    def _shadows(self, what: str, name: str) -> str:
        return f"{what} must not shadow {name} (use a different variable name)"

    def _link(self, rule: Rule, args: tuple[Term, ...] | None, outer: Scope) -> Rule:
        scope = Scope(outer)
        self._check_args(rule.body, outer)
        body = self.body(rule.body, scope)
        path = tuple(self.term(part, scope) for part in rule.ref[1:])
        key = None if rule.key is None else self.term(rule.key, scope)
        value = None if rule.value is None else self.term(rule.value, scope)
        self._check_unused(scope)
        orelse = None if rule.orelse is None else self._link(rule.orelse, args, outer)
        return Rule(
            (rule.ref[0], *path), rule.loc, args, key, value, body, orelse, rule.default,
            rule.generated, rule.assign, rule.has_body,
        )  # fmt: skip

    def _check_args(self, body: Body, outer: Scope) -> None:
        """The top level of a body may not declare an argument anew."""
        for stmt in body:
            for var in self._declares(stmt):
                if outer.how.get(var.name) == "arg":
                    self.error(var.loc, f"arg {var.name} redeclared")

    def _declares(self, stmt: Stmt) -> Iterable[Var]:
        kind = stmt.kind
        if isinstance(kind, SomeVars):
            return kind.names
        if isinstance(kind, Unify) and kind.assign:
            return [v for v in inner(kind.left) if isinstance(v, Var)]
        if isinstance(kind, SomeIn):
            found = list(inner(kind.value)) + ([] if kind.key is None else list(inner(kind.key)))
            return [v for v in found if isinstance(v, Var)]
        return ()

    def declare(self, var: Var, scope: Scope, how: str, check: bool = True) -> Var:
        """Give a variable a name of its own in this scope."""
        name = var.name
        if is_wildcard(name):
            return var
        if check and (name in scope.declared or name in scope.seen):
            self.error(var.loc, f"var {name} {_word(scope, name)} above")
            return Var(scope.declared.get(name, name), var.loc)
        self.counter += 1
        scope.declared[name] = f"{name}#{self.counter}"
        scope.how[name] = how
        scope.places[name] = var.loc
        return Var(scope.declared[name], var.loc)

    def body(self, body: Body, scope: Scope) -> Body:
        """Resolve the statements of a body in their order."""
        declared = {v.name for stmt in body for v in self._declares(stmt)}
        outer_globals = self.globals
        if any(name in outer_globals for name in declared):
            self.globals = {k: v for k, v in outer_globals.items() if k not in declared}
        found = [new for stmt in body for new in self._statement(stmt, scope)]
        self.globals = outer_globals
        if body and not found and all(map(is_print, body)):
            return (Stmt(TermStmt(Scalar(True, body[0].loc)), body[0].loc),)
        return tuple(found)

    def _statement(self, stmt: Stmt, scope: Scope) -> list[Stmt]:
        kind = stmt.kind
        withs = tuple(
            With(self._target(w.target, scope), self.term(w.value, scope), w.loc)
            for w in stmt.withs
        )
        if is_print(stmt):
            return self._print(stmt, scope)
        if isinstance(kind, SomeVars):
            for var in kind.names:
                self.declare(var, scope, "declared")
            return []
        new: TermStmt | Unify | Every
        if isinstance(kind, Unify) and kind.assign:
            right = self.term(kind.right, scope)
            new = Unify(self._pattern(kind.left, scope), right)
        elif isinstance(kind, Unify):
            new = Unify(self.term(kind.left, scope), self.term(kind.right, scope))
        elif isinstance(kind, SomeIn):
            new = self._some_in(kind, scope, stmt.loc)
        elif isinstance(kind, Every):
            new = self._every(kind, scope, stmt.loc)
        else:
            new = TermStmt(self.term(kind.term, scope))
        return [Stmt(new, stmt.loc, stmt.negated, withs)]

    def _print(self, stmt: Stmt, scope: Scope) -> list[Stmt]:
        """Leave ``print`` out, as where OPA prints nothing; what it names must be declared."""
        for term in terms_of(stmt):
            for found in inner(term):
                if isinstance(found, Var) and not is_wildcard(found.name):
                    known = scope.find(found.name) is not None or found.name in self.globals
                    if not known and found.name not in ROOTS:
                        self.error(found.loc, f"var {found.name} is undeclared")
            self.term(term, scope)
        return []

    def _some_in(self, kind: SomeIn, scope: Scope, at: Location) -> Unify:
        """``some k, v in xs`` is the reference ``xs[k]`` with the value ``v``."""
        before = set(scope.seen)
        domain = self.term(kind.domain, scope)
        scope.seen, after = before, scope.seen
        for term in (kind.key, kind.value):
            for found in inner(term) if term is not None else ():
                if isinstance(found, Var) and found.name not in scope.declared:
                    self.declare(found, scope, "iterated")
                elif isinstance(found, Var):
                    self.error(found.loc, f"var {found.name} {_word(scope, found.name)} above")
        scope.seen = after
        key: Term
        if kind.key is None:
            self.counter += 1
            key = Var(f"$in{self.counter}", at)
        else:
            key = self.term(kind.key, scope, False)
        return Unify(Ref(domain, (key,), domain.loc), self.term(kind.value, scope, False))

    def _every(self, kind: Every, outer: Scope, at: Location) -> Every:
        domain = self.term(kind.domain, outer)
        scope = Scope(outer)
        if kind.key is not None and kind.key.name == kind.value.name and kind.key.name != "_":
            self.error(at, f"var {kind.key.name} declared above")
        key = None if kind.key is None else self.declare(kind.key, scope, "declared", False)
        value = self.declare(kind.value, scope, "declared", False)
        body = self.body(kind.body, Scope(scope))
        self._check_unused(scope)
        return Every(key, value, domain, body)

    def _check_unused(self, scope: Scope) -> None:
        """``some`` and ``every`` must use what they declare; ``:=`` only in strict mode."""
        for name, how in scope.how.items():
            if name in scope.used or how in ("arg", "iterated"):
                continue
            if how == "declared" or self.strict:
                self.error(scope.places[name], f"{how} var {name} unused")

    def _pattern(self, term: Term, scope: Scope) -> Term:
        """Resolve the left side of ``:=``, which declares its variables."""
        if isinstance(term, Var):
            if term.name in ROOTS:
                self.error(term.loc, self._shadows("variables", term.name))
            return self.declare(term, scope, "assigned")
        if isinstance(term, ArrayTerm):
            return ArrayTerm(tuple(self._pattern(item, scope) for item in term.items), term.loc)
        if isinstance(term, ObjectTerm):
            pairs = tuple((self.term(k, scope), self._pattern(v, scope)) for k, v in term.pairs)
            return ObjectTerm(pairs, term.loc)
        self.error(term.loc, f"cannot assign to {kind_of(term)}")
        return term

    def _target(self, term: Term, scope: Scope) -> Term:
        """Resolve what ``with`` replaces; the name of a built-in stays as it is."""
        return self.term(term, scope)

    def term(self, term: Term, scope: Scope, use: bool = True) -> Term:
        """Resolve every name in a term."""
        if isinstance(term, Var):
            return self._var(term, scope, use)
        if isinstance(term, Ref):
            return self._ref(term, scope)
        if isinstance(term, Call):
            args = tuple(self.term(arg, scope) for arg in term.args)
            return Call(self._function(term.name, scope), args, term.loc)
        if isinstance(term, COMPREHENSIONS):
            return self._comprehension(term, Scope(scope))
        if isinstance(term, Template):
            self._check_template(term)
            part_scope = Scope(scope)
            resolved = map_parts(term, lambda part: self.term(part, part_scope))
            scope.seen |= part_scope.seen
            return resolved
        return map_parts(term, lambda part: self.term(part, scope, use))

    def _check_template(self, term: Template) -> None:
        """A part of a template string has one value, so nothing in it may iterate by ``_``."""
        for part in term.parts:
            for found in inner(part) if not isinstance(part, str) else ():
                if isinstance(found, Var) and is_wildcard(found.name):
                    self.error(found.loc, "var _ is undeclared")

    def _var(self, var: Var, scope: Scope, use: bool) -> Term:
        name = var.name
        holder = scope.find(name)
        if holder is not None:
            if use:
                holder.used.add(name)
            return Var(holder.declared[name], var.loc)
        path = self.globals.get(name)
        if path is not None:
            return path_term(path, var.loc)
        if name not in ROOTS:
            scope.seen.add(name)
        return var

    def _ref(self, ref: Ref, scope: Scope) -> Ref:
        head = self.term(ref.head, scope)
        path = tuple(self.term(part, scope) for part in ref.path)
        if isinstance(head, Ref) and isinstance(ref.head, Var):
            return Ref(head.head, (*head.path, *path), ref.loc)
        return Ref(head, path, ref.loc)

    def _function(self, name: str, scope: Scope) -> str:
        """Resolve the name of a function; built-ins keep theirs."""
        first, dot, rest = name.partition(".")
        if scope.find(first) is not None:
            return name
        path = self.globals.get(first)
        return dotted(path) + dot + rest if path is not None else name

    def _comprehension(self, term: ArrayCompr | SetCompr | ObjectCompr, scope: Scope) -> Term:
        body = self.body(term.body, scope)
        if isinstance(term, ObjectCompr):
            made: Term = ObjectCompr(
                self.term(term.key, scope), self.term(term.value, scope), body, term.loc
            )
        else:
            made = type(term)(self.term(term.term, scope), body, term.loc)
        self._check_unused(scope)
        return made


def _word(scope: Scope, name: str) -> str:
    """Say how a name came into the scope, as messages put it."""
    how = scope.how.get(name, "referenced")
    return "declared" if how == "iterated" else how


def is_print(stmt: Stmt) -> bool:
    """Say whether a statement is a call of ``print``."""
    kind = stmt.kind
    return isinstance(kind, TermStmt) and isinstance(kind.term, Call) and kind.term.name == "print"


_KINDS: dict[type, str] = {
    Ref: "ref", Call: "call", SetTerm: "set", ArrayCompr: "arraycomprehension",
    SetCompr: "setcomprehension", ObjectCompr: "objectcomprehension", Template: "templatestring",
}  # fmt: skip


def kind_of(term: Term) -> str:
    """Name the kind of a term as OPA's messages do."""
    if isinstance(term, Scalar):
        return {type(None): "null", bool: "boolean", str: "string"}.get(type(term.value), "number")
    return _KINDS.get(type(term), "var")


def path_term(path: tuple[str, ...], at: Location) -> Term:
    """Make the reference of a dotted path whose first part is data or input."""
    head = Var(path[0], at)
    if len(path) == 1:
        return head
    return Ref(head, tuple(Scalar(part, at) for part in path[1:]), at)
