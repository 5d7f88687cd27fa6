"""Hostile policies end in a typed error in time, with bounded memory, and never crash."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from hostile_policies import HOSTILE

from gatepost_rego import PolicyError, RegoError, compile

_SOURCE: Final = Path(__file__).resolve().parent
_PATH: Final = f"{_SOURCE.parent / 'src'}:{_SOURCE}"
_ENDED: Final = 1.0
# What may end in a value: the engine finds the answer in time.
_ANSWERED: Final = frozenset({
    "a wide sprintf", "a regex that would backtrack", "a pattern of many states",
    "a search in vain", "walk in the depth",
})  # fmt: skip


def _run(name: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(_SOURCE / "hostile_worker.py"), name],
        env={"PYTHONPATH": _PATH}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _late(name: str) -> float:
    """Seconds beyond its deadline, at an error of ours, or a value where that may be."""
    found = _run(name)
    assert found["ended"] in (
        "DeadlineExceeded", "BudgetExceeded", "EvaluationError",
        *(("value",) if name in _ANSWERED else ()),
    )  # fmt: skip
    late: float = found["late"]
    return late


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_policy_is_ended(name: str) -> None:
    # How late to the millisecond is the machine's doing too: hostile_worker.py measures it.
    assert _late(name) < _ENDED


@pytest.mark.parametrize("rules", [3_000, pytest.param(30_000, marks=pytest.mark.soak)])
def test_a_policy_of_many_rules_is_compiled(rules: int) -> None:
    text = "package big\n\n" + "\n".join([f"r{n} := {n} if input.x == {n}" for n in range(rules)])
    assert len(text) > 30 * rules
    policy = compile(text, entrypoints=["big/r7"])
    assert policy.evaluate({"x": 7}).value == 7


@pytest.mark.parametrize(
    "text",
    [
        "p := " + "(" * 100_000 + "1" + ")" * 100_000,
        "p := " + "[" * 100_000 + "]" * 100_000,
        "p := " + "-" * 100_000 + "1",
        "p := 1" + " + 1" * 100_000,
        "p := input" + "[input" * 50_000 + "]" * 50_000,
        "p if " + "not " * 100_000 + "true",
        'p := "' + "a" * 1_000_000,
        "p := " + "9" * 1_000_000,
        "p := 1e999999999",
        "p if { " + "x := 1; { " * 20_000,
        "\x00" * 1_000_000,
    ],
    ids=lambda text: text[:24],
)
def test_a_hostile_text_is_refused_with_a_typed_error(text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        compile(f"package hostile\n\n{text}\n", entrypoints=["hostile/p"])
    assert caught.value.diagnostics


@pytest.mark.parametrize(
    "document",
    [(1, 2), {1, 2}, {"a": object()}, {"f": print}, {1: 2}, b"bytes"],
    ids=["tuple", "set", "object", "function", "number as key", "bytes"],
)
def test_an_object_of_python_does_not_reach_a_policy(document: Any) -> None:
    policy = compile(
        "package a\n\np := json.marshal(input)\n\nq := [x | walk(input, [_, x])]",
        entrypoints=["a/p", "a/q"],
    )
    with pytest.raises(RegoError):
        policy.evaluate(document)


@pytest.mark.parametrize(
    "expression",
    [
        "input.__class__", "input.x.__class__", "data.__builtins__", "input[\"__init__\"]",
        "sprintf(\"%v\", [input.x.__dict__])", "object.get(input, \"__class__\", null)",
    ],
)  # fmt: skip
def test_a_policy_sees_no_attribute_of_python(expression: str) -> None:
    policy = compile(f"package a\n\np := {expression}\n", entrypoints=["a/p"])
    result = policy.evaluate({"x": "text"})
    assert not result.defined or result.value is None
