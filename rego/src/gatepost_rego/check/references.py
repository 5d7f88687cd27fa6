"""Types of references: what lies at their end, and whether anything can.

"Policy Language", section "References". A reference from ``data`` is typed by the rules it meets,
any other by the type of its head.
"""

from __future__ import annotations

from gatepost_rego.ast import ArrayTerm, ObjectTerm, Ref, Scalar, SetTerm, Term, Var
from gatepost_rego.check.algebra import agree, keys_of, select, values_of
from gatepost_rego.check.names import plain
from gatepost_rego.check.tree import Group, Node
from gatepost_rego.errors import Location
from gatepost_rego.types import ANY, Type

Env = dict[str, "Type | None"]


class ReferenceTyper:
    """Types references; terms of other kinds are for the checker that builds on this one."""

    root: Node
    known: dict[tuple[str, ...], Type | None]

    def error(self, at: Location, text: str) -> None:
        """Note a finding."""
        raise NotImplementedError

    def term(self, term: Term, env: Env) -> Type | None:
        """Check a term and give its type; None while a variable in it has none."""
        raise NotImplementedError

    def fit(self, term: Term, kind: Type | None, env: Env, widen: bool = False) -> bool:
        """Give a type to a term; variables not typed yet take theirs from it."""
        raise NotImplementedError

    def ref(self, ref: Ref, env: Env) -> Type | None:
        """Check a reference step by step and give its type."""
        head = ref.head
        if isinstance(head, Var) and head.name == "data":
            return self._from_data(ref, env)
        kind = ANY if isinstance(head, Var) and head.name == "input" else self.term(head, env)
        return self._steps(ref, kind or ANY, 0, env)

    def _from_data(self, ref: Ref, env: Env) -> Type | None:
        node = self.root
        for at, step in enumerate(ref.path):
            if node.group is not None:
                return self._into(ref, node.group, at, env)
            if not (isinstance(step, Scalar) and isinstance(step.value, str)):
                self._open_steps(ref, at, env)
                return ANY
            child = node.children.get(step.value)
            if child is None:
                return self._steps(ref, ANY, at, env)
            node = child
        return self._into(ref, node.group, len(ref.path), env) if node.group is not None else ANY

    def _open_steps(self, ref: Ref, at: int, env: Env) -> None:
        for step in ref.path[at:]:
            self._step_types(step, ANY, env)

    def _into(self, ref: Ref, group: Group, at: int, env: Env) -> Type | None:
        if group.kind == "function":
            self.error(ref.loc, f"function {group.name} used as reference, not called")
            return ANY
        return self._steps(ref, self.known.get(group.path) or ANY, at, env)

    def _steps(self, ref: Ref, kind: Type, at: int, env: Env) -> Type:
        for number in range(at, len(ref.path)):
            step = ref.path[number]
            keys = keys_of(kind)
            if keys is None:
                self.error(ref.loc, f"undefined ref: {self._text(ref)}\n\thave: {kind}")
                return ANY
            inside = self._inside(step, kind, keys, env)
            if inside is None:
                self.error(ref.loc, f"undefined ref: {self._text(ref)}")
                return ANY
            kind = inside
        return kind

    def _inside(self, step: Term, kind: Type, keys: Type, env: Env) -> Type | None:
        if isinstance(step, Scalar):
            return select(kind, step.value)
        if not self._step_types(step, keys, env):
            return None
        return values_of(kind)

    def _step_types(self, step: Term, keys: Type, env: Env) -> bool:
        """Type the variables of a step, and say whether it can be a key."""
        if isinstance(step, (Var, ArrayTerm, ObjectTerm, SetTerm)):
            return self.fit(step, keys, env)
        return agree(self.term(step, env) or ANY, keys)

    def _text(self, ref: Ref) -> str:
        head = plain(ref.head.name) if isinstance(ref.head, Var) else "..."
        text = head
        for step in ref.path:
            if isinstance(step, Scalar) and isinstance(step.value, str):
                text += f".{step.value}"
            elif isinstance(step, Scalar):
                text += f"[{step.value}]"
            else:
                text += f"[{plain(step.name) if isinstance(step, Var) else '...'}]"
        return text
