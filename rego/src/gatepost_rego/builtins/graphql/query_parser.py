"""Parses executable documents (GraphQL specification, October 2021, sections 2.2 to 2.8)."""

from __future__ import annotations

from typing import Final

from gatepost_rego.builtins.graphql.document import Costs, Document, Node, prune
from gatepost_rego.builtins.graphql.parser import Parser, comment_group

__all__ = ["OPERATIONS", "parse_query"]

OPERATIONS: Final = ("query", "mutation", "subscription")


def parse_query(text: str, costs: Costs) -> Document:
    """Parse a query. Raises GraphqlError."""
    parser = _QueryParser(text, costs)
    operations: list[Node] = []
    fragments: list[Node] = []
    while parser.token.kind != "<EOF>":
        token = parser.token
        if token.kind == "{" or (token.kind == "Name" and token.value in OPERATIONS):
            operations.append(parser.operation())
        elif parser.at_word("fragment"):
            fragments.append(parser.fragment())
        else:
            parser.unexpected()
    parser.document.tree = prune({"Operations": operations, "Fragments": fragments})
    return parser.document


class _QueryParser(Parser):
    def operation(self) -> Node:
        """Read an operation (section 2.3)."""
        token = self.token
        if token.kind == "{":
            short = {"Operation": "query", "Name": "", "SelectionSet": self._selections()}
            return self.put(short, token)
        node: Node = {
            "Comment": comment_group(token.comments),
            "Operation": self.next().value,
            "Name": self.next().value if self.token.kind == "Name" else "",
            "VariableDefinitions": self._variables(),
            "Directives": self.directives(False),
            "SelectionSet": self._required_selections(),
        }
        return self.put(node, token)

    def fragment(self) -> Node:
        """Read a fragment's definition (section 2.8)."""
        token = self.keyword("fragment")
        node: Node = {"Comment": comment_group(token.comments), "Name": self._fragment_name()}
        node["VariableDefinition"] = self._variables()
        self.keyword("on")
        node["TypeCondition"] = self.name()
        node["Directives"] = self.directives(False)
        node["SelectionSet"] = self._required_selections()
        return self.put(node, token)

    def _fragment_name(self) -> str:
        if self.token.value == "on":
            self.unexpected()
        return self.name()

    def _variables(self) -> list[Node]:
        return self.some("(", ")", self._variable)[0]

    def _variable(self) -> Node:
        """Read a variable's definition (section 2.10)."""
        token = self.token
        node: Node = {"Comment": comment_group(token.comments), "Variable": self.variable()}
        self.expect(":")
        node["Type"] = self.type()
        if self.skip("="):
            node["DefaultValue"] = self.value(True)
        node["Directives"] = self.directives(False)
        node["Used"] = False
        return self.put(node, token)

    def _required_selections(self) -> list[Node]:
        if self.token.kind != "{":
            self.fail(f"Expected {{, found {self.token.kind}", self.token)
        return self._selections()

    def _selections(self) -> list[Node]:
        self.enter()
        found, _ = self.some("{", "}", self._selection)
        self.leave()
        return found

    def _selection(self) -> Node:
        return self._spread() if self.token.kind == "..." else self._field()

    def _field(self) -> Node:
        """Read a field (sections 2.5 and 2.7)."""
        token = self.token
        alias = self.name()
        node: Node = {
            "Comment": comment_group(token.comments),
            "Alias": alias,
            "Name": self.name() if self.skip(":") else alias,
            "Arguments": self.arguments(False),
            "Directives": self.directives(False),
            "SelectionSet": self._selections(),
        }
        return self.put(node, token)

    def _spread(self) -> Node:
        """Read a spread or an inline fragment (section 2.8); spreads have no type condition."""
        comment = comment_group(self.expect("...").comments)
        token = self.token
        if token.kind == "Name" and token.value != "on":
            spread = {
                "Comment": comment,
                "Name": self.name(),
                "Directives": self.directives(False),
            }
            return self.put(spread, token)
        node: Node = {"Comment": comment, "TypeCondition": ""}
        if token.value == "on":
            self.next()
            node["TypeCondition"] = self.name()
        node["Directives"] = self.directives(False)
        node["SelectionSet"] = self._required_selections()
        return self.put(node, token)
