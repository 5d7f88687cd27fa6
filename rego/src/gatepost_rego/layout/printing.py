"""Prints statements and terms: spaces, line breaks inside brackets, bodies."""

from __future__ import annotations

from gatepost_rego.layout.brackets import (
    BODY,
    CALL,
    COMPREHENSION,
    INDEX,
    PAREN,
    Group,
    Node,
    ends_term,
    is_sign,
    last_row,
    start,
)
from gatepost_rego.layout.writing import Writer
from gatepost_rego.lex import NAME, Token

__all__ = ["Printer"]

_Place = tuple[int, int]
_OPERATORS = ("+", "-", "*", "/", "%", "&", "|", "==", "!=", "<", "<=", ">", ">=")


class Printer:
    """Prints nodes; ``starts`` holds the row and column at which statements begin."""

    def __init__(self, writer: Writer, starts: set[_Place]) -> None:
        self.out = writer
        self.starts = starts

    def nodes(self, nodes: list[Node]) -> None:
        """Print nodes of one line with the spaces that belong between them."""
        previous: Node | None = None
        before: Node | None = None
        for node in nodes:
            if is_sign(node, ";"):
                continue
            if previous is not None and _spaced(before, previous, node):
                self._space(previous, node)
            self.node(node)
            before, previous = previous, node

    def _space(self, previous: Node, node: Node) -> None:
        """Separate two nodes; `with` keeps a line of its own."""
        own_line = isinstance(node, Token) and node.kind == NAME and node.text == "with"
        if own_line and start(node).row > last_row(previous):
            self.out.end()
            self.out.put("\t")
        else:
            self.out.put(" ")

    def node(self, node: Node) -> None:
        """Print a token or what is in brackets."""
        if isinstance(node, Token):
            self.out.token(node)
        elif node.kind == BODY and last_row(node) == node.open.row:
            self.short_body(node)
        elif node.kind == BODY:
            self.body(node)
        elif node.kind == COMPREHENSION:
            self.comprehension(node)
        elif node.kind == PAREN and not _needs_parens(node):
            self.nodes(node.items)
        elif node.kind in (INDEX, PAREN):
            self.out.token(node.open)
            self.nodes(node.items)
            self.out.token(node.close)
        else:
            self.items(node)

    def items(self, group: Group) -> None:
        """Print the items of an array, object, set or call, on as many lines as they had."""
        self.out.token(group.open)
        lines = _lines(_split(group.items, ","), group.open.row)
        if len(lines) == 1:
            self._line(lines[0])
        else:
            self._several(lines, group)
        self.out.token(group.close)

    def _several(self, lines: list[list[list[Node]]], group: Group) -> None:
        self.out.depth += 1
        for line in lines:
            if line:
                self._line(line)
                self.out.put(",")
            self.out.end()
        self.out.flush(group.close.row)
        self.out.depth -= 1

    def _line(self, items: list[list[Node]]) -> None:
        for place, item in enumerate(items):
            if place:
                self.out.put(", ")
            self.nodes(item)

    def comprehension(self, group: Group) -> None:
        """Print a comprehension, its body below the bar where it had lines of its own."""
        bar = next(at for at, node in enumerate(group.items) if is_sign(node, "|"))
        head, rest = group.items[:bar], group.items[bar + 1 :]
        statements = self.statements(rest)
        self.out.token(group.open)
        broken = bool(head) and start(head[0]).row > group.open.row
        if broken:
            self.out.depth += 1
            self.out.end()
        self.nodes(head)
        self.out.put(" |")
        first = start(head[0]).row if broken else group.open.row
        if statements and start(statements[-1][0]).row > first:
            self.out.depth += not broken
            self.out.end()
            self._statements(statements)
            self.out.flush(group.close.row)
            self.out.depth -= 1
        else:
            self.out.put(" ")
            self._inline(statements)
            if broken:
                self.out.end()
                self.out.depth -= 1
        self.out.token(group.close)

    def _inline(self, statements: list[list[Node]]) -> None:
        for place, statement in enumerate(statements):
            if place:
                self.out.put("; ")
            self.nodes(statement)

    def statements(self, nodes: list[Node]) -> list[list[Node]]:
        """Cut the nodes of a body into its statements."""
        found: list[list[Node]] = []
        for node in nodes:
            if is_sign(node, ";"):
                continue
            token = start(node)
            if not found or (token.row, token.col) in self.starts:
                found.append([])
            found[-1].append(node)
        return found

    def _statements(self, statements: list[list[Node]]) -> None:
        for place, statement in enumerate(statements):
            row = start(statement[0]).row
            if place and row > self.out.row + 1 and not self._noted(row):
                self.out.blank()
            self.nodes(statement)
            self.out.end()

    def _noted(self, row: int) -> bool:
        """Say whether a comment stands between what was written last and a row."""
        return bool(self.out.comments) and self.out.comments[0][0] < row

    def body(self, group: Group) -> None:
        """Print a body, each statement on a line."""
        self.out.token(group.open)
        self.out.depth += 1
        self.out.end()
        self._statements(self.statements(group.items))
        self.out.flush(group.close.row)
        self.out.depth -= 1
        self.out.token(group.close)

    def short_body(self, group: Group) -> None:
        """Print the body of `every` on the one line it stood on."""
        self.out.token(group.open)
        self.out.put(" ")
        self._inline(self.statements(group.items))
        self.out.put(" ")
        self.out.token(group.close)


def _split(nodes: list[Node], sign: str) -> list[list[Node]]:
    found: list[list[Node]] = [[]]
    for node in nodes:
        if is_sign(node, sign):
            found.append([])
        else:
            found[-1].append(node)
    return [part for part in found if part]


def _lines(items: list[list[Node]], row: int) -> list[list[list[Node]]]:
    """Gather the items that stood on one line; the first line is that of the bracket."""
    lines: list[list[list[Node]]] = [[]]
    for item in items:
        if start(item[0]).row > row:
            lines.append([])
        lines[-1].append(item)
        row = last_row(item[-1])
    return lines


def _needs_parens(group: Group) -> bool:
    """Say whether brackets hold an operator; around anything else they are dropped."""
    return any(
        is_sign(node, *_OPERATORS) or (isinstance(node, Token) and node.text == "in")
        for node in group.items
    )


def _spaced(before: Node | None, previous: Node, node: Node) -> bool:
    """Say whether a space stands between two nodes."""
    if is_sign(node, ",", ".", ":") or is_sign(previous, "."):
        return False
    if isinstance(node, Group) and node.kind in (CALL, INDEX):
        return False
    return not (is_sign(previous, "-") and not ends_term(before))
