"""Policies that would run, grow or nest without end stop in time, with a typed error."""

from __future__ import annotations

import time

import pytest

from gatepost_rego import (
    BudgetExceeded,
    Capabilities,
    DeadlineExceeded,
    EvaluationError,
    InputError,
    Limits,
    PolicyError,
    compile,
)

_TRIPLE = "some a in input.n; some b in input.n; some c in input.n"
_DOUBLING = "f0(x) := x\n" + "\n".join(
    f"f{at}(x) := f{at - 1}(x) + f{at - 1}(x)" for at in range(1, 40)
)
_WITHS = "q0 := input\n" + "\n".join(
    f"q{at} := [a, b] if {{ a := q{at - 1} with input as 1; b := q{at - 1} with input as 2 }}"
    for at in range(1, 30)
)


@pytest.mark.parametrize(
    "rules",
    [
        f"p := count([1 | {_TRIPLE}])",
        f"p if {{ {_TRIPLE}; a + b + c == -1 }}",
        "p if every a in input.n { every b in input.n { every c in input.n { a + b + c >= 0 } } }",
        f"{_DOUBLING}\np := f39(1)",
        f"{_WITHS}\np := q29",
        "p := count([1 | some a in input.n; some b in input.n; input.n == input.m])",
        "p := {[a, b, c] | some a in input.n; some b in input.n; some c in input.n}",
    ],
)
def test_endless_work_ends_at_the_deadline(rules: str) -> None:
    policy = compile("package a\n" + rules, entrypoints=["a/p"])
    items = list(range(1500))
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        policy.evaluate({"n": items, "m": list(items)}, deadline=0.05)
    # 10 ms are the promise; a busy machine gets twice as long again before the test fails
    assert time.monotonic() - began < 0.08


def test_steps_are_bounded_without_a_deadline() -> None:
    few = Capabilities(limits=Limits(steps=10_000))
    policy = compile(
        f"package a\np := count([1 | {_TRIPLE}])", entrypoints=["a/p"], capabilities=few
    )
    with pytest.raises(BudgetExceeded) as caught:
        policy.evaluate({"n": list(range(100))})
    assert caught.value.code == "eval_cancel_error"


def test_memory_is_bounded() -> None:
    doubled = "\n".join(f"x{at} := array.concat(x{at - 1}, x{at - 1})" for at in range(1, 60))
    policy = compile(f"package a\nx0 := [1, 2]\n{doubled}\np := count(x59)", entrypoints=["a/p"])
    with pytest.raises(BudgetExceeded):
        policy.evaluate()


@pytest.mark.parametrize(
    "rules",
    [
        "p := [[x, y] | some x in input.n; some y in input.n]",
        "p := {[x, y] | some x in input.n; some y in input.n}",
        "p contains [x, y] if { some x in input.n; some y in input.n }",
        "p[x][y] := 1 if { some x in input.n; some y in input.n }",
        "p := {x: [y | some y in input.n] | some x in input.n}",
    ],
)
def test_what_grows_is_counted_while_it_grows(rules: str) -> None:
    small = Capabilities(limits=Limits(cells=2_000))
    policy = compile("package a\n" + rules, entrypoints=["a/p"], capabilities=small)
    assert policy.evaluate({"n": list(range(20))}).defined
    with pytest.raises(BudgetExceeded) as caught:
        policy.evaluate({"n": list(range(1000))})
    assert "cells" in str(caught.value)


def test_depth_is_bounded() -> None:
    chain = "\n".join(f"r{at} := r{at - 1} + 1" for at in range(1, 3000))
    policy = compile(f"package a\nr0 := 1\n{chain}\np := r2999", entrypoints=["a/p"])
    with pytest.raises(BudgetExceeded):
        policy.evaluate()
    deep: list[object] = []
    for _ in range(20_000):
        deep = [deep]
    with pytest.raises(BudgetExceeded):
        compile("package a\np := {input}", entrypoints=["a/p"]).evaluate(deep)


@pytest.mark.parametrize(
    "text",
    [
        "p := " + "[" * 50_000, "p := " + "f(" * 50_000, "p if " + "{" * 50_000,
        "p := 1" + " + 1" * 50_000, "p := a" + ".b" * 50_000, "p := " + "-" * 50_000 + "1",
        "p := " + '$"{' * 50_000, "p := " + "[x | " * 50_000, "p := " + "9" * 50_000,
        "p := 1e999999999", 'p := "' + "a" * 50_000, "p if " + "every x in y { " * 20_000,
        "p if false " + "else := 1 if false " * 5_000, "p := " + "{a | {b | " * 45,
    ],
)  # fmt: skip
def test_nested_sources_are_refused_quickly(text: str) -> None:
    began = time.monotonic()
    with pytest.raises(PolicyError) as caught:
        compile("package a\n" + text, entrypoints=["a/p"])
    assert caught.value.code == "rego_parse_error"
    assert time.monotonic() - began < 5


def test_nested_terms_below_the_limit_do_not_double_the_work() -> None:
    began = time.monotonic()
    for rules in (
        "p := 1" + " + 1" * 90,
        "p := " + "[x | x := " * 24 + "1" + "]" * 24,
        "p := " + '{"a":' * 60 + "1" + "}" * 60,
        "x0 := input\n"
        + "\n".join(f"x{at} := [x{at - 1}, x{at - 1}]" for at in range(1, 40))
        + "\np := 1",
    ):
        assert compile("package a\n" + rules, entrypoints=["a/p"]).evaluate().defined
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "rules",
    [
        "p := 1\np := 2 if input.x",
        "p[x] := y if { some x in [1]; some y in [1, 2] }",
        "f(x) := 1\nf(x) := 2 if x\np := f(true)",
        'p := {"k": x | some x in [1, 2]}',
        'p[q].r.s := i if q := ["a", "a"][i]',
    ],
)
def test_two_values_in_one_place_are_a_conflict(rules: str) -> None:
    policy = compile({"m.rego": "package a\n" + rules}, entrypoints=["a/p"])
    with pytest.raises(EvaluationError) as caught:
        policy.evaluate({"x": 1})
    assert caught.value.code == "eval_conflict_error"
    assert caught.value.diagnostic.file == "m.rego"


def test_built_in_errors_are_undefined_or_strict() -> None:
    text = "package a\np := 1 / input.zero\nq := 1"
    assert compile(text, entrypoints=["a/p"]).evaluate({"zero": 0}).defined is False
    strict = Capabilities(strict_builtin_errors=True)
    policy = compile(text, entrypoints=["a/p"], capabilities=strict)
    with pytest.raises(EvaluationError) as caught:
        policy.evaluate({"zero": 0})
    assert caught.value.code == "eval_builtin_error"
    assert caught.value.diagnostic.row == 2


def test_what_is_no_json_is_an_error_of_its_own() -> None:
    policy = compile("package a\np := {input.x}", entrypoints=["a/p"])
    with pytest.raises(InputError):
        policy.evaluate({"x": (1, 2)})
