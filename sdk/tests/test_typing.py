"""The public surface, strictly checked."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MYPY = shutil.which("mypy", path=str(Path(sys.executable).parent))
CHECKER = shutil.which("basedpyright", path=str(Path(sys.executable).parent))


@pytest.mark.skipif(CHECKER is None and not os.environ.get("CI"), reason="basedpyright is not installed here")
def test_the_public_surface_is_what_a_type_checker_sees(tmp_path):
    settings = {
        "include": [str(ROOT / "typing_tests")],
        "extraPaths": [str(ROOT / "src")],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.9",
        "reportUnnecessaryTypeIgnoreComment": "error",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [CHECKER, "-p", str(tmp_path), "--pythonpath", sys.executable, "--outputjson"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert [f"{at['range']['start']['line'] + 1}: {at['message']}" for at in report["generalDiagnostics"]] == []
    assert report["summary"]["filesAnalyzed"] >= 1


@pytest.mark.soak
@pytest.mark.skipif(MYPY is None and not os.environ.get("CI"), reason="mypy is not installed here")
def test_the_public_surface_is_strict_for_mypy_too(tmp_path):
    command = [
        MYPY,
        "--strict",
        "--follow-imports=silent",
        "--no-error-summary",
        "--cache-dir",
        str(tmp_path),
        str(ROOT / "typing_tests/public.py"),
    ]
    env = {**os.environ, "MYPYPATH": str(ROOT / "src")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=tmp_path)
    assert (done.stdout, done.returncode) == ("", 0)
