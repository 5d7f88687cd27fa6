"""`gatepost policy lint | test | replay`: policies looked at before they judge anybody.

Only `replay` needs a gateway, or the data of one: its records.
"""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from gatepost_gateway.cli import replaying
from gatepost_gateway.cli.output import note, say, say_json
from gatepost_gateway.control.cases import find_tests
from gatepost_gateway.control.draft import Policy, read_policy
from gatepost_gateway.control.testing import Covered, Ran, Report, run_tests
from gatepost_gateway.settings import ConfigurationError, Problem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    lint = actions.add_parser("lint", help="say what is wrong with a policy: gatepost.yaml, a chain, or Rego")
    lint.add_argument("path", type=Path, nargs="?", help="the file; gatepost.yaml unless told")
    lint.add_argument("--file", type=Path, dest="named", metavar="FILE", help="the same")
    test = actions.add_parser("test", help="run the cases beside a policy")
    test.add_argument("path", type=Path, nargs="?", help="a policy, a file of cases, or a folder; . unless told")
    test.add_argument("--pack-dir", type=Path, dest="named", metavar="DIR", help="the same")
    test.add_argument(
        "--coverage-min", type=float, metavar="PERCENT", help="fail when fewer of the rules said anything"
    )
    replaying.add_arguments(actions.add_parser("replay", help="judge recorded calls by a draft of the file"))
    for action in (lint, test):
        action.add_argument("--package", action="append", default=[], help="what Rego may speak in beside our own")
        action.add_argument("--json", action="store_true", help="answer as JSON")


def run(said: argparse.Namespace) -> int:
    """0 all is well, 1 a mistake or a case that failed, 2 a warning, or no case at all."""
    if said.action == "replay":
        return replaying.run(said)
    if said.action == "lint":
        return _lint(said.named or said.path or Path("gatepost.yaml"), said)
    return _test(said.named or said.path or Path(), said)


def _lint(path: Path, said: argparse.Namespace) -> int:
    try:
        found = read_policy(path, said.package)
    except ConfigurationError as error:
        found = Policy(path, error.problems)
    if said.json:
        say_json({"ok": not found.problems, "errors": _places(found.problems), "warnings": _places(found.warnings)})
    else:
        for problem in found.problems:
            note(f"{problem.where}: error: {problem.message}")
        for problem in found.warnings:
            note(f"{problem.where}: warning: {problem.message}")
        if not found.problems and not found.warnings:
            say([f"{path}: nothing is wrong"])
    return 1 if found.problems else 2 if found.warnings else 0


def _places(problems: tuple[Problem, ...]) -> list[dict[str, str]]:
    return [{"where": one.where, "message": one.message} for one in problems]


def _test(path: Path, said: argparse.Namespace) -> int:
    try:
        tests = find_tests(path, said.package)
    except ConfigurationError as error:
        if not said.json:
            raise
        say_json({"ok": False, "errors": _places(error.problems)})
        return 1
    reports = [(one.policy.path, asyncio.run(run_tests(one))) for one in tests if one.cases]
    least = min((report.percent for _, report in reports), default=100.0)
    short = said.coverage_min is not None and least < said.coverage_min
    ok = bool(reports) and not short and not any(report.failed for _, report in reports)
    if said.json:
        say_json({"ok": ok, "policies": [_page(policy, report) for policy, report in reports]})
    else:
        for policy, report in reports:
            say(_lines(policy, report))
        if short:
            note(f"gatepost: coverage is {least} %, less than the {said.coverage_min} % that are asked for")
    if not reports:
        note(f"gatepost: there are no cases at `{path}`")
        return 2
    return 0 if ok else 1


def _page(policy: Path, report: Report) -> dict[str, Any]:
    return {
        "policy": str(policy),
        "passed": len(report.ran) - len(report.failed),
        "failed": len(report.failed),
        "cases": [_case(one) for one in report.ran],
        "coverage": {
            "percent": report.percent,
            "rules": [
                {"rule": one.rule, "kind": one.kind, "where": one.where, "fired": one.fired} for one in report.covered
            ],
        },
    }


def _case(one: Ran) -> dict[str, Any]:
    tried = one.tried
    return {
        "suite": one.case.suite,
        "note": one.case.said.note,
        "where": one.case.where,
        "ok": not one.differences,
        "verdict": tried.effect.value if tried is not None else None,
        "phase": tried.phase.value if tried is not None and tried.phase is not None else None,
        "rule": tried.rule if tried is not None else None,
        "differences": list(one.differences),
    }


def _lines(policy: Path, report: Report) -> list[str]:
    lines: list[str] = []
    for one in report.failed:
        lines.append(f"{one.case.where}: FAILED {one.case.suite}: {one.case.said.note}")
        lines += [f"  {difference}" for difference in one.differences]
    passed = len(report.ran) - len(report.failed)
    silent = [one for one in report.covered if not one.fired]
    lines.append(f"{policy}: {passed} of {len(report.ran)} cases passed")
    lines.append(
        f"{policy}: {len(report.covered) - len(silent)} of {len(report.covered)} rules said something in a case"
    )
    return [*lines, *(f"  never heard: {_named(one)}" for one in silent)]


def _named(one: Covered) -> str:
    return f"{one.rule} ({one.kind}{', ' + one.where if one.where else ''})"
