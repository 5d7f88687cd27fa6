"""What a GraphQL document is here: a tree of plain objects, and beside it where each one stood.

A node is an object with the field names of the Go library gqlparser, without those that OPA
leaves out: null, empty lists and places. It is so at once what ``graphql.parse_query`` gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from gatepost_rego.builtins.registry import BuiltinHalt

__all__ = [
    "MOST_NESTED", "Costs", "Document", "Fault", "GraphqlError", "Node", "Place", "prune",
    "too_deep",
]  # fmt: skip

Node: TypeAlias = "dict[str, Any]"

# Deeper documents than any server takes; each level costs a few frames of the interpreter.
MOST_NESTED: Final = 100


class Costs(Protocol):
    """What work and memory are counted with; an evaluation's context is one."""

    def charge(self, steps: int) -> None:
        """Count work about to be done."""

    def reserve(self, cells: int) -> None:
        """Ask before making something big."""


class Place(NamedTuple):
    """Line and column, both from 1; the column of a block string may be none at all."""

    line: int
    column: int


class Fault(NamedTuple):
    """One thing wrong with a document."""

    message: str
    place: Place | None

    def text(self, nowhere: str = "") -> str:
        """Write the fault as gqlparser does, the source being called `input`."""
        where = nowhere if self.place is None else f":{self.place.line}:{self.place.column}"
        return f"input{where}: {self.message}"


class GraphqlError(Exception):
    """A document does not parse, or breaks rules."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults[0].message)
        self.faults = faults


@dataclass(slots=True)
class Document:
    """A parsed document.

    ``places`` are by the identity of nodes, which live as long as the tree. ``members`` has the
    places of a union's members, by the identity of its node.
    """

    tree: Node = field(default_factory=dict)
    places: dict[int, Place] = field(default_factory=dict)
    members: dict[int, list[Place]] = field(default_factory=dict)

    def place(self, node: Node) -> Place | None:
        """Say where a node stood; None for one that came as an object."""
        return self.places.get(id(node))


def prune(node: Node) -> Node:
    """Drop what is null or empty; empty strings stay."""
    return {key: item for key, item in node.items() if item is not None and item not in ([], {})}


def too_deep() -> BuiltinHalt:
    """Make the error for a document that is nested too deeply to be looked at."""
    return BuiltinHalt(f"GraphQL documents may not nest deeper than {MOST_NESTED} levels")
