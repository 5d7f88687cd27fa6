"""A checked program to functions that can run: one Python module, compiled once."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gatepost_rego.ast import Body as Statements
from gatepost_rego.ast import Call, Stmt
from gatepost_rego.builtins.registry import Builtin
from gatepost_rego.check.program import Program
from gatepost_rego.check.tree import Group, Node, Placed
from gatepost_rego.compile.indexing import choose_index
from gatepost_rego.compile.rules import RuleCompiler, constant_head
from gatepost_rego.compile.writer import Unit
from gatepost_rego.evaluate import documents
from gatepost_rego.evaluate.documents import Body, Dispatch
from gatepost_rego.evaluate.state import Site
from gatepost_rego.evaluate.support import namespace
from gatepost_rego.visit import bodies_in, statements


@dataclass(slots=True)
class Query:
    """A query that was checked: its statements, and the variables it binds."""

    body: Statements
    names: Sequence[str]


@dataclass(slots=True)
class Code:
    """Functions that can run: makers of documents, sites of the tree, and queries."""

    makers: list[Any]
    sites: list[Site]
    queries: list[Callable[..., None]]


@dataclass(slots=True)
class ProgramPlan:
    """Numbers for documents and functions, and the tree that references are followed in."""

    builtins: Mapping[str, Builtin]
    root: Site
    functions: dict[str, Group]
    sites: list[Site] = field(default_factory=list)

    def function(self, called: str) -> int | None:
        """Give the number of a rule that is a function."""
        group = self.functions.get(called)
        return None if group is None else group.index

    def arity(self, number: int) -> int:
        """Give the number of arguments of such a rule."""
        return next(g.arity for g in self.functions.values() if g.index == number)


def _plan(program: Program) -> ProgramPlan:
    for number, group in enumerate(program.groups):
        group.index = number
    sites: list[Site] = []
    root = _site(program.root, sites)
    return ProgramPlan(program.functions.builtins, root, program.functions.rules, sites)


def _site(node: Node, sites: list[Site]) -> Site:
    made = Site(node.path, len(sites))
    sites.append(made)
    if node.group is not None:
        made.document = node.group.index
        return made
    for title, child in node.children.items():
        if child.group is None or child.group.kind != "function":
            made.children[title] = _site(child, sites)
    return made


def _mocked(bodies: Sequence[Statements]) -> frozenset[str]:
    """Find the functions that some ``with`` replaces."""

    def of(stmt: Stmt) -> list[str]:
        return [w.target.name for w in stmt.withs if isinstance(w.target, Call)]

    found = {title for body in bodies for stmt in statements(body) for title in of(stmt)}
    return frozenset(found)


def _bodies(program: Program) -> list[Statements]:
    found: list[Statements] = []
    for group in program.groups:
        for placed in group.everything():
            for link in placed.rule.chain():
                found.append(link.body)
                for term in (link.key, link.value):
                    if term is not None:
                        found.extend(bodies_in(term))
    return found


class Builder:
    """Writes all functions of a program and puts them together."""

    def __init__(self, program: Program, queries: Sequence[Query], traced: bool) -> None:
        self.program = program
        self.queries = queries
        mocked = _mocked([*_bodies(program), *(query.body for query in queries)])
        self.unit = Unit(namespace(), traced=traced, mocked=mocked)
        self.plan = _plan(program)
        self.rules = RuleCompiler(self.unit, self.plan)
        self.titles: dict[int, list[list[str]]] = {}

    def build(self) -> Code:
        """Write, compile and join everything."""
        for group in self.program.groups:
            self._write(group)
        queries = [
            self.rules.query(f"q{at}", query.body, query.names)
            for at, query in enumerate(self.queries)
        ]
        module = ast.Module(self.rules.definitions, [])
        exec(compile(module, "<policy>", "exec"), self.unit.namespace)
        makers = [self._join(group) for group in self.program.groups]
        found = [self.unit.namespace[title] for title in queries]
        return Code(makers, self.plan.sites, found)

    def _write(self, group: Group) -> None:
        written: list[list[str]] = []
        for at, placed in enumerate(group.everything()):
            front = f"r{group.index}_{at}"
            if group.kind == "set":
                written.append([self.rules.set_body(front, placed, placed.rule)])
            elif group.kind == "object":
                written.append([self._object_body(front, group, placed)])
            else:
                function = group.kind == "function"
                written.append(
                    [
                        self.rules.value_body(f"{front}_{number}", placed, link, function)
                        for number, link in enumerate(placed.rule.chain())
                    ]
                )
        self.titles[group.index] = written

    def _object_body(self, front: str, group: Group, placed: Placed) -> str:
        if self._flat(group):
            return self.rules.pair_body(front, placed, placed.rule)
        return self.rules.path_body(front, group, placed, placed.rule)

    def _flat(self, group: Group) -> bool:
        """Say whether all rules of an object add one key with a value."""
        return all(
            one.path == group.path and len(one.rest) == 1 and one.rule.key is None
            and not one.rule.default
            for one in group.rules
        )  # fmt: skip

    def _join(self, group: Group) -> Any:
        titles = self.titles[group.index]
        bodies: list[Body] = []
        for placed, written in zip(group.everything(), titles, strict=True):
            functions = [self.unit.namespace[title] for title in written]
            bodies.append(Body(functions[0], placed.rule.loc, tuple(functions[1:])))
        default = None
        if group.default is not None:
            default = bodies.pop().call
        if group.kind == "function":
            single = len(bodies) == 1 and default is None and not bodies[0].chain
            made: Any = documents.function(bodies, default, single)
            self.unit.namespace[f"f{group.index}"] = made
            return made
        made = self._maker(group, bodies, default)
        self.unit.namespace[f"d{group.index}"] = made
        return made

    def _maker(self, group: Group, bodies: list[Body], default: Any) -> Any:
        if group.kind == "object" and not self._flat(group):
            late = [b for b, one in zip(bodies, group.rules, strict=True) if one.rule.default]
            early = [b for b in bodies if b not in late]
            return documents.partial_tree(group.index, group.path, Dispatch(early), late)
        path, wanted = choose_index(
            [one.rule.body if one.rule.orelse is None else () for one in group.rules]
        )
        dispatch = Dispatch(bodies, path, wanted)
        if group.kind == "set":
            return documents.partial_set(group.index, group.path, dispatch)
        if group.kind == "object":
            return documents.partial_object(group.index, group.path, dispatch)
        heads = {constant_head(one.rule) for one in group.rules}
        eager = len(heads) == 1 and None not in heads
        return documents.complete(group.index, group.path, dispatch, default, eager)


def build(program: Program, queries: Sequence[Query] = (), traced: bool = False) -> Code:
    """Compile a checked program and the queries that go with it."""
    return Builder(program, queries, traced).build()
