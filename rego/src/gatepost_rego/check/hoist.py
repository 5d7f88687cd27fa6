"""Takes the operands of a negated call out of the negation.

OPA evaluates every reference and call that is an operand before the statement it stands in, and
outside of its ``not``: ``not startswith(input.x, "a")`` is undefined where ``input.x`` is. Only
the two sides of an equation and a reference that stands alone stay inside. The same goes for the
values of ``with``.
"""

from __future__ import annotations

from gatepost_rego.ast import (
    ArrayTerm,
    Body,
    Call,
    ObjectTerm,
    Ref,
    SetTerm,
    Stmt,
    Term,
    TermStmt,
    Unify,
    Var,
    With,
)
from gatepost_rego.visit import map_parts

_COLLECTIONS = (ArrayTerm, SetTerm, ObjectTerm)


def hoist(body: Body) -> Body:
    """Give a body whose negated statements hold no operand that could be undefined."""
    if not any(stmt.negated for stmt in body):
        return body
    done: list[Stmt] = []
    for stmt in body:
        if stmt.negated and isinstance(stmt.kind, (TermStmt, Unify)):
            done.extend(_Hoist(stmt).statements())
        else:
            done.append(stmt)
    return tuple(done)


class _Hoist:
    """Rewrites one statement; what it takes out stands before it."""

    def __init__(self, stmt: Stmt) -> None:
        self.stmt = stmt
        self.withs: tuple[With, ...] = ()
        self.out: list[Stmt] = []

    def statements(self) -> list[Stmt]:
        stmt = self.stmt
        # The values of modifiers are found before the modifiers hold.
        self.withs = tuple(With(w.target, self.operand(w.value), w.loc) for w in stmt.withs)
        kind = stmt.kind
        if isinstance(kind, Unify):
            kind = Unify(self.side(kind.left), self.side(kind.right), kind.assign)
        elif isinstance(kind, TermStmt) and isinstance(kind.term, Call):
            call = kind.term
            change = self.side if call.name == "equal" else self.operand
            kind = TermStmt(Call(call.name, tuple(map(change, call.args)), call.loc))
        elif isinstance(kind, TermStmt):
            kind = TermStmt(self.side(kind.term))
        self.out.append(Stmt(kind, stmt.loc, True, self.withs))
        return self.out

    def side(self, term: Term) -> Term:
        """Change a term that may stay where it is: only what is inside it is taken out."""
        if isinstance(term, Call):
            return self.operand(term)
        if isinstance(term, (Ref, *_COLLECTIONS)):
            return map_parts(term, self.inside)
        return term

    def inside(self, term: Term) -> Term:
        """Change a part of a reference or collection; the root of a reference stays."""
        if isinstance(term, Var):
            return term
        return self.operand(term)

    def operand(self, term: Term) -> Term:
        """Take a term out if it is a reference or a call, or the parts of it that are."""
        if isinstance(term, Call):
            return self.take(Call(term.name, tuple(map(self.operand, term.args)), term.loc))
        if isinstance(term, Ref):
            return self.take(map_parts(term, self.inside))
        if isinstance(term, Var) and term.name in ("input", "data"):
            return self.take(term)
        if isinstance(term, _COLLECTIONS):
            return map_parts(term, self.operand)
        return term

    def take(self, term: Term) -> Term:
        """Put a statement that binds a variable to the term before the negated one."""
        name = Var(f"$not{id(term)}", term.loc)
        self.out.append(Stmt(Unify(name, term, assign=True), term.loc, False, self.withs))
        return name
