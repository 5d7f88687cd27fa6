"""`gatepost apply -f gatepost.yaml`: all of the file becomes a version, or none of it."""

import argparse
from pathlib import Path
from typing import Any

from gatepost_gateway.cli import asking
from gatepost_gateway.cli.output import note, say, say_json
from gatepost_gateway.cli.versions import change_lines
from gatepost_gateway.control.reach import path_of
from gatepost_gateway.settings import read_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-f", "--file", type=Path, required=True, help="the file")
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    asking.add_arguments(parser)


def run(said: argparse.Namespace) -> int:
    """2 when it was applied with warnings."""
    text = read_file(said.file)
    # The file may name other files beside it: the gateway of this machine finds them by the whole path.
    body = {"document": text, "dry_run": said.dry_run, "name": str(said.file.resolve())}
    with asking.asking(said, create=not said.dry_run) as house:
        done = house.ask("POST", path_of("apply"), body)
    if said.json:
        say_json(done)
    else:
        say(_lines(done, dry_run=said.dry_run))
        for warning in done["warnings"]:
            note(f"warning: {warning}")
    return 2 if done["warnings"] else 0


def _lines(done: dict[str, Any], *, dry_run: bool) -> list[str]:
    if not done["changes"]:
        return [f"nothing to change: version {done['number']} says the same"]
    lines = change_lines(done["changes"])
    if dry_run:
        return [*lines, f"{len(done['changes'])} changes, not applied: version {done['number']} stays in force"]
    return [*lines, f"version {done['number']} is in force"]
