"""The public face: results, traces, and that a policy never changes."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor

import pytest

from gatepost_rego import UNDEFINED, compile

RULES = """package a
import rego.v1

default allow := false

allow if count(deny) == 0

deny contains msg if {
    input.method == "DELETE"
    msg := sprintf("%s may not delete", [input.user])
}

deny contains "no user" if not input.user
"""


def test_values_of_all_entrypoints() -> None:
    policy = compile({"a.rego": RULES}, entrypoints=["data.a.allow", "a/deny", "a/nothing"])
    found = policy.evaluate({"method": "DELETE", "user": "jo"})
    assert dict(found.values) == {"data.a.allow": False, "a/deny": ["jo may not delete"]}
    assert found.value is False
    assert found.defined
    assert compile(RULES, entrypoints=["a/nothing"]).evaluate({}).value is UNDEFINED


def test_a_trace_names_the_rules_that_fired_and_their_lines() -> None:
    policy = compile({"a.rego": RULES}, entrypoints=["a/deny"])
    found = policy.evaluate({"method": "GET"}, trace=True)
    assert [(one.rule, one.file, one.row) for one in found.fired] == [("data.a.deny", "a.rego", 13)]
    assert ("a.rego", 9) in found.lines
    assert ("a.rego", 10) not in found.lines
    assert policy.evaluate({"method": "GET"}).fired == ()


def test_results_share_nothing_with_policy_data_or_input() -> None:
    data = {"d": {"k": [1]}}
    policy = compile("package a\np := [data.d, input, [2]]", entrypoints=["a/p"], data=data)
    given = {"x": [1]}
    before = copy.deepcopy((data, given))
    first = policy.evaluate(given).value
    first[0]["k"].append(9)
    first[1]["x"].append(9)
    first[2].append(9)
    assert (data, given) == before
    assert policy.evaluate(given).value == [{"k": [1]}, {"x": [1]}, [2]]


def test_one_policy_answers_many_threads() -> None:
    policy = compile(RULES, entrypoints=["a/deny"])

    def ask(number: int) -> bool:
        found = policy.evaluate({"method": "DELETE", "user": f"u{number}"}, trace=number % 7 == 0)
        return bool(found.value == [f"u{number} may not delete"])

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(1000)))


def test_the_index_changes_no_answer() -> None:
    rules = [f'p contains {at} if input.k == "{at % 7}"' for at in range(40)]
    rules += ["p contains 100 if input.other", "p contains 101 if input.k == 5"]
    policy = compile("package a\n" + "\n".join(rules), entrypoints=["a/p"])
    for key in ("3", "9", 5, 5.0, True, None, ["3"], {"a": 1}):
        want = [at for at in range(40) if key == str(at % 7)]
        if key == 5 and not isinstance(key, bool):
            want.append(101)
        assert policy.evaluate({"k": key}).value == want
    assert policy.evaluate({"other": 1}).value == [100]
    assert policy.evaluate().value == []


def test_a_policy_needs_an_entrypoint() -> None:
    with pytest.raises(ValueError, match="entrypoint"):
        compile(RULES, entrypoints=[])


def test_the_text_of_a_result_keeps_every_digit() -> None:
    rules = "package a\np := [1 / 3, 123456789012345678901 * 10, {2, 1}, {1: 0.1}]"
    found = compile(rules, entrypoints=["a/p"]).evaluate()
    want = '{"a/p":[0.33333333333333333334,1234567890123456789010,[1,2],{"1":0.1}]}'
    assert found.json() == want
    assert found.value[0] == 1 / 3
