"""Tokens to bodies: the statements of a rule, a comprehension or ``every``."""

from __future__ import annotations

from gatepost_rego.ast import Body, Every, SomeIn, SomeVars, Stmt, TermStmt, Unify, Var, With
from gatepost_rego.errors import Location
from gatepost_rego.lex import END, NAME, SIGN
from gatepost_rego.parse.cursor import ALWAYS, FUTURE
from gatepost_rego.parse.terms import TermParser

_RESERVED = ALWAYS | FUTURE


class BodyParser(TermParser):
    """Reads statements."""

    def body(self, closer: str) -> Body:
        """Read statements up to and over the closing sign ("" is the end of the text)."""
        self.enter()
        found: list[Stmt] = []
        while not self._at_end(closer):
            found.append(self.statement())
            if self._at_end(closer):
                break
            if self.take_sign(";"):
                if closer and self.at_sign(closer):
                    raise self.unexpected()
            elif self.token.row <= self.last_row and closer:
                raise self.unexpected(f"expected \\n or ; or {closer}")
        if not found:
            raise self.fail("found empty body")
        if closer:
            self.advance()
        self.leave()
        return tuple(found)

    def _at_end(self, closer: str) -> bool:
        return self.at_sign(closer) if closer else self.token.kind == END

    def statement(self) -> Stmt:
        """Read one statement with its ``with`` modifiers."""
        at = self.here()
        negated = False
        if self.at_word("not") and not self._keyword_as_name():
            self.advance()
            negated = True
            if self.at_word("not"):
                raise self.unexpected()
        if self._keyword_as_name():
            return self._expression(at, negated)
        if self.at_word("some") or self.at_word("every"):
            if negated:
                raise self.unexpected()
            return self._some(at) if self.token.text == "some" else self._every(at)
        return self._expression(at, negated)

    def _keyword_as_name(self) -> bool:
        """Say whether a keyword leads a reference, as in ``if.foo``."""
        token, following = self.token, self.peek()
        if token.kind != NAME or token.text not in _RESERVED:
            return False
        return following.kind == SIGN and following.adjacent and following.text in (".", "[")

    def _expression(self, at: Location, negated: bool) -> Stmt:
        first = self.variable() if self._keyword_as_name() else None
        left = self._member(first, True)
        kind: TermStmt | Unify = TermStmt(left)
        if self.token.kind == SIGN and self.token.text in ("=", ":="):
            assign = self.advance().text == ":="
            kind = Unify(left, self.term(), assign)
            if assign and negated:
                raise self.fail("illegal assignment in negated expression", at)
        return Stmt(kind, at, negated, self._withs())

    def _withs(self) -> tuple[With, ...]:
        found: list[With] = []
        while self.at_word("with"):
            at = self.here()
            self.advance()
            target = self.primary()
            if not self.take_word("as"):
                raise self.unexpected("expected as keyword")
            found.append(With(target, self.term(), at))
        return tuple(found)

    def _some(self, at: Location) -> Stmt:
        """Read ``some x, y`` or ``some k, v in xs`` ("Policy Language", section "Some Keyword")."""
        self.advance()
        first = self.relation()
        terms = [first]
        while self.take_sign(","):
            terms.append(self.relation())
        if self.at_word("in"):
            if len(terms) > 2:
                raise self.unexpected()
            self.advance()
            domain = self.relation()
            key = terms[0] if len(terms) == 2 else None
            return Stmt(SomeIn(key, terms[-1], domain), at, False, self._withs())
        names: list[Var] = []
        for term in terms:
            if not isinstance(term, Var):
                raise self.fail("expected var", term.loc)
            names.append(term)
        if self.at_word("with"):
            raise self.unexpected()
        return Stmt(SomeVars(tuple(names)), at)

    def _every(self, at: Location) -> Stmt:
        """Read ``every k, v in xs { ... }`` ("Policy Language", section "Every Keyword")."""
        self.advance()
        first = self._every_var()
        key = None
        if self.take_sign(","):
            key, first = first, self._every_var()
        if not self.take_word("in"):
            raise self.unexpected("expected `x[, y] in xs { ... }` expression")
        domain = self.relation()
        self.expect("{", "missing body")
        body = self.body("}")
        return Stmt(Every(key, first, domain, body), at, False, self._withs())

    def _every_var(self) -> Var:
        found = self.primary()
        if not isinstance(found, Var):
            raise self.fail("expected value to be a variable", found.loc)
        return found
