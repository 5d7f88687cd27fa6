"""Which parts of the input a program can look at, found without running it.

A host that builds its input anew for every evaluation leaves out what no rule reads.
"""

from __future__ import annotations

from collections.abc import Iterator

from gatepost_rego.ast import Body, Ref, Rule, Scalar, Term, Var
from gatepost_rego.check.program import Program
from gatepost_rego.check.recursion import terms_of_rule
from gatepost_rego.visit import bodies_in, statements

Path = tuple[str, ...]


def reads_of(program: Program) -> frozenset[Path]:
    """Give the paths below ``input`` that the rules may read, each as far as it is written out.

    The empty path is the whole input: it was named by itself, or with a key that is computed. Of
    two paths where one leads to the other only the shorter is given.
    """
    found: set[Path] = set()
    for group in program.groups:
        for placed in group.everything():
            found.update(_of_rule(placed.rule))
    return frozenset(path for path in found if not any(path[:n] in found for n in range(len(path))))


def _of_rule(rule: Rule) -> Iterator[Path]:
    """What ``with`` replaces is not read; the heads of references are not by themselves."""
    passed: set[int] = set()
    for body in _bodies(rule):
        for stmt in statements(body):
            for modifier in stmt.withs:
                passed.update((id(modifier.target), id(getattr(modifier.target, "head", None))))
    for term in terms_of_rule(rule):
        if isinstance(term, Ref) and _is_input(term.head):
            if id(term) not in passed:
                yield _path(term)
            passed.add(id(term.head))
        elif _is_input(term) and id(term) not in passed:
            yield ()


def _bodies(rule: Rule) -> Iterator[Body]:
    for link in rule.chain():
        yield link.body
        for term in (*link.ref[1:], *(link.args or ()), link.key, link.value):
            if term is not None:
                yield from bodies_in(term)


def _is_input(term: Term) -> bool:
    return isinstance(term, Var) and term.name == "input"


def _path(ref: Ref) -> Path:
    found: list[str] = []
    for step in ref.path:
        if not (isinstance(step, Scalar) and isinstance(step.value, str)):
            break
        found.append(step.value)
    return tuple(found)
