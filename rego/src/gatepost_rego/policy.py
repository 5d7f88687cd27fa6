"""The public face: texts to a policy, a policy and an input to a result."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from gatepost_rego.ast import Body, Call, Module, Stmt, TermStmt, Unify, Var
from gatepost_rego.builtins import BUILTINS
from gatepost_rego.builtins.registry import Builtin
from gatepost_rego.check import Program, check_program, check_query
from gatepost_rego.check.reads import reads_of
from gatepost_rego.compile.build import Code, Query, build
from gatepost_rego.compile.rules import Fired
from gatepost_rego.errors import (
    CANCELLED,
    INTERNAL,
    PARSE,
    Abort,
    BudgetExceeded,
    Diagnostic,
    EvaluationError,
    InputError,
    PolicyError,
)
from gatepost_rego.evaluate.meter import Limits, Meter
from gatepost_rego.evaluate.output import plain_json
from gatepost_rego.evaluate.state import State
from gatepost_rego.parse import parse_module, parse_query
from gatepost_rego.show import json_text
from gatepost_rego.values import UNDEFINED, ValueTypeError, make_object

Version = Literal["v0", "v1", "auto"]
Modules = Mapping[str, str] | Sequence[str] | str
_DEEP: Final = "evaluation goes deeper than Python's stack"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What policies may use.

    ``allow`` names built-ins that reach outside (``http.send``, ``opa.runtime``) and are refused
    otherwise; ``refuse`` names any others to refuse; ``limits`` bound each evaluation;
    ``strict_builtin_errors`` makes a failing built-in end the evaluation.
    """

    allow: frozenset[str] = frozenset()
    refuse: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    strict_builtin_errors: bool = False

    def split(self) -> tuple[dict[str, Builtin], dict[str, Builtin]]:
        """Give the built-ins a policy may call, and those it is refused for."""
        refused = {
            title: one
            for title, one in BUILTINS.items()
            if title in self.refuse
            or (one.needs is not None and title not in self.allow)
            or one.missing is not None
        }
        return {title: one for title, one in BUILTINS.items() if title not in refused}, refused


DEFAULT: Final = Capabilities()


@dataclass(frozen=True, slots=True)
class Result:
    """What an evaluation says: the value of every entrypoint that has one, as plain JSON.

    ``raw`` holds the same values as Rego has them, sets and exact numbers among them; nobody may
    change them. ``fired`` (traced evaluations only) lists the rules that gave a value, ``lines``
    the lines whose statements were reached.
    """

    values: Mapping[str, Any]
    entrypoint: str
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    fired: tuple[Fired, ...] = ()
    lines: frozenset[tuple[str, int]] = frozenset()

    @property
    def value(self) -> Any:
        """The value of the first entrypoint; UNDEFINED where it has none."""
        return self.values.get(self.entrypoint, UNDEFINED)

    def json(self) -> str:
        """Write the values as OPA does: keys sorted, numbers of any size with all their digits."""
        return json_text(make_object(self.raw.items()))

    @property
    def defined(self) -> bool:
        """Whether the first entrypoint has a value."""
        return self.entrypoint in self.values


def read_modules(modules: Modules, version: Version) -> list[Module]:
    """Parse texts; a name is made up where none is given. Raises PolicyError with all findings."""
    named: Iterable[tuple[str, str]]
    if isinstance(modules, str):
        named = [("policy.rego", modules)]
    elif isinstance(modules, Mapping):
        named = modules.items()
    else:
        named = [(f"policy{at}.rego", text) for at, text in enumerate(modules)]
    found: list[Module] = []
    errors: list[Diagnostic] = []
    for title, text in named:
        try:
            found.append(parse_module(title, text, version))
        except Abort as error:
            errors.append(error.diagnostic)
    if errors:
        raise PolicyError(errors)
    return found


@contextmanager
def _bounded_compile() -> Generator[None]:
    """Turn Python running out of stack into the typed error of a policy."""
    try:
        yield
    except Abort as error:
        raise PolicyError([error.diagnostic]) from error
    except RecursionError as error:
        raise PolicyError([Diagnostic(PARSE, "policy is nested too deep")]) from error


class Runner:
    """Compiled code with all an evaluation needs; immutable, for any number of threads."""

    __slots__ = ("_lock", "_traced", "capabilities", "code", "data", "program", "queries")

    def __init__(
        self, program: Program, queries: Sequence[Query], data: Any, capabilities: Capabilities
    ) -> None:
        self.program = program
        self.queries = queries
        self.data = {} if data is None else data
        self.capabilities = capabilities
        self.code = build(program, queries)
        self._traced: Code | None = None
        self._lock = threading.Lock()

    def traced(self) -> Code:
        """Give the code that notes rules and lines; made when first asked for."""
        with self._lock:
            if self._traced is None:
                self._traced = build(self.program, self.queries, traced=True)
            return self._traced

    def state(self, code: Code, input_: Any, meter: Meter) -> State:
        """Begin an evaluation."""
        made = State(code.makers, code.sites, input_, self.data, meter)
        if self.capabilities.strict_builtin_errors:
            made.strict = []
        return made

    def run(self, state: State, work: Callable[[State], Any]) -> Any:
        """Do the work of an evaluation; every way it can fail becomes a typed error."""
        try:
            found = work(state)
        except RecursionError as error:
            raise BudgetExceeded(Diagnostic(CANCELLED, _DEEP)) from error
        except MemoryError as error:
            raise BudgetExceeded(Diagnostic(CANCELLED, "evaluation ran out of memory")) from error
        except ValueTypeError as error:
            raise InputError(Diagnostic(INTERNAL, str(error))) from error
        except EvaluationError as error:
            if state.strict:
                raise state.strict[0] from error
            raise
        if state.strict:
            raise state.strict[0]
        return found


class Policy:
    """A compiled policy: immutable, and safe to share among threads and tasks."""

    __slots__ = ("_paths", "_runner", "entrypoints")

    def __init__(self, runner: Runner, entrypoints: Sequence[str]) -> None:
        self._runner = runner
        self.entrypoints = tuple(entrypoints)
        self._paths = tuple((title, path_of(title)) for title in self.entrypoints)

    def evaluate(
        self, input: Any = UNDEFINED, *, deadline: float | None = None, trace: bool = False
    ) -> Result:
        """Evaluate the entrypoints.

        ``input`` is JSON as Python holds it and is not changed; left out, it is undefined.
        ``deadline`` is the number of seconds the evaluation may take. ``trace`` fills in the
        rules that fired and the lines reached, at some cost.

        Raises DeadlineExceeded, BudgetExceeded, InputError, or EvaluationError with OPA's code.
        """
        runner = self._runner
        code = runner.traced() if trace else runner.code
        state = runner.state(code, input, Meter(runner.capabilities.limits, deadline))
        if trace:
            state.fired, state.lines = [], set()
        values, raw = runner.run(state, self._values)
        if not trace:
            return Result(values, self.entrypoints[0], raw)
        lines = frozenset(state.lines or ())
        return Result(values, self.entrypoints[0], raw, tuple(state.fired or ()), lines)

    def reads(self) -> frozenset[tuple[str, ...]]:
        """Give the paths below ``input`` that rules of the policy may read; the empty one is all.

        ``input.user.name`` is ``("user", "name")``. A path ends where a key is not written out. A
        host may leave out of the input whatever no path leads to or through.
        """
        return reads_of(self._runner.program)

    def defines(self, entrypoint: str) -> bool:
        """Say whether a rule makes the document, whatever the input."""
        node = self._runner.program.root.find(path_of(entrypoint))
        return node is not None and node.group is not None and node.group.kind != "function"

    def asking(self, entrypoints: Sequence[str]) -> Policy:
        """Give the same policy with other entrypoints; nothing is compiled again."""
        if not entrypoints:
            raise ValueError("a policy needs at least one entrypoint")
        return Policy(self._runner, entrypoints)

    def _values(self, state: State) -> tuple[dict[str, Any], dict[str, Any]]:
        values, raw = {}, {}
        for title, path in self._paths:
            found = follow(state, path)
            if found is not UNDEFINED:
                raw[title] = found
                values[title] = plain_json(found)
        return values, raw


def path_of(entrypoint: str) -> tuple[str, ...]:
    """Read an entrypoint: ``data.a.b`` or ``a/b``."""
    if "/" in entrypoint:
        return tuple(entrypoint.strip("/").split("/"))
    parts = tuple(entrypoint.split("."))
    return parts[1:] if parts[0] == "data" else parts


def follow(state: State, path: Sequence[str]) -> Any:
    """Give the document at a path, made by rules or found in the base documents."""
    place: Any = state.sites[0]
    for part in path:
        place = state.step(place, part)
        if place is UNDEFINED:
            return UNDEFINED
    return state.settle(place)


def _captured(body: Body, arity: Callable[[str], int | None]) -> Body:
    """A query of one expression has a result whenever the expression has a value, false too."""
    if len(body) != 1 or body[0].negated or not isinstance(body[0].kind, TermStmt):
        return body
    stmt, term = body[0], body[0].kind.term
    if isinstance(term, Call) and len(term.args) - 1 == arity(term.name):
        return body
    value = Var("$value", stmt.loc)
    return (Stmt(Unify(value, term), stmt.loc, False, stmt.withs),)


def load(
    modules: Modules,
    *,
    queries: Sequence[str] = (),
    data: Any = None,
    capabilities: Capabilities = DEFAULT,
    version: Version = "v1",
    strict: bool = False,
) -> Runner:
    """Parse, check and compile modules together with queries in Rego."""
    with _bounded_compile():
        builtins, refused = capabilities.split()
        program = check_program(read_modules(modules, version), builtins, refused, data, strict)
        found: list[Query] = []
        for text in queries:
            body, names = check_query(program, parse_query(text, version != "v0"))
            found.append(Query(_captured(body, program.functions.arity), names))
        return Runner(program, found, data, capabilities)


def compile(
    modules: Modules,
    *,
    entrypoints: Sequence[str],
    data: Any = None,
    capabilities: Capabilities = DEFAULT,
    version: Version = "v1",
) -> Policy:
    """Compile policies to one that can be evaluated.

    ``modules`` is one text, several, or texts by file name. ``entrypoints`` are the documents
    wanted, as ``data.a.allow`` or ``a/allow``. ``data`` are the base documents. ``version``
    "auto" reads each module as v1, and as v0 where that fails.

    Raises PolicyError, which holds every finding of the first check that failed.
    """
    if not entrypoints:
        raise ValueError("a policy needs at least one entrypoint")
    runner = load(modules, data=data, capabilities=capabilities, version=version)
    return Policy(runner, entrypoints)


def check(
    modules: Modules,
    *,
    data: Any = None,
    capabilities: Capabilities = DEFAULT,
    version: Version = "v1",
    strict: bool = False,
) -> tuple[Diagnostic, ...]:
    """Check policies without compiling them; give all findings, none if they are sound.

    ``strict`` also refuses variables that are assigned and never used.
    """
    try:
        with _bounded_compile():
            builtins, refused = capabilities.split()
            check_program(read_modules(modules, version), builtins, refused, data, strict)
    except PolicyError as error:
        return error.diagnostics
    return ()


def evaluate_query(
    runner: Runner, input_: Any = UNDEFINED, *, number: int = 0, deadline: float | None = None
) -> list[dict[str, Any]]:
    """Run one of the queries a runner was made with; give the bindings as plain JSON."""
    meter = Meter(runner.capabilities.limits, deadline)
    state = runner.state(runner.code, input_, meter)
    out: list[dict[str, Any]] = []
    runner.run(state, lambda s: runner.code.queries[number](s, out))
    return [{title: plain_json(value) for title, value in found.items()} for found in out]
