"""`rego.parse_module`: the syntax tree of a policy, as the JSON that OPA makes of its own."""

from __future__ import annotations

import base64
from functools import cmp_to_key
from typing import Any, Final

from gatepost_rego.ast import (
    ArrayCompr,
    ArrayTerm,
    Body,
    Call,
    Every,
    Import,
    Module,
    ObjectCompr,
    ObjectTerm,
    Ref,
    Rule,
    Scalar,
    SetCompr,
    SetTerm,
    SomeIn,
    SomeVars,
    Stmt,
    Template,
    Term,
    TermStmt,
    Unify,
    Var,
    is_wildcard,
)
from gatepost_rego.builtins.operands import string
from gatepost_rego.builtins.registry import BuiltinError, BuiltinHalt, Context
from gatepost_rego.builtins.signature import declare
from gatepost_rego.errors import Abort
from gatepost_rego.golang.quoting import utf8
from gatepost_rego.parse import parse_module
from gatepost_rego.values import Value, compare, type_name
from gatepost_rego.visit import parts

__all__ = ["BUILTINS"]

_LONGEST: Final = 50_000
_COLLECTIONS: Final = {ArrayTerm: "array", SetTerm: "set"}
_COMPREHENSIONS: Final = {ArrayCompr: "arraycomprehension", SetCompr: "setcomprehension"}


def _comment(file: str, row: int, col: int, text: str) -> dict[str, Any]:
    place = {"file": file, "row": row, "col": col}
    return {"Location": place, "Text": base64.b64encode(utf8(text)).decode()}


def _compare(left: Term, right: Term) -> int:
    """Order terms as OPA does: by kind, then constants by value."""
    ranks = [_RANKS.get(type(term), -1) for term in (left, right)]
    if isinstance(left, Scalar) and isinstance(right, Scalar):
        return compare(left.value, right.value)
    if ranks[0] != ranks[1]:
        return ranks[0] - ranks[1]
    return _compare_lists(parts(left), parts(right))


def _compare_lists(left: tuple[Term, ...], right: tuple[Term, ...]) -> int:
    for one, other in zip(left, right, strict=False):
        found = _compare(one, other)
        if found:
            return found
    return len(left) - len(right)


_RANKS: Final = {
    kind: place
    for place, kind in enumerate((
        Scalar, Var, Ref, ArrayTerm, ObjectTerm, SetTerm, ArrayCompr, ObjectCompr, SetCompr, Call,
    ))
}  # fmt: skip
_order: Final = cmp_to_key(_compare)


class _Printer:
    """Prints one module; unnamed variables are numbered in the order they were read."""

    def __init__(self) -> None:
        self.unnamed: list[dict[str, Any]] = []

    def module(self, module: Module) -> dict[str, Any]:
        found: dict[str, Any] = {"package": {"path": self.path(("data", *module.package))}}
        if module.comments:
            name = module.source.name
            found["comments"] = [_comment(name, *comment) for comment in module.comments]
        if module.imports:
            found["imports"] = [self.import_(one) for one in module.imports]
        if module.rules:
            found["rules"] = [self.rule(one) for one in module.rules]
        names = sorted({one["value"] for one in self.unnamed}, key=lambda name: int(name[1:]))
        for one in self.unnamed:
            one["value"] = f"${names.index(one['value'])}"
        return found

    def path(self, parts: tuple[str, ...]) -> list[Any]:
        rest = [{"type": "string", "value": part} for part in parts[1:]]
        return [{"type": "var", "value": parts[0]}, *rest]

    def import_(self, found: Import) -> dict[str, Any]:
        shown: dict[str, Any] = {"path": {"type": "ref", "value": self.path(found.path)}}
        return {**shown, "alias": found.alias} if found.alias else shown

    def rule(self, rule: Rule, *, otherwise: bool = False) -> dict[str, Any]:
        head = self.head(rule, bodied=rule.has_body or otherwise)
        shown: dict[str, Any] = {"head": head, "body": self.body(rule.body)}
        if rule.default:
            shown["default"] = True
        if rule.orelse is not None:
            shown["else"] = self.rule(rule.orelse, otherwise=True)
        return shown

    def head(self, rule: Rule, *, bodied: bool) -> dict[str, Any]:
        """Print a head; one of two parts has the name and the key of older heads now and then."""
        shown: dict[str, Any] = {"ref": [self.term(part) for part in rule.ref]}
        paired = len(rule.ref) == 2 and rule.key is None
        keyed = paired and rule.args is None
        if keyed or len(rule.ref) == 1 or (paired and bodied):
            shown["name"] = rule.name
        written = keyed and isinstance(rule.ref[1], Scalar) and type(rule.ref[1].value) is str
        if keyed and not (written and bodied):
            shown["key"] = self.term(rule.ref[1])
        if rule.args is not None:
            shown["args"] = [self.term(arg) for arg in rule.args]
        if rule.key is not None:
            shown["key"] = self.term(rule.key)
        if rule.value is not None:
            shown["value"] = self.term(rule.value)
        if rule.assign:
            shown["assign"] = True
        return shown

    def body(self, body: Body) -> list[Any]:
        return [self.statement(stmt, place) for place, stmt in enumerate(body)]

    def statement(self, stmt: Stmt, place: int) -> dict[str, Any]:
        shown: dict[str, Any] = {"index": place, "terms": self.terms(stmt)}
        if stmt.negated:
            shown["negated"] = True
        if stmt.withs:
            shown["with"] = [
                {"target": self.term(one.target), "value": self.term(one.value)}
                for one in stmt.withs
            ]
        return shown

    def terms(self, stmt: Stmt) -> Any:
        kind = stmt.kind
        if isinstance(kind, Unify):
            sign = "assign" if kind.assign else "eq"
            return [self.function(sign), self.term(kind.left), self.term(kind.right)]
        if isinstance(kind, SomeVars):
            return {"symbols": [self.term(name) for name in kind.names]}
        if isinstance(kind, SomeIn):
            return {"symbols": [self.member(kind)]}
        if isinstance(kind, Every):
            shown = {"domain": self.term(kind.domain), "body": self.body(kind.body)}
            key = None if kind.key is None else self.term(kind.key)
            return {**shown, "key": key, "value": self.term(kind.value)}
        return self.term_statement(kind)

    def term_statement(self, kind: TermStmt) -> Any:
        if isinstance(kind.term, Call):
            return [self.function(kind.term.name), *map(self.term, kind.term.args)]
        return self.term(kind.term)

    def member(self, kind: SomeIn) -> dict[str, Any]:
        given = [*([] if kind.key is None else [kind.key]), kind.value, kind.domain]
        name = f"internal.member_{len(given)}"
        return {"type": "call", "value": [self.function(name), *map(self.term, given)]}

    def function(self, name: str) -> dict[str, Any]:
        return {"type": "ref", "value": self.path(tuple(name.split(".")))}

    def term(self, term: Term) -> dict[str, Any]:
        if isinstance(term, Scalar):
            # Go prints its empty null as an empty object.
            value = {} if term.value is None else term.value
            return {"type": type_name(term.value), "value": value}
        if isinstance(term, Var):
            shown: dict[str, Any] = {"type": "var", "value": term.name}
            if term.name in ("input", "data"):
                return {"type": "ref", "value": [shown]}
            if is_wildcard(term.name):
                self.unnamed.append(shown)
            return shown
        if isinstance(term, Ref):
            head = self.term(term.head)
            rooted = isinstance(term.head, Var) and head["type"] == "ref"
            heads = head["value"] if rooted else [head]
            return {"type": "ref", "value": [*heads, *map(self.term, term.path)]}
        if isinstance(term, Call):
            return {
                "type": "call",
                "value": [self.function(term.name), *map(self.term, term.args)],
            }
        return self.composite(term)

    def composite(self, term: Term) -> dict[str, Any]:
        if isinstance(term, (ArrayTerm, SetTerm)):
            items = sorted(term.items, key=_order) if isinstance(term, SetTerm) else term.items
            return {"type": _COLLECTIONS[type(term)], "value": [self.term(i) for i in items]}
        if isinstance(term, ObjectTerm):
            ordered = sorted(term.pairs, key=lambda pair: _order(pair[0]))
            pairs = [[self.term(key), self.term(value)] for key, value in ordered]
            return {"type": "object", "value": pairs}
        if isinstance(term, (ArrayCompr, SetCompr)):
            inner = {"term": self.term(term.term), "body": self.body(term.body)}
            return {"type": _COMPREHENSIONS[type(term)], "value": inner}
        if isinstance(term, ObjectCompr):
            parts = {"key": self.term(term.key), "value": self.term(term.value)}
            return {"type": "objectcomprehension", "value": {**parts, "body": self.body(term.body)}}
        assert isinstance(term, Template)
        raise BuiltinHalt("template strings cannot be shown")


def parse(ctx: Context, name: Value, text: Value) -> dict[str, Any]:
    """Parse a policy, of version 1 or else 0, and give its syntax tree."""
    title, policy = string(name, 1), string(text, 2)
    if len(policy) > _LONGEST:
        raise BuiltinHalt("text too long")
    ctx.charge(4 * len(policy))
    ctx.reserve(8 * len(policy))
    try:
        return _Printer().module(parse_module(title, policy, "auto"))
    except Abort as error:
        raise BuiltinError(f"1 error occurred: {error.diagnostic}") from error


BUILTINS: Final = (declare("rego.parse_module", parse, context=True),)
