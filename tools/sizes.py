"""Small enough to hold: files of 400 lines (never over 500), functions of 40 (never over 60), six parameters.

`tools/ratchet/sizes.txt` lists what may still be larger, with its size today. An entry may only shrink, and must go
when it is no longer needed.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SOURCES = ("gateway/src", "sdk/src", "rego/src", "tools", "bench")


class Bound(NamedTuple):
    """`wanted`: more needs an entry in the ratchet; `most`: more is never allowed."""

    wanted: int
    most: int


FILE = Bound(400, 500)
FUNCTION = Bound(40, 60)
PARAMETERS = Bound(6, 12)


def measured(path: Path, name: str) -> Iterator[tuple[str, int, Bound]]:
    """(what, its size, its bound) of everything in a file."""
    text = path.read_text()
    yield name, text.count("\n"), FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{name}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1, FUNCTION
            taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            yield f"{name}:{node.name}()", len([one for one in taken if one.arg not in ("self", "cls")]), PARAMETERS


def read_ratchet(path: Path) -> dict[str, int]:
    """`what size` a line; lines that begin with # say why."""
    rows = [line.rsplit(" ", 1) for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return {what: int(size) for what, size in rows}


def too_large(root: Path) -> dict[str, tuple[int, Bound]]:
    """What is over its bound. Of two functions of one name in a file the larger counts."""
    found: dict[str, tuple[int, Bound]] = {}
    for source in SOURCES:
        for path in sorted((root / source).rglob("*.py")):
            if "tests" in path.parts or ".cache" in path.parts:
                continue
            for what, size, bound in measured(path, str(path.relative_to(root))):
                if size > max(bound.wanted, found.get(what, (0, bound))[0]):
                    found[what] = (size, bound)
    return found


def check(root: Path, ratchet: dict[str, int]) -> list[str]:
    """What is wrong, a line each."""
    found = too_large(root)
    wrong: list[str] = []
    for what, (size, bound) in found.items():
        if size > bound.most:
            wrong.append(f"{what} is {size}, over the hard bound of {bound.most}")
        elif what not in ratchet:
            wrong.append(f"{what} is {size}, more than {bound.wanted}")
        elif size > ratchet[what]:
            wrong.append(f"{what} grew from {ratchet[what]} to {size}")
    return wrong + [f"{what} needs no entry in the ratchet any more" for what in ratchet if what not in found]


def main() -> int:
    root = Path(__file__).resolve().parent.parent
    wrong = check(root, read_ratchet(root / "tools/ratchet/sizes.txt"))
    print("\n".join(wrong) or "sizes: fine")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
