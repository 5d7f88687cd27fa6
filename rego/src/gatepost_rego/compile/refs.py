"""References to Python: lookups where a key is known, loops where it is a free variable.

"Policy Language", section "References". A reference from ``data`` is followed through the
document tree as far as its steps are written out.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from gatepost_rego.ast import ArrayTerm, ObjectTerm, Ref, Scalar, Term, Var, is_wildcard
from gatepost_rego.compile.pyast import (
    assign,
    attr,
    call,
    choose,
    const,
    is_,
    item,
    method,
    name,
    when,
)
from gatepost_rego.compile.terms import TermWriter
from gatepost_rego.compile.writer import Val
from gatepost_rego.evaluate.state import Site
from gatepost_rego.visit import inner


class RefWriter(TermWriter):
    """Writes references."""

    def match(self, pattern: Term, val: Val) -> None:
        """Write the unification of a pattern with a value."""
        raise NotImplementedError

    def known(self, term: Term) -> bool:
        """Say whether every variable of a term is bound here."""
        return all(
            part.name in self.bound or part.name in ("data", "input")
            for part in inner(term)
            if isinstance(part, Var)
        )

    def free(self, step: Term) -> bool:
        """Say whether a step of a reference is a pattern that iterates."""
        return isinstance(step, (Var, ArrayTerm, ObjectTerm)) and not self.known(step)

    def ref(self, ref: Ref) -> Val:
        """Write a reference; the code gives up where it is undefined."""
        head = ref.head
        if isinstance(head, Var) and head.name == "data" and "data" not in self.bound:
            return self._from_data(ref.path)
        if isinstance(head, Var) and head.name == "input" and "input" not in self.bound:
            return self.steps(self.input(), ref.path)
        return self.steps(self.value(head).node, ref.path)

    def steps(self, node: ast.expr, path: Sequence[Term], look: str = "index") -> Val:
        """Write the way down from a value; ``look`` names the function of one step."""
        path = list(path)
        while path:
            step = path.pop(0)
            if self.free(step):
                node = self._iterate(node, step, bool(path))
            else:
                node = self._look_up(node, step, look)
        return self.defined(node)

    def _look_up(self, node: ast.expr, step: Term, look: str) -> ast.expr:
        if not isinstance(node, (ast.Name, ast.Constant)):
            node = self.hold(node).node
        if isinstance(step, Scalar) and type(step.value) is str:
            key = const(step.value)
            got = call(attr(node, "get"), key, name("U"))
            test = is_(call("type", node), name("dict"))
            return choose(test, got, call(look, node, key))
        return call(look, node, self.value(step).node)

    def _iterate(self, node: ast.expr, step: Term, more: bool) -> ast.expr:
        """Open a loop over the members of a value; bind or match the key."""
        held = self.hold(node).node
        prefix = "ordered_" if self.ordered else ""
        value = self.temp()
        if isinstance(step, Var) and is_wildcard(step.name):
            self.begin_loop((value,), call(f"{prefix}members", self.meter(), held))
            return name(value)
        key = self.temp()
        function = "ordered_pairs_of" if self.ordered else "pairs"
        self.begin_loop((key, value), call(function, self.meter(), held))
        self.match(step, Val(name(key)))
        return name(value)

    def _from_data(self, path: Sequence[Term]) -> Val:
        """Follow the document tree; leave it at a rule, at base documents or at a free step."""
        site = self.plan.root
        for at, step in enumerate(path):
            if site.document is not None:
                return self.steps(self._document(site.document), path[at:])
            if not (isinstance(step, Scalar) and type(step.value) is str):
                return self._dynamic(site, path[at:])
            child = site.children.get(step.value)
            if child is None:
                return self._base(site, path[at:])
            site = child
        if site.document is not None:
            return self.defined(self._document(site.document))
        return self.defined(method(self.state, "document", const(site.index)))

    def _document(self, number: int) -> ast.expr:
        """Write the document of a rule, taken from the cache or made."""
        title = self.temp()
        documents = self.shared("D", "documents")
        made = call(f"d{number}", name(self.state))
        self.emit(assign(title, item(documents, const(number))))
        self.emit(when(is_(name(title), name("M")), assign(title, made)))
        return name(title)

    def _base(self, site: Site, path: Sequence[Term]) -> Val:
        """Write a reference that no rule answers: the way down the base documents."""
        at = path[0].loc
        front: list[Term] = [Scalar(part, at) for part in site.path]
        return self.steps(self.shared("B", "base"), [*front, *path], "stored")

    def _dynamic(self, site: Site, path: Sequence[Term]) -> Val:
        """Write steps whose keys are only known at run time, through rules and base alike."""
        node: ast.expr = self.unit.constant(site, ("site", site.index))
        for step in path:
            held = self.hold(node).node
            if self.free(step):
                node = self._iterate_place(held, step)
            else:
                node = method(self.state, "step", held, self.value(step).node)
        return self.defined(method(self.state, "settle", node))

    def _iterate_place(self, place: ast.expr, step: Term) -> ast.expr:
        key, value = self.temp(), self.temp()
        self.begin_loop((key,), call("place_keys", name(self.state), place))
        found = call("place_value", name(self.state), place, name(key))
        self.emit(assign(value, found))
        self.fail_if(is_(name(value), name("U")))
        self.match(step, Val(name(key)))
        return name(value)
