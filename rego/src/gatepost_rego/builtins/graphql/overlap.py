"""Fields that answer to one name must be the same (GraphQL specification, section 5.3.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from gatepost_rego.builtins.graphql.document import Node
from gatepost_rego.builtins.graphql.schema import TypeDefinition, part
from gatepost_rego.builtins.graphql.walk import Walker
from gatepost_rego.builtins.graphql.wording import type_text

__all__ = ["Overlaps"]

_Fields: TypeAlias = "dict[str, list[Node]]"


@dataclass(slots=True)
class _Conflict:
    """Two fields that cannot both be answered; ``node`` is the second."""

    name: str
    node: Node
    message: str = ""
    within: list[_Conflict] = field(default_factory=list)

    def reason(self) -> str:
        """Say why, down to the fields within."""
        if not self.within:
            return self.message
        return " and ".join(
            f'subfields "{each.name}" conflict because {each.reason()}' for each in self.within
        )


class Overlaps:
    """Compares the fields of selections pair by pair, those of fragments among them."""

    def __init__(self, walker: Walker) -> None:
        self._walker = walker
        self._charge = walker.schema.charge
        self._pairs: dict[tuple[str, str], bool] = {}
        self._compared: set[str] = set()

    def check(self, node: Node) -> None:
        """Note the conflicts among what a node selects."""
        if "SelectionSet" not in node:
            return
        fields, spreads = self._collect(node)
        found: list[_Conflict] = []
        for same in fields.values():
            for at, one in enumerate(same):
                for other in same[at + 1 :]:
                    self._compare(found, False, one, other)
        self._compared = set()
        for at, spread in enumerate(spreads):
            self._with_fragment(found, False, fields, spread)
            for other_spread in spreads[at + 1 :]:
                self._fragments(found, False, spread, other_spread)
        for conflict in found:
            self._walker.fault(
                f'Fields "{conflict.name}" conflict because {conflict.reason()}. Use different '
                "aliases on the fields to fetch both if this was intentional.",
                conflict.node,
            )

    def _collect(self, node: Node) -> tuple[_Fields, list[str]]:
        """Group the fields by the name they answer to; also list the fragments spread."""
        fields: _Fields = {}
        spreads: list[str] = []
        waiting = [iter(node.get("SelectionSet", ()))]
        while waiting:
            for item in waiting[-1]:
                self._charge(1)
                if "Alias" in item:
                    fields.setdefault(item["Alias"] or item["Name"], []).append(item)
                elif "TypeCondition" in item:
                    waiting.append(iter(item.get("SelectionSet", ())))
                    break
                else:
                    spreads.append(item["Name"])
            else:
                waiting.pop()
        return fields, spreads

    def _with_fragment(
        self, found: list[_Conflict], exclusive: bool, fields: _Fields, name: str
    ) -> None:
        """Compare fields with those of a fragment and of the fragments it spreads."""
        self._charge(1)
        if name in self._compared:
            return
        self._compared.add(name)
        fragment = self._walker.fragments.get(name)
        if fragment is None:
            return
        self._walker.deeper()
        others, spreads = self._collect(fragment)
        if not _identical(fields, others):
            self._between(found, exclusive, fields, others)
            for spread in spreads:
                if spread != name:
                    self._with_fragment(found, exclusive, fields, spread)
        self._walker.higher()

    def _fragments(self, found: list[_Conflict], exclusive: bool, name: str, other: str) -> None:
        """Compare the fields of two fragments and of the fragments they spread."""
        self._charge(1)
        if name == other:
            return
        known = self._pairs.get((name, other))
        if known is not None and (exclusive or not known):
            return
        self._pairs[name, other] = self._pairs[other, name] = exclusive
        first, second = self._walker.fragments.get(name), self._walker.fragments.get(other)
        if first is None or second is None:
            return
        self._walker.deeper()
        fields, spreads = self._collect(first)
        other_fields, other_spreads = self._collect(second)
        self._between(found, exclusive, fields, other_fields)
        for spread in other_spreads:
            self._fragments(found, exclusive, name, spread)
        for spread in spreads:
            self._fragments(found, exclusive, spread, other)
        self._walker.higher()

    def _between(
        self, found: list[_Conflict], exclusive: bool, fields: _Fields, others: _Fields
    ) -> None:
        for name, same in fields.items():
            for one in same:
                for other in others.get(name, ()):
                    self._compare(found, exclusive, one, other)

    def _compare(self, found: list[_Conflict], exclusive: bool, one: Node, other: Node) -> None:
        """Compare two fields; `exclusive` says that no object ever answers both."""
        self._charge(5)
        definition, parent = self._walker.field_of(one)
        other_definition, other_parent = self._walker.field_of(other)
        if parent is None or other_parent is None:
            return
        known = definition is not None and other_definition is not None
        exclusive = exclusive or (known and _distinct(parent, other_parent))
        name = one["Alias"] or one["Name"]
        message = "" if exclusive else _difference(one, other)
        if not message and definition is not None and other_definition is not None:
            kind, other_kind = part(definition, "Type"), part(other_definition, "Type")
            if self._types_differ(kind, other_kind):
                texts = f'"{type_text(kind)}" and "{type_text(other_kind)}"'
                message = f"they return conflicting types {texts}"
        if message:
            self._walker.schema.costs.reserve(8)
            found.append(_Conflict(name, other, message))
            return
        within = self._selections(exclusive, one, other)
        if within:
            found.append(_Conflict(name, other, within=within))

    def _selections(self, exclusive: bool, one: Node, other: Node) -> list[_Conflict]:
        """Compare what two fields select."""
        found: list[_Conflict] = []
        self._walker.deeper()
        fields, spreads = self._collect(one)
        other_fields, other_spreads = self._collect(other)
        self._between(found, exclusive, fields, other_fields)
        for spread in other_spreads:
            self._compared = set()
            self._with_fragment(found, exclusive, fields, spread)
        for spread in spreads:
            self._compared = set()
            self._with_fragment(found, exclusive, other_fields, spread)
        for spread in spreads:
            for other_spread in other_spreads:
                self._fragments(found, exclusive, spread, other_spread)
        self._walker.higher()
        return found

    def _types_differ(self, one: Node, other: Node) -> bool:
        """Say whether two types are answered in different shapes."""
        while "Elem" in one or "Elem" in other:
            if "Elem" not in one or "Elem" not in other:
                return True
            one, other = one["Elem"], other["Elem"]
        if one["NonNull"] != other["NonNull"]:
            return True
        types = self._walker.schema.types
        first, second = types.get(one["NamedType"]), types.get(other["NamedType"])
        if first is None or second is None or not (first.leaf and second.leaf):
            return False
        return first.name != second.name


def _distinct(one: TypeDefinition, other: TypeDefinition) -> bool:
    return one.name != other.name and one.kind == "OBJECT" and other.kind == "OBJECT"


def _identical(fields: _Fields, others: _Fields) -> bool:
    """Say whether two groups hold the very same nodes, as those of one fragment do."""
    return list(fields) == list(others) and all(
        list(map(id, same)) == list(map(id, others[name])) for name, same in fields.items()
    )


def _difference(one: Node, other: Node) -> str:
    """Say how two fields differ, or "" where they are alike."""
    if one["Name"] != other["Name"]:
        return f'"{one["Name"]}" and "{other["Name"]}" are different fields'
    given, others = one.get("Arguments", []), other.get("Arguments", [])
    # gqlparser looks at the raw text of values only, which is empty for lists and objects.
    seen = {_shape(argument) for argument in others}
    if len(given) != len(others) or any(_shape(argument) not in seen for argument in given):
        return "they have differing arguments"
    return ""


def _shape(argument: Node) -> tuple[str, int, str]:
    value = part(argument, "Value")
    return argument["Name"], value["Kind"], value["Raw"]
