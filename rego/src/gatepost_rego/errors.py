"""What can go wrong with a policy: one diagnostic a finding, with OPA's code and its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

PARSE: Final = "rego_parse_error"
COMPILE: Final = "rego_compile_error"
TYPE: Final = "rego_type_error"
UNSAFE: Final = "rego_unsafe_var_error"
RECURSION: Final = "rego_recursion_error"
CONFLICT: Final = "eval_conflict_error"
BUILTIN: Final = "eval_builtin_error"
OPERAND: Final = "eval_type_error"
WITH_MERGE: Final = "eval_with_merge_error"
INTERNAL: Final = "eval_internal_error"
CANCELLED: Final = "eval_cancel_error"


@dataclass(frozen=True, slots=True)
class Source:
    """One policy text and the name it is known by in messages."""

    name: str
    text: str

    def line(self, row: int) -> str:
        """Give the line with this number (from 1), or "" beyond the end."""
        lines = self.text.split("\n", row)
        return lines[row - 1].rstrip("\r") if 0 < row <= len(lines) else ""


class Location:
    """A place in a source: row and column count from 1."""

    __slots__ = ("col", "row", "source")

    def __init__(self, source: Source, row: int, col: int) -> None:
        self.source = source
        self.row = row
        self.col = col

    def __repr__(self) -> str:
        return f"{self.source.name}:{self.row}:{self.col}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: OPA's code, the message, and where, with the line itself."""

    code: str
    message: str
    file: str = ""
    row: int = 0
    column: int = 0
    line: str = ""

    @classmethod
    def at(cls, location: Location | None, code: str, message: str) -> Diagnostic:
        """Build the diagnostic of a place; None is for a finding about no line at all."""
        if location is None:
            return cls(code, message)
        source = location.source
        line = source.line(location.row)
        return cls(code, message, source.name, location.row, location.col, line)

    def __str__(self) -> str:
        place = f"{self.file}:{self.row}: " if self.row else ""
        return f"{place}{self.code}: {self.message}"

    def pretty(self) -> str:
        """Write the finding, below it the line and a caret under the column."""
        if not self.line.strip():
            return str(self)
        shown = self.line.expandtabs(1)
        return f"{self}\n\t{shown}\n\t{' ' * (self.column - 1)}^"


class RegoError(Exception):
    """The root of all errors this package raises on purpose."""


class PolicyError(RegoError):
    """A policy was refused: it does not parse, or breaks a rule of the language.

    ``diagnostics`` holds every finding; ``code`` is that of the first.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        self.code = self.diagnostics[0].code
        count = len(self.diagnostics)
        head = "1 error occurred" if count == 1 else f"{count} errors occurred"
        super().__init__(f"{head}: " + "\n".join(map(str, self.diagnostics)))


class EvaluationError(RegoError):
    """An evaluation ended without an answer; ``code`` is OPA's, ``diagnostic`` says where."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(str(diagnostic))
        self.diagnostic = diagnostic
        self.code = diagnostic.code


class DeadlineExceeded(EvaluationError):
    """The evaluation was not done when its deadline came."""


class BudgetExceeded(EvaluationError):
    """The evaluation used up its steps, its memory or its depth."""


class InputError(EvaluationError):
    """The input holds something that is no JSON value."""


class Abort(Exception):
    """Raised inside one stage to give up at a place; the stage turns it into a PolicyError."""

    def __init__(self, location: Location | None, code: str, message: str) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic.at(location, code, message)
