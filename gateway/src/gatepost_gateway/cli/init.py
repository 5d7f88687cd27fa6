"""`gatepost init`: a gatepost.yaml to start from."""

import argparse
from importlib import resources
from pathlib import Path

from gatepost_gateway.cli.output import refuse, say, say_json

SAMPLE = "gatepost.sample.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=Path, nargs="?", default=Path("gatepost.yaml"), help="gatepost.yaml unless told")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.add_argument("--json", action="store_true", help="answer as JSON")


def run(said: argparse.Namespace) -> int:
    """1 when the file is there already."""
    path: Path = said.path
    text = resources.files("gatepost_gateway.cli").joinpath(SAMPLE).read_text()
    try:
        with path.open("w" if said.force else "x") as target:
            target.write(text)
    except FileExistsError:
        words = f"`{path}` is there already: name another file, or say --force"
        return refuse({"error": words, "code": "conflict"}, as_json=said.json)
    if said.json:
        say_json({"path": str(path)})
    else:
        say([f"wrote {path}", "next: `gatepost serve`; after a change: `gatepost apply -f " + str(path) + "`"])
    return 0
