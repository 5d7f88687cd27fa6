"""Runs case files of OPA and of other engines: as a worker for a scorer, or with a report.

``python -m gatepost_rego.conformance --worker`` answers one case a line. With ``--cases FOLDER``
it scores every file there, and with ``--report FILE`` writes what passed and why the rest did not.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gatepost_rego.errors import RegoError
from gatepost_rego.evaluate.meter import Limits, Meter
from gatepost_rego.policy import Capabilities, evaluate_query, load
from gatepost_rego.values import UNDEFINED

_CODE: Final = re.compile(r"(?:rego|eval)_[a-z_]+_error")
_MISSING: Final = re.compile(r"(?:undefined function|built-in function) ([\w.]+)")
_LIMIT: Final = 10.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one case went."""

    file: str
    suite: str
    note: str
    kind: str
    passed: bool
    got: str = ""
    wanted: str = ""


def input_of(case: Mapping[str, Any]) -> Any:
    """Give the input of a case, written as JSON or as a Rego term."""
    term = case.get("input_term")
    if term is None:
        return case.get("input", UNDEFINED)
    out: list[dict[str, Any]] = []
    runner = load({}, queries=[f"x = {term}"])
    runner.code.queries[0](runner.state(runner.code, UNDEFINED, Meter(Limits(), None)), out)
    return out[0]["x"]


def _repeats(text: str, query: str) -> bool:
    """Say whether a module only repeats the query, for engines that can run nothing else.

    Its rule takes in all of data where the query does, itself included: a recursion.
    """
    return text.startswith("package query\n\nresult[") and query in text


def run(case: Mapping[str, Any], query: str, version: str, strict: bool) -> list[dict[str, Any]]:
    """Evaluate the query of a case. Raises RegoError."""
    texts = [text for text in case.get("modules") or () if not _repeats(text, query)]
    runner = load(
        {f"m{at}.rego": text for at, text in enumerate(texts)},
        queries=[query],
        data=case.get("data"),
        capabilities=Capabilities(strict_builtin_errors=strict),
        version=version,  # type: ignore[arg-type]
    )
    return evaluate_query(runner, input_of(case), deadline=_LIMIT)


def answer(case: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a worker answers to a case: bindings, or an error.

    A case with real OPA's answer beside it is run as OPA ran it: as v1, built-in errors strict.
    """
    real = case.get("opa")
    try:
        if real is not None:
            return {"r": run(case, real["query"], "v1", True)}
        version = case.get("rego_version", "v1")
        return {"r": run(case, case["query"], version, bool(case.get("strict_error")))}
    except RegoError as error:
        return {"e": str(error)}


def worker() -> None:
    """Answer one case a line."""
    for line in sys.stdin:
        try:
            found = answer(json.loads(line))
        except Exception as error:
            found = {"e": f"CRASH {type(error).__name__}: {error}"}
        sys.stdout.write("\x01" + json.dumps(found, default=float) + "\n")
        sys.stdout.flush()


def _alike(value: Any, loose: bool) -> str:
    """Write a value so that equal ones read equal: numbers as floats, sets in any order."""

    def plain(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: plain(one) for key, one in part.items()}
        if isinstance(part, list):
            items = [plain(one) for one in part]
            return (
                sorted(items, key=lambda one: json.dumps(one, sort_keys=True)) if loose else items
            )
        if part is None or isinstance(part, (bool, str)):
            return part
        return float(part)

    return json.dumps(plain(value), sort_keys=True)


def same(got: list[dict[str, Any]], want: list[dict[str, Any]] | None) -> bool:
    """Compare bindings as OPA's own tests do: in any order, sets as lists in any order."""
    for loose in (False, True):
        if sorted(_alike(one, loose) for one in got) == sorted(
            _alike(one, loose) for one in want or []
        ):
            return True
    return False


def judge(case: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, bool, Any]:
    """Say what kind of case it is, whether the answer is right, and what was wanted."""
    real = case.get("opa")
    error = found.get("e", "")
    crashed = error.startswith("CRASH")
    if real is not None and "e" in real:
        code = _CODE.search(real["e"])
        right = "e" in found and not crashed and (code is None or code.group() in error)
        return "error", right, real["e"]
    if real is not None:
        return "result", "r" in found and same(found["r"], real["r"]), real["r"]
    if case.get("want_error_code") or case.get("want_error"):
        kind = "strict_error" if case.get("strict_error") else "error"
        wanted = case.get("want_error_code") or ""
        return kind, "e" in found and not crashed and wanted in error, wanted
    return (
        "result",
        "r" in found and same(found["r"], case.get("want_result")),
        case.get("want_result"),
    )


def score(path: Path) -> Iterable[Outcome]:
    """Run every case of a file."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            found = answer(case)
            kind, right, wanted = judge(case, found)
            got = found["e"] if "e" in found else json.dumps(found["r"], default=float)
            yield Outcome(
                path.stem, case["suite"], case["note"], kind, right, got, json.dumps(wanted)
            )


DEVIATIONS: Final[Mapping[tuple[str, str], str]] = {
    ("opa-v0", "jwtencodesign"): "this file is from an OPA that wrote spaces into what it signed",
    ("opa-v0", "graphql"): "this file is from an OPA whose GraphQL trees had other members",
    ("opa-v0", "regoparsemodule"): "this file is from an OPA whose Rego trees had other members",
}


def reason(outcome: Outcome) -> str:
    """Say why a case did not pass."""
    missing = _MISSING.search(outcome.got)
    if missing is not None:
        return f"built-in not supported: {missing.group(1)}"
    return DEVIATIONS.get((outcome.file, outcome.suite), "not explained")


def report(outcomes: list[Outcome]) -> str:
    """Write the scores, every miss with its reason, and the list of what passed."""
    lines = [
        "# Conformance",
        "",
        "Written by `python -m gatepost_rego.conformance --cases FOLDER --report CONFORMANCE.md`.",
        "`regorus` cases are judged by real OPA's answer to them, error codes included. The module",
        "with which `opa-v0` cases repeat their query for engines that run no queries is left",
        "out: where the query takes in all of data, that rule would take in itself.",
        "",
        "| file | kind | passed | of |",
        "|---|---|---|---|",
    ]
    totals: Counter[tuple[str, str]] = Counter()
    passed: Counter[tuple[str, str]] = Counter()
    for one in outcomes:
        totals[(one.file, one.kind)] += 1
        passed[(one.file, one.kind)] += one.passed
    lines += [
        f"| {f} | {kind} | {passed[f, kind]} | {n} |" for (f, kind), n in sorted(totals.items())
    ]
    lines += ["", "## What did not pass", "", "| file | case | reason |", "|---|---|---|"]
    for one in outcomes:
        if not one.passed:
            lines.append(
                f"| {one.file} | {_cell(one.suite)}: {_cell(one.note)} | {_cell(reason(one))} |"
            )
    lines += ["", "## What passed", ""]
    suites: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in outcomes:
        if one.passed:
            suites[(one.file, one.suite)].append(one.note.removeprefix(f"{one.suite}/"))
    for (file, suite), notes in sorted(suites.items()):
        lines.append(f"- `{file}` {suite} ({len(notes)}): {'; '.join(map(_cell, notes))}")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main(arguments: list[str] | None = None) -> int:
    """Run as a worker, or score the case files of a folder."""
    parser = argparse.ArgumentParser(prog="gatepost_rego.conformance", description=__doc__)
    parser.add_argument("--worker", action="store_true", help="answer one case a line")
    parser.add_argument("--cases", type=Path, help="folder of case files (*.jsonl)")
    parser.add_argument("--report", type=Path, help="write the report to this file")
    given = parser.parse_args(arguments)
    if given.cases is None:
        worker()
        return 0
    outcomes = [one for path in sorted(given.cases.glob("*.jsonl")) for one in score(path)]
    for file in sorted({one.file for one in outcomes}):
        mine = [one for one in outcomes if one.file == file]
        print(f"{file}: {sum(one.passed for one in mine)} of {len(mine)}")
    if given.report is not None:
        given.report.write_text(report(outcomes), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
