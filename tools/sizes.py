"""Small enough to hold: files of 400 lines (never over 500), functions of 40 (never over 60), six parameters.

`tools/ratchet/sizes.txt` lists what may still be larger, with its size today. An entry may only shrink, and must go
when it is no longer needed.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FILE_LINES, FILE_MOST = 400, 500
FUNCTION_LINES, FUNCTION_MOST = 40, 60
PARAMETERS = 6
SOURCES = ("gateway/src", "sdk/src", "rego/src", "tools", "bench")


def sizes_of(path: Path) -> Iterator[tuple[str, int, int]]:
    """(what, its size, the bound) of everything in a file that is over a bound."""
    text = path.read_text()
    if (lines := text.count("\n")) > FILE_LINES:
        yield str(path), lines, FILE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{path}:{node.name}", length, FUNCTION_LINES
            taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            count = len([one for one in taken if one.arg not in ("self", "cls")])
            if count > PARAMETERS:
                yield f"{path}:{node.name}()", count, PARAMETERS


def read_ratchet(path: Path) -> dict[str, int]:
    """`what size` a line; lines that begin with # say why."""
    rows = [line.rsplit(" ", 1) for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return {what: int(size) for what, size in rows}


def check(root: Path, ratchet: dict[str, int]) -> list[str]:
    """What is wrong, a line each."""
    found: dict[str, tuple[int, int]] = {}
    for source in SOURCES:
        for path in sorted((root / source).rglob("*.py")):
            if "tests" in path.parts or ".cache" in path.parts:
                continue
            for what, size, bound in sizes_of(path):
                found[what.removeprefix(f"{root}/")] = (size, bound)
    wrong = [f"{what} is {size}, more than {bound}" for what, (size, bound) in found.items() if what not in ratchet]
    wrong += [
        f"{what} grew from {ratchet[what]} to {size}"
        for what, (size, _) in found.items()
        if size > ratchet.get(what, size)
    ]
    wrong += [f"{what} {size} > hard bound" for what, (size, bound) in found.items() if size > _hard(what, bound)]
    wrong += [f"{what} needs no entry in the ratchet any more" for what in ratchet if what not in found]
    return wrong


def _hard(what: str, bound: int) -> int:
    return (
        {FILE_LINES: FILE_MOST, FUNCTION_LINES: FUNCTION_MOST}.get(bound, 10)
        if ":" in what or bound == FILE_LINES
        else bound
    )


def main() -> int:
    root = Path(__file__).resolve().parent.parent
    wrong = check(root, read_ratchet(root / "tools/ratchet/sizes.txt"))
    print("\n".join(wrong) or "sizes: fine")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
