"""Answers ``rego.metadata.rule`` and ``rego.metadata.chain`` while a policy is compiled.

"Built-in Functions", section "Rego": both say what the annotations of the calling rule are, which
never changes, so the calls become constants.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gatepost_rego.ast import (
    COMPREHENSIONS,
    Annotations,
    ArrayTerm,
    Body,
    Call,
    Every,
    Module,
    ObjectCompr,
    ObjectTerm,
    Rule,
    Scalar,
    Stmt,
    Term,
)
from gatepost_rego.check.recursion import terms_of_rule
from gatepost_rego.errors import TYPE, Abort, Location
from gatepost_rego.parse.metadata import attach
from gatepost_rego.visit import map_parts, map_stmt

_RULE = "rego.metadata.rule"
_CHAIN = "rego.metadata.chain"
Path = tuple[str, ...]


def _asks(module: Module) -> bool:
    return any(
        isinstance(term, Call) and term.name in (_RULE, _CHAIN)
        for rule in module.rules
        for term in terms_of_rule(rule)
    )


def with_metadata(modules: list[Module]) -> list[Module]:
    """Replace the calls in all modules. Raises Abort where a metadata block cannot be read."""
    if not any(map(_asks, modules)):
        return modules
    known = _Known()
    for module in modules:
        known.add(module, attach(module))
    return [
        replace(module, rules=[known.settle(module, rule) for rule in module.rules])
        for module in modules
    ]


class _Known:
    """All annotations: of rules by their place, of documents and packages by their path."""

    def __init__(self) -> None:
        self.rules: dict[tuple[str, int], Annotations] = {}
        self.documents: dict[Path, Annotations] = {}
        self.packages: dict[Path, Annotations] = {}
        self.subpackages: dict[Path, Annotations] = {}

    def add(self, module: Module, found: list[Annotations]) -> None:
        """Take in the annotations of a module."""
        by_row = {rule.loc.row: rule for rule in reversed(module.rules)}
        for one in found:
            rule = by_row.get(one.loc.row)
            if one.scope == "rule" and rule is not None:
                self.rules.setdefault((module.source.name, one.loc.row), one)
            elif one.scope == "document" and rule is not None:
                self._once(self.documents, _path(module, rule), one, "document")
            elif one.scope == "package":
                self._once(self.packages, module.package, one, "package")
            elif one.scope == "subpackages":
                self._once(self.subpackages, module.package, one, "subpackages")

    def _once(
        self, where: dict[Path, Annotations], path: Path, one: Annotations, kind: str
    ) -> None:
        if path in where:
            earlier = f"{where[path].loc.source.name}:{where[path].loc.row}"
            raise Abort(one.loc, TYPE, f"{kind} annotation redeclared: {earlier}")
        where[path] = one

    def rule(self, module: Module, rule: Rule) -> dict[str, Any]:
        """Give the annotations of a rule itself."""
        found = self.rules.get((module.source.name, rule.loc.row))
        return {} if found is None else found.values

    def chain(self, module: Module, rule: Rule) -> list[dict[str, Any]]:
        """Give the rule's annotations and those of everything it lies in, nearest first."""
        path = _path(module, rule)
        first: dict[str, Any] = {"path": list(path)}
        own = self.rule(module, rule)
        if own:
            first["annotations"] = own
        found = [first]
        steps = [(self.documents, path), (self.packages, module.package)]
        steps += [
            (self.subpackages, module.package[:size]) for size in range(len(module.package), 0, -1)
        ]
        for where, place in steps:
            if place in where:
                found.append({"path": list(place), "annotations": where[place].values})
        return found

    def settle(self, module: Module, rule: Rule) -> Rule:
        """Replace the calls in a rule and its else chain."""

        def change(term: Term) -> Term:
            return self._term(term, module, rule)

        def link(one: Rule) -> Rule:
            orelse = None if one.orelse is None else link(one.orelse)
            key = None if one.key is None else change(one.key)
            value = None if one.value is None else change(one.value)
            body = self._body(one.body, module, rule)
            ref = (one.ref[0], *map(change, one.ref[1:]))
            return replace(one, ref=ref, key=key, value=value, body=body, orelse=orelse)

        return link(rule)

    def _body(self, body: Body, module: Module, rule: Rule) -> Body:
        made: list[Stmt] = []
        for stmt in body:
            new = map_stmt(stmt, lambda term: self._term(term, module, rule))
            kind = new.kind
            if isinstance(kind, Every):
                inside = self._body(kind.body, module, rule)
                new.kind = Every(kind.key, kind.value, kind.domain, inside)
            made.append(new)
        return tuple(made)

    def _term(self, term: Term, module: Module, rule: Rule) -> Term:
        if isinstance(term, Call) and term.name == _RULE and not term.args:
            return _written(self.rule(module, rule), term.loc)
        if isinstance(term, Call) and term.name == _CHAIN and not term.args:
            return _written(self.chain(module, rule), term.loc)
        if isinstance(term, COMPREHENSIONS):
            body = self._body(term.body, module, rule)
            if isinstance(term, ObjectCompr):
                key, value = (self._term(t, module, rule) for t in (term.key, term.value))
                return replace(term, key=key, value=value, body=body)
            return replace(term, term=self._term(term.term, module, rule), body=body)
        return map_parts(term, lambda part: self._term(part, module, rule))


def _path(module: Module, rule: Rule) -> Path:
    rest = [str(p.value) for p in rule.ref[1:] if isinstance(p, Scalar)]
    return (*module.package, rule.name, *rest)


def _written(value: Any, at: Location) -> Term:
    """Write a value as a term."""
    if isinstance(value, dict):
        pairs = ((Scalar(key, at), _written(one, at)) for key, one in value.items())
        return ObjectTerm(tuple(pairs), at)
    if isinstance(value, list):
        return ArrayTerm(tuple(_written(one, at) for one in value), at)
    return Scalar(value, at)
