"""The tokens of a policy as a tree of brackets, with what kind of bracket each pair is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias, Union

from gatepost_rego.lex import END, NAME, SIGN, Token

__all__ = [
    "ARRAY",
    "BODY",
    "BRACES",
    "CALL",
    "COMPREHENSION",
    "INDEX",
    "PAREN",
    "Group",
    "Node",
    "ends_term",
    "is_sign",
    "last_row",
    "start",
    "tree",
]  # fmt: skip

CALL, PAREN, INDEX, ARRAY = "call", "paren", "index", "array"
COMPREHENSION, BRACES, BODY = "comprehension", "braces", "body"
_CLOSERS: Final = {"(": ")", "[": "]", "{": "}"}
_AFTER: Final = frozenset({"some", "in", "not", "with", "as", "every", "contains", "default", "if",
                           "else", "import", "package"})  # fmt: skip


@dataclass(slots=True)
class Group:
    """What stands between two brackets."""

    open: Token
    close: Token
    items: list[Node] = field(default_factory=list)
    kind: str = BRACES


Node: TypeAlias = Union[Token, Group]


def is_sign(node: Node | None, *signs: str) -> bool:
    """Say whether a node is one of some signs."""
    return isinstance(node, Token) and node.kind == SIGN and node.text in signs


def start(node: Node) -> Token:
    """Give the first token of a node."""
    return node.open if isinstance(node, Group) else node


def last_row(node: Node) -> int:
    """Give the row a node ends on."""
    return node.close.end_row if isinstance(node, Group) else node.end_row


def ends_term(node: Node | None) -> bool:
    """Say whether a term can end with this node, so that a sign after it is an operator."""
    if isinstance(node, Group):
        return node.kind != BODY
    if node is None or node.kind == SIGN:
        return False
    return not (node.kind == NAME and node.text in _AFTER)


def tree(tokens: list[Token], starts: set[tuple[int, int]]) -> list[Node]:
    """Build the tree of a text that is known to be sound.

    `starts` holds the row and column at which statements begin; braces around one are a body.
    """
    place = 0

    def read(closer: str) -> tuple[list[Node], Token]:
        nonlocal place
        items: list[Node] = []
        while True:
            token = tokens[place]
            place += 1
            if token.kind == END or (token.kind == SIGN and token.text == closer):
                return items, token
            if token.kind == SIGN and token.text in _CLOSERS:
                inner, close = read(_CLOSERS[token.text])
                group = Group(token, close, inner)
                group.kind = _kind(group, items, starts)
                items.append(group)
            else:
                items.append(token)

    return read("")[0]


def _kind(group: Group, before: list[Node], starts: set[tuple[int, int]]) -> str:
    previous = before[-1] if before else None
    # After a point, and as a function, a keyword is a name like any other.
    named = isinstance(previous, Token) and (
        previous.text == "contains" or (len(before) > 1 and is_sign(before[-2], "."))
    )
    sign = group.open.text
    adjacent = group.open.adjacent and (named or ends_term(previous))
    if sign == "(":
        return CALL if adjacent else PAREN
    if sign == "[" and adjacent:
        return INDEX
    first = start(group.items[0]) if group.items else None
    if sign == "{" and first is not None and (first.row, first.col) in starts:
        return BODY
    if _is_comprehension(group):
        return COMPREHENSION
    return ARRAY if sign == "[" else BRACES


def _is_comprehension(group: Group) -> bool:
    for node in group.items:
        if is_sign(node, "|"):
            return True
        if is_sign(node, ",", ";", ":="):
            return False
    return False
