"""`gatepost-rego fmt`: prints policies in the usual layout, or changes the files."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from gatepost_rego.cli.files import UsageError, policy_files
from gatepost_rego.layout import format

__all__ = ["format_files"]


def format_files(options: argparse.Namespace) -> int:
    """Format files, or standard input."""
    version = "v0" if options.v0 else "v1"
    if not options.paths:
        sys.stdout.write(format(sys.stdin.read(), name="stdin", version=version))
        return 0
    changed = 0
    for path in policy_files(options.paths):
        try:
            before = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read {path}: {error}") from error
        after = format(before, name=str(path), version=version)
        changed += before != after
        _show(options, path, before, after)
    return 1 if options.fail and changed else 0


def _show(options: argparse.Namespace, path: Path, before: str, after: str) -> None:
    if options.list and before != after:
        sys.stdout.write(f"{path}\n")
    if options.diff:
        lines = difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True),
            f"{path}", f"{path} (formatted)",
        )  # fmt: skip
        sys.stdout.writelines(lines)
    if options.write:
        if before != after:
            path.write_text(after, encoding="utf-8")
    elif not (options.list or options.diff):
        sys.stdout.write(after)
