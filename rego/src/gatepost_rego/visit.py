"""Walks over syntax trees: the parts of a term, the variables in it, the terms of a statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
)


def parts(term: Term) -> tuple[Term, ...]:
    """Give the terms directly inside a term; a comprehension gives none."""
    kind = type(term)
    if kind is Ref:
        return (term.head, *term.path)  # type: ignore[union-attr]
    if kind is Call:
        return term.args  # type: ignore[union-attr]
    if kind is ArrayTerm or kind is SetTerm:
        return term.items  # type: ignore[union-attr]
    if kind is ObjectTerm:
        return tuple(part for pair in term.pairs for part in pair)  # type: ignore[union-attr]
    return ()


def inner(term: Term) -> Iterator[Term]:
    """Give the term and all terms inside it, but not what comprehensions and templates hold."""
    yield term
    for part in parts(term):
        yield from inner(part)


def heads(term: Term) -> tuple[Term, ...]:
    """Give the head terms of a comprehension, or the terms of a template."""
    if isinstance(term, ObjectCompr):
        return (term.key, term.value)
    if isinstance(term, (ArrayCompr, SetCompr)):
        return (term.term,)
    if isinstance(term, Template):
        return tuple(part for part in term.parts if not isinstance(part, str))
    return ()


def terms_of(stmt: Stmt) -> Iterator[Term]:
    """Give the terms a statement is made of, its modifiers included, the body of every left out."""
    kind = stmt.kind
    if isinstance(kind, TermStmt):
        yield kind.term
    elif isinstance(kind, Unify):
        yield kind.left
        yield kind.right
    elif isinstance(kind, SomeIn):
        if kind.key is not None:
            yield kind.key
        yield kind.value
        yield kind.domain
    elif isinstance(kind, SomeVars):
        yield from kind.names
    else:
        yield kind.domain
    for modifier in stmt.withs:
        yield modifier.target
        yield modifier.value


def everywhere(body: Body) -> Iterator[Term]:
    """Give every term of a body at every depth, comprehensions and ``every`` included."""
    for stmt in body:
        for term in terms_of(stmt):
            yield from everywhere_in(term)
        if isinstance(stmt.kind, Every):
            yield from everywhere(stmt.kind.body)


def everywhere_in(term: Term) -> Iterator[Term]:
    """Give the term and every term inside it, comprehensions included."""
    yield term
    for part in parts(term):
        yield from everywhere_in(part)
    for head in heads(term):
        yield from everywhere_in(head)
    if isinstance(term, COMPREHENSIONS):
        yield from everywhere(term.body)


def bodies_in(term: Term) -> Iterator[Body]:
    """Give the bodies of the comprehensions in a term, but not those inside such a body."""
    for part in inner(term):
        for head in heads(part):
            yield from bodies_in(head)
        if isinstance(part, COMPREHENSIONS):
            yield part.body


def statements(body: Body) -> Iterator[Stmt]:
    """Give the statements of a body and of every body inside it."""
    for stmt in body:
        yield stmt
        if isinstance(stmt.kind, Every):
            yield from statements(stmt.kind.body)
        for term in terms_of(stmt):
            for found in bodies_in(term):
                yield from statements(found)


def variables(term: Term) -> set[str]:
    """Give the names of variables in a term, leaving out comprehensions and templates."""
    return {found.name for found in inner(term) if isinstance(found, Var)}


def map_parts(term: Term, change: Callable[[Term], Term]) -> Term:
    """Rebuild a term with every direct part changed; a comprehension comes back as it is."""
    if isinstance(term, Ref):
        return Ref(change(term.head), tuple(map(change, term.path)), term.loc)
    if isinstance(term, Call):
        return Call(term.name, tuple(map(change, term.args)), term.loc)
    if isinstance(term, ArrayTerm):
        return ArrayTerm(tuple(map(change, term.items)), term.loc)
    if isinstance(term, SetTerm):
        return SetTerm(tuple(map(change, term.items)), term.loc)
    if isinstance(term, ObjectTerm):
        return ObjectTerm(tuple((change(k), change(v)) for k, v in term.pairs), term.loc)
    if isinstance(term, Template):
        changed = tuple(part if isinstance(part, str) else change(part) for part in term.parts)
        return Template(changed, term.loc)
    return term


def map_stmt(stmt: Stmt, change: Callable[[Term], Term]) -> Stmt:
    """Rebuild a statement with every term changed; the body of ``every`` stays."""
    kind = stmt.kind
    if isinstance(kind, TermStmt):
        kind = TermStmt(change(kind.term))
    elif isinstance(kind, Unify):
        kind = Unify(change(kind.left), change(kind.right), kind.assign)
    elif isinstance(kind, SomeIn):
        key = None if kind.key is None else change(kind.key)
        kind = SomeIn(key, change(kind.value), change(kind.domain))
    elif isinstance(kind, Every):
        kind = Every(kind.key, kind.value, change(kind.domain), kind.body)
    withs = tuple(With(change(w.target), change(w.value), w.loc) for w in stmt.withs)
    return Stmt(kind, stmt.loc, stmt.negated, withs)


def is_constant(term: Term) -> bool:
    """Say whether the term is written out in full: scalars and composites of scalars."""
    if isinstance(term, Scalar):
        return True
    if isinstance(term, (ArrayTerm, SetTerm, ObjectTerm)):
        return all(map(is_constant, parts(term)))
    return False


def data_path(term: Term) -> tuple[str, ...] | None:
    """Give the leading strings of a reference to data, or None for any other term."""
    if isinstance(term, Var) and term.name == "data":
        return ()
    if not (isinstance(term, Ref) and isinstance(term.head, Var) and term.head.name == "data"):
        return None
    found: list[str] = []
    for part in term.path:
        if not (isinstance(part, Scalar) and type(part.value) is str):
            break
        found.append(part.value)
    return tuple(found)
