"""The rules for operations, fields, fragments and directives (GraphQL specification, section 5).

Each event is checked by gqlparser's rules in the order of their names, which is that of its
messages.
"""

from __future__ import annotations

from typing import Final

from gatepost_rego.builtins.graphql.document import Document, Fault, Node
from gatepost_rego.builtins.graphql.overlap import Overlaps
from gatepost_rego.builtins.graphql.query_parser import OPERATIONS
from gatepost_rego.builtins.graphql.schema import Schema, TypeDefinition, base_name, part
from gatepost_rego.builtins.graphql.value_rules import ValueRules
from gatepost_rego.builtins.graphql.wording import (
    did_you_mean,
    or_list,
    quote,
    quoted,
    similar,
    type_text,
)
from gatepost_rego.builtins.registry import BuiltinError

__all__ = ["validate_query"]

_LISTS: Final = frozenset({"fields", "interfaces", "possibleTypes", "inputFields"})
_MOST_LISTS: Final = 3


def validate_query(schema: Schema, document: Document) -> list[Fault]:
    """List what is wrong with a query."""
    for node in document.tree.get("Operations", ()):
        if node["Operation"] not in ("", *OPERATIONS):
            raise BuiltinError(f'unknown GraphQL operation "{node["Operation"]}"')
    return _QueryRules(schema, document).walk()


class _QueryRules(ValueRules):
    def __init__(self, schema: Schema, document: Document) -> None:
        super().__init__(schema, document)
        self._overlaps = Overlaps(self)
        self._followed: set[str] = set()
        self._spread_names: set[str] = set()
        self._operation_names: set[str] = set()
        self._fragment_names: set[str] = set()
        self._out_of_place: set[Fault] = set()

    def on_variable(self, node: Node) -> None:
        """Check a variable's definition (section 5.8.2)."""
        name = base_name(part(node, "Type"))
        if name not in self.schema.types:
            self.fault(f'Unknown type "{name}".', node)

    def on_operation(self, node: Node) -> None:
        """Check an operation (sections 5.2 and 5.8)."""
        name, kind = node["Name"], node["Operation"]
        if (kind or "query") not in self.schema.roots:
            self.fault(f'Schema does not support operation type "{kind}"', node)
        if not name and len(self.operations) > 1:
            self.fault("This anonymous operation must be the only defined operation.", node)
        variables: list[Node] = node.get("VariableDefinitions", [])
        for variable in variables:
            if id(variable) not in self.used:
                where = f' in operation "{name}"' if name else ""
                self.fault(f'Variable "${variable["Variable"]}" is never used{where}.', variable)
        self._overlaps.check(node)
        if kind == "subscription" and kind in self.schema.roots:
            self._check_subscription(node)
        if name in self._operation_names:
            self.fault(f'There can be only one operation named "{name}".', node)
        self._operation_names.add(name)
        self._check_variables(variables)

    def _check_variables(self, variables: list[Node]) -> None:
        """Check that variables are unique and for input (sections 5.8.1 and 5.8.2)."""
        seen: dict[str, int] = {}
        for variable in variables:
            name = variable["Variable"]
            seen[name] = seen.get(name, 0) + 1
            if seen[name] == 2:
                self.fault(f'There can be only one variable named "${name}".', variable)
        for variable in variables:
            kind = part(variable, "Type")
            found = self.schema.types.get(base_name(kind))
            if found is not None and not found.input:
                text = f'Variable "${variable["Variable"]}" cannot be non-input type '
                self.fault(f'{text}"{type_text(kind)}".', variable)

    def _check_subscription(self, node: Node) -> None:
        """Check that a subscription has one field at its root (section 5.2.3.1)."""
        found: dict[str, Node] = {}
        self._top_fields(node, found, set())
        fields = list(found.values())
        name = node["Name"]
        title = f"Subscription {quote(name)}" if name else "Anonymous Subscription"
        if len(fields) > 1:
            self.fault(f"{title} must select only one top level field.", fields[1])
        for item in fields:
            if item["Name"].startswith("__"):
                self.fault(f"{title} must not select an introspection top level field.", item)

    def _top_fields(self, node: Node, found: dict[str, Node], seen: set[str]) -> None:
        self.deeper()
        for item in node.get("SelectionSet", ()):
            self.schema.charge(1)
            if "Alias" in item:
                found.setdefault(item["Name"], item)
            elif "TypeCondition" in item:
                self._top_fields(item, found, seen)
            elif item["Name"] not in self.fragments:
                break
            elif item["Name"] not in seen:
                seen.add(item["Name"])
                self._top_fields(self.fragments[item["Name"]], found, seen)
        self.higher()

    def on_field(self, node: Node, definition: Node | None, parent: TypeDefinition | None) -> None:
        """Check a field (sections 5.3 and 5.4)."""
        if definition is None and parent is not None:
            text = f'Cannot query field "{node["Name"]}" on type "{parent.name}".'
            self.fault(text + self._meant_field(parent, node["Name"]), node)
        if definition is not None and parent is not None:
            title = f'field "{parent.name}.{node["Name"]}"'
            self._known_arguments(node, definition, title)
        if node["Name"] in ("__schema", "__type") and self._too_many_lists(node, set(), 0):
            self.fault("Maximum introspection depth exceeded", node)
        if self.operation is not None:
            self._overlaps.check(node)
        if definition is not None:
            self._required_arguments(node, definition, f'Field "{node["Name"]}"')
            self._check_leaf(node, definition)
        self._unique_arguments(node)

    def _meant_field(self, parent: TypeDefinition, name: str) -> str:
        """Suggest the types behind an abstract one that have the field, or similar fields."""
        if parent.kind in ("INTERFACE", "UNION"):
            types = self._types_with(parent, name)
            if types:
                return f" Did you mean to use an inline fragment on {or_list(quoted(types))}?"
        if parent.kind in ("OBJECT", "INTERFACE"):
            names = similar(self.schema.charge, name, (item["Name"] for item in parent.fields))
            if names:
                return f" Did you mean {or_list(quoted(names))}?"
        return ""

    def _types_with(self, parent: TypeDefinition, name: str) -> list[str]:
        usage: dict[str, int] = {}
        objects: list[str] = []
        for found in self.schema.possible.get(parent.name, ()):
            self.schema.charge(1 + len(found.interfaces))
            if found.field_named(name) is None:
                continue
            objects.append(found.name)
            for interface in found.interfaces:
                known = self.schema.types.get(interface)
                if known is not None and known.field_named(name) is not None:
                    usage[interface] = usage.get(interface, 0) + 1
        return sorted([*usage, *objects], key=lambda each: (-usage.get(each, 0), each))

    def _too_many_lists(self, node: Node, within: set[str], count: int) -> bool:
        """Say whether introspection asks for lists within lists within lists."""
        if "Alias" in node and node["Name"] in _LISTS:
            count += 1
            if count >= _MOST_LISTS:
                return True
        self.deeper()
        try:
            return any(
                self._list_below(item, within, count) for item in node.get("SelectionSet", ())
            )
        finally:
            self.higher()

    def _list_below(self, item: Node, within: set[str], count: int) -> bool:
        self.schema.charge(1)
        if "Alias" in item or "TypeCondition" in item:
            return self._too_many_lists(item, within, count)
        name = item["Name"]
        fragment = self.fragments.get(name)
        if fragment is None or name in within:
            return False
        return self._too_many_lists(fragment, {*within, name}, count)

    def _check_leaf(self, node: Node, definition: Node) -> None:
        """Check that scalars end a query and nothing else does (section 5.3.3)."""
        kind, name = part(definition, "Type"), node["Name"]
        found = self.schema.types.get(base_name(kind))
        if found is None:
            return
        selects = "SelectionSet" in node
        if found.leaf and selects:
            text = f'Field "{name}" must not have a selection since type "{found.name}" has no '
            self.fault(text + "subfields.", node)
        elif not found.leaf and not selects:
            text = f'Field "{name}" of type "{type_text(kind)}" must have a selection of subfields.'
            self.fault(f'{text} Did you mean "{name} {{ ... }}"?', node)

    def _known_arguments(self, node: Node, definition: Node, title: str) -> None:
        """Check that arguments exist (section 5.4.1)."""
        given: list[Node] = node.get("Arguments", [])
        if not given:
            return
        names = [item["Name"] for item in definition.get("Arguments", ())]
        self.schema.charge(len(names))
        known = frozenset(names)
        for argument in given:
            self.schema.charge(1)
            name = argument["Name"]
            if name not in known:
                text = f'Unknown argument "{name}" on {title}.'
                self.fault(text + did_you_mean(self.schema.charge, name, names), node)

    def _required_arguments(self, node: Node, definition: Node, title: str) -> None:
        """Check that what is required is given (section 5.4.2.1)."""
        given = {argument["Name"] for argument in node.get("Arguments", ())}
        for argument in definition.get("Arguments", ()):
            kind, name = part(argument, "Type"), argument["Name"]
            self.schema.charge(1)
            if not kind["NonNull"] or "DefaultValue" in argument:
                continue
            if name not in given:
                self.fault(
                    f'{title} argument "{name}" of type "{type_text(kind)}" is required, but it '
                    "was not provided.",
                    node,
                )

    def _unique_arguments(self, node: Node) -> None:
        """Refuse the second argument of a name, once (section 5.4.2)."""
        seen: dict[str, int] = {}
        for argument in node.get("Arguments", ()):
            self.schema.charge(1)
            name = argument["Name"]
            seen[name] = seen.get(name, 0) + 1
            if seen[name] == 2:
                self.fault(f'There can be only one argument named "{name}".', argument)

    def on_inline(self, node: Node, parent: TypeDefinition | None) -> None:
        """Check an inline fragment (section 5.5)."""
        condition = node["TypeCondition"]
        found = self.schema.types.get(condition)
        if found is not None and not found.composite:
            text = "Fragment cannot condition on non composite type"
            self.fault(f'{text} "{condition}".', node)
        if condition and found is None:
            self.fault(f'Unknown type "{condition}".', node)
        self._overlaps.check(node)
        self._possible("Fragment", node, condition, parent)

    def on_spread(self, node: Node, fragment: Node | None, parent: TypeDefinition | None) -> None:
        """Check a spread (section 5.5.2)."""
        name = node["Name"]
        if fragment is None:
            self.fault(f'Unknown fragment "{name}".', node)
        # Only what is spread before the first fragment is done counts as a use.
        if not self._fragment_names:
            self._spread_names.add(name)
        if fragment is not None:
            self._possible(f'Fragment "{name}"', node, fragment["TypeCondition"], parent)

    def _possible(
        self, title: str, node: Node, condition: str, parent: TypeDefinition | None
    ) -> None:
        """Check that some object is of both types (section 5.5.2.3)."""
        found = self.schema.types.get(condition)
        if parent is None or not parent.composite or found is None or not found.composite:
            return
        possible = self.schema.possible
        parents = [parent] if parent.kind == "OBJECT" else possible.get(parent.name, [])
        others = possible.get(found.name, [])
        self.schema.charge(len(parents) + len(others))
        if {each.name for each in parents}.isdisjoint(each.name for each in others):
            self.fault(
                f'{title} cannot be spread here as objects of type "{parent.name}" can never be '
                f'of type "{condition}".',
                node,
            )

    def on_fragment(self, node: Node, definition: TypeDefinition | None) -> None:
        """Check a fragment's definition (sections 5.5.1 and 5.5.2.2)."""
        name, condition = node["Name"], node["TypeCondition"]
        if definition is not None and condition and not definition.composite:
            text = f'Fragment "{name}" cannot condition on non composite type'
            self.fault(f'{text} "{condition}".', node)
        if definition is None:
            text = f'Unknown type "{condition}".'
            self.fault(text + did_you_mean(self.schema.charge, condition, self.schema.types), node)
        self._cycles(node, [], {})
        if name not in self._spread_names:
            self.fault(f'Fragment "{name}" is never used.', node)
        self._overlaps.check(node)
        if name in self._fragment_names:
            self.fault(f'There can be only one fragment named "{name}".', node)
        self._fragment_names.add(name)

    def _cycles(self, fragment: Node, path: list[str], begins: dict[str, int]) -> None:
        """Look for spreads of a fragment within itself (section 5.5.2.2)."""
        name = fragment["Name"]
        if name in self._followed:
            return
        self._followed.add(name)
        self.deeper()
        begins[name] = len(path)
        for spread in self._spreads(fragment):
            target = spread["Name"]
            begin = begins.get(target)
            if begin is not None:
                names = ", ".join(quoted(path[begin:]))
                via = f" via {names}" if names else ""
                self.fault(f'Cannot spread fragment "{target}" within itself{via}.', spread)
            elif target in self.fragments:
                self._cycles(self.fragments[target], [*path, target], begins)
        del begins[name]
        self.higher()

    def _spreads(self, fragment: Node) -> list[Node]:
        """List the spreads below a fragment, as gqlparser comes upon them."""
        found: list[Node] = []
        waiting = [fragment]
        while waiting:
            for item in waiting.pop().get("SelectionSet", ()):
                self.schema.charge(1)
                if "Alias" in item or "TypeCondition" in item:
                    waiting.append(item)
                else:
                    found.append(item)
        return found

    def on_directive(self, node: Node, definition: Node | None, where: str) -> None:
        """Check a directive (section 5.7)."""
        name = node["Name"]
        if definition is None:
            self.fault(f'Unknown directive "@{name}".', node)
        else:
            self._known_arguments(node, definition, f'directive "@{name}"')
            if where not in definition.get("Locations", ()):
                self._misplaced(node, where)
            self._required_arguments(node, definition, f'Directive "@{name}"')
        self._unique_arguments(node)

    def _misplaced(self, node: Node, where: str) -> None:
        """Note a directive out of place, once though a fragment is met several times."""
        text = f'Directive "@{node["Name"]}" may not be used on {where}.'
        found = Fault(text, self.document.place(node))
        if found not in self._out_of_place:
            self._out_of_place.add(found)
            self.faults.append(found)

    def on_directives(self, nodes: list[Node]) -> None:
        """Refuse the second directive of a name (section 5.7.3), even of repeatable ones."""
        seen: set[str] = set()
        for node in nodes:
            self.schema.charge(1)
            name = node["Name"]
            if name in seen and name != "repeatable":
                text = f'The directive "@{name}" can only be used once at this location.'
                self.fault(text, node)
            seen.add(name)
