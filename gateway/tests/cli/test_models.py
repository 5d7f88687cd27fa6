from pathlib import Path

import pytest

from .commands import Here, gatepost


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
