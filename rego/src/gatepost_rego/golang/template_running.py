"""Go's text/template, second half: a tree run over data.

Data is what Go's JSON decoder would make: maps, slices, strings, booleans, nil, and numbers
that are kept as text, which Go counts as strings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .template_functions import FUNCTIONS, printed, truth
from .template_parsing import (
    Block,
    Command,
    Declare,
    Field,
    Leave,
    Literal,
    Name,
    Node,
    Operand,
    Pipe,
    TemplateError,
    Text,
    Variable,
)

__all__ = ["run_template"]

_MISSING = "<no value>"


class _Left(Exception):
    """A `break` or `continue` on its way to its loop."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(slots=True)
class _Run:
    claim: Callable[[int], None]
    done: list[str]
    variables: list[tuple[str, object]]

    def nodes(self, nodes: list[Node], dot: object) -> None:
        for node in nodes:
            self.claim(1)
            match node:
                case Text(text):
                    self.write(text)
                case Declare(pipe):
                    found = self.pipe(pipe, dot)
                    if not pipe.declared:
                        self.write(_MISSING if found is None else printed(found))
                case Block():
                    self.block(node, dot)
                case Leave(kind):
                    raise _Left(kind)

    def write(self, text: str) -> None:
        self.claim(len(text))
        self.done.append(text)

    def block(self, block: Block, dot: object) -> None:
        mark = len(self.variables)
        if block.kind == "range":
            self.loop(block, dot)
        else:
            found = self.pipe(block.pipe, dot)
            if truth(found):
                self.nodes(block.body, found if block.kind == "with" else dot)
            else:
                self.nodes(block.other, dot)
        del self.variables[mark:]

    def loop(self, block: Block, dot: object) -> None:
        pipe = block.pipe
        if pipe.assigns:
            raise TemplateError("template: assignment in range is not supported")
        items = list(_items(self.commands(pipe, dot)))
        if not items:
            self.nodes(block.other, dot)
        for key, item in items:
            mark = len(self.variables)
            given = (item,) if len(pipe.declared) == 1 else (key, item)
            self.variables.extend(zip(pipe.declared, given, strict=False))
            try:
                self.nodes(block.body, item)
            except _Left as left:
                if left.kind == "break":
                    break
            finally:
                del self.variables[mark:]

    def pipe(self, pipe: Pipe, dot: object) -> object:
        found = self.commands(pipe, dot)
        for name in pipe.declared:
            if pipe.assigns:
                self.assign(name, found)
            else:
                self.variables.append((name, found))
        return found

    def assign(self, name: str, value: object) -> None:
        for place in range(len(self.variables) - 1, -1, -1):
            if self.variables[place][0] == name:
                self.variables[place] = (name, value)
                return
        raise TemplateError(f"template: undefined variable {name!r}")

    def commands(self, pipe: Pipe, dot: object) -> object:
        fed: list[object] = []
        for command in pipe.commands:
            fed = [self.command(command, dot, fed)]
        return fed[0]

    def command(self, command: Command, dot: object, fed: list[object]) -> object:
        first = command.words[0]
        if isinstance(first, Name):
            return self.call(first.name, command.words[1:], dot, fed)
        if len(command.words) > 1 or fed:
            raise TemplateError("template: can't give argument to non-function")
        return self.operand(first, dot)

    def call(self, name: str, words: list[Operand], dot: object, fed: list[object]) -> object:
        self.claim(1)
        if name in ("and", "or"):
            return self.shortcut(name == "or", words, dot, fed)
        function = FUNCTIONS.get(name)
        if function is None:
            raise TemplateError(f"template: function {name!r} not defined")
        return function(self.claim, [self.operand(word, dot) for word in words] + fed)

    def shortcut(
        self, wanted: bool, words: list[Operand], dot: object, fed: list[object]
    ) -> object:
        found: object = None
        for word in words:
            found = self.operand(word, dot)
            if truth(found) is wanted:
                return found
        return fed[0] if fed else found

    def operand(self, word: Operand, dot: object) -> object:
        match word:
            case Literal(value):
                return value
            case Variable(name):
                return self.variable(name)
            case Pipe():
                return self.pipe(word, dot)
            case Name(name):
                if name == "nil":
                    raise TemplateError("template: nil is not a command")
                return self.call(name, [], dot, [])
            case Field(start, keys):
                found = dot if start is None else self.operand(start, dot)
                for key in keys:
                    found = _child(found, key)
                return found

    def variable(self, name: str) -> object:
        for known, value in reversed(self.variables):
            if known == name:
                return value
        raise TemplateError(f"template: undefined variable {name!r}")


def _child(value: object, key: str) -> object:
    if isinstance(value, dict):
        return value.get(key)
    if value is None:
        raise TemplateError(f"template: nil pointer evaluating interface {{}}.{key}")
    raise TemplateError(f"template: can't evaluate field {key}")


def _items(value: object) -> Iterator[tuple[object, object]]:
    if isinstance(value, list):
        return iter(list(enumerate(value)))
    if isinstance(value, dict):
        return iter([(key, value[key]) for key in sorted(value)])
    if isinstance(value, int) and not isinstance(value, bool):
        return ((number, number) for number in range(value))
    if value is None:
        return iter(())
    raise TemplateError(f"template: range can't iterate over {printed(value)}")


def run_template(nodes: list[Node], data: object, claim: Callable[[int], None]) -> str:
    """Run a template over data; `claim` is told of all work and of every size."""
    run = _Run(claim, [], [("$", data)])
    try:
        run.nodes(nodes, data)
    except _Left as left:
        raise TemplateError(f"template: {{{{{left.kind}}}}} outside {{{{range}}}}") from left
    return "".join(run.done)
