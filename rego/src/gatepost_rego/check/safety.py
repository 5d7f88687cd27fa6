"""Puts the statements of bodies into an order in which every variable is bound before its use.

"Frequently Asked Questions", "Safety": a variable is safe when some statement that is not
negated binds it. A statement stays where it is unless it needs something bound further down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gatepost_rego.ast import (
    COMPREHENSIONS,
    ArrayCompr,
    Body,
    Call,
    Every,
    ObjectCompr,
    Ref,
    Rule,
    SetCompr,
    Stmt,
    Template,
    Term,
    TermStmt,
    Unify,
    Var,
)
from gatepost_rego.check.hoist import hoist
from gatepost_rego.check.names import plain
from gatepost_rego.check.unify import pattern_variables, ref_outputs, unify_outputs
from gatepost_rego.errors import UNSAFE, Diagnostic
from gatepost_rego.visit import (
    everywhere,
    everywhere_in,
    heads,
    inner,
    map_parts,
    map_stmt,
    terms_of,
)

_ROOTS = frozenset({"data", "input"})


def own(term: Term) -> Iterable[Var]:
    """Give the variables of a term outside of comprehensions and templates."""
    return (part for part in inner(term) if isinstance(part, Var) and part.name not in _ROOTS)


def closed_over(term: Term) -> set[str]:
    """Give every variable inside the comprehensions and templates of a term."""
    found: set[str] = set()
    for part in inner(term):
        if isinstance(part, (*COMPREHENSIONS, Template)):
            found.update(v.name for v in everywhere_in(part) if isinstance(v, Var))
    return found - _ROOTS


@dataclass(slots=True)
class _Parts:
    """What one statement mentions itself, and what its closures mention."""

    own: set[str]
    closed: set[str]


class Safety:
    """Orders the bodies of rules and queries. Findings go to ``errors``."""

    def __init__(self, errors: list[Diagnostic], arity: Callable[[str], int | None]) -> None:
        self.errors = errors
        self.arity = arity

    def rule(self, rule: Rule) -> Rule:
        """Order the bodies of a rule and its else chain, and check its head."""
        bound: set[str] = set()
        for arg in rule.args or ():
            bound.update(pattern_variables(arg))
        args = rule.args
        orelse = None if rule.orelse is None else self.rule(rule.orelse)
        head = [*rule.ref[1:], *(t for t in (rule.key, rule.value) if t is not None)]
        body, safe = self.body(rule.body, bound, head)
        safe |= self._head_outputs(head, safe)
        ref = (rule.ref[0], *(self.head(part, safe) for part in rule.ref[1:]))
        key = None if rule.key is None else self.head(rule.key, safe)
        value = None if rule.value is None else self.head(rule.value, safe)
        return Rule(
            ref, rule.loc, args, key, value, body, orelse, rule.default, rule.generated,
            rule.assign, rule.has_body,
        )  # fmt: skip

    def _head_outputs(self, terms: Iterable[Term], safe: set[str]) -> set[str]:
        """Give what the references in a head bind, each for the others."""
        found: set[str] = set()
        for term in terms:
            found |= ref_outputs(term, safe)
        return found

    def head(self, term: Term, safe: set[str]) -> Term:
        """Check a term that stands behind a body, and order the closures in it."""
        after = safe | ref_outputs(term, safe)
        self._report(own(term), after)
        return self.closures(term, after)

    def body(self, body: Body, bound: set[str], head: Iterable[Term] = ()) -> tuple[Body, set[str]]:
        """Order a body whose outer variables are ``bound``; give it with all it binds."""
        body = hoist(body)
        parts = {id(stmt): self._parts(stmt) for stmt in body}
        visible = set(bound)
        for part in parts.values():
            visible |= part.own
        for term in head:
            visible.update(v.name for v in own(term))
        safe = set(bound)
        rest = list(body)
        done: list[Stmt] = []
        lacking: dict[int, set[str]] = {}
        while rest:
            waiting: list[Stmt] = []
            for stmt in rest:
                if id(stmt) in lacking and safe.isdisjoint(lacking[id(stmt)]):
                    waiting.append(stmt)
                    continue
                part = parts[id(stmt)]
                needs = part.own | (part.closed & visible)
                new = self._outputs(stmt, safe, visible)
                if all(name in safe or name in new for name in needs):
                    safe |= new
                    done.append(self._settle(stmt, safe))
                else:
                    lacking[id(stmt)] = needs - safe
                    waiting.append(stmt)
            if len(waiting) == len(rest):
                self._give_up(waiting, safe, visible)
                break
            rest = waiting
        return tuple(done), safe

    def _give_up(self, waiting: list[Stmt], safe: set[str], visible: set[str]) -> None:
        for stmt in waiting:
            after = safe | self._outputs(stmt, safe, visible)
            found = [v for term in terms_of(stmt) for v in own(term)]
            for term in terms_of(stmt):
                found += [
                    v for v in everywhere_in(term) if isinstance(v, Var) and v.name in visible
                ]
            if isinstance(stmt.kind, Every):
                found += [
                    v
                    for v in everywhere(stmt.kind.body)
                    if isinstance(v, Var) and v.name in visible
                ]
            self._report(found, after)

    def _report(self, found: Iterable[Var], safe: set[str]) -> None:
        for var in found:
            if var.name not in safe and var.name not in _ROOTS:
                new = Diagnostic.at(var.loc, UNSAFE, f"var {plain(var.name)} is unsafe")
                if not any(
                    old.code == UNSAFE
                    and (old.row, old.message, old.file) == (new.row, new.message, new.file)
                    for old in self.errors
                ):
                    self.errors.append(new)

    def _parts(self, stmt: Stmt) -> _Parts:
        part = _Parts(set(), set())
        for term in terms_of(stmt):
            part.own.update(v.name for v in own(term))
            part.closed |= closed_over(term)
        if isinstance(stmt.kind, Every):
            names = {v.name for v in everywhere(stmt.kind.body) if isinstance(v, Var)}
            part.closed |= names - _ROOTS
        return part

    def _outputs(self, stmt: Stmt, safe: set[str], visible: set[str]) -> set[str]:
        """Give the variables a statement binds when ``safe`` are bound before it."""
        if stmt.negated:
            return set()
        kind = stmt.kind
        if isinstance(kind, Unify):

            def covered(term: Term, new: set[str]) -> bool:
                names = {v.name for v in own(term)} | (closed_over(term) & visible)
                return all(name in safe or name in new for name in names)

            return unify_outputs(kind.left, kind.right, safe, covered)
        if isinstance(kind, TermStmt):
            return self._term_outputs(kind.term, safe)
        if isinstance(kind, Every):
            return ref_outputs(kind.domain, safe)
        return set()

    def _term_outputs(self, term: Term, safe: set[str]) -> set[str]:
        found = ref_outputs(term, safe)
        if isinstance(term, Call) and len(term.args) - 1 == self.arity(term.name):
            inputs = (v.name for arg in term.args[:-1] for v in own(arg))
            if all(name in safe or name in found for name in inputs):
                found.update(n for n in pattern_variables(term.args[-1]) if n not in safe)
        return found

    def _settle(self, stmt: Stmt, safe: set[str]) -> Stmt:
        """Order the bodies inside a statement."""
        made = map_stmt(stmt, lambda term: self.closures(term, safe))
        kind = made.kind
        if isinstance(kind, Every):
            names = {v.name for v in (kind.key, kind.value) if v is not None}
            body, _ = self.body(kind.body, safe | names)
            made.kind = Every(kind.key, kind.value, kind.domain, body)
        return made

    def closures(self, term: Term, bound: set[str]) -> Term:
        """Order the bodies of the comprehensions inside a term."""
        if isinstance(term, (Ref, Call)) or not isinstance(term, (*COMPREHENSIONS, Template)):
            return map_parts(term, lambda part: self.closures(part, bound))
        if isinstance(term, Template):
            return map_parts(term, lambda part: self.head(part, bound))
        body, safe = self.body(term.body, bound, heads(term))
        if isinstance(term, ObjectCompr):
            safe |= self._head_outputs((term.key, term.value), safe)
            return ObjectCompr(
                self.head(term.key, safe), self.head(term.value, safe), body, term.loc
            )
        made = SetCompr if isinstance(term, SetCompr) else ArrayCompr
        return made(self.head(term.term, safe), body, term.loc)
