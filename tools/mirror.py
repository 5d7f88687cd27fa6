"""Each source file has a test file of its own: `pipeline/bind.py` is tested by `tests/pipeline/test_bind.py`.

`tools/ratchet/mirror.txt` lists the files that have none yet. An entry must go when its test file comes.
"""

import sys
from pathlib import Path

TREES = (
    ("gateway/src/gatepost_gateway", "gateway/tests"),
    ("sdk/src/gatepost", "sdk/tests"),
    ("tools", "tools/tests"),
)


def untested(root: Path) -> list[str]:
    """Source files without a test file of their own."""
    missing: list[str] = []
    for source, tests in TREES:
        for path in sorted((root / source).rglob("*.py")):
            inside = path.relative_to(root / source)
            if path.name == "__init__.py" or "tests" in inside.parts or not has_code(path):
                continue
            wanted = root / tests / inside.parent / f"test_{path.stem.removeprefix('_')}.py"
            if not wanted.exists():
                missing.append(f"{source}/{inside}")
    return missing


def has_code(path: Path) -> bool:
    """Whether a file holds behaviour, and not only names."""
    return "def " in path.read_text()


def check(root: Path, ratchet: set[str]) -> list[str]:
    """What is wrong, a line each."""
    missing = untested(root)
    wrong = [f"{path} has no test file of its own" for path in missing if path not in ratchet]
    return wrong + [f"{path} needs no entry in the ratchet any more" for path in sorted(ratchet) if path not in missing]


def main() -> int:
    root = Path(__file__).resolve().parent.parent
    listed = (root / "tools/ratchet/mirror.txt").read_text().splitlines()
    wrong = check(root, {line for line in listed if line and not line.startswith("#")})
    print("\n".join(wrong) or "mirror: fine")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
