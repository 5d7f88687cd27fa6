"""`gatepost-rego eval`: a query over policies, data and an input."""

from __future__ import annotations

import argparse
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from gatepost_rego.ast import TermStmt
from gatepost_rego.cli.files import UsageError, load_files, read_document
from gatepost_rego.errors import Abort, PolicyError
from gatepost_rego.numbers import as_integer, number_of
from gatepost_rego.parse import parse_query
from gatepost_rego.policy import Capabilities, Version, evaluate_query, load
from gatepost_rego.values import UNDEFINED

__all__ = ["evaluate", "plain_number"]

_VALUE: Final = "value_of_the_query"


def _input(name: str | None) -> Any:
    if name is None:
        return UNDEFINED
    if name != "-":
        return read_document(Path(name))
    try:
        return json.loads(sys.stdin.read(), parse_float=number_of, parse_int=number_of)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"cannot read the input: {error}") from error


def plain_number(value: object) -> object:
    """Give a decimal as the number JSON can write."""
    if isinstance(value, Decimal):
        whole = as_integer(value)
        return float(value) if whole is None else whole
    raise TypeError(f"a {type(value).__name__} is no JSON")


def _captured(query: str, version: str) -> str:
    """Bind the value of a query that is one term, for a query by itself gives only bindings."""
    try:
        body = parse_query(query, version != "v0")
    except Abort as error:
        raise PolicyError([error.diagnostic]) from error
    term = len(body) == 1 and isinstance(body[0].kind, TermStmt) and not body[0].negated
    return f"{_VALUE} := {query}" if term else query


def _row(query: str, bindings: dict[str, Any]) -> dict[str, Any]:
    named = {name: value for name, value in bindings.items() if name != _VALUE}
    place = {"row": 1, "col": 1}
    value = bindings.get(_VALUE, True)
    row: dict[str, Any] = {"expressions": [{"value": value, "text": query, "location": place}]}
    return {**row, "bindings": named} if named else row


def evaluate(options: argparse.Namespace) -> int:
    """Evaluate a query and print its results as `opa eval` does."""
    loaded = load_files(options.data)
    version: Version = "v0" if options.v0 else "v1"
    runner = load(
        loaded.modules,
        queries=[_captured(options.query, version)],
        data=loaded.data,
        capabilities=Capabilities(strict_builtin_errors=options.strict_builtin_errors),
        version=version,
    )
    found = evaluate_query(runner, _input(options.input), deadline=options.deadline)
    rows = [_row(options.query, bindings) for bindings in found]
    sys.stdout.write(_shown(rows, options.format))
    if options.fail_defined and rows:
        return 1
    return 1 if options.fail and not rows else 0


def _shown(rows: list[dict[str, Any]], how: str) -> str:
    if how == "json":
        return _json({"result": rows} if rows else {}, 2) + "\n"
    values = [row["expressions"][0]["value"] for row in rows]
    if how == "values":
        return "".join([_json(value, 2) + "\n" for value in values])
    lines = [value if isinstance(value, str) else _json(value, None) for value in values]
    return "".join([line + "\n" for line in lines])


def _json(value: Any, indent: int | None) -> str:
    return json.dumps(
        value, indent=indent, ensure_ascii=False, default=plain_number, sort_keys=True
    )
