"""The place in a Python function where the next statement goes, and how the code there gives up.

A body becomes flat code: each statement that fails leaves the innermost loop's turn
(``continue``), the block (``break``) or the function (``return``). Python nests at most twenty
loops, so deeper bodies go on in a function of their own.
"""

from __future__ import annotations

import ast
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gatepost_rego.compile import pyast as py
from gatepost_rego.compile.pyast import (
    assign,
    attr,
    call,
    const,
    define,
    is_,
    loop,
    name,
    negate,
    when,
)

_DEEPEST = 14


@dataclass(slots=True)
class Val:
    """An expression that may be read many times, and the kind of value if that is known."""

    node: ast.expr
    kind: str | None = None


@dataclass(slots=True)
class Frame:
    """One nested construct. ``stop`` names the flag that ends the loops inside it."""

    kind: str
    block: list[ast.stmt]
    depth: int
    stop: str | None = None
    outputs: tuple[str, ...] = ()


@dataclass(slots=True)
class Unit:
    """Everything one compilation shares: constants and the names they have in the code."""

    namespace: dict[str, Any] = field(default_factory=dict)
    known: dict[Any, str] = field(default_factory=dict)
    traced: bool = False
    mocked: frozenset[str] = frozenset()

    def constant(self, value: Any, key: Any = None) -> ast.expr:
        """Give a name to an object that the code needs; one name per key."""
        if key is not None and key in self.known:
            return name(self.known[key])
        title = f"K{len(self.namespace)}"
        self.namespace[title] = value
        if key is not None:
            self.known[key] = title
        return name(title)


class Writer:
    """Writes one Python function."""

    def __init__(self, unit: Unit, fail_value: str | None = "U") -> None:
        self.unit = unit
        self.fail_value = fail_value
        self.frames: list[Frame] = [Frame("function", [], 0)]
        self.bound: dict[str, Val] = {}
        self.state = "S"
        self.prologue: dict[str, ast.expr] = {}
        self.ordered = False
        self.counter = 0
        self.looped = False

    def emit(self, *statements: ast.stmt) -> None:
        """Write statements here."""
        self.frames[-1].block.extend(statements)

    def temp(self, prefix: str = "t") -> str:
        """Give a name not used before in this function."""
        self.counter += 1
        return f"{prefix}{self.counter}"

    def hold(self, node: ast.expr, kind: str | None = None) -> Val:
        """Store an expression in a variable, unless it is a variable or constant already."""
        if isinstance(node, (ast.Name, ast.Constant)):
            return Val(node, kind)
        title = self.temp()
        self.emit(assign(title, node))
        return Val(name(title), kind)

    def fail(self) -> ast.stmt:
        """Build the statement that gives up here."""
        frame = self.frames[-1]
        if frame.kind == "loop":
            return py.Continue()
        if frame.kind == "once":
            return py.Break()
        if frame.kind == "outlined" or self.fail_value is None:
            return py.Return(None)
        return py.Return(name(self.fail_value))

    def fail_if(self, test: ast.expr) -> None:
        """Give up where the test holds."""
        self.emit(when(test, self.fail()))

    def defined(self, node: ast.expr, kind: str | None = None) -> Val:
        """Store an expression and give up where it is undefined."""
        held = self.hold(node, kind)
        self.fail_if(is_(held.node, name("U")))
        return held

    def shared(self, title: str, field_: str) -> ast.expr:
        """Read a field of the current state, stored once per function."""
        if self.state != "S":
            return attr(self.state, field_)
        self.prologue.setdefault(title, attr("S", field_))
        return name(title)

    def meter(self) -> ast.expr:
        """Read the budget; a ``with`` has the same one."""
        self.prologue.setdefault("T", attr("S", "meter"))
        return name("T")

    def input(self) -> ast.expr:
        """Read the input, which may be undefined."""
        return self.shared("I", "input")

    @contextmanager
    def scope(self, ordered: bool = False) -> Generator[None]:
        """Bind variables for a while: what is bound inside is forgotten after it."""
        bound, state, before, looped = dict(self.bound), self.state, self.ordered, self.looped
        self.ordered = ordered
        yield
        self.bound, self.state, self.ordered, self.looped = bound, state, before, looped

    @contextmanager
    def once(self, stop: str | None = None, outputs: tuple[str, ...] = ()) -> Generator[None]:
        """Write a block that code inside can leave; loops inside end when ``stop`` is true."""
        level = len(self.frames)
        if self.frames[-1].depth >= _DEEPEST:
            self._outline(outputs)
        frame = Frame("once", [], self.frames[-1].depth + 1, stop, outputs)
        self.emit(py.While(const(True), frame.block, []))
        self.frames.append(frame)
        yield
        self.unwind(level + (self.frames[level] is not frame))
        self.emit(py.Break())
        self.unwind(level - 1)

    def begin_loop(self, targets: Sequence[str], items: ast.expr) -> None:
        """Open a loop; everything that follows in this body goes inside it."""
        if self.frames[-1].depth >= _DEEPEST:
            self._outline(self._outputs())
        self.looped = True
        made = loop(targets, items)
        self.emit(made)
        stop = self.frames[-1].stop if self.frames[-1].kind != "function" else None
        self.frames.append(
            Frame("loop", made.body, self.frames[-1].depth + 1, stop, self._outputs())
        )

    def _outputs(self) -> tuple[str, ...]:
        return self.frames[-1].outputs

    def _outline(self, outputs: tuple[str, ...]) -> None:
        """Go on in a nested function, which may write the given variables of this one."""
        title = self.temp("o")
        body: list[ast.stmt] = []
        if outputs:
            body.append(py.Nonlocal(list(outputs)))
        self.emit(define(title, (), body), py.Expr(call(title)))
        stop = self.frames[-1].stop
        self.frames.append(Frame("outlined", body, 0, stop, outputs))

    def unwind(self, level: int) -> None:
        """Close the constructs down to a level; loops with a stop flag pass it on."""
        while len(self.frames) - 1 > level:
            closed = self.frames.pop()
            if not closed.block:
                closed.block.append(py.Pass())
            if closed.kind in ("loop", "outlined") and closed.stop is not None:
                self._pass_stop(closed.stop)

    def _pass_stop(self, stop: str) -> None:
        kind = self.frames[-1].kind
        leave: ast.stmt = py.Return(None) if kind == "outlined" else py.Break()
        self.emit(when(name(stop), leave))

    def stop(self, flag: str) -> None:
        """Note that the block's question is answered, and leave it."""
        self.emit(assign(flag, const(True)))
        kind = self.frames[-1].kind
        self.emit(py.Return(None) if kind == "outlined" else py.Break())

    def not_flag(self, flag: str) -> ast.expr:
        """Read a flag, negated."""
        return negate(name(flag))

    def finish(
        self, title: str, params: Sequence[str], last: ast.stmt | None = None
    ) -> ast.FunctionDef:
        """Close everything and give the function."""
        self.unwind(0)
        block = self.frames[0].block
        if last is not None:
            block.append(last)
        front: list[ast.stmt] = [assign(key, node) for key, node in self.prologue.items()]
        return define(title, params, [*front, *block] or [py.Pass()])
