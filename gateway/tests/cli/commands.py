"""The command as people run it: a process in an empty directory."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ADMIN = "gpa_adm1n_0123456789abcdef0123456789abcdef"
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
