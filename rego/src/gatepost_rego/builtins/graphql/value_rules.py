"""The rules for values and variables (GraphQL specification, sections 5.6 and 5.8)."""

from __future__ import annotations

import re
from typing import Final

from gatepost_rego.builtins.graphql.document import Node
from gatepost_rego.builtins.graphql.parser import (
    BLOCK,
    BOOLEAN,
    ENUM,
    FLOAT,
    INT,
    LIST,
    NULL,
    OBJECT,
    STRING,
    VARIABLE,
)
from gatepost_rego.builtins.graphql.schema import TypeDefinition, part
from gatepost_rego.builtins.graphql.schema_rules import compatible
from gatepost_rego.builtins.graphql.walk import Expected, Walker, named
from gatepost_rego.builtins.graphql.wording import did_you_mean, type_text, value_text

__all__ = ["ValueRules"]

_SCALARS: Final = frozenset({"Int", "Float", "String", "Boolean", "ID"})
_FITS: Final = {
    INT: ("Int", "Float", "ID"), FLOAT: ("Float",), STRING: ("String", "ID"),
    BLOCK: ("String", "ID"), BOOLEAN: ("Boolean",),
}  # fmt: skip
_REFUSALS: Final = {
    "Int": "Int cannot represent non-integer value: ",
    "String": "String cannot represent a non string value: ",
    "[String]": "String cannot represent a non string value: ",
    "Boolean": "Boolean cannot represent a non boolean value: ",
    "Float": "Float cannot represent non numeric value: ",
    "ID": "ID cannot represent a non-string and non-integer value: ",
}
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_BOOLEAN: Final = re.compile("[01tTfF]|TRUE|[tT]rue|FALSE|[fF]alse")
_MOST_DIGITS: Final = 30


class ValueRules(Walker):
    """Walks with the rules for values."""

    def on_value(self, value: Node, about: Expected) -> None:
        """Check a value, by gqlparser's rules in their order."""
        if value["Kind"] == VARIABLE and self.operation is not None and about.variable is None:
            name = self.operation["Name"]
            by = f' by operation "{name}"' if name else ""
            self.fault(f'Variable "{self._shown(value)}" is not defined{by}.', value)
        if value["Kind"] == OBJECT:
            self._unique_fields(value)
        if about.definition is not None and about.type is not None:
            self._fits(value, about.type, about.definition)
        if value["Kind"] == VARIABLE and self.operation is not None:
            self._position(value, about)
        if value["Kind"] == OBJECT and about.definition is not None:
            self._one_of_variables(value, about.definition)

    def _shown(self, value: Node) -> str:
        return value_text(self.schema.charge, value)

    def _unique_fields(self, value: Node) -> None:
        """Refuse the second field of a name (section 5.6.3)."""
        seen: set[str] = set()
        for child in value.get("Children", ()):
            self.schema.charge(1)
            name = child["Name"]
            if name in seen:
                self.fault(f'There can be only one input field named "{name}".', child)
            seen.add(name)

    def _fits(self, value: Node, kind: Node, definition: TypeDefinition) -> None:
        """Check a value against its type (section 5.6.1)."""
        form = value["Kind"]
        if form == NULL and kind["NonNull"]:
            text = f'Expected value of type "{type_text(kind)}", found {self._shown(value)}.'
            self.fault(text, value)
        if definition.kind == "SCALAR" and definition.name not in _SCALARS:
            return
        if not self._readable(value):
            self._refuse(value, kind, definition)
        if form == LIST:
            if "Elem" not in kind:
                self._refuse(value, kind, definition)
        elif form == ENUM:
            self._fits_enum(value, kind, definition)
        elif form == OBJECT:
            self._fits_object(value, definition)
        elif form in (STRING, BLOCK) and definition.kind == "ENUM":
            text = (
                f'Enum "{type_text(kind)}" cannot represent non-enum value: {self._shown(value)}.'
            )
            self.fault(text + self._meant_value(value, definition), value)
        elif form in _FITS and definition.name not in _FITS[form]:
            self._refuse(value, kind, definition)

    def _fits_enum(self, value: Node, kind: Node, definition: TypeDefinition) -> None:
        if definition.kind != "ENUM":
            self._refuse(value, kind, definition)
        elif not definition.has_value(value["Raw"]):
            text = f'Value "{self._shown(value)}" does not exist in "{type_text(kind)}" enum.'
            self.fault(text + self._meant_value(value, definition), value)

    def _meant_value(self, value: Node, definition: TypeDefinition) -> str:
        names = (node["Name"] for node in definition.values)
        before = "Did you mean the enum value"
        return did_you_mean(self.schema.charge, value["Raw"], names, before)

    def _fits_object(self, value: Node, definition: TypeDefinition) -> None:
        """Check the fields of an input object (sections 5.6.2 and 5.6.4)."""
        children: list[Node] = value.get("Children", [])
        given = {child["Name"] for child in children}
        self.schema.charge(len(definition.fields) + len(children))
        for node in definition.fields:
            kind, name = part(node, "Type"), node["Name"]
            if kind["NonNull"] and name not in given and "DefaultValue" not in node:
                self.fault(
                    f'Field "{definition.name}.{name}" of required type "{type_text(kind)}" was '
                    "not provided.",
                    value,
                )
        if _is_one_of(definition):
            self._one_of(value, children, definition)
        for child in children:
            if definition.field_named(child["Name"]) is None:
                names = (node["Name"] for node in definition.fields)
                text = f'Field "{child["Name"]}" is not defined by type "{definition.name}".'
                self.fault(text + did_you_mean(self.schema.charge, child["Name"], names), child)

    def _one_of(self, value: Node, children: list[Node], definition: TypeDefinition) -> None:
        """Check that one field is given, and is something."""
        if len(children) != 1:
            text = f'OneOf Input Object "{definition.name}" must specify exactly one key.'
            self.fault(text, value)
            return
        inner = part(children[0], "Value")
        if inner["Kind"] == NULL:
            # gqlparser names the first field of the type, whichever is given.
            name = definition.fields[0]["Name"]
            self.fault(f'Field "{definition.name}.{name}" must be non-null.', inner)

    def _one_of_variables(self, value: Node, definition: TypeDefinition) -> None:
        """Check that no variable for a field can be null."""
        if not _is_one_of(definition):
            return
        for child in value.get("Children", ()):
            inner = part(child, "Value")
            variable = self.expected(inner).variable
            if inner["Kind"] != VARIABLE or variable is None:
                continue
            kind = part(variable, "Type")
            if not kind["NonNull"]:
                self.fault(
                    f'Variable "${inner["Raw"]}" is of type "{type_text(kind)}" but must be '
                    f'non-nullable to be used for OneOf Input Object "{definition.name}".',
                    variable,
                )

    def _readable(self, value: Node) -> bool:
        """Say whether Go could read the value into a number or boolean of its own."""
        self.schema.charge(1)
        raw, form = value["Raw"], value["Kind"]
        if form == INT:
            return _within(raw, 64)
        if form == FLOAT:
            try:
                return abs(float(raw)) != float("inf")
            except ValueError:
                return False
        if form == BOOLEAN:
            return _BOOLEAN.fullmatch(raw) is not None
        if form in (LIST, OBJECT):
            children: list[Node] = value.get("Children", [])
            return all(self._readable(part(child, "Value")) for child in children)
        return True

    def _refuse(self, value: Node, kind: Node, definition: TypeDefinition) -> None:
        text, shown = type_text(kind), self._shown(value)
        plain = text.removesuffix("!")
        if plain == "Int" and _INTEGER.fullmatch(value["Raw"]) and not _within(value["Raw"], 32):
            message = f"Int cannot represent non 32-bit signed integer value: {shown}"
        elif plain in _REFUSALS and text != "[String]!":
            message = f"{_REFUSALS[plain]}{shown}"
        elif definition.kind == "ENUM":
            message = f'Enum "{text}" cannot represent non-enum value: {shown}.'
        else:
            message = f'Expected value of type "{text}", found {shown}.'
        self.fault(message, value)

    def _position(self, value: Node, about: Expected) -> None:
        """Check that a variable fits where it stands (section 5.8.5)."""
        if about.type is None or about.variable is None:
            return
        kind = part(about.variable, "Type")
        default = about.variable.get("DefaultValue")
        wanted = about.type
        if about.has_default or (default is not None and default["Kind"] != NULL):
            wanted = {**wanted, "NonNull": False}
        if not compatible(kind, wanted):
            self.fault(
                f'Variable "{self._shown(value)}" of type "{type_text(kind)}" used in position '
                f'expecting type "{type_text(about.type)}".',
                value,
            )


def _is_one_of(definition: TypeDefinition) -> bool:
    return named(definition.directives, "oneOf") is not None


def _within(raw: str, bits: int) -> bool:
    """Say whether a text is an integer of so many bits."""
    if len(raw) > _MOST_DIGITS or not _INTEGER.fullmatch(raw):
        return False
    bound = 1 << (bits - 1)
    return -bound <= int(raw) < bound
