"""The project speaks of itself alone: no machine paths, no registries, no unfinished words, nothing swallowed."""

import ast
import re
import subprocess
import sys
from pathlib import Path

_TEXT = (
    ".py",
    ".md",
    ".toml",
    ".yaml",
    ".yml",
    ".txt",
    ".sql",
    ".cfg",
    ".in",
    ".json",
    ".js",
    ".mjs",
    ".sh",
    "Makefile",
)
_NOT_HERE = (
    (re.compile(r"(?<![\w.])/(?:work|farm|root|home)/"), "a machine path"),
    (
        re.compile(r"https?://[\w.-]*(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|deb\.debian\.org)"),
        "a registry's address",
    ),
    (re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b"), "an unfinished word"),
    (re.compile(r"\bfor" r" now\b", re.IGNORECASE), "an unfinished word"),
    (re.compile(r"raise NotImplemented" r"Error"), "something not built"),
)


def files(root: Path) -> list[Path]:
    """The text files that git knows."""
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout
    return [root / line for line in listed.splitlines() if line.endswith(_TEXT)]


def complaints(path: Path, text: str) -> list[str]:
    """What a file says that it should not, a line each."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        found += [f"{path}:{number}: {what}" for pattern, what in _NOT_HERE if pattern.search(line)]
    if path.suffix == ".py":
        found += swallowed(path, text)
    return found


def swallowed(path: Path, text: str) -> list[str]:
    """Broad exception handlers that do nothing."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.ExceptHandler) or not all(
            isinstance(one, ast.Pass | ast.Continue) for one in node.body
        ):
            continue
        names = (
            {one.id for one in ast.walk(node.type) if isinstance(one, ast.Name)}
            if node.type is not None
            else {"Exception"}
        )
        if names & {"Exception", "BaseException"}:
            found.append(f"{path}:{node.lineno}: a swallowed exception")
    return found


def main() -> int:
    root = Path(__file__).resolve().parent.parent
    wrong = [
        line
        for path in files(root)
        if path.exists()
        for line in complaints(path.relative_to(root), path.read_text(errors="replace"))
    ]
    print("\n".join(wrong) or "words: fine")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
