"""`gatepost-rego test`: runs the rules that begin with `test_` and reports like `opa test`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import re2

from gatepost_rego.ast import Module, Rule, Scalar, Var
from gatepost_rego.cli.coverage import coverage_report
from gatepost_rego.cli.files import UsageError, load_files
from gatepost_rego.errors import EvaluationError, RegoError
from gatepost_rego.policy import Policy, Runner, load

__all__ = ["test_files"]

_PASS, _FAIL, _ERROR, _SKIPPED = "PASS", "FAIL", "ERROR", "SKIPPED"
_RULE: Final = "-" * 80
_FAILING: Final = 2


@dataclass(frozen=True, slots=True)
class _Test:
    """A test rule and where it stands."""

    package: str
    name: str
    file: str
    row: int

    @property
    def skipped(self) -> bool:
        return self.name.rpartition(".")[2].startswith("todo_test_")


@dataclass(frozen=True, slots=True)
class _Outcome:
    test: _Test
    verdict: str
    seconds: float
    error: str = ""


def _named(rule: Rule) -> str:
    """Give the dotted name of a rule whose head is written out."""
    parts: list[str] = []
    for part in rule.ref:
        if isinstance(part, Var) and not parts:
            parts.append(part.name)
        elif isinstance(part, Scalar) and isinstance(part.value, str):
            parts.append(part.value)
    return ".".join(parts)


def _tests(modules: list[Module]) -> Iterator[_Test]:
    """Find the tests of all modules, each name once a package."""
    seen: set[tuple[str, str]] = set()
    for module in modules:
        package = ".".join(("data", *module.package))
        for rule in module.rules:
            name = _named(rule)
            last = name.rpartition(".")[2]
            if not last.startswith(("test_", "todo_test_")) or (package, name) in seen:
                continue
            seen.add((package, name))
            yield _Test(package, name, module.source.name, rule.loc.row)


def _run(
    runner: Runner, test: _Test, options: argparse.Namespace, reached: set[tuple[str, int]]
) -> _Outcome:
    if test.skipped:
        return _Outcome(test, _SKIPPED, 0.0)
    begun = time.perf_counter()
    policy = Policy(runner, [f"{test.package}.{test.name}"])
    try:
        result = policy.evaluate(deadline=options.deadline, trace=options.coverage)
    except RegoError as error:
        kind = _ERROR if isinstance(error, EvaluationError) else _FAIL
        return _Outcome(test, kind, time.perf_counter() - begun, str(error))
    if options.coverage:
        reached |= result.lines
        reached |= {(fired.file, fired.row) for fired in result.fired}
    verdict = _PASS if result.defined and _holds(result.value) else _FAIL
    return _Outcome(test, verdict, time.perf_counter() - begun)


def _holds(value: Any) -> bool:
    """A test passes with any value but false."""
    return value is not False


def _pattern(text: str | None) -> Any:
    if text is None:
        return None
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as error:
        raise UsageError(f"{text} is no pattern: {error}") from error


def test_files(options: argparse.Namespace) -> int:
    """Run the tests at some paths."""
    loaded = load_files(options.paths)
    if not loaded.modules:
        raise UsageError("there are no policies at these paths")
    pattern = _pattern(options.run)
    version = "v0" if options.v0 else "v1"
    runner = load(loaded.modules, data=loaded.data, version=version)  # type: ignore[arg-type]
    modules = list(runner.program.modules)
    chosen = [
        test
        for test in _tests(modules)
        if pattern is None or pattern.search(f"{test.package}.{test.name}")
    ]
    reached: set[tuple[str, int]] = set()
    outcomes = [_run(runner, test, options, reached) for test in chosen]
    coverage = coverage_report(modules, reached) if options.coverage else None
    _report(options, outcomes, coverage)
    return _verdict(options, outcomes, coverage)


def _verdict(
    options: argparse.Namespace, outcomes: list[_Outcome], coverage: dict[str, Any] | None
) -> int:
    if any(outcome.verdict in (_FAIL, _ERROR) for outcome in outcomes):
        return _FAILING
    if coverage is None or options.threshold is None or coverage["coverage"] >= options.threshold:
        return 0
    sys.stderr.write(f"coverage {coverage['coverage']} is below {options.threshold}\n")
    return _FAILING


def _report(
    options: argparse.Namespace, outcomes: list[_Outcome], coverage: dict[str, Any] | None
) -> None:
    if coverage is not None and all(one.verdict in (_PASS, _SKIPPED) for one in outcomes):
        sys.stdout.write(json.dumps(coverage, indent=2) + "\n")
    elif options.json:
        sys.stdout.write(json.dumps([_object(one) for one in outcomes], indent=2) + "\n")
    else:
        sys.stdout.write("".join([f"{line}\n" for line in _lines(options, outcomes)]))


def _object(outcome: _Outcome) -> dict[str, Any]:
    test = outcome.test
    found: dict[str, Any] = {
        "location": {"file": test.file, "row": test.row},
        "package": test.package,
        "name": test.name,
        "duration": int(outcome.seconds * 1e9),
    }
    marks = {_FAIL: "fail", _SKIPPED: "skip"}
    if outcome.verdict in marks:
        found[marks[outcome.verdict]] = True
    if outcome.error:
        found["error"] = outcome.error
    return found


def _lines(options: argparse.Namespace, outcomes: list[_Outcome]) -> Iterator[str]:
    shown = [one for one in outcomes if options.verbose or one.verdict != _PASS]
    file = ""
    for outcome in shown:
        test = outcome.test
        if test.file != file:
            file = test.file
            yield f"{file}:"
        spent = "" if test.skipped else f" ({_duration(outcome.seconds)})"
        yield f"{test.package}.{test.name}: {outcome.verdict}{spent}"
        if outcome.error:
            yield f"  {outcome.error}"
    if shown:
        yield _RULE
    counted = len(outcomes)
    for verdict in (_PASS, _FAIL, _ERROR, _SKIPPED):
        number = sum(one.verdict == verdict for one in outcomes)
        if number or (verdict == _PASS and counted):
            yield f"{verdict}: {number}/{counted}"


def _duration(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:.3f}\N{MICRO SIGN}s"
    return f"{seconds * 1e3:.6f}ms" if seconds < 1 else f"{seconds:.3f}s"
