"""Refuses rules that need themselves ("Policy Language", section "Recursion")."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost_rego.ast import Call, Ref, Rule, Scalar, Term, Var
from gatepost_rego.check.tree import Group, Node, Placed
from gatepost_rego.errors import RECURSION, Diagnostic
from gatepost_rego.visit import everywhere, everywhere_in

_Step = str | None
_MOST = 20


def _steps(term: Term) -> tuple[_Step, ...] | None:
    """Give the path of a reference to data; None in it stands for any name."""
    if isinstance(term, Var) and term.name == "data":
        return ()
    if isinstance(term, Ref) and isinstance(term.head, Var) and term.head.name == "data":
        return tuple(
            part.value if isinstance(part, Scalar) and isinstance(part.value, str) else None
            for part in term.path
        )
    return None


def terms_of_rule(rule: Rule) -> Iterator[Term]:
    """Give every term of a rule and its else chain."""
    for link in rule.chain():
        tops = [*link.ref[1:], *(link.args or ())]
        tops += [term for term in (link.key, link.value) if term is not None]
        for term in tops:
            yield from everywhere_in(term)
        yield from everywhere(link.body)


class Dependencies:
    """Which rules each rule needs."""

    def __init__(self, root: Node, groups: list[Group]) -> None:
        self.root = root
        self.by_name = {group.name: group for group in groups}
        self.vertices = [one for group in groups for one in self._representatives(group)]
        self.needs = {id(one): list(self._needed_by(one)) for one in self.vertices}

    def _representatives(self, group: Group) -> list[Placed]:
        """One rule stands for its group, except where heads with variables tell rules apart."""
        everything = list(group.everything())
        return everything if group.kind == "object" else everything[:1]

    def _rules_of(self, one: Placed) -> list[Rule]:
        node = self.root.find(one.path)
        if node is not None and node.group is not None and node.group.kind != "object":
            return [placed.rule for placed in node.group.everything()]
        return [one.rule]

    def _needed_by(self, one: Placed) -> Iterator[Placed]:
        seen: set[tuple[_Step, ...]] = set()
        heads: set[int] = set()
        for rule in self._rules_of(one):
            for term in terms_of_rule(rule):
                if isinstance(term, Ref) and isinstance(term.head, Var):
                    heads.add(id(term.head))
                elif id(term) in heads:
                    continue
                if isinstance(term, Call):
                    group = self.by_name.get(term.name)
                    if group is not None:
                        yield from self._representatives(group)
                    continue
                steps = _steps(term)
                if steps is not None and steps not in seen:
                    seen.add(steps)
                    yield from self.matching(self.root, steps)

    def matching(self, node: Node, steps: tuple[_Step, ...]) -> Iterator[Placed]:
        """Give the rules a reference may meet: at its path, above it or below it."""
        if node.group is not None:
            if node.group.kind != "function":
                yield from self._representatives(node.group)
            return
        if not steps:
            for child in node.children.values():
                yield from self.matching(child, ())
            return
        if steps[0] is None:
            for child in node.children.values():
                yield from self.matching(child, steps[1:])
            return
        child_ = node.children.get(steps[0])
        if child_ is not None:
            yield from self.matching(child_, steps[1:])


def check_recursion(root: Node, groups: list[Group], errors: list[Diagnostic]) -> Dependencies:
    """Note every rule that lies on a cycle, with the cycle."""
    graph = Dependencies(root, groups)
    looping = _on_cycles(graph)
    for one in graph.vertices:
        if id(one) in looping and len(errors) < _MOST:
            path = _cycle(graph, one, looping)
            if path:
                text = " -> ".join(step.title for step in path)
                message = f"rule {one.title} is recursive: {text}"
                errors.append(Diagnostic.at(one.rule.loc, RECURSION, message))
    return graph


def _on_cycles(graph: Dependencies) -> set[int]:
    """Find the rules in cycles by taking away, again and again, those that need no others."""
    left = {id(one): {id(n) for n in graph.needs[id(one)]} for one in graph.vertices}
    while True:
        done = {key for key, needs in left.items() if not (needs & left.keys())}
        if not done:
            return set(left)
        for key in done:
            del left[key]


def _cycle(graph: Dependencies, start: Placed, looping: set[int]) -> list[Placed]:
    """Find a shortest way from a rule back to itself."""
    queue: list[list[Placed]] = [[start]]
    seen: set[int] = set()
    for path in queue:
        for following in graph.needs[id(path[-1])]:
            if following is start:
                return [*path, start]
            if id(following) in looping and id(following) not in seen:
                seen.add(id(following))
                queue.append([*path, following])
    return []
