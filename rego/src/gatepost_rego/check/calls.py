"""Which functions are called and replaced, and whether they are there.

"Policy Language", sections "Functions" and "With Keyword"; "Built-in Functions".
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from gatepost_rego.ast import (
    COMPREHENSIONS,
    ArrayCompr,
    Body,
    Call,
    Every,
    ObjectCompr,
    Ref,
    Rule,
    Scalar,
    SetCompr,
    Stmt,
    Term,
    Var,
    With,
)
from gatepost_rego.builtins.registry import Builtin
from gatepost_rego.check.tree import Group, Node
from gatepost_rego.errors import COMPILE, TYPE, Diagnostic, Location
from gatepost_rego.parse.terms import dotted
from gatepost_rego.visit import data_path, everywhere, everywhere_in, map_parts, map_stmt

_REPLACING = "with keyword replacing built-in function:"
_VOID = f"{_REPLACING} target must not be a void function"


def unavailable(builtin: Builtin) -> str | None:
    """Say why a built-in cannot be called here; None when it can."""
    if builtin.unsupported is not None:
        return builtin.unsupported
    missing = [title for title in builtin.modules if find_spec(title) is None]
    if builtin.extra is not None and missing:
        return f"install gatepost-rego[{builtin.extra}] for {', '.join(missing)}"
    return None


class Functions:
    """Every function by name: the rules' under their paths, and the built-ins."""

    def __init__(
        self,
        root: Node,
        groups: list[Group],
        builtins: Mapping[str, Builtin],
        refused: Mapping[str, Builtin],
        errors: list[Diagnostic],
    ) -> None:
        self.root = root
        self.rules = {group.name: group for group in groups if group.kind == "function"}
        self.builtins = builtins
        self.refused = refused
        self.errors = errors

    def arity(self, name: str) -> int | None:
        """Give the number of arguments, or None for a name that is no function."""
        group = self.rules.get(name)
        if group is not None:
            return group.arity
        builtin = self.builtins.get(name)
        return None if builtin is None else len(builtin.args)

    def error(self, at: Location, code: str, text: str) -> None:
        """Note a finding."""
        self.errors.append(Diagnostic.at(at, code, text))

    def check_term(self, term: Term) -> None:
        """Refuse calls of what is not there."""
        for found in everywhere_in(term):
            if isinstance(found, Call):
                self._check_call(found)

    def check_body(self, body: Body) -> None:
        """Refuse calls of what is not there, in a body and the bodies inside it."""
        for found in everywhere(body):
            if isinstance(found, Call):
                self._check_call(found)

    def _check_call(self, call: Call) -> None:
        rule = self.rules.get(call.name)
        if rule is not None:
            if not rule.arity <= len(call.args) <= rule.arity + 1:
                self._wrong_count(call, rule.arity)
            return
        builtin = self.builtins.get(call.name)
        if builtin is not None:
            why = unavailable(builtin)
            if why is not None:
                self.error(call.loc, TYPE, f"built-in function {call.name} is not available: {why}")
            return
        if call.name in self.refused:
            self.error(call.loc, TYPE, self._refusal(self.refused[call.name]))
            return
        group = self._rule_at(call.name)
        if group is not None:
            self._wrong_count(call, 0)
            return
        self.error(call.loc, TYPE, f"undefined function {call.name}")

    def _refusal(self, builtin: Builtin) -> str:
        reason = builtin.missing
        if reason is not None:
            return f"built-in function {builtin.name} is not available: {reason}"
        return f"unsafe built-in function calls in expression: {builtin.name}"

    def _wrong_count(self, call: Call, arity: int) -> None:
        count = f"{len(call.args)} argument" + ("" if len(call.args) == 1 else "s")
        self.error(call.loc, TYPE, f"function {call.name} has arity {arity}, got {count}")

    def _rule_at(self, name: str) -> Group | None:
        node = self.root.find(tuple(name.split(".")[1:])) if name.startswith("data.") else None
        return node.group if node is not None else None

    def rule(self, rule: Rule) -> Rule:
        """Settle what the ``with`` modifiers of a rule replace, and check its calls."""
        terms = [*rule.ref[1:], *(rule.args or ())]
        terms += [term for term in (rule.key, rule.value) if term is not None]
        for term in terms:
            self.check_term(term)
        body = self.body(rule.body)
        orelse = None if rule.orelse is None else self.rule(rule.orelse)
        key = None if rule.key is None else self.term(rule.key)
        value = None if rule.value is None else self.term(rule.value)
        self.check_body(rule.body)
        return Rule(
            rule.ref, rule.loc, rule.args, key, value, body, orelse, rule.default, rule.generated,
            rule.assign, rule.has_body,
        )  # fmt: skip

    def body(self, body: Body) -> Body:
        """Settle the modifiers in a body and in the bodies inside it."""
        return tuple(map(self._statement, body))

    def _statement(self, stmt: Stmt) -> Stmt:
        made = map_stmt(stmt, self.term)
        made.withs = tuple(map(self._with, made.withs))
        kind = made.kind
        if isinstance(kind, Every):
            made.kind = Every(kind.key, kind.value, kind.domain, self.body(kind.body))
        return made

    def term(self, term: Term) -> Term:
        """Settle the modifiers in the comprehensions of a term."""
        if not isinstance(term, COMPREHENSIONS):
            return map_parts(term, self.term)
        body = self.body(term.body)
        if isinstance(term, ObjectCompr):
            return ObjectCompr(self.term(term.key), self.term(term.value), body, term.loc)
        made = ArrayCompr if isinstance(term, ArrayCompr) else SetCompr
        return made(self.term(term.term), body, term.loc)

    def function_name(self, term: Term) -> str | None:
        """Give the name of the function a term stands for, or None."""
        path = data_path(term)
        if path:
            name = dotted(("data", *path))
            return (
                name if name in self.rules and len(path) == len(getattr(term, "path", ())) else None
            )
        if isinstance(term, Var):
            return term.name if term.name in self.builtins else None
        if isinstance(term, Ref) and isinstance(term.head, Var):
            parts = [
                p.value for p in term.path if isinstance(p, Scalar) and isinstance(p.value, str)
            ]
            name = ".".join([term.head.name, *parts])
            return name if len(parts) == len(term.path) and name in self.builtins else None
        return None

    def _with(self, modifier: With) -> With:
        """Turn functions in a modifier into calls without arguments, which stand for themselves."""
        target, at = modifier.target, modifier.loc
        name = self.function_name(target)
        if name is not None:
            return self._replaced(name, modifier)
        head = target.head if isinstance(target, Ref) else target
        if isinstance(target, Var) and target.name == "print":
            self.error(at, COMPILE, _VOID)
            return With(Var("input", at), modifier.value, at)
        if not (isinstance(head, Var) and head.name in ("input", "data")):
            text = "with keyword target must reference existing input, data, or a function"
            self.error(at, TYPE, text)
            return With(Var("input", at), modifier.value, at)
        path = data_path(target)
        node: Node | None = self.root
        for part in (path or ())[:-1]:
            node = node.children.get(part) if node is not None else None
            if node is not None and node.group is not None:
                text = "with keyword cannot partially replace virtual document(s)"
                self.error(at, COMPILE, text)
                break
        return modifier

    def _replaced(self, name: str, modifier: With) -> With:
        at = modifier.loc
        builtin = self.builtins.get(name)
        if name not in self.rules and builtin is not None and builtin.result is None:
            self.error(at, COMPILE, _VOID)
        elif name not in self.rules and builtin is not None and builtin.relation:
            self.error(at, COMPILE, f"{_REPLACING} target must not be a relation")
        elif name.startswith("internal."):
            self.error(at, COMPILE, f"{_REPLACING} replacement of internal function invalid")
        value = modifier.value
        other = self.function_name(value)
        if other is not None:
            value = Call(other, (), value.loc)
            if self.arity(other) != self.arity(name):
                self.error(at, TYPE, f"{name}: arity mismatch")
        return With(Call(name, (), at), value, at)
