"""What rules, bodies and terms mean; every expectation was checked against OPA itself."""

from __future__ import annotations

from typing import Any

import pytest

from gatepost_rego import UNDEFINED, compile

DATA = {
    "s": [{"n": "x", "t": ["a", "b"]}, {"n": "y", "t": []}],
    "m": {"k1": 1, "k2": 2},
}
INPUT = {"u": "jo", "r": ["x", "q"], "o": {"p": 1}, "n": None, "f": False}


def value(rules: str, entrypoint: str = "a/p", **more: Any) -> Any:
    """Evaluate one document of package a."""
    policy = compile("package a\n" + rules, entrypoints=[entrypoint], data=DATA, **more)
    return policy.evaluate(INPUT, deadline=5).value


@pytest.mark.parametrize(
    ("rules", "want"),
    [
        ("p := [x | x := data.m[_]]", [1, 2]),
        ("p contains x if { data.s[i].n = x }", ["x", "y"]),
        ("p[i] := x if { data.s[i].n = x }", {"0": "x", "1": "y"}),
        ("p contains [i, j] if data.s[i].t[j]", [[0, 0], [0, 1]]),
        ('p contains x if { data.s[_] = {"n": x, "t": []} }', ["y"]),
        ('p contains x if { {"n": x, "t": [_, "b"]} = data.s[_] }', ["x"]),
        ("p[x] contains y if { some x in [1, 2]; some y in [3, 4] }", {"1": [3, 4], "2": [3, 4]}),
        ("p[x][y] := x + y if { some x in [1]; some y in [3] }", {"1": {"3": 4}}),
        ("p.a.b := 1\np.c := 2", {"a": {"b": 1}, "c": 2}),
        ("p[k] := data.m[k]", {"k1": 1, "k2": 2}),
        ("p := x if { [x, 2] = [1, y]; y == 2 }", 1),
        ("p if { x; x = true }", True),
        ("p := x if { y := [x | x = 1]; x = 2 }", 2),
        ("p contains x if { walk([1, [2]], [_, x]); x != [2] }", [1, 2, [1, [2]]]),
        ('p := {1: "a", [1]: 2, null: 4}', {"1": "a", "[1]": 2, "null": 4}),
        ('p := count({1, 1.0, true, "1"})', 3),
        ("p := [true] == [1]", False),
        ("p := {2, 1} == {1, 2}", True),
        ("p := 0.1 + 0.2 == 0.3", True),
        ('p := 1 < "a"', True),
        ('p := $"{input.u} {input.nope} {1 + 1}"', "jo <undefined> 2"),
    ],
)
def test_bodies_and_documents(rules: str, want: Any) -> None:
    assert value(rules) == want


@pytest.mark.parametrize(
    ("rules", "want"),
    [
        ("p := input.n", None),
        ("p := input.f", False),
        ("p if input.f", UNDEFINED),
        ("p if input.n", True),
        ("p if not input.zz", True),
        ("p := x if x := input.zz else := 4", 4),
        ("default p := false\np if input.zz", False),
        ("p := 1 / 0", UNDEFINED),
        ('p if not to_number("a")', True),
        ("p := input.r[-1]", UNDEFINED),
        ("p := count([1, 2]) - 2", 0),
    ],
)
def test_undefined_is_neither_false_nor_null(rules: str, want: Any) -> None:
    found = value(rules)
    assert found is want or found == want
    assert (found is UNDEFINED) == (want is UNDEFINED)


@pytest.mark.parametrize(
    ("rules", "want"),
    [
        ("p if every x in [1, 2] { x > 0 }", True),
        ("p if every x in [] { x > 5 }", True),
        ("p if every x in input.zz { x }", UNDEFINED),
        ("p if every x in [[1], [2]] { every y in x { y > 0 } }", True),
        ('p contains [k, v] if some k, v in {"a": 1}', [["a", 1]]),
        ('p contains x if some {"a": x} in [{"a": 1}, {"b": 2}]', [1]),
        ('p := ("a", 1 in {"a": 1})', True),
    ],
)
def test_every_and_some(rules: str, want: Any) -> None:
    assert value(rules) == want


@pytest.mark.parametrize(
    ("rules", "want"),
    [
        ("default f(_) := 5\nf(x) := 1 if x > 3\np := [f(1), f(4)]", [5, 1]),
        ("f([x, y]) := x + y\np := f([1, 2])", 3),
        ("f(x, [x, y]) := y\np := f(1, [1, 2])", 2),
        ('f(1) := "a" if true else := "b"\np := f(1)', "a"),
        ("f(x) := x\np if f(1, 1)", True),
        ("f(x) := {y | y := x[_]}\np := f([1, 1, 2])", [1, 2]),
    ],
)
def test_functions(rules: str, want: Any) -> None:
    assert value(rules) == want


@pytest.mark.parametrize(
    ("rules", "want"),
    [
        ("q := input.u\np := x if x := [q, input.u] with input.u as 7", [7, 7]),
        ("p := x if x := data.m with data.m.k1 as 9", {"k1": 9, "k2": 2}),
        ("q := 1\np := x if x := q with data.a.q as 9", 9),
        ("f(x) := 1\ng(x) := x\np := x if x := f(2) with f as g", 2),
        ('q := upper("a")\np := x if x := [q, upper("B")] with upper as lower', ["a", "b"]),
        ("f(x) := count(x) + 1\np := x if x := count([1]) with count as f", 2),
        ("q := time.now_ns()\np := x if x := q with time.now_ns as 5", 5),
        ("p if { every x in [1] { input.w == x } with input.w as 1 }", True),
    ],
)
def test_with_reaches_everything_below(rules: str, want: Any) -> None:
    assert value(rules) == want


def test_rules_and_base_documents_make_one_tree() -> None:
    modules = ["package b.c\nz := 1", "package b.e\nf(x) := x"]
    data = {"b": {"k": {"z": 5}, "c": {"w": 1}}}
    policy = compile(modules, entrypoints=["data.b", "data"], data=data)
    found = policy.evaluate()
    assert found.value == {"k": {"z": 5}, "c": {"w": 1, "z": 1}, "e": {}}
    assert found.values["data"] == {"b": found.value}


def test_a_key_known_only_at_run_time_meets_rules_and_data() -> None:
    modules = ["package a\np[x] := data.b[x].z", "package b.c\nz := 1"]
    policy = compile(modules, entrypoints=["a/p"], data={"b": {"k": {"z": 5}}})
    assert policy.evaluate().value == {"c": 1, "k": 5}


def test_deep_loops_outgrow_one_python_function() -> None:
    lines = "\n".join(f"x{at} := input.r[_]" for at in range(40))
    policy = compile(f"package a\np := count([1 | {lines}\n])", entrypoints=["a/p"])
    assert policy.evaluate({"r": [1]}).value == 1
    every = "".join(f"every x{at} in input.r {{ " for at in range(30)) + "x0 == 1" + " }" * 30
    uses = "; ".join(f"x{at} == 1" for at in range(30))
    policy = compile(f"package a\np if {{ {every.replace('x0 == 1', uses)} }}", entrypoints=["a/p"])
    assert policy.evaluate({"r": [1]}).value is True
    assert policy.evaluate({"r": [2]}).value is UNDEFINED


def test_old_and_new_syntax() -> None:
    old = 'package a\np[x] { x := input.r[_] }\nq = y { y := 1 } else = 2 { true }\nd["k"] = 1'
    new = "package a\np contains x if some x in input.r"
    assert compile(old, entrypoints=["a/p"], version="v0").evaluate(INPUT).value == ["q", "x"]
    both = compile({"o.rego": old}, entrypoints=["a/p", "a/q", "a/d"], version="auto")
    assert dict(both.evaluate(INPUT).values) == {"a/p": ["q", "x"], "a/q": 1, "a/d": {"k": 1}}
    assert compile(new, entrypoints=["a/p"], version="auto").evaluate(INPUT).value == ["q", "x"]


def test_metadata_is_answered_at_compile_time() -> None:
    text = """# METADATA
# scope: subpackages
# organizations: [acme]
package a

# METADATA
# title: T
# custom: {k: [1, x]}
p := rego.metadata.rule()

q := rego.metadata.chain()
"""
    found = compile(text, entrypoints=["a/p", "a/q"]).evaluate()
    assert found.value == {"title": "T", "scope": "rule", "custom": {"k": [1, "x"]}}
    assert found.values["a/q"][1]["annotations"]["organizations"] == ["acme"]
