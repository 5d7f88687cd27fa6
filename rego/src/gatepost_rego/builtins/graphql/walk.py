"""Walks over a query beside its types, telling the rules what it meets.

The order is that of gqlparser: children before their parents, and the selections of a fragment
once where an operation first spreads it, and once more for the fragment itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gatepost_rego.builtins.graphql.document import (
    MOST_NESTED,
    Document,
    Fault,
    Node,
    too_deep,
)
from gatepost_rego.builtins.graphql.parser import LIST, NULL, OBJECT, VARIABLE
from gatepost_rego.builtins.graphql.schema import Schema, TypeDefinition, base_name, part

__all__ = ["Expected", "Walker", "named"]

_TYPENAME: Final[Node] = {
    "Name": "__typename", "Type": {"NamedType": "String", "NonNull": False},
}  # fmt: skip


def named(nodes: list[Node], name: str) -> Node | None:
    """Find the first node of a name."""
    return next((node for node in nodes if node["Name"] == name), None)


@dataclass(slots=True)
class Expected:
    """What is known of a value: its type's reference and definition, and its variable's."""

    type: Node | None = None
    definition: TypeDefinition | None = None
    has_default: bool = False
    variable: Node | None = None


class Walker:
    """The walk; rules are the methods of a subclass."""

    def __init__(self, schema: Schema, document: Document) -> None:
        self.schema = schema
        self.document = document
        self.faults: list[Fault] = []
        self.operations: list[Node] = document.tree.get("Operations", [])
        self.fragments: dict[str, Node] = {}
        for node in document.tree.get("Fragments", ()):
            self.fragments.setdefault(node["Name"], node)
        self.operation: Node | None = None
        self.variables: dict[str, Node] = {}
        self.used: set[int] = set()
        self._expected: dict[int, Expected] = {}
        self._field_of: dict[int, tuple[Node | None, TypeDefinition | None]] = {}
        self._spread: set[str] = set()
        self._depth = 0

    def fault(self, message: str, node: Node) -> None:
        """Note that a node breaks a rule."""
        self.schema.charge(5)
        self.schema.costs.reserve(8 + len(message) // 8)
        self.faults.append(Fault(message, self.document.place(node)))

    def expected(self, value: Node) -> Expected:
        """Give what is known of a value."""
        return self._expected.setdefault(id(value), Expected())

    def field_of(self, node: Node) -> tuple[Node | None, TypeDefinition | None]:
        """Give the definition of a selected field, and the type it was selected on."""
        return self._field_of.get(id(node), (None, None))

    def deeper(self) -> None:
        """Go one level down, fragments included."""
        self.schema.charge(1)
        self._depth += 1
        if self._depth > MOST_NESTED:
            raise too_deep()

    def higher(self) -> None:
        """Come one level up."""
        self._depth -= 1

    def walk(self) -> list[Fault]:
        """Walk over the whole document."""
        for node in self.operations:
            self._spread = set()
            self._walk_operation(node)
        for node in self.document.tree.get("Fragments", ()):
            self._spread = set()
            definition = self.schema.types.get(node["TypeCondition"])
            self._walk_directives(node, "FRAGMENT_DEFINITION")
            self._walk_selections(definition, node)
            self.on_fragment(node, definition)
        return self.faults

    def _walk_operation(self, node: Node) -> None:
        self.operation = node
        definitions: list[Node] = node.get("VariableDefinitions", [])
        self.variables = {}
        for variable in definitions:
            self.schema.charge(5)
            self.variables.setdefault(variable["Variable"], variable)
            if variable.get("Used"):
                self.used.add(id(variable))
            self.on_variable(variable)
            if "DefaultValue" in variable:
                about = self.expected(variable["DefaultValue"])
                self._expect(about, part(variable, "Type"))
        for variable in definitions:
            if "DefaultValue" in variable:
                self._walk_value(variable["DefaultValue"])
            self._walk_directives(variable, "VARIABLE_DEFINITION")
        kind = node["Operation"] or "query"
        self._walk_directives(node, kind.upper())
        self._walk_selections(self.schema.roots.get(kind), node)
        self.on_operation(node)
        self.operation = None

    def _expect(self, about: Expected, kind: Node) -> None:
        about.type = kind
        about.definition = self.schema.types.get(base_name(kind))

    def _walk_directives(self, node: Node, where: str) -> None:
        directives: list[Node] = node.get("Directives", [])
        for directive in directives:
            definition = self.schema.directives.get(directive["Name"])
            self._walk_arguments(directive, definition)
            self.on_directive(directive, definition, where)
        if directives:
            self.on_directives(directives)

    def _walk_arguments(self, node: Node, definition: Node | None) -> None:
        known: list[Node] = definition.get("Arguments", []) if definition else []
        for argument in node.get("Arguments", ()):
            self.schema.charge(1 + len(known))
            value = part(argument, "Value")
            wanted = named(known, argument["Name"])
            if wanted is not None:
                about = self.expected(value)
                self._expect(about, part(wanted, "Type"))
                about.has_default = _has_default(wanted)
            self._walk_value(value)

    def _walk_value(self, value: Node) -> None:
        self.deeper()
        about = self.expected(value)
        kind = value["Kind"]
        if kind == VARIABLE and self.operation is not None:
            about.variable = self.variables.get(value["Raw"])
            if about.variable is not None:
                self.used.add(id(about.variable))
        for child in value.get("Children", ()) if kind in (LIST, OBJECT) else ():
            inner = part(child, "Value")
            if kind == LIST:
                if about.type is not None and "Elem" in about.type:
                    element = self.expected(inner)
                    element.type = about.type["Elem"]
                    element.definition = about.definition
            elif about.definition is not None:
                wanted = about.definition.field_named(child["Name"])
                if wanted is not None:
                    self._expect(self.expected(inner), part(wanted, "Type"))
                    self.expected(inner).has_default = _has_default(wanted)
            self._walk_value(inner)
        self.on_value(value, about)
        self.higher()

    def _walk_selections(self, parent: TypeDefinition | None, node: Node) -> None:
        self.deeper()
        for item in node.get("SelectionSet", ()):
            self.schema.charge(5)
            if "Alias" in item:
                self._walk_field(parent, item)
            elif "TypeCondition" in item:
                self._walk_inline(parent, item)
            else:
                self._walk_spread(parent, item)
        self.higher()

    def _walk_field(self, parent: TypeDefinition | None, node: Node) -> None:
        definition: Node | None = None
        if node["Name"] == "__typename":
            definition = _TYPENAME
        elif parent is not None:
            definition = parent.field_named(node["Name"])
        self._field_of[id(node)] = definition, parent
        below = None
        if definition is not None:
            below = self.schema.types.get(base_name(part(definition, "Type")))
        self._walk_arguments(node, definition)
        self._walk_directives(node, "FIELD")
        self._walk_selections(below, node)
        self.on_field(node, definition, parent)

    def _walk_inline(self, parent: TypeDefinition | None, node: Node) -> None:
        condition = node["TypeCondition"]
        below = self.schema.types.get(condition) if condition else parent
        self._walk_directives(node, "INLINE_FRAGMENT")
        self._walk_selections(below, node)
        self.on_inline(node, parent)

    def _walk_spread(self, parent: TypeDefinition | None, node: Node) -> None:
        name = node["Name"]
        fragment = self.fragments.get(name)
        self._walk_directives(node, "FRAGMENT_SPREAD")
        if fragment is not None and name not in self._spread:
            self._spread.add(name)
            self._walk_directives(fragment, "FRAGMENT_DEFINITION")
            self._walk_selections(self.schema.types.get(fragment["TypeCondition"]), fragment)
        self.on_spread(node, fragment, parent)

    def on_variable(self, node: Node) -> None:
        """Check a variable's definition."""

    def on_operation(self, node: Node) -> None:
        """Check an operation."""

    def on_fragment(self, node: Node, definition: TypeDefinition | None) -> None:
        """Check a fragment's definition."""

    def on_field(self, node: Node, definition: Node | None, parent: TypeDefinition | None) -> None:
        """Check a field."""

    def on_inline(self, node: Node, parent: TypeDefinition | None) -> None:
        """Check an inline fragment."""

    def on_spread(self, node: Node, fragment: Node | None, parent: TypeDefinition | None) -> None:
        """Check a spread."""

    def on_directive(self, node: Node, definition: Node | None, where: str) -> None:
        """Check a directive."""

    def on_directives(self, nodes: list[Node]) -> None:
        """Check all directives of a place."""

    def on_value(self, value: Node, about: Expected) -> None:
        """Check a value."""


def _has_default(node: Node) -> bool:
    return "DefaultValue" in node and node["DefaultValue"]["Kind"] != NULL
