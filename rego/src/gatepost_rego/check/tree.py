"""The rules of all modules by the path of the document they define, and what must not meet there.

"Policy Language", sections "Rules" and "General refs in rule heads": rules whose heads hold
variables make one document at the path up to the first variable, and take in every rule below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from gatepost_rego.ast import Module, Rule, Scalar, Term
from gatepost_rego.errors import COMPILE, TYPE, Diagnostic
from gatepost_rego.parse.terms import dotted

Path = tuple[str, ...]
Kind = Literal["complete", "set", "object", "function"]


@dataclass(slots=True, eq=False)
class Placed:
    """A rule with its full path: strings as far as they go, then the terms from there."""

    rule: Rule
    module: Module
    path: Path
    rest: tuple[Term, ...]

    @property
    def kind(self) -> Kind:
        """The kind of document the rule defines."""
        if self.rule.args is not None:
            return "function"
        if self.rest:
            return "object"
        return "complete" if self.rule.key is None else "set"

    @property
    def title(self) -> str:
        """The path as messages show it."""
        text = dotted(("data", *self.path))
        for term in self.rest:
            if isinstance(term, Scalar) and isinstance(term.value, str):
                text += f".{term.value}"
            elif isinstance(term, Scalar):
                text += f"[{term.value}]"
            else:
                text += f"[{getattr(term, 'name', '_').partition('#')[0]}]"
        return text


@dataclass(slots=True, eq=False)
class Group:
    """All rules of one document."""

    path: Path
    kind: Kind
    rules: list[Placed] = field(default_factory=list)
    default: Placed | None = None
    index: int = 0

    @property
    def name(self) -> str:
        """The dotted path from data."""
        return dotted(("data", *self.path))

    @property
    def arity(self) -> int:
        """The number of arguments of a function."""
        return len(next(self.everything()).rule.args or ())

    def everything(self) -> Iterator[Placed]:
        """Give all rules, the default last."""
        yield from self.rules
        if self.default is not None:
            yield self.default


@dataclass(slots=True, eq=False)
class Node:
    """One step of the document tree below data."""

    path: Path
    children: dict[str, Node] = field(default_factory=dict)
    group: Group | None = None
    package: bool = False
    index: int = 0

    def child(self, name: str) -> Node:
        """Give the child of this name, made where it was missing."""
        found = self.children.get(name)
        if found is None:
            found = self.children[name] = Node((*self.path, name))
        return found

    def find(self, path: Path) -> Node | None:
        """Follow a path down; None where it leaves the tree."""
        node: Node | None = self
        for part in path:
            node = node.children.get(part) if node is not None else None
        return node

    def below(self) -> Iterator[Node]:
        """Give this node and all under it."""
        yield self
        for child in self.children.values():
            yield from child.below()


def place(module: Module, rule: Rule) -> Placed:
    """Work out the full path of a rule."""
    path: list[str] = [*module.package, rule.name]
    rest = list(rule.ref[1:])
    while rest and isinstance(rest[0], Scalar) and isinstance(rest[0].value, str):
        path.append(rest[0].value)
        del rest[0]
    return Placed(rule, module, tuple(path), tuple(rest))


def grow(modules: list[Module]) -> Node:
    """Build the tree of packages, without rules."""
    root = Node(())
    for module in modules:
        node = root
        for part in module.package:
            node = node.child(part)
        node.package = True
    return root


def plant(root: Node, placed: list[Placed], errors: list[Diagnostic]) -> list[Group]:
    """Put the rules into the tree; give the groups in the order of first appearance."""
    by_path: dict[Path, list[Placed]] = {}
    for one in placed:
        by_path.setdefault(one.path, []).append(one)
    roots = [p for p, rules in by_path.items() if any(r.rest and r.kind == "object" for r in rules)]
    owners = _owners(by_path, roots)
    groups: dict[Path, Group] = {}
    for path, rules in by_path.items():
        owner = owners.get(path, path)
        _check_kinds(rules, errors)
        for one in rules:
            group = groups.get(owner)
            if group is None:
                group = groups[owner] = Group(owner, one.kind if owner == path else "object")
            if path in roots:
                group.kind = "object"
            _add(group, one, errors)
    for group in groups.values():
        node = root
        for part in group.path:
            node = node.child(part)
        node.group = group
    _check_paths(root, by_path, owners, errors)
    return list(groups.values())


def _owners(by_path: dict[Path, list[Placed]], roots: list[Path]) -> dict[Path, Path]:
    """Map each path to the shortest path of a document with variables at or above it."""
    found: dict[Path, Path] = {}
    for path, rules in by_path.items():
        for size in range(1, len(path) + 1):
            if path[:size] in roots and rules[0].kind != "function":
                found[path] = path[:size]
                break
    return found


def _add(group: Group, one: Placed, errors: list[Diagnostic]) -> None:
    if not one.rule.default or group.kind == "object":
        group.rules.append(one)
        return
    if group.default is not None:
        places = f"{_place(group.default)}, {_place(one)}"
        text = f"multiple default rules {one.title} found at {places}"
        errors.append(Diagnostic.at(group.default.rule.loc, TYPE, text))
        return
    group.default = one


def _place(one: Placed) -> str:
    return f"{one.rule.loc.source.name}:{one.rule.loc.row}"


def _check_kinds(rules: list[Placed], errors: list[Diagnostic]) -> None:
    """All rules of one path make the same kind of document, functions of one arity."""
    kinds = {(one.kind, len(one.rule.args or ()), one.rule.key is None) for one in rules}
    if len(kinds) > 1:
        titles = [one.title for one in rules if one.rest] or [rules[0].title]
        text = f"conflicting rules {titles[0]} found"
        errors.append(Diagnostic.at(rules[0].rule.loc, TYPE, text))


def _check_paths(
    root: Node,
    by_path: dict[Path, list[Placed]],
    owners: dict[Path, Path],
    errors: list[Diagnostic],
) -> None:
    """No document lies inside another, and no package under a rule."""
    below: dict[Path, list[Path]] = {}
    for path in by_path:
        for size in range(1, len(path)):
            below.setdefault(path[:size], []).append(path)
    for path, rules in by_path.items():
        node = root.find(path)
        single = rules[0].kind != "function" and path not in owners
        if node is not None and node.package and single:
            text = f"package {dotted(('data', *path))} conflicts with rule {path[-1]}"
            errors.append(Diagnostic.at(rules[0].rule.loc, TYPE, text))
        if path in owners:
            continue
        inside = below.get(path)
        if inside:
            lines = [f"rule {by_path[p][0].title} at {_place(by_path[p][0])}" for p in inside]
            text = f"rule {rules[0].title} conflicts with:\n  " + "\n  ".join(lines)
            errors.append(Diagnostic.at(rules[0].rule.loc, TYPE, text))


def check_base(root: Node, data: object, errors: list[Diagnostic]) -> None:
    """No rule may stand where the base documents already hold something."""
    for node in root.below():
        if node.group is None:
            continue
        found = data
        for part in node.path:
            found = found.get(part, None) if isinstance(found, dict) else None
            if found is None:
                break
        else:
            text = f"conflicting rule for data path {'/'.join(node.path)} found"
            first = next(node.group.everything())
            errors.append(Diagnostic.at(first.rule.loc, COMPILE, text))
