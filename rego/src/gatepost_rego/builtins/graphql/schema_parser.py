"""Parses type system documents (GraphQL specification, October 2021, section 3)."""

from __future__ import annotations

from typing import Final

from gatepost_rego.builtins.graphql.document import Costs, Document, Node, prune
from gatepost_rego.builtins.graphql.lexer import Token
from gatepost_rego.builtins.graphql.parser import Parser, comment_group
from gatepost_rego.builtins.graphql.query_parser import OPERATIONS

__all__ = ["parse_schema"]

_KINDS: Final = {
    "scalar": "SCALAR", "type": "OBJECT", "interface": "INTERFACE", "union": "UNION",
    "enum": "ENUM", "input": "INPUT_OBJECT",
}  # fmt: skip
_LOCATIONS: Final = frozenset({
    "QUERY", "MUTATION", "SUBSCRIPTION", "FIELD", "FRAGMENT_DEFINITION", "FRAGMENT_SPREAD",
    "INLINE_FRAGMENT", "VARIABLE_DEFINITION", "SCHEMA", "SCALAR", "OBJECT", "FIELD_DEFINITION",
    "ARGUMENT_DEFINITION", "INTERFACE", "UNION", "ENUM", "ENUM_VALUE", "INPUT_OBJECT",
    "INPUT_FIELD_DEFINITION",
})  # fmt: skip
# What an extension must have at least one of (sections 3.3.2 and 3.4.3).
_CONTENT: Final = ("Interfaces", "Directives", "Fields", "Types", "EnumValues", "OperationTypes")


def parse_schema(text: str, costs: Costs, built_in: bool = False) -> Document:
    """Parse a schema. Raises GraphqlError."""
    parser = _SchemaParser(text, costs, built_in)
    while parser.token.kind != "<EOF>":
        parser.definition()
    tree = {**parser.found, "Comment": comment_group(parser.token.comments)}
    parser.document.tree = prune(tree)
    return parser.document


class _SchemaParser(Parser):
    def __init__(self, text: str, costs: Costs, built_in: bool) -> None:
        super().__init__(text, costs)
        self._built_in = built_in
        self.found: dict[str, list[Node]] = {
            "Schema": [], "SchemaExtension": [], "Directives": [], "Definitions": [],
            "Extensions": [],
        }  # fmt: skip

    def definition(self) -> None:
        """Read one definition or extension (section 3.1)."""
        described = self._description()
        token = self.token
        if token.kind != "Name":
            self.unexpected()
        if token.value == "extend":
            if described is not None and described.value:
                self.unexpected(described)
            self._extension()
        elif token.value == "schema":
            self.found["Schema"].append(self._schema(described, self.next()))
        elif token.value == "directive":
            self.found["Directives"].append(self._directive(described))
        elif token.value in _KINDS:
            node, _ = self._type(described, self.next())
            self.found["Definitions"].append(node)
        else:
            self.unexpected()

    def _description(self) -> Token | None:
        return self.next() if self.token.kind in ("String", "BlockString") else None

    def _extension(self) -> None:
        """Read what is added to another definition (sections 3.3.2 and 3.4.3)."""
        extend = self.keyword("extend")
        word = self.token
        if word.value == "schema":
            self.next()
            schema = self._schema(None, extend)
            self._not_empty(schema)
            self.found["SchemaExtension"].append(schema)
        elif word.value in _KINDS:
            self.next()
            node, _ = self._type(None, word._replace(comments=extend.comments), extends=True)
            self._not_empty(node)
            self.found["Extensions"].append(node)
        else:
            self.unexpected()

    def _not_empty(self, node: Node) -> None:
        if not any(key in node for key in _CONTENT):
            self.unexpected()

    def _about(self, described: Token | None, word: Token) -> Node:
        """Begin the node of a definition with its description (section 2.1.8) and comments."""
        return {
            "Description": described.value if described else "",
            "BeforeDescriptionComment": comment_group(described.comments if described else ()),
            "AfterDescriptionComment": comment_group(word.comments),
        }

    def _schema(self, described: Token | None, word: Token) -> Node:
        """Read the roots of a schema (section 3.3)."""
        token = self.token
        node = self._about(described, word)
        node["Directives"] = self.directives(True)
        roots = self.some("{", "}", self._root)
        node["OperationTypes"], node["EndOfDefinitionComment"] = roots
        return self.put(node, token)

    def _root(self) -> Node:
        token = self.next()
        if token.value not in OPERATIONS:
            self.unexpected(token)
        self.expect(":")
        comment = comment_group(token.comments)
        return self.put({"Operation": token.value, "Type": self.name(), "Comment": comment}, token)

    def _type(
        self, described: Token | None, word: Token, extends: bool = False
    ) -> tuple[Node, Token]:
        """Read the definition of a type (sections 3.5 to 3.10)."""
        token = self.token
        node = self._about(described, word)
        node |= {"Kind": _KINDS[word.value], "Name": self.name(), "BuiltIn": self._built_in}
        if word.value == "type" or (word.value == "interface" and not extends):
            node["Interfaces"] = self._interfaces()
        # gqlparser lets variables stand in the directives of this one extension.
        node["Directives"] = self.directives(not (extends and word.value == "input"))
        places: list[Token] = []
        if word.value in ("type", "interface"):
            fields = self.some("{", "}", self._field)
            node["Fields"], node["EndOfDefinitionComment"] = fields
        elif word.value == "input":
            fields = self.some("{", "}", self._input)
            node["Fields"], node["EndOfDefinitionComment"] = fields
        elif word.value == "enum":
            values = self.some("{", "}", self._enum_value)
            node["EnumValues"], node["EndOfDefinitionComment"] = values
        elif word.value == "union":
            places = self._members()
            node["Types"] = [member.value for member in places]
        found = self.put(node, token)
        if places:
            self.document.members[id(found)] = [member.place for member in places]
        return found, token

    def _interfaces(self) -> list[str]:
        """Read what a type implements (section 3.6)."""
        if self.token.value != "implements":
            return []
        self.next()
        self.skip("&")
        found = [self.name()]
        while self.skip("&"):
            found.append(self.name())
        return found

    def _members(self) -> list[Token]:
        """Read the members of a union (section 3.8)."""
        if not self.skip("="):
            return []
        self.skip("|")
        found = [self.expect("Name")]
        while self.skip("|"):
            found.append(self.expect("Name"))
        return found

    def _part(self) -> tuple[Token, Node]:
        """Begin a field, an argument or a value with its description and name."""
        token = self.token
        described = self._description()
        node = self._about(described, self.token)
        if described is None or not described.value:
            node["BeforeDescriptionComment"] = None
        node["Name"] = self.name()
        return token, node

    def _field(self) -> Node:
        """Read a field's definition (section 3.6)."""
        token, node = self._part()
        node["Arguments"], _ = self.some("(", ")", self._input)
        self.expect(":")
        node["Type"] = self.type()
        node["Directives"] = self.directives(True)
        return self.put(node, token)

    def _input(self) -> Node:
        """Read the definition of an argument or of an input object's field (section 3.6.1)."""
        token, node = self._part()
        self.expect(":")
        node["Type"] = self.type()
        if self.skip("="):
            node["DefaultValue"] = self.value(True)
        node["Directives"] = self.directives(True)
        return self.put(node, token)

    def _enum_value(self) -> Node:
        """Read a value of an enum (section 3.9)."""
        token, node = self._part()
        node["Directives"] = self.directives(True)
        return self.put(node, token)

    def _directive(self, described: Token | None) -> Node:
        """Read a directive's definition (section 3.13)."""
        node = self._about(described, self.keyword("directive"))
        self.expect("@")
        token = self.token
        node["Name"] = self.name()
        node["Arguments"], _ = self.some("(", ")", self._input)
        node["IsRepeatable"] = self.at_word("repeatable")
        if node["IsRepeatable"]:
            self.next()
        self.keyword("on")
        self.skip("|")
        node["Locations"] = [self._location()]
        while self.skip("|"):
            node["Locations"].append(self._location())
        return self.put(node, token)

    def _location(self) -> str:
        token = self.expect("Name")
        if token.value not in _LOCATIONS:
            self.unexpected(token)
        return token.value
