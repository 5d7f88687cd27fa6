"""The SDK's own suite under its oldest Python, with the oldest and the newest packages that it allows."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from e2e.running import ROOT, bare_environment

PYENV = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
INTERPRETERS = [shutil.which("python3.9"), *PYENV.glob("versions/3.9.*/bin/python")]


def _is_old(interpreter: str | Path | None) -> bool:
    if interpreter is None:
        return False
    words = [interpreter, "-c", "import sys; print(sys.version_info[:2])"]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip() == "(3, 9)"


@pytest.mark.soak
@pytest.mark.parametrize("age", ["oldest", "newest"])
def test_the_suite_under_python_3_9(age: str, skip_or_fail: Callable[[str], NoReturn]) -> None:
    home = ROOT / ".venvs" / f"sdk-py39-{age}"
    if not any(map(_is_old, INTERPRETERS)):
        pytest.skip("Python 3.9 is not installed here")
    if not (home / ".ready").exists():
        skip_or_fail("the SDK under Python 3.9: `tools/setup-tests` makes its environments")
    # What a type checker says does not depend on the interpreter.
    words = ["-m", "pytest", "sdk/tests", "-p", "no:cacheprovider", "--ignore", "sdk/tests/test_typing.py"]
    env = {**bare_environment(), "PYTHONPATH": str(ROOT / "sdk/src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [home / "bin" / "python", *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    version = subprocess.run([home / "bin" / "python", "-V"], capture_output=True, text=True, check=True).stdout
    assert version.startswith("Python 3.9.")
