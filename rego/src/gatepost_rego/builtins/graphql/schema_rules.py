"""The rules that type systems keep (GraphQL specification, October 2021, section 3)."""

from __future__ import annotations

from typing import Final

from gatepost_rego.builtins.graphql.document import Document, Node, Place
from gatepost_rego.builtins.graphql.parser import NULL
from gatepost_rego.builtins.graphql.schema import (
    Schema,
    TypeDefinition,
    base_name,
    build,
    finish,
    part,
    schema_fault,
)
from gatepost_rego.builtins.graphql.wording import quote, type_text
from gatepost_rego.builtins.registry import Context

__all__ = ["compatible", "validate_schema"]

_OUTPUTS: Final = ("SCALAR", "OBJECT", "INTERFACE", "UNION", "ENUM")
_INPUTS: Final = ("SCALAR", "ENUM", "INPUT_OBJECT")
_KINDS: Final = frozenset({*_OUTPUTS, *_INPUTS})
_NO_ENUM: Final = ("true", "false", "null")


def validate_schema(ctx: Context, document: Document) -> Schema:
    """Make the type system of a document. Raises GraphqlError for the first rule it breaks."""
    schema = build(document, ctx)
    _note_roots(schema)
    for name in sorted(schema.types):
        _check_type(schema, schema.types[name])
    for name in sorted(schema.directives):
        node = schema.directives[name]
        _check_name(name, schema.place(node))
        _check_arguments(schema, node.get("Arguments", []), name)
    finish(schema)
    return schema


def _note_roots(schema: Schema) -> None:
    """Note the types of the operations as the schema says (section 3.3.1)."""
    definitions = list(schema.nodes("Schema"))
    if len(definitions) > 1:
        raise schema_fault(
            "Cannot have multiple schema entry points, consider schema extensions instead.",
            schema.place(definitions[1]),
        )
    for node in (*definitions, *schema.nodes("SchemaExtension")):
        for root in node.get("OperationTypes", ()):
            schema.charge(1)
            operation, name = root["Operation"], root["Type"]
            found = schema.types.get(name)
            if found is None:
                raise schema_fault(
                    f"Schema root {operation} refers to a type {name} that does not exist.",
                    schema.place(root),
                )
            schema.roots[operation] = found
        _check_directives(schema, node.get("Directives", []), "SCHEMA")


def _check_name(name: str, place: Place | None) -> None:
    """Refuse the names of introspection (section 4.1, Reserved Names)."""
    if name.startswith("__"):
        raise schema_fault(
            f'Name "{name}" must not begin with "__", which is reserved by GraphQL introspection.',
            place,
        )


def _check_type(schema: Schema, found: TypeDefinition) -> None:
    where = "INPUT_FIELD_DEFINITION" if found.kind == "INPUT_OBJECT" else "FIELD_DEFINITION"
    for node in found.fields:
        _check_name(node["Name"], schema.place(node))
        _type_of(schema, part(node, "Type"))
        _check_arguments(schema, node.get("Arguments", []), None)
        _check_directives(schema, node.get("Directives", []), where)
    _check_members(schema, found)
    for name in found.interfaces:
        _check_implements(schema, found, name)
    if found.kind in ("OBJECT", "INTERFACE"):
        _check_fields(schema, found)
    elif found.kind == "ENUM":
        _check_values(schema, found)
    elif found.kind == "INPUT_OBJECT":
        _check_inputs(schema, found)
    _check_unique(schema, found)
    if not found.built_in:
        _check_name(found.name, found.place)
    _check_directives(schema, found.directives, found.kind)


def _type_of(schema: Schema, kind: Node) -> TypeDefinition:
    schema.charge(5)
    name = base_name(kind)
    found = schema.types.get(name)
    if found is None:
        raise schema_fault(f"Undefined type {name}.", schema.place(kind))
    return found


def _check_arguments(schema: Schema, arguments: list[Node], within: str | None) -> None:
    """Check the definitions of arguments (section 3.6.1); `within` is the directive they are of."""
    for node in arguments:
        _check_name(node["Name"], schema.place(node))
        kind = part(node, "Type")
        found = _type_of(schema, kind)
        if not found.input:
            raise schema_fault(
                f"cannot use {type_text(kind)} as argument {node['Name']} because {found.kind} "
                "is not a valid input type",
                schema.place(node),
            )
        _check_directives(schema, node.get("Directives", []), "ARGUMENT_DEFINITION", within)


def _check_directives(
    schema: Schema, directives: list[Node], where: str, within: str | None = None
) -> None:
    """Check where directives stand (section 3.13) and what they are given.

    Those of a type itself may be repeated though they are not repeatable: gqlparser lets them.
    """
    seen: set[str] = set()
    for node in directives:
        schema.charge(5)
        name, place = node["Name"], schema.place(node)
        _check_name(name, place)
        if name == within:
            raise schema_fault(f"Directive {name} cannot refer to itself.", place)
        definition = schema.directives.get(name)
        if definition is None:
            raise schema_fault(f"Undefined directive {name}.", place)
        if where not in definition.get("Locations", ()):
            raise schema_fault(f"Directive {name} is not applicable on {where}.", place)
        if name in seen and where not in _KINDS and not definition.get("IsRepeatable"):
            raise schema_fault(
                f"The directive {name} can only be used once at this location.", place
            )
        seen.add(name)
        _check_given(schema, node, definition)


def _check_given(schema: Schema, node: Node, definition: Node) -> None:
    schema.charge(len(definition.get("Arguments", ())) + len(node.get("Arguments", ())))
    known = {argument["Name"]: argument for argument in definition.get("Arguments", ())}
    given = {argument["Name"]: argument for argument in reversed(node.get("Arguments", []))}
    for argument in node.get("Arguments", ()):
        name = argument["Name"]
        if name not in known:
            raise schema_fault(
                f"Undefined argument {name} for directive {node['Name']}.", schema.place(argument)
            )
    for name, argument in known.items():
        if not part(argument, "Type")["NonNull"] or "DefaultValue" in argument:
            continue
        if name not in given or part(given[name], "Value")["Kind"] == NULL:
            raise schema_fault(
                f"Argument {name} for directive {node['Name']} cannot be null.", schema.place(node)
            )


def _check_members(schema: Schema, found: TypeDefinition) -> None:
    """Check a union (section 3.8)."""
    for name, _ in found.members:
        schema.charge(1)
        member = schema.types.get(name)
        if member is None:
            raise schema_fault(f"Undefined type {quote(name)}.", found.place)
        if member.kind != "OBJECT":
            raise schema_fault(f"{found.kind} type {quote(name)} must be OBJECT.", found.place)


def _check_fields(schema: Schema, found: TypeDefinition) -> None:
    """Check an object or an interface (sections 3.6 and 3.7)."""
    if not found.fields:
        raise schema_fault(
            f"{found.kind} {found.name}: must define one or more fields.", found.place
        )
    for node in found.fields:
        if _type_of(schema, node["Type"]).kind not in _OUTPUTS:
            raise schema_fault(
                f"{found.kind} {found.name}: field must be one of {', '.join(_OUTPUTS)}.",
                schema.place(node),
            )


def _check_inputs(schema: Schema, found: TypeDefinition) -> None:
    """Check an input object (section 3.10)."""
    if not found.fields:
        raise schema_fault(
            f"{found.kind} {found.name}: must define one or more input fields.", found.place
        )
    for node in found.fields:
        kind = _type_of(schema, node["Type"]).kind
        if kind not in _INPUTS:
            raise schema_fault(
                f"{kind} {node['Name']}: field must be one of {', '.join(_INPUTS)}.",
                schema.place(node),
            )


def _check_values(schema: Schema, found: TypeDefinition) -> None:
    """Check an enum (section 3.9)."""
    if not found.values:
        raise schema_fault(
            f"{found.kind} {found.name}: must define one or more unique enum values.", found.place
        )
    for node in found.values:
        schema.charge(1)
        name = node["Name"]
        if name in _NO_ENUM:
            raise schema_fault(f"{found.kind} {found.name}: non-enum value {name}.", found.place)
        _check_directives(schema, node.get("Directives", []), "ENUM_VALUE")


def _check_unique(schema: Schema, found: TypeDefinition) -> None:
    """Refuse the second field, value or member of a name."""
    name = found.name
    parts = [(node["Name"], schema.place(node), "Field {}.{} can only be defined once.")
             for node in found.fields]  # fmt: skip
    parts += [(node["Name"], schema.place(node), "Enum value {}.{} can only be defined once.")
              for node in found.values]  # fmt: skip
    parts += [(member, place, "Union type {} can only include type {} once.")
              for member, place in found.members]  # fmt: skip
    seen: set[tuple[str, str]] = set()
    for part_name, place, message in parts:
        if (part_name, message) in seen:
            raise schema_fault(message.format(name, part_name), place)
        seen.add((part_name, message))


def _check_implements(schema: Schema, found: TypeDefinition, name: str) -> None:
    """Check that a type has all that an interface promises (section 3.6, Type Validation)."""
    interface = schema.types.get(name)
    if interface is None:
        raise schema_fault(f"Undefined type {quote(name)}.", found.place)
    if interface.kind != "INTERFACE":
        raise schema_fault(f"{quote(name)} is a non interface type {interface.kind}.", found.place)
    for wanted in interface.fields:
        schema.charge(5)
        _check_promise(schema, found, interface, wanted)
    schema.charge(1 + len(found.interfaces) + len(interface.interfaces))
    own = frozenset(found.interfaces)
    for other in interface.interfaces:
        if other in own:
            continue
        if other == found.name:
            raise schema_fault(
                f"Type {found.name} cannot implement {name} because it would create a circular "
                "reference.",
                found.place,
            )
        raise schema_fault(
            f"Type {found.name} must implement {other} because it is implemented by {name}.",
            found.place,
        )


def _check_promise(
    schema: Schema, found: TypeDefinition, interface: TypeDefinition, wanted: Node
) -> None:
    start, name = f"For {found.name} to implement {interface.name}", wanted["Name"]
    given = found.field_named(name)
    if given is None:
        raise schema_fault(f"{start} it must have a field called {name}.", found.place)
    if not _covariant(schema, part(wanted, "Type"), part(given, "Type")):
        raise schema_fault(
            f"{start} the field {name} must have type {type_text(wanted['Type'])}.",
            schema.place(given),
        )
    arguments = {node["Name"]: node for node in reversed(given.get("Arguments", []))}
    for node in wanted.get("Arguments", ()):
        other = arguments.get(node["Name"])
        if other is None:
            raise schema_fault(
                f"{start} the field {name} must have the same arguments but it is missing "
                f"{node['Name']}.",
                schema.place(given),
            )
        if not compatible(part(node, "Type"), part(other, "Type")):
            raise schema_fault(
                f"{start} the field {name} must have the same arguments but {node['Name']} has "
                "the wrong type.",
                schema.place(other),
            )
    promised = {node["Name"] for node in wanted.get("Arguments", ())}
    for node in given.get("Arguments", ()):
        required = part(node, "Type")["NonNull"] and "DefaultValue" not in node
        if required and node["Name"] not in promised:
            raise schema_fault(
                f"{start} any additional arguments on {name} must be optional or have a default "
                f"value but {node['Name']} is required.",
                schema.place(node),
            )


def _covariant(schema: Schema, wanted: Node, given: Node) -> bool:
    """Say whether a field of one type implements that of another (section 3.6)."""
    while True:
        if wanted["NonNull"] and not given["NonNull"]:
            return False
        if "Elem" not in wanted:
            break
        if "Elem" not in given:
            return False
        wanted, given = wanted["Elem"], given["Elem"]
    name, other = wanted["NamedType"], given["NamedType"]
    possible = schema.possible.get(name, [])
    schema.charge(len(possible))
    return name == other or any(found.name == other for found in possible)


def compatible(given: Node, wanted: Node) -> bool:
    """Say whether a value of one type fits another (section 5.8.5, AreTypesCompatible)."""
    while True:
        if given["NamedType"] != wanted["NamedType"]:
            return False
        if wanted["NonNull"] and not given["NonNull"]:
            return False
        if "Elem" not in given:
            return True
        if "Elem" not in wanted:
            return False
        given, wanted = given["Elem"], wanted["Elem"]
