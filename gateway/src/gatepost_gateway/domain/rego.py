"""A Rego policy as a data plane gets it, and what it says to the process that evaluates slow ones."""

from typing import Protocol

from msgspec import Struct

from gatepost_gateway.domain.governance import Mode, Phase


class RegoEntry(Struct, frozen=True):
    """A Rego policy in force at one stage of a project or a proxy. `name` is the rule's name in rulings and records.

    `packages` are those that are asked; `reads` the paths of the input that it looks at, as the engine found them.
    """

    name: str
    phase: Phase
    source: str
    packages: tuple[str, ...]
    reads: tuple[tuple[str, ...], ...]
    mode: Mode = Mode.ENFORCE
    seconds: float = 0.010
    """How long one evaluation may take."""
    fails_open: bool = False
    """Whether a call passes where the policy gives no answer. Requests never do."""
    isolated: bool = False
    """It takes long to compile, and is compiled in the worker process only."""


class PolicyFailed(ValueError):
    """A policy gave no usable answer: it broke off, contradicted itself, or said what has no meaning here."""


class Evaluation(Struct, frozen=True, array_like=True):
    """A question to the evaluating process. `source` is there until it has the policy. `document`: JSON; None: compile
    only. `seconds`: how long the evaluation may take.
    """

    key: bytes
    packages: tuple[str, ...]
    source: str | None
    document: bytes | None
    seconds: float


class Evaluated(Struct, frozen=True, array_like=True):
    """Its answer: the documents as JSON, by `package/document`, or why there is none."""

    values: bytes = b"{}"
    failure: str | None = None


class Evaluator(Protocol):
    """Evaluates policies where they delay nobody."""

    async def evaluate(self, entry: RegoEntry, document: bytes) -> bytes:
        """The values of the policy's documents as JSON. `document`: the input as JSON. Raises PolicyFailed, in time."""
        ...

    def prepare(self, entry: RegoEntry) -> None:
        """It will be asked for: let it be compiled. Never waits, and never fails."""
        ...


class Mistake(Struct, frozen=True, array_like=True):
    """One finding about a policy's text. Lines and columns count from 1; `text` is the line itself."""

    code: str
    message: str
    line: int = 1
    column: int = 1
    text: str = ""

    def pretty(self) -> str:
        """The finding, below it the line and a caret under the column."""
        if not self.text.strip():
            return self.message
        return f"{self.message}\n{self.text.expandtabs(1)}\n{' ' * (self.column - 1)}^"


class Submitted(Struct, frozen=True, array_like=True):
    """A policy that somebody wants to have in force. `packages`: those that are asked beside our own."""

    source: str
    packages: tuple[str, ...] = ()


class Checked(Struct, frozen=True, array_like=True):
    """What a check found: mistakes, or the packages that speak, the paths that are read, and the seconds it took."""

    packages: tuple[str, ...] = ()
    reads: tuple[tuple[str, ...], ...] = ()
    seconds: float = 0.0
    mistakes: tuple[Mistake, ...] = ()
