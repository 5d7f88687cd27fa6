"""The commands on a data directory that no gateway works on."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.cli import main
from gatepost_gateway.storage.lock import acquire

from .commands import ADMIN, gatepost

FILE = """
models: [{id: a, identifier: x, provider: openai, input_cost_per_1k: 0.001, output_cost_per_1k: 0.002}]
projects: [{id: default, default_model: a}]
"""


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


def test_a_first_apply_makes_the_data_and_shows_the_keys_once(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text(FILE)
    first = gatepost(tmp_path, "apply", "-f", "file.yaml")
    assert first.code == 0
    assert "version 2 is in force" in first.out
    assert first.err.startswith("admin key: gpa_")
    again = gatepost(tmp_path, "apply", "-f", "file.yaml", "--json")
    assert (again.code, again.json["changes"], again.err) == (0, [], "")


def test_apply_says_what_it_would_do(here: Here) -> None:
    here("apply", "-f", "file.yaml")
    Path("file.yaml").write_text(FILE.replace("0.002", "0.003"))
    code, out, _ = here("apply", "-f", "file.yaml", "--dry-run")
    assert code == 0
    assert "~ models.a.output_cost_per_1k: 0.002 -> 0.003" in out
    assert "not applied: version 2 stays in force" in out


def test_apply_tells_every_mistake_with_its_line(here: Here) -> None:
    Path("file.yaml").write_text("sever: {}\nmodels: [{id: a}]\n")
    code, _, err = here("apply", "-f", "file.yaml")
    assert code == 1
    assert [line.rpartition("file.yaml:")[2][:2] for line in err.splitlines()[:3]] == ["1:", "2:", "2:"]
    assert here("apply", "-f", "nothing.yaml")[0] == 1


def test_apply_warns_with_two(here: Here) -> None:
    Path("file.yaml").write_text("models: [{id: a, identifier: x, provider: openai, api_key: {env: NOT_SET}}]")
    code, _, err = here("apply", "-f", "file.yaml")
    assert code == 2
    assert "warning: " in err
    assert "`NOT_SET` is not set" in err


def test_a_secret_file_is_found_beside_the_configuration(here: Here, tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "key").write_text("sk-1")
    (tmp_path / "conf" / "g.yaml").write_text(
        "models: [{id: a, identifier: x, provider: openai, api_key: {file: key}}]"
    )
    assert here("apply", "-f", "conf/g.yaml")[0] == 0
    assert here.json("models", "show", "a")["api_key_set"] is True


def test_keys(here: Here) -> None:
    code, out, err = here("keys", "create", "app")
    assert code == 0
    assert out.startswith("gp_")
    assert "shown this once" in err
    name = out.split("_")[1]
    for action, status in (("pause", "paused"), ("resume", "active")):
        assert here("keys", action, name)[1] == f"key {name} (app) is {status}\n"
    new = here.json("keys", "rotate", name, "--overlap-seconds", "0")
    assert new["key"].startswith("gp_")
    assert {key["id"]: key["status"] for key in here.json("keys", "list")["items"]}[name] == "revoked"
    assert here("keys", "resume", name)[0] == 1
    assert out.strip() not in here("keys", "list")[1]
    assert here("keys", "create", "x", "--project", "none")[0] == 1


def test_models(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-canary")
    code, out, _ = here("models", "add", "gpt-4o", "--provider", "openai", "--api-key-env", "SOME_KEY", "--private")
    assert code == 0
    assert "0.0025 in, 0.01 out" in out
    assert here("models", "add", "m", "--provider", "internal", "--base-url", "http://x/v1")[1].count("not known") == 1
    shown = here.json("models", "show", "gpt-4o")
    assert (shown["is_public"], shown["api_key_source"]) == (False, "from the variable SOME_KEY")
    assert "gpt-4o" in here("models", "list")[1]
    assert "sk-canary" not in "".join(here("models", "list")[1:])
    assert here("models", "remove", "m")[1] == "model m is removed\n"
    assert here("models", "show", "m")[0] == 1
    assert here("models", "add", "z", "--provider", "azure")[0] == 1


def test_a_key_comes_in_by_standard_input(tmp_path: Path) -> None:
    words = ("models", "add", "a", "--provider", "openai", "--api-key-stdin", "--json")
    done = gatepost(tmp_path, *words, stdin="sk-canary\n")
    assert done.json["api_key_set"] is True
    assert "sk-canary" not in done.out + done.err


def test_versions(here: Here) -> None:
    here("apply", "-f", "file.yaml")
    assert [one["number"] for one in here.json("versions", "list")["items"]] == [2, 1]
    assert "*  2" in here("versions", "list")[1]
    assert here("versions", "diff", "1", "2")[1].startswith("+ models.a: ")
    assert here("versions", "diff", "1", "1")[1] == "no difference\n"
    assert here.json("versions", "show", "2")["document"]["models"][0]["id"] == "a"
    assert "version 3 is in force" in here("versions", "rollback", "1")[1]
    assert here("versions", "show", "9")[0] == 1


def test_traces_of_an_empty_house(here: Here) -> None:
    here("apply", "-f", "file.yaml")
    assert here.json("traces", "--limit", "5") == {"items": [], "next_cursor": None}
    assert here("traces", "--outcome", "fine")[0] == 1
    assert here("traces", "none")[0] == 1
    assert here("explain", "none")[0] == 1


def test_a_look_applies_no_file(here: Here) -> None:
    here("keys", "create", "x")
    Path("gatepost.yaml").write_text(FILE)
    assert here.json("models", "list")["items"] == []


def test_db_and_backup(here: Here, tmp_path: Path) -> None:
    here("apply", "-f", "file.yaml")
    assert here.json("db", "upgrade") == {"config.db": [], "records.db": []}
    done = here.json("backup", "copy")
    assert done["problems"] == []
    assert not (tmp_path / "copy" / "master.key").exists()
    assert here("backup", "copy")[0] == 1
    (tmp_path / ".gatepost" / "master.key").replace(tmp_path / "copy" / "master.key")
    assert [one["id"] for one in here.json("models", "list", "--data-dir", "copy")["items"]] == ["a"]


def test_the_doctor_finds_what_is_wrong(here: Here, tmp_path: Path) -> None:
    assert here("doctor")[0] == 2
    here("apply", "-f", "file.yaml")
    code, out, _ = here("doctor")
    assert (code, "error" in out) == (0, False)
    (tmp_path / ".gatepost" / "master.key").chmod(0o644)
    code, out, _ = here("doctor")
    assert code == 1
    assert "chmod 600" in out
    (tmp_path / ".gatepost" / "master.key").unlink()
    findings = here("doctor", "--json")
    assert findings[0] == 1
    assert "is gone" in findings[1]
    Path("gatepost.yaml").write_text("sever: {}")
    assert "unknown key `sever`" in here("doctor")[1]


def test_a_held_directory_without_an_address_is_told(here: Here, tmp_path: Path) -> None:
    here("apply", "-f", "file.yaml")
    with acquire(tmp_path / ".gatepost" / "lock"):
        code, _, err = here("keys", "list")
        assert code == 1
        assert f"process {os.getpid()} works on" in err
        assert here("db", "upgrade")[0] == 1
        assert here("doctor")[0] == 2
