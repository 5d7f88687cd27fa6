from pathlib import Path

import pytest

from gatepost_gateway.cli import main
from gatepost_gateway.settings import Elsewhere, parse

from .commands import gatepost


def test_what_it_writes_loads(tmp_path: Path) -> None:
    assert gatepost(tmp_path, "init").code == 0
    text = (tmp_path / "gatepost.yaml").read_text()
    assert parse(text, elsewhere=Elsewhere()).layer.projects[0].id == "default"


def test_what_is_commented_out_loads_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "x.yaml", "--json"]) == 0
    lines = (tmp_path / "x.yaml").read_text().splitlines()
    words = ("models: []", "fallbacks: {}")
    kept = [
        "models:" if line.startswith(words[0]) else "fallbacks:" if line.startswith(words[1]) else line
        for line in lines
    ]
    bare = [
        line.replace("# ", "", 1) if line.startswith(("  # ", "    # ", "# retries", "# compat")) else line
        for line in kept
    ]
    bare = [line[1:] if line.startswith("#  ") else line for line in bare]
    file = parse("\n".join(bare), elsewhere=Elsewhere())
    assert [model.id for model in file.layer.models] == ["gpt-4o-mini", "local"]
    assert file.layer.projects[0].budgets.fallback_price is not None
    assert file.server.limits is not None


def test_a_file_that_is_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gatepost.yaml").write_text("mine")
    assert main(["init"]) == 1
    assert (tmp_path / "gatepost.yaml").read_text() == "mine"
    assert "is there already" in capsys.readouterr().err
    assert main(["init", "--force"]) == 0
    assert (tmp_path / "gatepost.yaml").read_text() != "mine"
