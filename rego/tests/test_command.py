"""The command `gatepost-rego`, run as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

_SOURCE: Final = Path(__file__).resolve().parent.parent / "src"
_POLICY: Final = """package example

allow if input.role == "admin"

deny contains msg if {
	input.n > data.limits.most
	msg := sprintf("too many: %d", [input.n])
}
"""
_TESTS: Final = """package example_test

import data.example

test_allow if example.allow with input as {"role": "admin"}

test_not_allowed if not example.allow with input as {"role": "x"}

test_deny if count(example.deny) == 1 with input as {"n": 9}

todo_test_later if false
"""


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gatepost_rego.cli", *arguments],
        env={"PYTHONPATH": str(_SOURCE), "PYTHONIOENCODING": "utf-8"},
        input=stdin, capture_output=True, text=True, timeout=60, check=False, encoding="utf-8",
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policy.rego").write_text(_POLICY)
    (tmp_path / "policy_test.rego").write_text(_TESTS)
    (tmp_path / "limits").mkdir()
    (tmp_path / "limits" / "data.json").write_text('{"most": 3}')
    return tmp_path


def test_eval_gives_the_value_of_a_query(folder: Path) -> None:
    done = run("eval", "-d", str(folder), "-i", "-", "data.example", stdin='{"n": 5}')
    assert done.returncode == 0, done.stderr
    expression = json.loads(done.stdout)["result"][0]["expressions"][0]
    assert expression["value"] == {"deny": ["too many: 5"]}
    assert expression["text"] == "data.example"


def test_eval_gives_bindings() -> None:
    done = run("eval", "x := [1, 2][_]; y := x + 0.5")
    rows = json.loads(done.stdout)["result"]
    assert [row["bindings"] for row in rows] == [{"x": 1, "y": 1.5}, {"x": 2, "y": 2.5}]


def test_eval_keeps_every_digit_and_sorts_keys() -> None:
    done = run("eval", "-f", "raw", '{"b": 12345678901234567890123, "a": {2, 1}}')
    assert done.stdout == '{"a": [1, 2], "b": 12345678901234567890123}\n'


def test_eval_without_a_result_can_fail() -> None:
    assert run("eval", "data.nothing").stdout == "{}\n"
    assert run("eval", "--fail", "data.nothing").returncode == 1
    assert run("eval", "--fail-defined", "1 == 1").returncode == 1


def test_eval_reports_an_error_as_json() -> None:
    done = run("eval", "1 +")
    assert done.returncode == 1
    assert json.loads(done.stdout)["errors"][0]["code"] == "rego_parse_error"
    strict = run("eval", "--strict-builtin-errors", "x := 1 / 0")
    assert json.loads(strict.stdout)["errors"][0]["code"] == "eval_builtin_error"


def test_eval_ends_at_its_deadline() -> None:
    query = "some a in numbers.range(1, 9999); some b in numbers.range(1, 9999); a + b == 0"
    done = run("eval", "--deadline", "0.1", query)
    assert done.returncode == 1
    assert json.loads(done.stdout)["errors"][0]["code"] == "eval_cancel_error"


def test_a_missing_file_is_a_wrong_call(tmp_path: Path) -> None:
    done = run("check", str(tmp_path / "none.rego"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no" in done.stderr
    assert run("eval").returncode == 2


def test_check_points_at_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "bad.rego").write_text("package bad\n\np if {\n\tx > 1\n}\n")
    done = run("check", str(tmp_path))
    assert done.returncode == 1
    first = done.stderr.splitlines()[0]
    assert first.endswith("bad.rego:4: rego_unsafe_var_error: var x is unsafe")
    assert done.stderr.splitlines()[2] == "\t ^"
    found = json.loads(run("check", "--json", str(tmp_path)).stdout)["errors"][0]
    assert (found["code"], found["location"]["row"]) == ("rego_unsafe_var_error", 4)


def test_check_is_silent_when_all_is_well(folder: Path) -> None:
    done = run("check", str(folder))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_test_reports_and_exits_like_opa(folder: Path) -> None:
    done = run("test", "-v", str(folder))
    assert done.returncode == 0, done.stdout
    assert "data.example_test.test_allow: PASS" in done.stdout
    assert "data.example_test.todo_test_later: SKIPPED" in done.stdout
    assert done.stdout.endswith("PASS: 3/4\nSKIPPED: 1/4\n")


def test_a_failing_test_is_exit_code_two(folder: Path) -> None:
    (folder / "more_test.rego").write_text(
        "package more_test\n\ntest_wrong if 1 == 2\n\ntest_broken := v if some v in [1, 2]\n"
    )
    done = run("test", str(folder))
    assert done.returncode == 2
    assert "data.more_test.test_wrong: FAIL" in done.stdout
    assert "data.more_test.test_broken: ERROR" in done.stdout
    assert "PASS: 3/6\nFAIL: 1/6\nERROR: 1/6\nSKIPPED: 1/6\n" in done.stdout
    report = json.loads(run("test", "--json", "-r", "more_test", str(folder)).stdout)
    assert [(one["name"], one.get("fail", False)) for one in report] == [
        ("test_wrong", True), ("test_broken", False),
    ]  # fmt: skip


def test_coverage_names_the_lines_reached(folder: Path) -> None:
    done = run("test", "-c", "-r", "allow", str(folder))
    report = json.loads(done.stdout)
    policy = report["files"][str(folder / "policy.rego")]
    assert policy["covered"] == [{"start": {"row": 3}, "end": {"row": 3}}]
    assert policy["not_covered"] == [{"start": {"row": 5}, "end": {"row": 7}}]
    whole = json.loads(run("test", "-c", str(folder)).stdout)
    assert whole["files"][str(folder / "policy.rego")]["coverage"] == 100.0
    assert run("test", "-c", "-r", "allow", "--threshold", "90", str(folder)).returncode == 2


def test_fmt_prints_lists_shows_and_writes(tmp_path: Path) -> None:
    path = tmp_path / "a.rego"
    path.write_text("package a\np if {x:=1;x>0}\n")
    after = "package a\n\np if {\n\tx := 1\n\tx > 0\n}\n"
    assert run("fmt", str(path)).stdout == after
    assert run("fmt", stdin=path.read_text()).stdout == after
    assert run("fmt", "-l", "--fail", str(tmp_path)).returncode == 1
    assert "+\tx := 1" in run("fmt", "-d", str(path)).stdout
    assert run("fmt", "-w", str(path)).returncode == 0
    assert path.read_text() == after
    assert run("fmt", "-l", "--fail", str(tmp_path)).returncode == 0


def test_fmt_refuses_what_is_no_policy(tmp_path: Path) -> None:
    path = tmp_path / "a.rego"
    path.write_text("package\n")
    done = run("fmt", str(path))
    assert (done.returncode, done.stdout) == (1, "")
    assert "rego_parse_error" in done.stderr
