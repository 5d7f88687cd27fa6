"""Tokens to rules: heads, bodies and ``else`` chains of both versions of the language.

"Policy Language", sections "Rules", "Functions", "Default Keyword" and "Else Keyword"; what v1
asks beyond v0 is in "Upgrading to v1.0".
"""

from __future__ import annotations

from dataclasses import replace

from gatepost_rego.ast import (
    COMPREHENSIONS,
    ArrayTerm,
    Body,
    Call,
    ObjectTerm,
    Ref,
    Rule,
    Scalar,
    SetTerm,
    Stmt,
    Template,
    Term,
    TermStmt,
    Var,
)
from gatepost_rego.errors import Abort, Location
from gatepost_rego.lex import END, NAME, SIGN
from gatepost_rego.parse.bodies import BodyParser

_REFUSED: dict[type, str] = {Ref: "ref", Var: "var", Call: "call"}
_NAMES: dict[type, str] = {
    Scalar: "scalar", ArrayTerm: "array", SetTerm: "set", ObjectTerm: "object", Template: "string",
    Call: "call",
}  # fmt: skip


def _true(at: Location) -> Body:
    return (Stmt(TermStmt(Scalar(True, at)), at),)


class RuleParser(BodyParser):
    """Reads rules. ``v1`` asks for ``if`` and ``contains``."""

    v1: bool = True

    def rules(self) -> list[Rule]:
        """Read one rule; several come back when it has several bodies."""
        at = self.here()
        if self.at_word("default") and not self._keyword_as_name():
            self.advance()
            return [self._default(at)]
        rule = self._head(at)
        has_if = self.take_word("if")
        self._settle(rule, has_if)
        if not has_if and not self.at_sign("{"):
            rule.body = _true(at)
            self._check_bodyless(rule)
            return [rule]
        if not has_if and self.v1:
            kind = "rule" if rule.args is None else "function"
            raise self.fail(f"`if` keyword is required before {kind} body", at)
        block = self.at_sign("{")
        rule.body = self._block(has_if)
        rule.has_body = True
        if self.at_word("else"):
            rule.orelse = self._else(rule)
            return [rule]
        return [rule, *self._more_bodies(rule, block)]

    def _block(self, has_if: bool) -> Body:
        """Read the body in braces; after ``if`` the brace may also begin a term."""
        if not self.at_sign("{"):
            if not has_if:
                raise self.unexpected()
            return (self.statement(),)
        start, depth = self.index, self.depth
        try:
            self.advance()
            if has_if and self._comprehends(start):
                return (self.statement(),)
            return self.body("}")
        except Abort:
            if not has_if:
                raise
            self.back_to(start)
            self.depth = depth
            return self._term_block()

    def _comprehends(self, start: int) -> bool:
        """Say whether the braces hold a comprehension; goes back to the brace if they do."""
        inside, depth = self.index, self.depth
        try:
            self.primary()
            found = self.at_sign("|")
        except Abort:
            found = False
        self.back_to(start if found else inside)
        self.depth = depth
        return found

    def _term_block(self) -> Body:
        """Read a body that is one term in braces, or give the error of its first statement."""
        start = self.index
        try:
            found = self.statement()
            plain_set = isinstance(found.kind, TermStmt) and isinstance(found.kind.term, SetTerm)
            if not plain_set and (self.token.row > self.last_row or self.token.kind == END):
                return (found,)
        except Abort:
            self.depth = 0  # neither reading works: the one as a body says why
        self.back_to(start)
        self.depth = 0
        self.advance()
        return self.body("}")

    def _more_bodies(self, rule: Rule, block: bool) -> list[Rule]:
        found: list[Rule] = []
        while block and self.at_sign("{"):
            at = self.here()
            self.advance()
            body = self.body("}")
            if self.at_word("else"):
                raise self.unexpected()
            found.append(replace(rule, body=body, loc=at))
        return found

    def _head(self, at: Location) -> Rule:
        ref, args = self._head_ref(at)
        rule = Rule(ref, at, args)
        if self.at_word("contains"):
            if args is not None:
                raise self.fail("the contains keyword can only be used with multi-value rules", at)
            self.advance()
            rule.key = self.term()
            if self.token.kind == SIGN and self.token.text in ("=", ":="):
                raise self.unexpected()
            return rule
        if self.token.kind == SIGN and self.token.text in ("=", ":="):
            rule.assign = self.advance().text == ":="
            rule.value = self.term()
            if self.at_word("with"):
                raise self.fail("expressions using with keyword cannot be used for rule head", at)
        return rule

    def _head_ref(self, at: Location) -> tuple[tuple[Term, ...], tuple[Term, ...] | None]:
        token = self.token
        if token.kind != NAME:
            if token.kind == SIGN and token.text not in ("[", "{"):
                raise self.unexpected()
            raise self.fail(f"{self._kind_of(self.term())} cannot be used for rule name", at)
        if token.text in self.keywords and not self._keyword_as_name():
            if token.text in ("if", "contains", "in", "every") and self.peek().text != "(":
                raise self.fail(f"{token.text} keyword cannot be used for rule name", at)
            raise self.unexpected()
        name = self.variable()
        if isinstance(name, Var):
            return (name,), None
        if isinstance(name, Call):
            return self._function_ref(name), name.args or None
        if isinstance(name, Ref) and isinstance(name.head, Var):
            return (name.head, *name.path), None
        raise self.fail(f"{self._kind_of(name)} cannot be used for rule name", at)

    def _function_ref(self, call: Call) -> tuple[Term, ...]:
        head, *rest = call.name.split(".")
        return (Var(head, call.loc), *(Scalar(part, call.loc) for part in rest))

    def _kind_of(self, term: Term) -> str:
        if isinstance(term, COMPREHENSIONS):
            return "comprehension"
        if isinstance(term, Scalar):
            names = {type(None): "null", bool: "boolean", str: "string"}
            return names.get(type(term.value), "number")
        return _NAMES.get(type(term), "ref")

    def _settle(self, rule: Rule, has_if: bool) -> None:
        """Decide what a head without ``contains`` and value means."""
        if rule.key is not None or rule.value is not None:
            return
        if rule.args is None and len(rule.ref) == 2 and not has_if:
            if self.v1:
                body = self.at_sign("{")
                want = (
                    "`if` keyword is required before rule body"
                    if body
                    else ("`contains` keyword is required for partial set rules")
                )
                raise self.fail(want, rule.loc)
            rule.key, rule.ref = rule.ref[1], rule.ref[:1]
            return
        rule.value = Scalar(True, rule.loc)
        rule.generated = True

    def _check_bodyless(self, rule: Rule) -> None:
        if self.at_word("else"):
            raise self.unexpected()
        if not rule.generated or rule.args is not None:
            return
        if len(rule.ref) == 1:
            raise self.fail("var cannot be used for rule name", rule.loc)
        if self.v1:
            raise self.fail("rule must have value assignment and/or body declaration", rule.loc)

    def _else(self, rule: Rule) -> Rule:
        at = self.here()
        self.advance()
        if rule.key is not None:
            raise self.fail("else keyword cannot be used on multi-value rules", at)
        if len(rule.ref) > 1 and not all(isinstance(part, Scalar) for part in rule.ref[1:]):
            raise self.fail("else keyword cannot be used on rules with variables in head", at)
        link = replace(rule, loc=at, value=Scalar(True, at), generated=True, body=(), orelse=None)
        if self.token.kind == SIGN and self.token.text in ("=", ":="):
            link.assign = self.advance().text == ":="
            link.value = self.term()
            link.generated = False
        has_if = self.take_word("if")
        if has_if or self.at_sign("{"):
            if self.v1 and not has_if:
                raise self.fail("`if` keyword is required before else body", at)
            link.body = self._block(has_if)
        elif link.generated:
            raise self.unexpected("expected else value term or else body")
        else:
            link.body = _true(at)
            link.has_body = False
        if self.at_word("else") and link.has_body:
            self.enter()
            link.orelse = self._else(link)
            self.leave()
        return link

    def _default(self, at: Location) -> Rule:
        rule = self._head(at)
        if rule.key is not None or rule.value is None:
            raise self.fail("illegal default rule (must have a value)", at)
        if self.at_word("if") or self.at_sign("{"):
            raise self.fail("illegal default rule (cannot have body)", at)
        self._check_default_value(rule.value, at)
        self._check_default_args(rule, at)
        rule.default = True
        rule.body = _true(at)
        return rule

    def _check_default_args(self, rule: Rule, at: Location) -> None:
        names: set[str] = set()
        for arg in rule.args or ():
            if not isinstance(arg, Var):
                raise self.fail("illegal default rule (arguments cannot contain non-variable)", at)
            if arg.name in names:
                raise self.fail(
                    f"illegal default rule (arguments cannot be repeated {arg.name})", at
                )
            names.add(arg.name)

    def _check_default_value(self, term: Term, at: Location) -> None:
        """A default value is ground, except inside comprehensions."""
        refused = _REFUSED.get(type(term))
        if refused:
            raise self.fail(f"illegal default rule (value cannot contain {refused})", at)
        parts: list[Term] = []
        if isinstance(term, (ArrayTerm, SetTerm)):
            parts.extend(term.items)
        elif isinstance(term, ObjectTerm):
            parts.extend(part for pair in term.pairs for part in pair)
        for part in parts:
            self._check_default_value(part, at)
