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


READS = {
    "input.user.name == 1": {("user", "name")},
    "input.a.b; input.a": {("a",)},
    'input["x-y"].z[0].w': {("x-y", "z")},
    "input.a[input.b.c]": {("a",), ("b", "c")},
    "some k; input[k] == 1": {()},
    "walk(input, [_, 1])": {()},
    "x := input; x.a": {()},
    "helper with input.c as input.d": {("d",), ("e",)},
    "helper with input as {}": {("e",)},
    "every m in input.messages { m.role != input.role }": {("messages",), ("role",)},
    "count([x | some x in input.l; x > input.m.n]) > 0": {("l",), ("m", "n")},
    "f(input.g)": {("g",), ("h",)},
    "renamed.i": {("j", "i")},
    'data.a["helper"]; true': {("e",)},
    "startswith(`a`, `b`)": set(),
}


@pytest.mark.parametrize("body", READS)
def test_what_a_policy_reads_of_its_input(body: str) -> None:
    text = f"package a\nimport input.j as renamed\np if {{ {body} }}\nu := renamed.i\n"
    rules = {
        "helper": "helper if input.e",
        "f(": "f(x) if x == input.h",
    }
    text += "".join(f"{rule}\n" for name, rule in rules.items() if name in body)
    found = compile(text, entrypoints=["a/p"]).reads()
    whole = () in READS[body]
    assert found == (READS[body] if whole else READS[body] | {("j", "i")})


def test_what_no_rule_reads_changes_no_answer() -> None:
    policy = compile(RULES, entrypoints=["a/deny", "a/allow"])
    assert policy.reads() == {("method",), ("user",)}
    given = {"method": "DELETE", "user": "jo", "more": {"user": "x"}}
    kept = {name: given[name] for (name,) in policy.reads()}
    assert policy.evaluate(given).values == policy.evaluate(kept).values


def test_a_policy_tells_what_it_defines_and_can_be_asked_for_other_documents() -> None:
    policy = compile(RULES + "\nf(x) := x\n", entrypoints=["a/deny", "a/decision"])
    assert policy.defines("a/deny")
    assert policy.defines("data.a.allow")
    assert not policy.defines("a/decision")
    assert not policy.defines("a/f")
    assert not policy.defines("a")
    other = policy.asking(["a/allow"])
    assert other.evaluate({"method": "GET", "user": "jo"}).value is True
    assert policy.entrypoints == ("a/deny", "a/decision")
    with pytest.raises(ValueError, match="at least one"):
        policy.asking([])
