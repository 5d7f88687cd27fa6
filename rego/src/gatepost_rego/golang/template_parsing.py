"""Go's text/template, first half: a template's text read into a tree.

What is read: fields, variables, pipelines, literals, `if`, `with`, `range`, `else`, `break`,
`continue`, comments and trim marks. Templates within templates are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Union

__all__ = [
    "Block", "Command", "Declare", "Field", "Leave", "Literal", "Name", "Node", "Pipe",
    "TemplateError", "Text", "Variable", "parse_template",
]  # fmt: skip


class TemplateError(ValueError):
    """The text is no template, or it does something that cannot be done."""


@dataclass(slots=True)
class Text:
    """Text between actions."""

    text: str


@dataclass(slots=True)
class Literal:
    """A constant."""

    value: object


@dataclass(slots=True)
class Field:
    """Keys followed from the dot, a variable or a pipeline; no keys: the thing itself."""

    start: Operand | None
    keys: tuple[str, ...]


@dataclass(slots=True)
class Variable:
    """A variable by name, the sign included; `$` alone is the root."""

    name: str


@dataclass(slots=True)
class Name:
    """A function by name."""

    name: str


@dataclass(slots=True)
class Command:
    """A function or a value, and its arguments."""

    words: list[Operand]


@dataclass(slots=True)
class Pipe:
    """Commands, each fed with the result of the one before; variables that take the result."""

    commands: list[Command]
    declared: tuple[str, ...] = ()
    assigns: bool = False


@dataclass(slots=True)
class Declare:
    """An action that is a pipeline; it prints unless it only sets a variable."""

    pipe: Pipe


@dataclass(slots=True)
class Block:
    """`if`, `with` or `range` with its two branches."""

    kind: str
    pipe: Pipe
    body: list[Node] = field(default_factory=list)
    other: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Leave:
    """`break` or `continue`."""

    kind: str


Operand = Union[Literal, Field, Variable, Name, Pipe]
Node = Union[Text, Declare, Block, Leave]

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
    |(?P<char>'(?:[^'\\\n]|\\.)+')
    |(?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?))
    |(?P<field>\.[\w]+)
    |(?P<variable>\$\w*)
    |(?P<name>\w+)
    |(?P<sign>:=|[=|(),.])""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "a": "\a", "b": "\b",
            "f": "\f", "v": "\v"}  # fmt: skip
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)")
_OPENERS = frozenset({"if", "with", "range"})
_REFUSED = frozenset({"define", "template", "block"})

_Token = tuple[str, str]


def parse_template(text: str) -> list[Node]:
    """Read a template."""
    return _Reader(_pieces(text)).run()


def _pieces(text: str) -> list[str | list[_Token]]:
    """Cut a template into text and the tokens of its actions."""
    found: list[str | list[_Token]] = []
    place = 0
    trim = False
    while True:
        opening = text.find("{{", place)
        piece = text[place:] if opening < 0 else text[place:opening]
        piece = piece.lstrip(" \t\r\n") if trim else piece
        if opening < 0:
            found.append(piece)
            return found
        inside = opening + 2
        if text.startswith("- ", inside) or text.startswith("-\n", inside):
            piece = piece.rstrip(" \t\r\n")
            inside += 2
        found.append(piece)
        place, trim, tokens = _action(text, inside)
        if tokens is not None:
            found.append(tokens)


def _action(text: str, place: int) -> tuple[int, bool, list[_Token] | None]:
    """Read an action up to its end; a comment has no tokens."""
    if text.startswith("/*", place):
        end = text.find("*/", place)
        close = re.compile(r"[ \t\r\n]*(-?)\}\}").match(text, end + 2) if end >= 0 else None
        if close is None:
            raise TemplateError("template: unclosed comment")
        return close.end(), bool(close.group(1)), None
    tokens: list[_Token] = []
    while True:
        if text.startswith("}}", place):
            return place + 2, False, tokens
        if text.startswith("-}}", place) and tokens and tokens[-1][0] == "space":
            return place + 3, True, tokens
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise TemplateError("template: unexpected text in action")
        tokens.append((match.lastgroup, match.group()))
        place = match.end()


class _Reader:
    def __init__(self, pieces: list[str | list[_Token]]) -> None:
        self.pieces = pieces
        self.place = 0
        self.tokens: list[_Token] = []
        self.at = 0

    def run(self) -> list[Node]:
        nodes, ended = self._nodes(0)
        if ended:
            raise TemplateError(f"template: unexpected {{{{{ended}}}}}")
        return nodes

    def _nodes(self, depth: int) -> tuple[list[Node], str]:
        """Read nodes up to the `end` or `else` that closes them."""
        if depth > 100:
            raise TemplateError("template: nested too deep")
        nodes: list[Node] = []
        while self.place < len(self.pieces):
            piece = self.pieces[self.place]
            self.place += 1
            if isinstance(piece, str):
                if piece:
                    nodes.append(Text(piece))
                continue
            self.tokens, self.at = piece, 0
            word = self._keyword()
            if word in ("end", "else"):
                return nodes, word
            nodes.append(self._node(word, depth))
        return nodes, ""

    def _keyword(self) -> str:
        self._space()
        kind, text = self._peek()
        if kind == "name" and text in _OPENERS | _REFUSED | {"end", "else", "break", "continue"}:
            self.at += 1
            return text
        return ""

    def _node(self, word: str, depth: int) -> Node:
        if word in _REFUSED:
            raise TemplateError(f"template: {{{{{word}}}}} is not supported")
        if word in ("break", "continue"):
            return Leave(word)
        pipe = self._pipe("")
        if not word:
            return Declare(pipe)
        return self._block(Block(word, pipe), depth)

    def _block(self, block: Block, depth: int) -> Block:
        block.body, ended = self._nodes(depth + 1)
        if ended == "else":
            word = self._keyword()
            if word in ("if", "with"):
                block.other = [self._block(Block(word, self._pipe("")), depth + 1)]
                return block
            block.other, ended = self._nodes(depth + 1)
        if ended != "end":
            raise TemplateError("template: unexpected EOF")
        return block

    def _peek(self) -> _Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("", "")

    def _space(self) -> bool:
        found = False
        while self._peek()[0] == "space":
            self.at += 1
            found = True
        return found

    def _take(self, sign: str) -> bool:
        if self._peek() == ("sign", sign):
            self.at += 1
            return True
        return False

    def _pipe(self, closing: str) -> Pipe:
        declared, assigns = self._declared()
        commands = [self._command()]
        while self._take("|"):
            commands.append(self._command())
        self._space()
        if closing:
            if not self._take(closing):
                raise TemplateError("template: unclosed left paren")
        elif self._peek()[0]:
            raise TemplateError(f"template: unexpected {self._peek()[1]!r} in action")
        return Pipe(commands, declared, assigns)

    def _declared(self) -> tuple[tuple[str, ...], bool]:
        start = self.at
        names: list[str] = []
        while True:
            self._space()
            kind, text = self._peek()
            if kind != "variable":
                break
            self.at += 1
            names.append(text)
            self._space()
            if self._take(":="):
                return tuple(names), False
            if self._take("="):
                return tuple(names), True
            if not self._take(","):
                break
        self.at = start
        return (), False

    def _command(self) -> Command:
        words: list[Operand] = []
        while True:
            self._space()
            kind, text = self._peek()
            if not kind or (kind == "sign" and text in "|)"):
                break
            words.append(self._operand())
        if not words:
            raise TemplateError("template: missing value for command")
        return Command(words)

    def _operand(self) -> Operand:
        start = self._term()
        keys: list[str] = []
        while self._peek()[0] == "field":
            keys.append(self._peek()[1][1:])
            self.at += 1
        if not keys:
            return start
        if isinstance(start, Field):
            return Field(start.start, (*start.keys, *keys))
        return Field(start, tuple(keys))

    def _term(self) -> Operand:
        kind, text = self._peek()
        self.at += 1
        match kind:
            case "string":
                return Literal(text[1:-1] if text[0] == "`" else _unescape(text[1:-1]))
            case "char":
                return Literal(ord(_unescape(text[1:-1])))
            case "number":
                return Literal(_number(text))
            case "variable":
                return Variable(text)
            case "field":
                return Field(None, (text[1:],))
            case "name":
                return Literal(text == "true") if text in ("true", "false") else Name(text)
        if text == ".":
            return Field(None, ())
        if text == "(":
            return self._pipe(")")
        raise TemplateError(f"template: unexpected {text!r} in operand")


def _number(text: str) -> int | float:
    plain = text.replace("_", "")
    digits = plain.lstrip("+-").lower()
    base = 16 if digits.startswith("0x") else 8 if digits.startswith("0") else 10
    try:
        return int(plain, base)
    except ValueError:
        return float(plain)


def _unescape(text: str) -> str:
    def put(found: re.Match[str]) -> str:
        code = found.group(1)
        if code[0] in "xuU":
            return chr(int(code[1:], 16))
        if len(code) == 3:
            return chr(int(code, 8))
        if code not in _ESCAPES:
            raise TemplateError("template: invalid syntax")
        return _ESCAPES[code]

    return _ESCAPE.sub(put, text)
