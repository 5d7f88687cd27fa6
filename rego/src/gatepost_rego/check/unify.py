"""Which variables a unification or a reference makes safe.

"Policy Language", sections "Unification =" and "References"; "Frequently Asked Questions",
"Safety". The compiler walks the same pairs in the same order when it writes the code.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator

from gatepost_rego.ast import ArrayTerm, Call, ObjectTerm, Ref, Scalar, Term, Var
from gatepost_rego.values import key_of
from gatepost_rego.visit import inner

Covered = Callable[[Term, set[str]], bool]
_ROOTS = ("data", "input")
_WRITTEN = (ArrayTerm, ObjectTerm, Scalar)


def pattern_variables(term: Term) -> Iterator[str]:
    """Give the variables that matching a value against the term would bind."""
    if isinstance(term, Var):
        yield term.name
    elif isinstance(term, ArrayTerm):
        for item in term.items:
            yield from pattern_variables(item)
    elif isinstance(term, ObjectTerm):
        for _, value in term.pairs:
            yield from pattern_variables(value)


def ref_outputs(term: Term, safe: Container[str]) -> set[str]:
    """Give the variables that references inside the term bind by iterating."""
    found: set[str] = set()
    for part in inner(term):
        if isinstance(part, Ref) and _head_known(part.head, safe, found):
            for step in part.path:
                found.update(name for name in pattern_variables(step) if name not in safe)
    return found


def _head_known(head: Term, safe: Container[str], found: set[str]) -> bool:
    if isinstance(head, Var):
        return head.name in safe or head.name in found or head.name in _ROOTS
    if not isinstance(head, Call):
        return True
    variables = (part.name for part in inner(head) if isinstance(part, Var))
    return all(name in safe or name in found or name in _ROOTS for name in variables)


def split(left: Term, right: Term) -> list[tuple[Term, Term]] | None:
    """Pair up the parts of two arrays or two objects; None where they cannot be paired."""
    if isinstance(left, ArrayTerm) and isinstance(right, ArrayTerm):
        if len(left.items) == len(right.items):
            return list(zip(left.items, right.items, strict=True))
        return None
    if isinstance(left, ObjectTerm) and isinstance(right, ObjectTerm):
        mine, other = _by_key(left), _by_key(right)
        if mine is None or other is None or mine.keys() != other.keys():
            return None
        return [(value, other[key]) for key, value in mine.items()]
    return None


def _by_key(term: ObjectTerm) -> dict[object, Term] | None:
    found: dict[object, Term] = {}
    for key, value in term.pairs:
        if isinstance(key, Scalar):
            found[key_of(key.value)] = value
        elif isinstance(key, Var):
            found[("variable", key.name)] = value
    return found if len(found) == len(term.pairs) else None


def never_equal(left: Term, right: Term) -> bool:
    """Say whether two terms, as they are written, can be equal under no values of variables."""
    if not (isinstance(left, _WRITTEN) and isinstance(right, _WRITTEN)):
        return False
    if type(left) is not type(right):
        return True
    if isinstance(left, ArrayTerm) and isinstance(right, ArrayTerm):
        return len(left.items) != len(right.items)
    if isinstance(left, ObjectTerm) and isinstance(right, ObjectTerm):
        plain = all(isinstance(key, Scalar) for key, _ in (*left.pairs, *right.pairs))
        return len(left.pairs) != len(right.pairs) or (plain and split(left, right) is None)
    return False


def unify_outputs(left: Term, right: Term, safe: Container[str], covered: Covered) -> set[str]:
    """Give the variables that ``left = right`` binds, ``safe`` being bound already.

    ``covered`` says of a term whether ``safe`` and the variables bound so far are all it needs.
    """
    new = ref_outputs(left, safe) | ref_outputs(right, safe)
    pending = [(left, right)]
    progress = True
    while pending and progress:
        progress = False
        for pair in pending[:]:
            smaller = _step(pair, new, covered)
            if smaller is not None:
                pending.remove(pair)
                pending.extend(smaller)
                progress = True
    return {name for name in new if name not in safe}


def _step(
    pair: tuple[Term, Term], new: set[str], covered: Covered
) -> list[tuple[Term, Term]] | None:
    """Settle one pair: bind variables, give the smaller pairs, or None while neither is known."""
    left, right = pair
    if never_equal(left, right):
        return []
    smaller = split(left, right)
    if smaller is not None:
        return smaller
    if covered(left, new):
        new.update(pattern_variables(right))
    elif covered(right, new):
        new.update(pattern_variables(left))
    else:
        return None
    return []
