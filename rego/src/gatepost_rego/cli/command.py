"""The command line: arguments in, exit code out."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Final

from gatepost_rego.cli.checking import check_files
from gatepost_rego.cli.evaluating import evaluate
from gatepost_rego.cli.files import UsageError
from gatepost_rego.cli.formatting import format_files
from gatepost_rego.cli.testing import test_files
from gatepost_rego.errors import Diagnostic, EvaluationError, PolicyError, RegoError

__all__ = ["main"]

_ERROR: Final = 1
_USAGE: Final = 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gatepost-rego", description="Evaluates, checks, tests and formats Rego policies."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _add_eval(commands.add_parser("eval", help="evaluate a query"))
    _add_check(commands.add_parser("check", help="look for mistakes"))
    _add_test(commands.add_parser("test", help="run the rules that begin with test_"))
    _add_fmt(commands.add_parser("fmt", help="print policies in the usual layout"))
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--v0", action="store_true", help="read policies as version 0 of Rego")


def _add_eval(parser: argparse.ArgumentParser) -> None:
    _common(parser)
    parser.add_argument("query", help="a query, such as data.example.allow")
    parser.add_argument("-d", "--data", action="append", default=[], metavar="PATH",
                        help="a policy, a JSON or YAML document, or a folder of these")  # fmt: skip
    parser.add_argument("-i", "--input", metavar="FILE", help="the input, - for standard input")
    parser.add_argument("-f", "--format", choices=("json", "values", "raw"), default="json")
    parser.add_argument("--fail", action="store_true", help="fail when there is no result")
    parser.add_argument("--fail-defined", action="store_true", help="fail when there is a result")
    parser.add_argument("--strict-builtin-errors", action="store_true",
                        help="a failing built-in function ends the evaluation")  # fmt: skip
    parser.add_argument("--deadline", type=float, metavar="SECONDS")
    parser.set_defaults(handler=evaluate)


def _add_check(parser: argparse.ArgumentParser) -> None:
    _common(parser)
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("--strict", action="store_true", help="refuse unused variables too")
    parser.add_argument("--json", action="store_true", help="report as JSON")
    parser.set_defaults(handler=check_files)


def _add_test(parser: argparse.ArgumentParser) -> None:
    _common(parser)
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("-v", "--verbose", action="store_true", help="report every test")
    parser.add_argument("-r", "--run", metavar="PATTERN", help="run tests whose name matches")
    parser.add_argument("--json", action="store_true", help="report as JSON")
    parser.add_argument("-c", "--coverage", action="store_true", help="report the lines reached")
    parser.add_argument("--threshold", type=float, metavar="PERCENT",
                        help="fail when fewer lines were reached")  # fmt: skip
    parser.add_argument("--deadline", type=float, default=5.0, metavar="SECONDS",
                        help="time for one test")  # fmt: skip
    parser.set_defaults(handler=test_files)


def _add_fmt(parser: argparse.ArgumentParser) -> None:
    _common(parser)
    parser.add_argument("paths", nargs="*", metavar="PATH", help="standard input where left out")
    parser.add_argument("-w", "--write", action="store_true", help="change the files")
    parser.add_argument("-l", "--list", action="store_true", help="name the files it would change")
    parser.add_argument("-d", "--diff", action="store_true", help="show what it would change")
    parser.add_argument("--fail", action="store_true", help="fail when a file would change")
    parser.set_defaults(handler=format_files)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 is fine, 1 an error, 2 failing tests or a wrong call."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.handler
    try:
        return run(options)
    except UsageError as error:
        sys.stderr.write(f"gatepost-rego: {error}\n")
        return _USAGE
    except RegoError as error:
        report(error, as_json=getattr(options, "json", False) or options.command == "eval")
        return _ERROR


def report(error: RegoError, *, as_json: bool) -> None:
    """Write what is wrong with a policy: as JSON to standard output, else for a reader."""
    findings = _findings(error)
    if as_json:
        sys.stdout.write(json.dumps({"errors": list(map(_finding, findings))}, indent=2) + "\n")
        return
    for finding in findings:
        sys.stderr.write(finding.pretty() + "\n")


def _findings(error: RegoError) -> tuple[Diagnostic, ...]:
    if isinstance(error, PolicyError):
        return error.diagnostics
    return (error.diagnostic,) if isinstance(error, EvaluationError) else ()


def _finding(found: Diagnostic) -> dict[str, object]:
    shown: dict[str, object] = {"message": found.message, "code": found.code}
    if found.row:
        shown["location"] = {"file": found.file, "row": found.row, "col": found.column}
    return shown
