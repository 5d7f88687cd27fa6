"""What queries and schemas have in common: values, types, directives and their arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn, TypeVar

from gatepost_rego.builtins.graphql.document import (
    MOST_NESTED,
    Costs,
    Document,
    Fault,
    GraphqlError,
    Node,
    prune,
    too_deep,
)
from gatepost_rego.builtins.graphql.lexer import Lexer, Token
from gatepost_rego.builtins.graphql.wording import quote

__all__ = [
    "BLOCK", "BOOLEAN", "ENUM", "FLOAT", "INT", "LIST", "NULL", "OBJECT", "STRING", "VARIABLE",
    "Parser", "comment_group",
]  # fmt: skip

_T = TypeVar("_T")

# What a node takes, its place included, in cells.
_NODE: Final = 8

# The kinds of values as the tree has them.
VARIABLE, INT, FLOAT, STRING, BLOCK, BOOLEAN, NULL, ENUM, LIST, OBJECT = range(10)
_KINDS: Final = {"Int": INT, "Float": FLOAT, "String": STRING, "BlockString": BLOCK}
_WORDS: Final = {"true": BOOLEAN, "false": BOOLEAN, "null": NULL}


def comment_group(comments: tuple[str, ...]) -> Node | None:
    """Make the node of the comments before a token."""
    return {"List": [{"Value": text} for text in comments]} if comments else None


class Parser:
    """Recursive descent with one token of lookahead; the first thing wrong ends it."""

    def __init__(self, text: str, costs: Costs) -> None:
        self._lexer = Lexer(text, costs)
        self._reserve = costs.reserve
        self._depth = 0
        self.document = Document()
        self.token = self._lexer.token()

    def next(self) -> Token:
        """Take the token at hand."""
        token = self.token
        if token.fault is not None:
            raise GraphqlError([token.fault])
        self.token = self._lexer.token()
        return token

    def fail(self, message: str, token: Token) -> NoReturn:
        """Give up at a token."""
        raise GraphqlError([Fault(message, token.place)])

    def unexpected(self, token: Token | None = None) -> NoReturn:
        """Give up because of a token that nothing wants."""
        found = token or self.token
        self.fail(f"Unexpected {found}", found)

    def expect(self, kind: str) -> Token:
        """Take a token of this kind."""
        if self.token.kind != kind:
            self.fail(f"Expected {kind}, found {self.token.kind}", self.token)
        return self.next()

    def keyword(self, word: str) -> Token:
        """Take this very word."""
        if not self.at_word(word):
            self.fail(f"Expected {quote(word)}, found {self.token}", self.token)
        return self.next()

    def at_word(self, word: str) -> bool:
        """Say whether this word comes next."""
        return self.token.kind == "Name" and self.token.value == word

    def skip(self, kind: str) -> bool:
        """Take a token if it is of this kind."""
        if self.token.kind != kind:
            return False
        self.next()
        return True

    def name(self) -> str:
        """Take a name (GraphQL specification, section 2.1.9)."""
        return self.expect("Name").value

    def many(self, start: str, end: str, item: Callable[[], _T]) -> list[_T]:
        """Read items between two signs, or none at all where the first sign is missing."""
        found: list[_T] = []
        if self.skip(start):
            while self.token.kind != end:
                found.append(item())
            self.next()
        return found

    def some(self, start: str, end: str, item: Callable[[], _T]) -> tuple[list[_T], Node | None]:
        """Read items as `many`, but an empty pair of signs is wrong; also give the comments
        before the second sign."""
        found: list[_T] = []
        if not self.skip(start):
            return found, None
        while self.token.kind != end:
            found.append(item())
        if not found:
            self.fail(f"expected at least one definition, found {end}", self.token)
        return found, comment_group(self.next().comments)

    def enter(self) -> None:
        """Go one level deeper."""
        self._depth += 1
        if self._depth > MOST_NESTED:
            raise too_deep()

    def leave(self) -> None:
        """Come back from a level."""
        self._depth -= 1

    def put(self, node: Node, token: Token) -> Node:
        """Note where a node stood, and drop what is empty in it."""
        self._reserve(_NODE)
        found = prune(node)
        self.document.places[id(found)] = token.place
        return found

    def value(self, constant: bool) -> Node:
        """Read a value (section 2.9); variables are none where it must be constant."""
        token = self.token
        if token.kind in ("[", "{"):
            return self._composite(constant)
        if token.kind == "$":
            if constant:
                self.unexpected()
            return self._value(token, VARIABLE, self.variable())
        kind = _KINDS.get(token.kind)
        if token.kind == "Name":
            kind = _WORDS.get(token.value, ENUM)
        if kind is None:
            self.unexpected()
        self.next()
        return self._value(token, kind, token.value)

    def _composite(self, constant: bool) -> Node:
        token = self.token
        self.enter()
        if token.kind == "[":
            children = self.many("[", "]", lambda: self._element(constant))
            node = self._value(token, LIST, "", children)
        else:
            children = self.many("{", "}", lambda: self._object_field(constant))
            node = self._value(token, OBJECT, "", children)
        self.leave()
        return node

    def _value(self, token: Token, kind: int, raw: str, children: list[Node] | None = None) -> Node:
        node: Node = {"Raw": raw, "Kind": kind, "ExpectedTypeHasDefault": False}
        if children is not None:
            node["Children"] = children
            # gqlparser keeps the comments of lists and objects only.
            node["Comment"] = comment_group(token.comments)
        return self.put(node, token)

    def _element(self, constant: bool) -> Node:
        return {"Name": "", "Value": self.value(constant)}

    def _object_field(self, constant: bool) -> Node:
        token = self.token
        name = self.name()
        self.expect(":")
        comment = comment_group(token.comments)
        return self.put({"Name": name, "Value": self.value(constant), "Comment": comment}, token)

    def variable(self) -> str:
        """Read a variable's name (section 2.10)."""
        self.expect("$")
        return self.name()

    def arguments(self, constant: bool) -> list[Node]:
        """Read arguments (section 2.6)."""
        return self.some("(", ")", lambda: self._argument(constant))[0]

    def _argument(self, constant: bool) -> Node:
        token = self.token
        name = self.name()
        self.expect(":")
        comment = comment_group(token.comments)
        return self.put({"Name": name, "Value": self.value(constant), "Comment": comment}, token)

    def directives(self, constant: bool) -> list[Node]:
        """Read directives (section 2.12)."""
        found: list[Node] = []
        while self.skip("@"):
            token = self.token
            node = {"Name": self.name(), "Arguments": self.arguments(constant), "Location": ""}
            found.append(self.put(node, token))
        return found

    def type(self) -> Node:
        """Read a reference to a type (section 2.11)."""
        self.enter()
        node: Node = {"NamedType": "", "NonNull": False}
        listed = self.skip("[")
        token = self.token
        if listed:
            node["Elem"] = self.type()
            self.expect("]")
        else:
            node["NamedType"] = self.name()
        node["NonNull"] = self.skip("!")
        self.leave()
        return self.put(node, token)
