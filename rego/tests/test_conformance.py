"""OPA's own cases, and those of another engine with real OPA's answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatepost_rego.conformance import reason, report, same, score


@pytest.mark.parametrize("name", ["opa-v1", "opa-v0", "regorus"])
def test_cases_pass_or_are_explained(fixtures: Path, name: str) -> None:
    path = fixtures / "rego-cases" / f"{name}.jsonl"
    if not path.is_file():
        pytest.skip(f"no cases at {path}")
    outcomes = list(score(path))
    unexplained = [
        f"{one.suite}: {one.note}: {one.got[:200]}"
        for one in outcomes
        if not one.passed and reason(one) == "not explained"
    ]
    assert unexplained == []
    passed = sum(one.passed for one in outcomes)
    assert passed / len(outcomes) > (0.97 if name == "regorus" else 0.85)
    assert f"| {name} | result |" in report(outcomes)


def test_bindings_compare_as_opa_compares_them() -> None:
    assert same([{"x": [2, 1]}, {"x": 1}], [{"x": 1.0}, {"x": [1, 2]}])
    assert not same([{"x": True}], [{"x": 1}])
    assert not same([], [{"x": 1}])
