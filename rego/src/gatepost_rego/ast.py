"""The syntax tree of Rego ("Policy Reference", section "Grammar").

Terms and statements are plain slotted records; the later stages build new ones and never change
one they were given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias, Union

from gatepost_rego.errors import Location, Source


@dataclass(slots=True, eq=False)
class Scalar:
    """null, a boolean, a number or a string."""

    value: Any
    loc: Location


@dataclass(slots=True, eq=False)
class Var:
    """A variable; every ``_`` gets a name of its own that begins with ``$``."""

    name: str
    loc: Location


@dataclass(slots=True, eq=False)
class Ref:
    """A reference: a head (usually a variable) and the terms that lead on from it."""

    head: Term
    path: tuple[Term, ...]
    loc: Location


@dataclass(slots=True, eq=False)
class Call:
    """A call of a built-in or a rule with arguments; ``name`` is dotted, as written or resolved."""

    name: str
    args: tuple[Term, ...]
    loc: Location


@dataclass(slots=True, eq=False)
class ArrayTerm:
    """An array written out."""

    items: tuple[Term, ...]
    loc: Location


@dataclass(slots=True, eq=False)
class SetTerm:
    """A set written out."""

    items: tuple[Term, ...]
    loc: Location


@dataclass(slots=True, eq=False)
class ObjectTerm:
    """An object written out."""

    pairs: tuple[tuple[Term, Term], ...]
    loc: Location


@dataclass(slots=True, eq=False)
class ArrayCompr:
    """``[term | body]``."""

    term: Term
    body: Body
    loc: Location


@dataclass(slots=True, eq=False)
class SetCompr:
    """``{term | body}``."""

    term: Term
    body: Body
    loc: Location


@dataclass(slots=True, eq=False)
class ObjectCompr:
    """``{key: value | body}``."""

    key: Term
    value: Term
    body: Body
    loc: Location


@dataclass(slots=True, eq=False)
class Template:
    """``$"text {term}"``: strings and the bodies whose last statement gives the part's value."""

    parts: tuple[str | Term, ...]
    loc: Location


Term: TypeAlias = Union[
    Scalar, Var, Ref, Call, ArrayTerm, SetTerm, ObjectTerm, ArrayCompr, SetCompr, ObjectCompr,
    Template,
]  # fmt: skip
COMPREHENSIONS = (ArrayCompr, SetCompr, ObjectCompr)


@dataclass(slots=True, eq=False)
class TermStmt:
    """A term that must be defined and not false."""

    term: Term


@dataclass(slots=True, eq=False)
class Unify:
    """``left = right``, or ``left := right`` while ``assign`` is true."""

    left: Term
    right: Term
    assign: bool = False


@dataclass(slots=True, eq=False)
class SomeVars:
    """``some x, y``."""

    names: tuple[Var, ...]


@dataclass(slots=True, eq=False)
class SomeIn:
    """``some key, value in domain``."""

    key: Term | None
    value: Term
    domain: Term


@dataclass(slots=True, eq=False)
class Every:
    """``every key, value in domain { body }``."""

    key: Var | None
    value: Var
    domain: Term
    body: Body


@dataclass(slots=True, eq=False)
class With:
    """``with target as value``."""

    target: Term
    value: Term
    loc: Location


StmtKind: TypeAlias = Union[TermStmt, Unify, SomeVars, SomeIn, Every]


@dataclass(slots=True, eq=False)
class Stmt:
    """One statement of a body, with its ``not`` and its ``with`` modifiers."""

    kind: StmtKind
    loc: Location
    negated: bool = False
    withs: tuple[With, ...] = ()


Body: TypeAlias = "tuple[Stmt, ...]"


@dataclass(slots=True, eq=False)
class Annotations:
    """One metadata block: what it says, and what it is about."""

    values: dict[str, Any]
    scope: str
    loc: Location


@dataclass(slots=True, eq=False)
class Rule:
    """One rule. ``ref`` is the head without arguments, from the package down.

    ``key`` is what ``contains`` adds; ``value`` what a rule or function gives. ``orelse`` is the
    next link of an ``else`` chain. ``generated`` marks a value nobody wrote (true).
    """

    ref: tuple[Term, ...]
    loc: Location
    args: tuple[Term, ...] | None = None
    key: Term | None = None
    value: Term | None = None
    body: Body = ()
    orelse: Rule | None = None
    default: bool = False
    generated: bool = False
    assign: bool = False
    has_body: bool = False

    @property
    def name(self) -> str:
        """The first part of the head."""
        head = self.ref[0]
        return head.name if isinstance(head, Var) else ""

    def chain(self) -> Iterator[Rule]:
        """Give this rule and then its ``else`` links."""
        link: Rule | None = self
        while link is not None:
            yield link
            link = link.orelse


@dataclass(slots=True, eq=False)
class Import:
    """``import path as alias``; path begins with data, input, rego or future."""

    path: tuple[str, ...]
    alias: str | None
    loc: Location

    @property
    def name(self) -> str:
        """The name the module knows it by."""
        return self.alias or self.path[-1]


@dataclass(slots=True, eq=False)
class Module:
    """One policy file. ``package`` leaves out the leading ``data``."""

    source: Source
    package: tuple[str, ...]
    imports: tuple[Import, ...]
    rules: list[Rule]
    v1: bool
    loc: Location
    comments: list[tuple[int, int, str]] = field(default_factory=list)
    rego_v1: bool = False


def is_wildcard(name: str) -> bool:
    """Say whether the name stands for a ``_``."""
    return name.startswith("$")
