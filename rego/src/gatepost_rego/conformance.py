"""Runs case files of OPA and other engines, as a worker or with a report of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from gatepost_rego.errors import RegoError
from gatepost_rego.evaluate.output import plain_json
from gatepost_rego.policy import Capabilities, evaluate_query, load
from gatepost_rego.values import UNDEFINED


def input_of(case: Mapping[str, Any]) -> Any:
    """Give the input of a case, written as JSON or as a Rego term."""
    term = case.get("input_term")
    if term is None:
        return case.get("input", UNDEFINED)
    out: list[dict[str, Any]] = []
    runner = load({}, queries=[f"x = {term}"])
    from gatepost_rego.evaluate.meter import Limits, Meter

    state = runner.state(runner.code, UNDEFINED, Meter(Limits(), None))
    runner.code.queries[0](state, out)
    return out[0]["x"]


def _repeats(text: str, query: str) -> bool:
    """Say whether a module only repeats the query, for engines that can run nothing else.

    Its rule takes in all of data where the query does, itself included: a recursion.
    """
    return text.startswith("package query\n\nresult[") and query in text


def run(case: Mapping[str, Any], query: str, version: str, strict: bool) -> list[dict[str, Any]]:
    """Evaluate the query of a case; raises RegoError."""
    texts = [text for text in case.get("modules") or () if not _repeats(text, query)]
    modules = {f"m{at}.rego": text for at, text in enumerate(texts)}
    runner = load(
        modules,
        queries=[query],
        data=case.get("data"),
        capabilities=Capabilities(strict_builtin_errors=strict),
        version=version,  # type: ignore[arg-type]
    )
    return evaluate_query(runner, input_of(case), deadline=10.0)


def answer(case: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a worker answers to a case: bindings, or an error."""
    strict = bool(case.get("strict_error"))
    try:
        version = case.get("rego_version", "v1")
        return {"r": run(case, case["query"], version, strict)}
    except RegoError as error:
        return {"e": str(error)}


def _default(value: Any) -> Any:
    return float(value)


def worker() -> None:
    """Answer one case a line."""
    for line in sys.stdin:
        try:
            found = answer(json.loads(line))
        except Exception as error:  # a bug in this package must not end the run
            found = {"e": f"CRASH {type(error).__name__}: {error}"}
        sys.stdout.write("\x01" + json.dumps(found, default=_default) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    worker()


__all__ = ["answer", "plain_json", "run", "worker"]
