"""Prints whole modules: package, imports, rules."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from gatepost_rego.ast import Module, Rule, Term
from gatepost_rego.errors import Source
from gatepost_rego.layout.brackets import BODY, Group, Node, is_sign, last_row, start, tree
from gatepost_rego.layout.printing import Printer
from gatepost_rego.layout.writing import Writer
from gatepost_rego.lex import END, NAME, TEMPLATE, Lexer, Token
from gatepost_rego.parse import parse_module
from gatepost_rego.visit import bodies_in, statements

__all__ = ["format_module"]


def format_module(name: str, text: str, version: str) -> str:
    """Print a module the way `opa fmt` does. Raises Abort where it cannot be parsed."""
    module = parse_module(name, text, version)
    lexer = Lexer(Source(name, text))
    tokens = lexer.tokens()
    _restore_templates(tokens, text)
    writer = Writer(list(lexer.comments))
    starts = set(_starts(module))
    printer = Printer(writer, starts)
    pieces = _pieces(tree(tokens, starts), _rule_places(module))
    _Modules(writer, printer).write(pieces)
    return writer.text()


def _restore_templates(tokens: list[Token], text: str) -> None:
    """Give template strings their whole text back; the lexer keeps only how they begin."""
    lines = [0]
    for line in text.split("\n"):
        lines.append(lines[-1] + len(line) + 1)
    for token, following in pairwise(tokens):
        if token.kind == TEMPLATE:
            begin = lines[token.row - 1] + token.col - 1
            limit = len(text) if following.kind == END else (
                lines[following.row - 1] + following.col - 1
            )  # fmt: skip
            token.text = _template_text(text[begin:limit])


def _template_text(text: str) -> str:
    """Cut a template string off what follows it: it ends with its own quote."""
    quote, place, depth = text[1], 2, 0
    while place < len(text):
        char = text[place]
        if char == "\\" and quote == '"' and depth == 0:
            place += 1
        elif char == "{":
            depth += 1
        elif char == "}":
            depth -= depth > 0
        elif char == quote and depth == 0:
            return text[: place + 1]
        place += 1
    return text


def _starts(module: Module) -> Iterable[tuple[int, int]]:
    """Give where each statement of a module begins, at every depth."""
    for rule in module.rules:
        for link in rule.chain():
            for stmt in statements(link.body):
                yield stmt.loc.row, stmt.loc.col
            for term in _head_terms(link):
                for found in bodies_in(term):
                    for stmt in statements(found):
                        yield stmt.loc.row, stmt.loc.col


def _head_terms(rule: Rule) -> list[Term]:
    terms = [*rule.ref[1:], *(rule.args or ())]
    return [*terms, *(term for term in (rule.key, rule.value) if term is not None)]


def _rule_places(module: Module) -> set[tuple[int, int]]:
    return {(rule.loc.row, rule.loc.col) for rule in module.rules}


def _pieces(nodes: list[Node], places: set[tuple[int, int]]) -> list[list[Node]]:
    """Cut a module into its package, imports and rules."""
    found: list[list[Node]] = []
    for node in nodes:
        token = start(node)
        # A further body of a rule counts as a rule of its own, but has no head.
        headless = isinstance(node, Group) and node.kind == BODY
        fresh = not found or ((token.row, token.col) in places and not headless)
        word = token.text if token.kind == NAME else ""
        opens = word in ("package", "import", "default")
        if fresh or (opens and token.row > last_row(found[-1][-1])):
            found.append([])
        found[-1].append(node)
    return found


def _word(piece: list[Node]) -> str:
    token = start(piece[0])
    return token.text if token.kind == NAME else ""


class _Modules:
    def __init__(self, writer: Writer, printer: Printer) -> None:
        self.out = writer
        self.printer = printer

    def write(self, pieces: list[list[Node]]) -> None:
        head = [piece for piece in pieces if _word(piece) == "package"]
        imports = [piece for piece in pieces if _word(piece) == "import"]
        rules = [piece for piece in pieces if _word(piece) not in ("package", "import")]
        for piece in head:
            self._plain(piece)
        if imports:
            self.out.blank()
            self._imports(imports)
        self._rules(rules)

    def _plain(self, piece: list[Node]) -> None:
        self.printer.nodes(piece)
        self.out.end()

    def _imports(self, imports: list[list[Node]]) -> None:
        """Print imports in the groups they stood in, each group in order."""
        groups: list[list[list[Node]]] = []
        for piece in imports:
            last = groups[-1][-1] if groups else None
            if last is None or start(piece[0]).row > last_row(last[-1]) + 1:
                groups.append([])
            groups[-1].append(piece)
        for place, group in enumerate(groups):
            if place:
                self.out.blank()
            for piece in sorted(group, key=_import_key):
                self._plain(piece)

    def _rules(self, rules: list[list[Node]]) -> None:
        short_until = -1
        for piece in rules:
            row = start(piece[0]).row
            above = len(self.out.lines)
            close = row == short_until + 1 and _one_line(piece)
            if not close:
                self.out.blank()
            self.out.flush(row)
            lines = len(self.out.lines)
            self._rule(piece)
            short = len(self.out.lines) == lines + 1
            if close and not short:
                self.out.lines.insert(above, "")
            short_until = last_row(piece[-1]) if short else -1

    def _rule(self, piece: list[Node]) -> None:
        at = _body_at(piece)
        if at < 0:
            self._plain(piece)
            return
        self.printer.nodes(piece[:at])
        self._body(piece, at)

    def _body(self, piece: list[Node], at: int) -> None:
        """Print a body and what follows it: another body, or `else`."""
        group = piece[at]
        assert isinstance(group, Group)
        follows = self.printer.statements(group.items)
        row = last_row(piece[at - 1]) if at else group.open.row
        has_if = at and isinstance(piece[at - 1], Token) and start(piece[at - 1]).text == "if"
        if at:
            self.out.put(" ")
        if has_if and len(follows) == 1 and start(follows[0][0]).row == row:
            self.printer.nodes(follows[0])
            self.out.row = group.close.row
        else:
            self.printer.body(group)
        rest = piece[at + 1 :]
        if not rest:
            self.out.end()
            return
        self._further(rest, start(rest[0]).row > last_row(group))

    def _further(self, rest: list[Node], own_line: bool) -> None:
        """Print `else`, or another body, on a line of its own where it had one."""
        if own_line:
            self.out.end()
            self.out.blank()
        else:
            self.out.put(" ")
        at = _body_at(rest)
        if at < 0:
            self._plain(rest)
            return
        self.printer.nodes(rest[:at])
        self._body(rest, at)


def _one_line(piece: list[Node]) -> bool:
    return start(piece[0]).row == last_row(piece[-1])


def _body_at(nodes: list[Node]) -> int:
    """Find a rule's body in braces; that of an `every` behind a bare `if` is none."""
    bare = False
    for at, node in enumerate(nodes):
        if isinstance(node, Group) and node.kind == BODY and not bare:
            return at
        word = node.text if isinstance(node, Token) and node.kind == NAME else ""
        following = nodes[at + 1] if at + 1 < len(nodes) else None
        if word == "if" and not is_sign(following, "."):
            bare = not (isinstance(following, Group) and following.kind == BODY)
        elif word == "else":
            bare = False
    return -1


def _import_key(piece: list[Node]) -> str:
    return "".join(start(node).text for node in piece if not is_sign(node, " "))
