"""A directory for a command, with nothing of this machine's environment in it."""

import os
from pathlib import Path

import pytest

from .commands import ADMIN, FILE, Here


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    for name in os.environ:
        if name.startswith("GATEPOST_") or name.endswith("_API_KEY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GATEPOST_ADMIN_KEY", ADMIN)
    monkeypatch.setenv("GATEPOST_RUNTIME_KEY", ADMIN.replace("gpa_", "gp_").replace("adm1n", "runt1me"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.yaml").write_text(FILE)
    return Here(capsys)
