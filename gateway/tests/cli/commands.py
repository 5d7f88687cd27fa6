"""The command as people run it: a process in an empty directory."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.cli import main

ADMIN = "gpa_adm1n_0123456789abcdef0123456789abcdef"
FILE = """
models: [{id: a, identifier: x, provider: openai, input_cost_per_1k: 0.001, output_cost_per_1k: 0.002}]
projects: [{id: default, default_model: a}]
"""
PROGRAM = "import sys; from gatepost_gateway.cli import main; sys.exit(main())"


class Done:
    def __init__(self, process: subprocess.CompletedProcess[str]) -> None:
        self.code = process.returncode
        self.out = process.stdout
        self.err = process.stderr
        assert "Traceback" not in self.err, self.err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def gatepost(folder: Path, *words: str, stdin: str | None = None, **variables: str) -> Done:
    kept = {
        name: text for name, text in os.environ.items() if not name.startswith("GATEPOST_") and "API_KEY" not in name
    }
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, *words],
        cwd=folder,
        env={**kept, **variables},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return Done(process)


class Here:
    """Runs commands in this process, in a directory of their own."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str) -> tuple[int, str, str]:
        code = main(words)
        said = self._capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    def json(self, *words: str) -> Any:
        code, out, err = self(*words, "--json")
        assert code in (0, 2), err
        return json.loads(out)
