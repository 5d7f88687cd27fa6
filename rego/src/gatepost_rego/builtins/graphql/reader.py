"""Reads a document that comes as an object, as Go's JSON decoder reads it into gqlparser's types.

Unknown fields are left out, missing strings are empty, and names of fields are taken in any case
except in operations, fragments and selections. gqlparser tries to read each selection as a field
first, so that a spread or an inline fragment given as an object becomes a field without a name: OPA
finds no such query valid, and neither does this engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias, Union

from gatepost_rego.builtins.graphql.document import MOST_NESTED, Document, Node, prune, too_deep
from gatepost_rego.builtins.operands import is_number
from gatepost_rego.builtins.registry import BuiltinError, Context
from gatepost_rego.numbers import as_integer
from gatepost_rego.values import (
    ObjectValue,
    RegoObject,
    RegoSet,
    Value,
    object_pairs,
    type_name,
)

__all__ = ["read_query", "read_schema"]

# str, bool and int are read as such, "X" is an object of that shape, a list holds what its one
# item says, and "selections" is a list of what can be selected.
_Form: TypeAlias = Union[type, str, "list[type | str]"]
_SHAPES: Final[Mapping[str, Mapping[str, _Form]]] = {
    "QueryDocument": {
        "Operations": ["OperationDefinition"], "Fragments": ["FragmentDefinition"],
        "Comment": "CommentGroup",
    },
    "OperationDefinition": {
        "Operation": str, "Name": str, "VariableDefinitions": ["VariableDefinition"],
        "Directives": ["Directive"], "SelectionSet": "selections",
    },
    "FragmentDefinition": {
        "Name": str, "VariableDefinition": ["VariableDefinition"], "TypeCondition": str,
        "Directives": ["Directive"], "SelectionSet": "selections",
    },
    "Field": {
        "Alias": str, "Name": str, "Arguments": ["Argument"], "Directives": ["Directive"],
        "SelectionSet": "selections",
    },
    "FragmentSpread": {"Name": str, "Directives": ["Directive"]},
    "InlineFragment": {
        "TypeCondition": str, "Directives": ["Directive"], "SelectionSet": "selections",
    },
    "VariableDefinition": {
        "Variable": str, "Type": "Type", "DefaultValue": "Value", "Directives": ["Directive"],
        "Used": bool, "Comment": "CommentGroup",
    },
    "Argument": {"Name": str, "Value": "Value", "Comment": "CommentGroup"},
    "Directive": {"Name": str, "Arguments": ["Argument"], "Location": str},
    "Value": {
        "Raw": str, "Children": ["ChildValue"], "Kind": int, "ExpectedTypeHasDefault": bool,
        "Comment": "CommentGroup",
    },
    "ChildValue": {"Name": str, "Value": "Value", "Comment": "CommentGroup"},
    "Type": {"NamedType": str, "Elem": "Type", "NonNull": bool},
    "CommentGroup": {"List": ["Comment"]},
    "Comment": {"Value": str},
    "SchemaDocument": {
        "Schema": ["SchemaDefinition"], "SchemaExtension": ["SchemaDefinition"],
        "Directives": ["DirectiveDefinition"], "Definitions": ["Definition"],
        "Extensions": ["Definition"], "Comment": "CommentGroup",
    },
    "SchemaDefinition": {
        "Description": str, "Directives": ["Directive"],
        "OperationTypes": ["OperationTypeDefinition"], "BeforeDescriptionComment": "CommentGroup",
        "AfterDescriptionComment": "CommentGroup", "EndOfDefinitionComment": "CommentGroup",
    },
    "OperationTypeDefinition": {"Operation": str, "Type": str, "Comment": "CommentGroup"},
    "Definition": {
        "Kind": str, "Description": str, "Name": str, "Directives": ["Directive"],
        "Interfaces": [str], "Fields": ["FieldDefinition"], "Types": [str],
        "EnumValues": ["EnumValueDefinition"], "BuiltIn": bool,
        "BeforeDescriptionComment": "CommentGroup", "AfterDescriptionComment": "CommentGroup",
        "EndOfDefinitionComment": "CommentGroup",
    },
    "FieldDefinition": {
        "Description": str, "Name": str, "Arguments": ["ArgumentDefinition"],
        "DefaultValue": "Value", "Type": "Type", "Directives": ["Directive"],
        "BeforeDescriptionComment": "CommentGroup", "AfterDescriptionComment": "CommentGroup",
    },
    "ArgumentDefinition": {
        "Description": str, "Name": str, "DefaultValue": "Value", "Type": "Type",
        "Directives": ["Directive"], "BeforeDescriptionComment": "CommentGroup",
        "AfterDescriptionComment": "CommentGroup",
    },
    "EnumValueDefinition": {
        "Description": str, "Name": str, "Directives": ["Directive"],
        "BeforeDescriptionComment": "CommentGroup", "AfterDescriptionComment": "CommentGroup",
    },
    "DirectiveDefinition": {
        "Description": str, "Name": str, "Arguments": ["ArgumentDefinition"], "Locations": [str],
        "IsRepeatable": bool, "BeforeDescriptionComment": "CommentGroup",
        "AfterDescriptionComment": "CommentGroup",
    },
}  # fmt: skip
_EXACT: Final = frozenset({
    "OperationDefinition", "FragmentDefinition", "Field", "FragmentSpread", "InlineFragment",
})  # fmt: skip
_SELECTIONS: Final = ("Field", "FragmentSpread", "InlineFragment")
_EMPTY: Final[Mapping[object, object]] = {str: "", bool: False, int: 0}


def read_query(ctx: Context, value: ObjectValue) -> Document:
    """Read a query. Raises BuiltinError."""
    return Document(_Reader(ctx).node("QueryDocument", value))


def read_schema(ctx: Context, value: ObjectValue) -> Document:
    """Read a schema. Raises BuiltinError."""
    return Document(_Reader(ctx).node("SchemaDocument", value))


class _Reader:
    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._depth = 0

    def node(self, shape: str, value: Value) -> Node:
        """Read an object of a shape; null is an empty one."""
        if value is None:
            value = {}
        if not isinstance(value, (dict, RegoObject)):
            raise _mismatch(value, shape)
        self._ctx.charge(5 + len(value))
        self._depth += 1
        if self._depth > 2 * MOST_NESTED:
            raise too_deep()
        given = _fields(value, shape in _EXACT)
        found: Node = {}
        for name, form in _SHAPES[shape].items():
            item = given.get(name if shape in _EXACT else name.lower())
            found[name] = self._part(form, item, f"{shape}.{name}")
        self._depth -= 1
        return prune(found)

    def _part(self, form: _Form, value: Value, where: str) -> object:
        if value is None:
            return _EMPTY.get(form) if isinstance(form, type) else None
        if form == "selections":
            return [node for item in _items(value, where) for node in self._selection(item)]
        if isinstance(form, str):
            return self.node(form, value)
        if isinstance(form, type):
            return _scalar(form, value, where)
        inner = form[0]
        if isinstance(inner, type):
            return [_scalar(inner, item, where) for item in _items(value, where)]
        nodes: list[Node] = []
        for item in _items(value, where):
            if item is None:
                raise _mismatch(item, where)
            nodes.append(self.node(inner, item))
        return nodes

    def _selection(self, value: Value) -> list[Node]:
        """Read a selection as the first that it can be; what it cannot be at all is dropped."""
        depth = self._depth
        for shape in _SELECTIONS:
            try:
                return [self.node(shape, value)]
            except BuiltinError:
                self._depth = depth
        return []


def _fields(value: ObjectValue, exact: bool) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key, item in object_pairs(value):
        if isinstance(key, str):
            found[key if exact else key.lower()] = item
    return found


def _items(value: Value, where: str) -> list[Value]:
    if isinstance(value, RegoSet):
        return value.ordered()
    if isinstance(value, list):
        return value
    raise _mismatch(value, where)


def _scalar(form: type, value: Value, where: str) -> object:
    if form is int:
        found = as_integer(value) if is_number(value) else None
        if found is not None:
            return found
    elif isinstance(value, form):
        return value
    raise _mismatch(value, where)


def _mismatch(value: Value, where: str) -> BuiltinError:
    return BuiltinError(f"json: cannot unmarshal {type_name(value)} into Go struct field {where}")
