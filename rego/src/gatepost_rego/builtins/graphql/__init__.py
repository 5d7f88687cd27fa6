"""The ``graphql.*`` built-ins (OPA policy reference, section GraphQL), by a parser of our own.

The trees and messages are those of the Go library gqlparser v2, which OPA uses. A query and a
schema may each be a text or a tree; what a schema comes to is remembered within one evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final, TypeVar

from gatepost_rego.builtins.graphql.document import Costs, Document, Fault, GraphqlError, too_deep
from gatepost_rego.builtins.graphql.query_parser import parse_query
from gatepost_rego.builtins.graphql.query_rules import validate_query
from gatepost_rego.builtins.graphql.reader import read_query, read_schema
from gatepost_rego.builtins.graphql.schema import Schema
from gatepost_rego.builtins.graphql.schema_parser import parse_schema
from gatepost_rego.builtins.graphql.schema_rules import validate_schema
from gatepost_rego.builtins.operands import string
from gatepost_rego.builtins.registry import BuiltinError, Context, operand_error
from gatepost_rego.builtins.signature import declare
from gatepost_rego.values import RegoObject, Value

__all__ = ["BUILTINS"]

_T = TypeVar("_T")


def _told(text: str, fault: Fault) -> BuiltinError:
    """Make OPA's error of gqlparser's text, which begins with the place of the first fault."""
    place = fault.place
    if place is None or place.column < 0:
        return BuiltinError(f"GraphQL parse error: {text}")
    message = text.removeprefix(f"input:{place.line}:{place.column}:").lstrip(" ")
    message = message.removesuffix(".\n")
    return BuiltinError(f"{message} in GraphQL string at location {place.line}:{place.column}")


def _parsed(ctx: Context, parse: Callable[[str, Costs], Document], text: str) -> Document:
    ctx.reserve(len(text) // 8)
    try:
        return parse(text, ctx)
    except GraphqlError as error:
        raise _told(error.faults[0].text(), error.faults[0]) from error


def _query(ctx: Context, value: Value) -> Document:
    if isinstance(value, str):
        return _parsed(ctx, parse_query, value)
    if isinstance(value, (dict, RegoObject)):
        return read_query(ctx, value)
    raise operand_error(1, value, "string", "object")


def _schema(ctx: Context, value: Value, position: int) -> Schema:
    """Make the type system of a schema given as text or as a tree."""
    if not isinstance(value, (str, dict, RegoObject)):
        raise operand_error(position, value, "string", "object")
    # A tree is known by its identity: the cache keeps it alive, and values never change.
    key = ("graphql", value if isinstance(value, str) else id(value))
    if key in ctx.cache:
        found: Schema = ctx.cache[key][0]
        return found
    if isinstance(value, str):
        document = _parsed(ctx, parse_schema, value)
    else:
        document = read_schema(ctx, value)
    try:
        schema = validate_schema(ctx, document)
    except GraphqlError as error:
        told = error.faults[0].text(nowhere=":-1:-1")
        text = f"Error in gqlparser SchemaDocument to Schema conversion: {told}"
        raise BuiltinError(text) from error
    ctx.cache[key] = schema, value
    return schema


def _lines(ctx: Context, faults: Iterable[Fault]) -> Iterator[str]:
    for fault in faults:
        ctx.charge(2)
        yield f"{fault.text()}\n"


def _verified(ctx: Context, query: Value, schema: Value) -> list[Value]:
    """Give the trees of a query that keeps the rules, and of its schema."""
    document = _query(ctx, query)
    types = _schema(ctx, schema, 2)
    faults = validate_query(types, document)
    if faults:
        raise _told("".join(_lines(ctx, faults)), faults[0])
    return [document.tree, types.documents[-1].tree]


def _bounded(call: Callable[..., _T]) -> Callable[..., _T]:
    """Tell of the interpreter's own limit as of ours: the policy may have used up most of it."""

    def bounded(*operands: object) -> _T:
        try:
            return call(*operands)
        except RecursionError as error:
            raise too_deep() from error

    return bounded


def parse(ctx: Context, query: Value, schema: Value) -> list[Value]:
    """Parse and check a query, giving the trees of it and its schema."""
    return _verified(ctx, query, schema)


def parse_and_verify(ctx: Context, query: Value, schema: Value) -> list[Value]:
    """Parse and check a query, giving also whether it is valid; trees are empty if it is not."""
    try:
        return [True, *_verified(ctx, query, schema)]
    except BuiltinError:
        return [False, {}, {}]


def is_valid(ctx: Context, query: Value, schema: Value) -> bool:
    """Say whether a query and its schema are valid."""
    try:
        _verified(ctx, query, schema)
    except BuiltinError:
        return False
    return True


def parse_query_text(ctx: Context, query: Value) -> Value:
    """Parse a query."""
    return _parsed(ctx, parse_query, string(query, 1)).tree


def parse_schema_text(ctx: Context, schema: Value) -> Value:
    """Parse a schema; its rules are not checked."""
    return _parsed(ctx, parse_schema, string(schema, 1)).tree


def schema_is_valid(ctx: Context, schema: Value) -> bool:
    """Say whether a schema is valid."""
    try:
        _schema(ctx, schema, 1)
    except BuiltinError:
        return False
    return True


_declare: Final = partial(declare, context=True)

BUILTINS: Final = (
    _declare("graphql.is_valid", _bounded(is_valid)),
    _declare("graphql.parse", _bounded(parse)),
    _declare("graphql.parse_and_verify", _bounded(parse_and_verify)),
    _declare("graphql.parse_query", _bounded(parse_query_text)),
    _declare("graphql.parse_schema", _bounded(parse_schema_text)),
    _declare("graphql.schema_is_valid", _bounded(schema_is_valid)),
)
