"""The `graphql.*` built-ins, asked in Rego; answers are those of OPA 1.x."""

from __future__ import annotations

import json
import time
from typing import Any, Final

import pytest

from gatepost_rego import Capabilities, EvaluationError, RegoError
from gatepost_rego.policy import evaluate_query, load

_STRICT: Final = Capabilities(strict_builtin_errors=True)
_SCHEMA: Final = """
directive @mark(x: Int!) repeatable on FIELD | OBJECT
interface Node { id: ID! }
type User implements Node @mark(x: 1) {
  id: ID!
  name(form: Form = SHORT): String
  friends(first: Int! = 3, filter: Filter): [User!]!
  pet: Pet
}
type Dog implements Node { id: ID! barks: Boolean }
type Cat { meows: Boolean! }
union Pet = Dog | Cat
enum Form { SHORT LONG @deprecated(reason: "x") }
input Filter { age: Int! names: [String!] one: One }
input One @oneOf { a: Int b: String }
type Query { user(id: ID!): User node(id: ID): Node n: Int! }
type Subscription { u: User n: Int }
"""


def ask(call: str, *texts: str, deadline: float | None = 10.0) -> Any:
    """Give what a built-in answers to texts; an error's text after `!`."""
    operands = ", ".join(map(json.dumps, texts))
    try:
        runner = load({}, queries=[f"x := {call}({operands})"], capabilities=_STRICT)
        found = evaluate_query(runner, deadline=deadline)
    except EvaluationError as error:
        return "!" + error.diagnostic.message.split(f"{call}: ", 1)[-1]
    return found[0]["x"]


def evaluate(query: str) -> Any:
    """Give the value of an expression."""
    return evaluate_query(load({}, queries=[f"x := {query}"]), deadline=10.0)[0]["x"]


_VALID = [
    "{ n }",
    "{ user(id: 1) { id name(form: LONG) pet { __typename ... on Dog { barks } } } }",
    "query Q($id: ID!, $f: Filter) { user(id: $id) { friends(filter: $f) { id } } }",
    "query($v: Int! = 3) { user(id: 1) { friends(first: $v) { id } } }",
    "query($v: Int) { user(id: 1) { friends(first: $v) { id } } }",
    "{ user(id: 1) { ...F } } fragment F on User { id ... on Node { id } }",
    "subscription { n }",
    '{ __schema { types { name } } __type(name: "User") { kind } }',
    "{ n @mark(x: 1) @include(if: true) }",
    '{ user(id: 1) { friends(filter: { age: 1, names: "one", one: { a: 1 } }) { id } } }',
    "",
]
_INVALID = {
    "{ zork }": 'Cannot query field "zork" on type "Query"',
    "{ m }": 'Cannot query field "m" on type "Query". Did you mean "n"?\n',
    "{ user(id: 1) }": "must have a selection of subfields",
    "{ n { a } }": 'Field "n" must not have a selection',
    "{ user { id } }": 'argument "id" of type "ID!" is required',
    "{ user(id: 1, x: 2) { id } }": 'Unknown argument "x" on field "Query.user"',
    "{ user(id: 1, id: 2) { id } }": 'only one argument named "id"',
    "{ user(id: null) { id } }": 'Expected value of type "ID!", found null',
    "{ user(id: 1.5) { id } }": "ID cannot represent a non-string and non-integer value: 1.5",
    "query($v: Int) { n }": 'Variable "$v" is never used',
    "{ node(id: $v) { id } }": 'Variable "$v" is not defined',
    "query($v: User) { node(id: $v) { id } }": 'used in position expecting type "ID"',
    "query($v: Zork) { n }": 'Unknown type "Zork"',
    "query($v: Int, $v: Int) { n @mark(x: $v) }": 'only one variable named "$v"',
    "{ n @zork }": 'Unknown directive "@zork"',
    "query @skip(if: true) { n }": 'Directive "@skip" may not be used on QUERY',
    "{ n @mark(x: 1) @mark(x: 2) }": 'The directive "@mark" can only be used once',
    "{ ...F }": 'Unknown fragment "F"',
    "{ n } fragment F on Query { n }": 'Fragment "F" is never used',
    "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }": 'within itself via "G"',
    "{ ...F } fragment F on Form { a }": "cannot condition on non composite type",
    "{ node { ... on Cat { meows } } }": 'objects of type "Node" can never be of type "Cat"',
    "{ x: n x: user(id: 1) { id } }": 'Fields "x" conflict because "n" and "user" are different',
    "{ n } { n }": "This anonymous operation must be the only defined operation",
    "query A { n } query A { n }": 'only one operation named "A"',
    "mutation { a }": 'Schema does not support operation type "mutation"',
    "subscription { n u { id } }": "must select only one top level field",
    "{ user(id: 1) { name(form: WIDE) } }": 'Value "WIDE" does not exist in "Form" enum',
    "{ user(id: 1) { friends(filter: { age: 1, age: 2 }) { id } } }": "only one input field",
    "{ user(id: 1) { friends(filter: {}) { id } } }": 'Field "Filter.age" of required type "Int!"',
    "{ user(id: 1) { friends(filter: { age: 1, one: {} }) { id } } }": "exactly one key",
    "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }": (
        "Maximum introspection depth exceeded"
    ),
}
_SCHEMAS_WRONG = {
    "type A { b: B }": "Undefined type B.",
    "type A": "OBJECT A: must define one or more fields.",
    "type A { b: Int b: Int }": "Field A.b can only be defined once.",
    "type A { b: Int } type A { c: Int }": "Cannot redeclare type A.",
    "type __A { b: Int }": "reserved by GraphQL introspection",
    "type A implements I { b: Int } interface I { c: Int }": "it must have a field called c.",
    "type A { b: I } input I { c: Int }": "OBJECT A: field must be one of",
    "input I { a: A } type A { b: Int }": "OBJECT a: field must be one of",
    "type A { b(x: A): Int }": "cannot use A as argument x",
    "enum E { true }": "ENUM E: non-enum value true.",
    "enum E { A A }": "Enum value E.A can only be defined once.",
    "union U = A": 'Undefined type "A".',
    "union U = A | A type A { b: Int }": "Union type U can only include type A once.",
    "type A @zork { b: Int }": "Undefined directive zork.",
    "type A @skip(if: true) { b: Int }": "Directive skip is not applicable on OBJECT.",
    "scalar S @specifiedBy": "Argument url for directive specifiedBy cannot be null.",
    "schema { query: Zork }": "Schema root query refers to a type Zork that does not exist.",
    "scalar A extend type A { b: Int }": "Cannot extend type A because the base type is a SCALAR",
    "directive @a on FIELD directive @a on FIELD": "Cannot redeclare directive a.",
    "directive @a(x: Int @a) on ARGUMENT_DEFINITION": "Directive a cannot refer to itself.",
}


@pytest.mark.parametrize("query", _VALID)
def test_a_valid_query_is_valid(query: str) -> None:
    assert ask("graphql.is_valid", query, _SCHEMA) is True
    verified = ask("graphql.parse_and_verify", query, _SCHEMA)
    assert verified[0] is True
    assert verified[1:] == ask("graphql.parse", query, _SCHEMA)


@pytest.mark.parametrize(("query", "message"), _INVALID.items())
def test_a_wrong_query_is_told_of_in_gqlparsers_words(query: str, message: str) -> None:
    assert ask("graphql.is_valid", query, _SCHEMA) is False
    assert ask("graphql.parse_and_verify", query, _SCHEMA) == [False, {}, {}]
    found = ask("graphql.parse", query, _SCHEMA)
    assert found.startswith("!")
    assert message in found


@pytest.mark.parametrize(("schema", "message"), _SCHEMAS_WRONG.items())
def test_a_wrong_schema_is_told_of_in_gqlparsers_words(schema: str, message: str) -> None:
    assert ask("graphql.schema_is_valid", schema) is False
    found = ask("graphql.parse", "{ a }", schema)
    assert found.startswith("!Error in gqlparser SchemaDocument to Schema conversion: input:")
    assert message in found


def test_what_extends_nothing_defines_a_type() -> None:
    assert ask("graphql.schema_is_valid", "extend type Query { n: Int }") is True
    assert ask("graphql.is_valid", "{ n }", "extend type Query { n: Int }") is True


def test_a_query_is_a_tree_without_what_is_empty() -> None:
    query = "# why\nquery Q($v: [Int!] = [1]) { a: b(x: $v) ... on T { c } ...F }"
    assert ask("graphql.parse_query", query) == {
        "Operations": [{
            "Comment": {"List": [{"Value": "# why"}]},
            "Name": "Q", "Operation": "query",
            "SelectionSet": [
                {"Alias": "a", "Name": "b", "Arguments": [{
                    "Name": "x",
                    "Value": {"Kind": 0, "Raw": "v", "ExpectedTypeHasDefault": False},
                }]},
                {"TypeCondition": "T", "SelectionSet": [{"Alias": "c", "Name": "c"}]},
                {"Name": "F"},
            ],
            "VariableDefinitions": [{
                "Variable": "v", "Used": False,
                "Type": {
                    "NamedType": "", "NonNull": False,
                    "Elem": {"NamedType": "Int", "NonNull": True},
                },
                "DefaultValue": {
                    "Kind": 8, "Raw": "", "ExpectedTypeHasDefault": False,
                    "Children": [{
                        "Name": "",
                        "Value": {"Kind": 1, "Raw": "1", "ExpectedTypeHasDefault": False},
                    }],
                },
            }],
        }],
    }  # fmt: skip


def test_a_schema_is_a_tree_with_its_comments() -> None:
    schema = '"d" # c\nunion U = | A | B\nextend enum E @x { V }\nschema { query: Q }'
    assert ask("graphql.parse_schema", schema) == {
        "Definitions": [{
            "AfterDescriptionComment": {"List": [{"Value": "# c"}]}, "BuiltIn": False,
            "Description": "d", "Kind": "UNION", "Name": "U", "Types": ["A", "B"],
        }],
        "Extensions": [{
            "BuiltIn": False, "Description": "", "Directives": [{"Location": "", "Name": "x"}],
            "EnumValues": [{"Description": "", "Name": "V"}], "Kind": "ENUM", "Name": "E",
        }],
        "Schema": [{
            "Description": "", "OperationTypes": [{"Operation": "query", "Type": "Q"}],
        }],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{", "Expected Name, found <EOF> in GraphQL string at location 1:2"),
        ("{ a ? }", "Expected Name, found <Invalid> in GraphQL string at location 1:5"),
        ("...", "Unexpected ... in GraphQL string at location 1:1"),
        ("fragment on on on { on }", 'Unexpected Name "on" in GraphQL string at location 1:10'),
        ("{ a() }", "expected at least one definition, found ) in GraphQL string at location 1:5"),
        ("\r\n\r\n{ a(x: 01) }", "Unexpected <Invalid> in GraphQL string at location 3:10"),
        ('"x"', 'Unexpected String "x" in GraphQL string at location 1:2'),
        ('"""\n\nx"""', 'GraphQL parse error: input:3:-1: Unexpected BlockString "x"'),
    ],
)
def test_what_does_not_parse_is_told_with_its_place(query: str, message: str) -> None:
    assert ask("graphql.parse_query", query) == "!" + message


def test_trees_may_stand_for_texts() -> None:
    def trees(query: str) -> str:
        texts = json.dumps(query), json.dumps(_SCHEMA)
        return "graphql.parse_query({}), graphql.parse_schema({})".format(*texts)

    assert evaluate(f"graphql.is_valid({trees('{ n }')})") is True
    assert evaluate(f"graphql.parse({trees('{ n }')})") == ask("graphql.parse", "{ n }", _SCHEMA)
    assert evaluate(f"graphql.is_valid({trees('{ m }')})") is False
    # As in OPA, fragments given as trees are read as fields without a name.
    assert evaluate(f"graphql.is_valid({trees('{ ... on Query { n } }')})") is False


@pytest.mark.parametrize(
    "tree",
    ['{"Operations": 3}', '{"Operations": [null]}', '{"Operations": [{"Operation": "zork"}]}',
     '{"Operations": [{"SelectionSet": [{"Name": "n", "Arguments": [{"Name": "x"}]}]}]}'],
)  # fmt: skip
def test_a_tree_that_is_none_is_not_valid(tree: str) -> None:
    assert evaluate(f"graphql.is_valid({tree}, {json.dumps(_SCHEMA)})") is False


@pytest.mark.parametrize(
    "query",
    ["{a" * 5000, "{a(x:" + "[" * 5000, "{a(x:" + "{a:" * 5000, "query($a:" + "[" * 5000],
)
def test_what_nests_too_deeply_ends_in_an_error_of_its_own(query: str) -> None:
    assert "may not nest deeper" in ask("graphql.parse_query", query)


def test_fragments_within_fragments_nest_too() -> None:
    chain = "".join(f"fragment F{n} on Query {{ ...F{n + 1} }} " for n in range(3000))
    query = "{ ...F0 } " + chain + "fragment F3000 on Query { n }"
    assert "may not nest deeper" in ask("graphql.is_valid", query, _SCHEMA)


@pytest.mark.parametrize(
    ("query", "schema"),
    [
        ("{" + "n " * 30_000 + "}", "type Query { n: Int }"),
        ("{" + "n(x:[1]) " * 20_000 + "}", "type Query { n(x: [Int]): Int }"),
        ("{n(" + "x:1 " * 100_000 + ")}", "type Query { n: Int }"),
        ("".join(f"query Q{n} {{...F}} " for n in range(20_000))
         + "fragment F on Query {" + "z " * 1000 + "}", "type Query { n: Int }"),
        ("{n}", "type Query { n: Int } interface I implements "
         + "J&" * 20_000 + "J { a: Int } interface J implements "
         + "K&" * 20_000 + "K { a: Int } interface K { a: Int }"),
    ],
)  # fmt: skip
def test_long_work_ends_at_the_deadline(query: str, schema: str) -> None:
    begin = time.monotonic()
    operands = f"{json.dumps(query)}, {json.dumps(schema)}"
    runner = load({}, queries=[f"x := graphql.is_valid({operands})"])
    compiled = time.monotonic()
    with pytest.raises(RegoError):
        evaluate_query(runner, deadline=0.2)
    assert time.monotonic() - compiled < 1.0, compiled - begin
