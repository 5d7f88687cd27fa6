from pathlib import Path

import pytest

from gatepost_gateway.cli import COMMANDS, main

from .commands import gatepost


def test_without_a_command_it_says_what_there_is(tmp_path: Path) -> None:
    done = gatepost(tmp_path)
    assert done.code == 2
    assert all(name in done.err for name in COMMANDS)
    assert gatepost(tmp_path, "--version").out.startswith("gatepost ")


@pytest.mark.parametrize("words", [["nope"], ["keys"], ["keys", "nope"], ["apply"], ["keys", "create"], ["--nope"]])
def test_wrong_usage_is_two(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "usage: gatepost" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_helps(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    assert f"usage: gatepost {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["keys", "list"], ["models", "list"], ["traces"], ["versions", "list"], ["backup", "b"]]
)
def test_in_an_empty_directory_it_says_what_to_do(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 1
    assert "--data-dir" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_error_is_json_where_json_was_asked_for(tmp_path: Path) -> None:
    done = gatepost(tmp_path, "keys", "list", "--json")
    assert done.code == 1
    assert done.out == ""
    assert done.err.startswith('{"error":"there is no gateway in')


def test_nobody_answers_there(tmp_path: Path) -> None:
    done = gatepost(tmp_path, "keys", "list", "--url", "http://127.0.0.1:1", "--key", "x")
    assert done.code == 1
    assert done.err == "gatepost: no answer from `http://127.0.0.1:1`: connection refused\n"
    assert "set GATEPOST_ADMIN_KEY" in gatepost(tmp_path, "keys", "list", GATEPOST_BASE_URL="http://127.0.0.1:1").err
    assert "is not the address" in gatepost(tmp_path, "keys", "list", "--url", "ftp://x", "--key", "x").err


def test_a_wrong_file_in_the_way_is_told_with_its_lines(tmp_path: Path) -> None:
    (tmp_path / "gatepost.yaml").write_text("sever: {}\n")
    done = gatepost(tmp_path, "keys", "list")
    assert (done.code, done.err.splitlines()[0]) == (
        1,
        "gatepost.yaml:1:1: unknown key `sever`: did you mean `server`?",
    )
