"""Makes a type system of a schema's document (GraphQL specification, October 2021, section 3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from gatepost_rego.builtins.graphql.document import (
    Costs,
    Document,
    Fault,
    GraphqlError,
    Node,
    Place,
)
from gatepost_rego.builtins.graphql.prelude import prelude
from gatepost_rego.builtins.registry import BuiltinError

__all__ = ["Schema", "TypeDefinition", "base_name", "build", "finish", "part", "schema_fault"]

_TWICE: Final = frozenset({"include", "skip", "deprecated", "specifiedBy", "defer", "oneOf"})


def schema_fault(message: str, place: Place | None) -> GraphqlError:
    """Make the error of a schema that breaks a rule."""
    return GraphqlError([Fault(message, place)])


def part(node: Node, key: str) -> Node:
    """Give a part that a node must have; one from outside may lack it."""
    found: Node | None = node.get(key)
    if found is None:
        raise BuiltinError(f"GraphQL syntax tree: {key} is missing")
    return found


def base_name(kind: Node) -> str:
    """Give the name of the type within all lists."""
    while "Elem" in kind:
        kind = kind["Elem"]
    return str(kind["NamedType"])


@dataclass(slots=True)
class TypeDefinition:
    """A type with all its extensions."""

    name: str
    kind: str
    place: Place | None
    built_in: bool = False
    fields: list[Node] = field(default_factory=list)
    interfaces: list[str] = field(default_factory=list)
    members: list[tuple[str, Place | None]] = field(default_factory=list)
    values: list[Node] = field(default_factory=list)
    directives: list[Node] = field(default_factory=list)
    _by_name: dict[str, Node] = field(default_factory=dict)
    _value_names: set[str] = field(default_factory=set)

    def add(self, node: Node, document: Document) -> None:
        """Take in a definition or an extension."""
        self.fields += node.get("Fields", ())
        self.interfaces += node.get("Interfaces", ())
        self.values += node.get("EnumValues", ())
        self.directives += node.get("Directives", ())
        names: list[str] = node.get("Types", [])
        places = document.members.get(id(node))
        if places is None:
            self.members += [(name, document.place(node)) for name in names]
        else:
            self.members += zip(names, places, strict=True)

    def seal(self) -> None:
        """Make ready for look-ups; of two fields with one name the first counts."""
        for item in self.fields:
            self._by_name.setdefault(item["Name"], item)
        self._value_names.update(item["Name"] for item in self.values)

    def field_named(self, name: str) -> Node | None:
        """Look a field up."""
        return self._by_name.get(name)

    def has_value(self, name: str) -> bool:
        """Say whether an enum has a value."""
        return name in self._value_names

    @property
    def leaf(self) -> bool:
        """Say whether it has no fields to select."""
        return self.kind in ("ENUM", "SCALAR")

    @property
    def composite(self) -> bool:
        """Say whether fragments may be on it."""
        return self.kind in ("OBJECT", "INTERFACE", "UNION")

    @property
    def input(self) -> bool:
        """Say whether arguments may be of it."""
        return self.kind in ("SCALAR", "ENUM", "INPUT_OBJECT")


@dataclass(slots=True)
class Schema:
    """A type system; ``possible`` has the types that an object of each type may be of."""

    documents: tuple[Document, ...]
    costs: Costs
    types: dict[str, TypeDefinition] = field(default_factory=dict)
    directives: dict[str, Node] = field(default_factory=dict)
    possible: dict[str, list[TypeDefinition]] = field(default_factory=dict)
    roots: dict[str, TypeDefinition] = field(default_factory=dict)

    def charge(self, steps: int) -> None:
        """Count work about to be done."""
        self.costs.charge(steps)

    def place(self, node: Node) -> Place | None:
        """Say where a node of the user's document stood."""
        return self.documents[-1].place(node)

    def nodes(self, key: str) -> Iterable[Node]:
        """Give all nodes of a kind, those of the prelude first."""
        for document in self.documents:
            yield from document.tree.get(key, ())


def build(document: Document, costs: Costs) -> Schema:
    """Join a document with the prelude; its rules are checked elsewhere. Raises GraphqlError."""
    schema = Schema((prelude(), document), costs)
    _define(schema)
    _extend(schema, document)
    for found in schema.types.values():
        schema.charge(len(found.fields) + len(found.values))
        found.seal()
        _note_possible(schema, found)
    _note_directives(schema)
    return schema


def _define(schema: Schema) -> None:
    for document in schema.documents:
        for node in document.tree.get("Definitions", ()):
            name = node["Name"]
            schema.charge(10)
            if name in schema.types:
                raise schema_fault(f"Cannot redeclare type {name}.", document.place(node))
            found = _begin(node, document)
            found.add(node, document)
            schema.types[name] = found


def _begin(node: Node, document: Document) -> TypeDefinition:
    place = document.place(node)
    return TypeDefinition(node["Name"], node["Kind"], place, bool(node.get("BuiltIn")))


def _extend(schema: Schema, document: Document) -> None:
    """Add the extensions; what extends nothing defines it, as is common in federated schemas."""
    for node in document.tree.get("Extensions", ()):
        schema.charge(10)
        name, kind = node["Name"], node["Kind"]
        found = schema.types.get(name)
        if found is None:
            found = _begin({**node, "BuiltIn": False}, document)
            found.place = document.place(node)
            schema.types[name] = found
        if found.kind != kind:
            raise schema_fault(
                f"Cannot extend type {name} because the base type is a {found.kind}, not {kind}.",
                document.place(node),
            )
        found.add(node, document)


def _note_possible(schema: Schema, found: TypeDefinition) -> None:
    possible = schema.possible
    schema.charge(1 + len(found.members) + len(found.interfaces))
    if found.kind == "UNION":
        for name, _ in found.members:
            member = schema.types.get(name)
            if member is not None:
                possible.setdefault(found.name, []).append(member)
    elif found.kind in ("OBJECT", "INPUT_OBJECT", "INTERFACE"):
        for name in found.interfaces:
            possible.setdefault(name, []).append(found)
        if found.kind != "INTERFACE":
            possible.setdefault(found.name, []).append(found)


def _note_directives(schema: Schema) -> None:
    for node in schema.nodes("Directives"):
        schema.charge(10)
        name = node["Name"]
        if name not in schema.directives:
            schema.directives[name] = node
        elif name not in _TWICE:
            raise schema_fault(f"Cannot redeclare directive {name}.", schema.place(node))


def finish(schema: Schema) -> None:
    """Find the roots by their names where no schema was given (section 3.3), and give the root
    of queries its fields for introspection (section 4.1)."""
    if not list(schema.nodes("Schema")):
        for operation in ("Query", "Mutation", "Subscription"):
            found = schema.types.get(operation)
            if found is not None:
                schema.roots.setdefault(operation.lower(), found)
    query = schema.roots.get("query")
    if query is not None:
        query.fields += _INTROSPECTION
        query.seal()


_NAME_ARGUMENT: Final[dict[str, Any]] = {
    "Name": "name", "Type": {"NamedType": "String", "NonNull": True},
}  # fmt: skip
_INTROSPECTION: Final[tuple[Node, ...]] = (
    {"Name": "__schema", "Type": {"NamedType": "__Schema", "NonNull": True}},
    {
        "Name": "__type",
        "Type": {"NamedType": "__Type", "NonNull": False},
        "Arguments": [_NAME_ARGUMENT],
    },
)
