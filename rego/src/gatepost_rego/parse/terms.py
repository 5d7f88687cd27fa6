"""Tokens to terms: scalars, references, calls, composites, comprehensions and operators."""

from __future__ import annotations

from typing import Final

from gatepost_rego.ast import (
    ArrayCompr,
    ArrayTerm,
    Body,
    Call,
    ObjectCompr,
    ObjectTerm,
    Ref,
    Scalar,
    SetCompr,
    SetTerm,
    Template,
    Term,
    Var,
)
from gatepost_rego.errors import Abort, Location
from gatepost_rego.lex import END, MAX_NESTING, NAME, NUMBER, SIGN, STRING, TEMPLATE, Token
from gatepost_rego.parse.cursor import Cursor

MEMBER: Final = "internal.member_2"
MEMBER_WITH_KEY: Final = "internal.member_3"
_WORDS: Final = {"true": True, "false": False, "null": None}
_LEVELS: Final[tuple[dict[str, str], ...]] = (
    {"==": "equal", "!=": "neq", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"},
    {"|": "or"},
    {"&": "and"},
    {"+": "plus", "-": "minus"},
    {"*": "mul", "/": "div", "%": "rem"},
)
_LEVEL_OF: Final = {sign: at for at, level in enumerate(_LEVELS) for sign in level}
_KINDS: Final[dict[type, str]] = {type(None): "null", bool: "boolean", str: "string"}
_MAX_CHAIN: Final = MAX_NESTING


def dotted(parts: tuple[str, ...]) -> str:
    """Join the parts of a path to a name that no other path has."""
    if not any("." in part or "[" in part for part in parts):
        return ".".join(parts)
    return parts[0] + "".join(
        f'["{part}"]' if "." in part or "[" in part else f".{part}" for part in parts[1:]
    )


class TermParser(Cursor):
    """Reads terms. ``body`` comes from the parser of bodies that builds on this one."""

    def body(self, closer: str) -> Body:
        """Read the statements of a comprehension up to its closing sign."""
        raise NotImplementedError

    def term(self) -> Term:
        """Read a term with its operators; ``k, v in xs`` is one term here."""
        return self._member(None, True)

    def item(self, left: Term | None = None) -> Term:
        """Read a term with its operators as one of a list, where a comma ends it."""
        return self._member(left, False)

    def _member(self, left: Term | None, pair: bool) -> Term:
        left = self.relation(left)
        if pair and self.at_sign(",") and "in" in self.keywords:
            start = self.index
            self.advance()
            middle = self.relation() if self._starts_term() else None
            if middle is not None and self.take_word("in"):
                domain = self.relation()
                left = Call(MEMBER_WITH_KEY, (left, middle, domain), left.loc)
            else:
                self.back_to(start)
        chain = 0
        while self.at_word("in"):
            chain = self._count(chain)
            self.advance()
            left = Call(MEMBER, (left, self.relation()), left.loc)
        return left

    def _starts_term(self) -> bool:
        token = self.token
        if token.kind == SIGN:
            return token.text in "([{-"
        return token.kind != END

    def _count(self, chain: int) -> int:
        if chain >= _MAX_CHAIN:
            raise self.fail(f"more than {_MAX_CHAIN} operators in a row")
        return chain + 1

    def relation(self, left: Term | None = None) -> Term:
        """Read everything that binds tighter than ``in``."""
        return self._binary(0, left)

    def _binary(self, level: int, left: Term | None) -> Term:
        """Climb the levels of precedence; operators of one level group to the left."""
        if left is None:
            left = self.primary()
        chain = 0
        while self.token.kind == SIGN:
            found = _LEVEL_OF.get(self.token.text)
            if found is None or found < level:
                break
            chain = self._count(chain)
            name = _LEVELS[found][self.advance().text]
            left = Call(name, (left, self._binary(found + 1, None)), left.loc)
        return left

    def primary(self) -> Term:
        """Read one term without operators."""
        self.enter()
        token, at = self.token, self.here()
        if token.kind == NAME:
            found = self._named(token, at)
        elif token.kind in (STRING, NUMBER):
            self.advance()
            found = self._suffixes(Scalar(token.value, at))
        elif token.kind == TEMPLATE:
            found = self._template(self.advance(), at)
        elif token.kind == SIGN:
            found = self._signed(token, at)
        else:
            raise self.unexpected()
        self.leave()
        return found

    def _named(self, token: Token, at: Location) -> Term:
        name = token.text
        if name in _WORDS:
            self.advance()
            return self._suffixes(Scalar(_WORDS[name], at))
        if name in self.keywords and name != "contains":
            raise self.unexpected()
        if name == "contains" and name in self.keywords and not self._leads_on():
            raise self.unexpected()
        return self.variable()

    def _leads_on(self) -> bool:
        following = self.peek()
        return following.kind == SIGN and following.adjacent and following.text in (".", "[", "(")

    def variable(self) -> Term:
        """Read a name, whether keyword or not, and what leads on from it."""
        at, name = self.here(), self.advance().text
        if name == "set" and self.at_sign("(") and self.peek().text == ")":
            self.advance()
            self.advance()
            return self._suffixes(SetTerm((), at))
        return self._suffixes(self._var(name, at))

    def _var(self, name: str, at: Location) -> Var:
        if name == "_":
            self.wildcards += 1
            name = f"${self.wildcards}"
        return Var(name, at)

    def _signed(self, token: Token, at: Location) -> Term:
        if token.text == "-":
            self.advance()
            if self.token.kind not in (NUMBER, NAME) or self.token.text in _WORDS:
                raise self.unexpected("expected number")
            value = self.primary()
            if isinstance(value, Scalar) and type(value.value) not in _KINDS:
                return Scalar(-value.value, at)
            return Call("minus", (Scalar(0, at), value), at)
        if token.text == "(":
            self.advance()
            inner = self.term()
            self.expect(")", "expected )")
            return inner
        if token.text == "[":
            return self._suffixes(self._array(at))
        if token.text == "{":
            return self._suffixes(self._braces(at))
        raise self.unexpected()

    def _suffixes(self, head: Term) -> Term:
        """Read ``.name``, ``[term]`` and ``(args)`` as long as nothing stands between."""
        path: list[Term] = []
        while self.token.adjacent and self.token.kind == SIGN:
            text = self.token.text
            if text not in (".", "[", "("):
                break
            if isinstance(head, (Scalar, Template)):
                if text == "(":
                    raise self.unexpected()
                kind = _KINDS.get(type(getattr(head, "value", "")), "number")
                raise self.fail(f"illegal ref (head cannot be {kind})", head.loc)
            if len(path) > 10 * MAX_NESTING:
                raise self.fail("reference is too long")
            if text == "(":
                head, path = self._call(head, path), []
            else:
                path.append(self._dot() if text == "." else self._bracket())
        return Ref(head, tuple(path), head.loc) if path else head

    def _dot(self) -> Term:
        self.advance()
        if self.token.kind != NAME or not self.token.adjacent:
            raise self.unexpected("expected identifier")
        at = self.here()
        return Scalar(self.advance().text, at)

    def _bracket(self) -> Term:
        self.advance()
        inner = self.term()
        self.expect("]", "expected ]")
        return inner

    def _call(self, head: Term, path: list[Term]) -> Term:
        parts = [head.name if isinstance(head, Var) else ""]
        for part in path:
            parts.append(part.value if isinstance(part, Scalar) and type(part.value) is str else "")
        if "" in parts:
            raise self.fail(
                "illegal call: the function must be named by a plain reference", head.loc
            )
        self.enter()
        self.advance()
        args = self._list(")")
        self.leave()
        return Call(dotted(tuple(parts)), args, head.loc)

    def _list(self, closer: str, first: Term | None = None) -> tuple[Term, ...]:
        """Read terms between commas, up to and over the closing sign."""
        items = [] if first is None else [first]
        if first is not None and not self.at_sign(closer):
            self.expect(",", f'expected "," or "{closer}"')
        while not self.at_sign(closer):
            items.append(self.item())
            if not self.at_sign(closer):
                self.expect(",", f'expected "," or "{closer}"')
        self.advance()
        return tuple(items)

    def _array(self, at: Location) -> Term:
        self.advance()
        if len(self.tokens) and self.at_sign(","):
            self.advance()
        if self.at_sign("]"):
            self.advance()
            return ArrayTerm((), at)
        head = self.primary()
        body = self._comprehension("]")
        if body is not None:
            return ArrayCompr(head, body, at)
        return ArrayTerm(self._list("]", self.item(head)), at)

    def _braces(self, at: Location) -> Term:
        """Read an object, a set or the comprehension of either."""
        self.advance()
        if self.at_sign("}"):
            self.advance()
            return ObjectTerm((), at)
        comma = self.take_sign(",")
        if comma and self.at_sign("}"):
            raise self.unexpected()
        head = self.primary()
        body = self._comprehension("}")
        if body is not None:
            return SetCompr(head, body, at)
        head = self.item(head)
        if not self.take_sign(":"):
            return SetTerm(self._list("}", head), at)
        value = self.primary()
        body = self._comprehension("}")
        if body is not None:
            return ObjectCompr(head, value, body, at)
        return self._object(head, self.item(value), at)

    def _comprehension(self, closer: str) -> Body | None:
        """Read ``| body``; where no body follows, ``|`` is the union of sets instead.

        What failed once is remembered, so that nested brackets are not read again and again.
        """
        if not self.at_sign("|") or self.index in self.plain:
            return None
        start, depth = self.index, self.depth
        self.advance()
        try:
            return self.body(closer)
        except Abort:
            self.plain.add(start)
            self.back_to(start)
            self.depth = depth
            return None

    def _object(self, key: Term, value: Term, at: Location) -> Term:
        pairs = [(key, value)]
        while not self.take_sign("}"):
            self.expect(",", 'expected "," or "}"')
            if self.take_sign("}"):
                break
            key = self.item()
            self.expect(":", 'expected ":"')
            pairs.append((key, self.item()))
        return ObjectTerm(tuple(pairs), at)

    def _template(self, token: Token, at: Location) -> Term:
        """Read the terms inside ``$"..."`` ("Policy Language", section "String Interpolation")."""
        parts: list[str | Term] = []
        for part in token.value:
            if isinstance(part, str):
                if part:
                    parts.append(part)
            else:
                parts.append(self._part(part))
        return Template(tuple(parts), at)

    def _part(self, tokens: list[Token]) -> Term:
        outer = (self.tokens, self.index, self.token)
        self.tokens, self.index, self.token = tokens, 0, tokens[0]
        term = self.term()
        if self.token.kind != END:
            raise self.unexpected("expected } to end template string expression")
        self.tokens, self.index, self.token = outer
        return term
