"""The index of a document's rules: which of them the input can satisfy at all.

When several rules compare the same path of the input with constants, only those whose constant
the input holds are run ("Policy Performance", section "Use indexed statements").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from gatepost_rego.ast import Body, Call, Ref, Scalar, Stmt, Term, TermStmt, Unify, Var

Path = tuple[str, ...]
_FEWEST = 3


def _input_path(term: Term) -> Path | None:
    if not (isinstance(term, Ref) and isinstance(term.head, Var) and term.head.name == "input"):
        return None
    steps = [s.value for s in term.path if isinstance(s, Scalar) and type(s.value) is str]
    return tuple(steps) if len(steps) == len(term.path) else None


def _sides(stmt: Stmt) -> tuple[Term, Term] | None:
    kind = stmt.kind
    if stmt.negated or stmt.withs:
        return None
    if isinstance(kind, Unify):
        return kind.left, kind.right
    if isinstance(kind, TermStmt) and isinstance(kind.term, Call) and kind.term.name == "equal":
        left, right = kind.term.args
        return left, right
    return None


def conditions(body: Body) -> Iterator[tuple[Path, object]]:
    """Give the comparisons of input paths with strings and numbers that a body needs."""
    for stmt in body:
        sides = _sides(stmt)
        if sides is None:
            continue
        for one, other in (sides, sides[::-1]):
            path = _input_path(one)
            if path and isinstance(other, Scalar) and type(other.value) in (str, int, float):
                yield path, other.value


def choose_index(bodies: list[Body]) -> tuple[Path | None, list[frozenset[object] | None]]:
    """Pick the path that most bodies compare, and give for each the values it can go with."""
    found = [dict(conditions(body)) for body in bodies]
    counts = Counter(path for one in found for path in one)
    if not counts:
        return None, []
    path, number = counts.most_common(1)[0]
    if number < _FEWEST:
        return None, []
    return path, [frozenset({one[path]}) if path in one else None for one in found]
