"""How a built-in function is declared, and what it may ask of the evaluation that calls it.

A family module holds a literal tuple ``BUILTINS`` of :class:`Builtin`; the package joins them.
A built-in takes Rego values (see :mod:`gatepost_rego.values`) and returns one, or UNDEFINED. It
checks its own operands and raises :class:`BuiltinError` for what OPA calls a built-in error:
the expression is then undefined, or the evaluation fails when errors are strict.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, Final, Literal, Protocol

from gatepost_rego.types import Named, Type
from gatepost_rego.values import type_name

BUILTIN_ERROR: Final = "eval_builtin_error"
TYPE_ERROR: Final = "eval_type_error"


class BuiltinError(Exception):
    """A built-in could not answer; ``code`` is OPA's, the text has no name of the built-in yet."""

    def __init__(self, message: str, code: str = BUILTIN_ERROR) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class BuiltinHalt(Exception):
    """A built-in error that ends the evaluation also when built-in errors are not strict."""

    def __init__(self, message: str, code: str = BUILTIN_ERROR) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def operand_error(position: int, got: object, *wanted: str) -> BuiltinError:
    """Build OPA's error for an operand (counted from 1) whose type is none of the wanted ones."""
    if len(wanted) == 1:
        want = wanted[0]
    else:
        want = "one of {" + ", ".join(wanted) + "}"
    return BuiltinError(f"operand {position} must be {want} but got {type_name(got)}", TYPE_ERROR)


class Context(Protocol):
    """The evaluation as a built-in sees it. The time and the random numbers stand still in one."""

    @property
    def now_ns(self) -> int:
        """Wall-clock nanoseconds since 1970 at the start of the evaluation."""

    @property
    def random(self) -> random.Random:
        """A source of randomness of this evaluation."""

    @property
    def cache(self) -> dict[Hashable, Any]:
        """What built-ins remember within one evaluation; keys begin with the built-in's name."""

    def charge(self, steps: int) -> None:
        """Count work about to be done (one step is about one element or 16 characters).

        Raises the typed error when the budget or the deadline is spent. A built-in whose work
        grows with its operands calls it before a loop, and within a loop at least every few
        hundred elements.
        """

    def reserve(self, cells: int) -> None:
        """Ask before making something big (one cell is one element or 8 characters)."""


@lru_cache(maxsize=32)
def _installed(module: str) -> bool:
    return find_spec(module) is not None


@dataclass(frozen=True, slots=True)
class Builtin:
    """One built-in: signature and function.

    ``call`` takes the operands, after a :class:`Context` when ``context`` is true. A
    ``relation`` returns an iterable of values, each of them one answer (``walk``).
    ``result`` of None: it says nothing, as ``print`` does. ``infix`` is the operator's sign.
    ``needs`` names the capability without which a policy that uses it is refused at load.
    ``extra`` names the optional extra of this package it needs and ``modules`` what that extra
    installs; ``unsupported`` says why this engine refuses the built-in at load altogether.
    """

    name: str
    args: tuple[Named, ...]
    result: Named | None
    call: Callable[..., Any]
    context: bool = False
    relation: bool = False
    variadic: Type | None = None
    infix: str | None = None
    deprecated: bool = False
    nondeterministic: bool = False
    needs: Literal["network", "runtime"] | None = None
    extra: str | None = None
    modules: tuple[str, ...] = ()
    unsupported: str | None = None

    @property
    def missing(self) -> str | None:
        """Say why this engine, as it is installed, cannot answer; None where it can."""
        if self.unsupported is not None:
            return self.unsupported
        if all(map(_installed, self.modules)):
            return None
        return f"install gatepost-rego[{self.extra}]"
