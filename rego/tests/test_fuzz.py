"""The fuzzer's own parts: policies that are sound, answers that are compared rightly."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fuzz.compare import documented, same
from fuzz.inputs import document
from fuzz.policies import policy
from gatepost_rego import EvaluationError, PolicyError, check, compile


def test_policies_repeat_with_their_seed() -> None:
    assert policy(random.Random("a/1")) == policy(random.Random("a/1"))
    assert document(random.Random(3)) == document(random.Random(3))


def test_nearly_all_policies_are_sound() -> None:
    unsound = sum(bool(check(policy(random.Random(seed)))) for seed in range(200))
    assert unsound < 40


@pytest.mark.parametrize("seed", range(60))
def test_a_random_policy_ends_with_a_value_or_a_typed_error(seed: int) -> None:
    rng = random.Random(seed)
    text = policy(rng)
    try:
        compiled = compile(text, entrypoints=["fuzz"])
    except PolicyError as error:
        assert error.diagnostics
        return
    for _ in range(3):
        try:
            assert isinstance(compiled.evaluate(document(rng), deadline=10).value, dict)
        except EvaluationError as error:
            assert error.diagnostic.code.startswith("eval_")


def test_answers_are_compared_by_value_and_by_code() -> None:
    assert same({"r": [{"x": 1.0}]}, {"r": [{"x": 1}]})
    assert same({"e": "a: eval_conflict_error: b"}, {"e": "eval_conflict_error: c"})
    assert not same({"e": "rego_type_error"}, {"e": "rego_parse_error"})
    assert not same({"r": []}, {"e": "rego_type_error"})


def test_a_difference_is_documented_by_its_kind_only() -> None:
    conflict = {"e": "eval_conflict_error: x"}
    assert documented(conflict, {"r": []})
    assert not documented({"r": []}, conflict)
    spelled = {"r": [{"x": "v=3.5e+06"}]}
    assert documented({"r": [{"x": "v=3500000.0"}]}, spelled)
    assert not documented({"r": [{"x": "v=3500001.0"}]}, spelled)
