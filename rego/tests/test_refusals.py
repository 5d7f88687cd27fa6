"""What is refused when a policy is read, with OPA's code and the place."""

from __future__ import annotations

import pytest

from gatepost_rego import Capabilities, EvaluationError, PolicyError, check, compile


def refusal(rules: str, version: str = "v1") -> tuple[str, int]:
    """Give the code and row of the first finding."""
    found = check({"m.rego": "package a\n" + rules}, version=version)  # type: ignore[arg-type]
    assert found, "the policy was taken"
    return found[0].code, found[0].row


@pytest.mark.parametrize(
    "rules",
    [
        "p { true }", "p[1]", "p := 1 { true }", "p", "p := [y + 1 | y = 1]", "p := 01",
        "p := a [1]", "p := {,}",
        "p if { a := 1 b := 2 }", "if := 1", "with := 1", "p := not.x", "import foo",
        "default p := x", "default p contains 1", "p := \"abc\"[0]", "p := \"a", "p := $\"{1",
        "p := 1 else := 2", "import data.x as input", "import rego.v2", "p := regex.",
        "f(x).y := 1", "p := count([1]) with input as 1",
    ],
)  # fmt: skip
def test_syntax(rules: str) -> None:
    assert refusal(rules) == ("rego_parse_error", 2)


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ("p if { x := 1; x := 2 }", "rego_compile_error"),
        ("p if { x = 1; x := 2 }", "rego_compile_error"),
        ("p if { [x, 1] := [2, 1] }", "rego_compile_error"),
        ("p if { some x }", "rego_compile_error"),
        ("f(x) if { x := 1 }", "rego_compile_error"),
        ("input := 1", "rego_compile_error"),
        ("p if { data := 1 }", "rego_compile_error"),
        ("p if print(x)", "rego_compile_error"),
        ("p := x", "rego_unsafe_var_error"),
        ("p if { not input.x[_] == 1 }", "rego_unsafe_var_error"),
        ("p if { x = y }", "rego_unsafe_var_error"),
        ("p if { [x, y] = [1] }", "rego_unsafe_var_error"),
        ("p if p", "rego_recursion_error"),
        ("p if data.a[x]", "rego_recursion_error"),
        ("p := lower(1)", "rego_type_error"),
        ("p if count(1, 2, 3)", "rego_type_error"),
        ("p if nothing(1)", "rego_type_error"),
        ('p if { 1 == "a" }', "rego_type_error"),
        ("p if { x := 1; x[0] }", "rego_type_error"),
        ('p := {"a": 1}.b', "rego_type_error"),
        ("p := 1\np contains 2", "rego_type_error"),
        ("default p := 1\ndefault p := 2", "rego_type_error"),
        ("p := cast_array([])", "rego_type_error"),
        ("p if { true with foo as 1 }", "rego_type_error"),
        ("p := http.send({})", "rego_type_error"),
    ],
)
def test_meaning(rules: str, code: str) -> None:
    assert refusal(rules) == (code, 2)


def test_a_finding_shows_its_line_with_a_caret() -> None:
    found = check({"m.rego": "package a\n\np if {\n\tx := 1\n\tx := 2\n}"})[0]
    assert str(found) == "m.rego:5: rego_compile_error: var x assigned above"
    assert found.pretty().split("\n")[1:] == ["\t x := 2", "\t ^"]


def test_all_findings_of_a_stage_come_together() -> None:
    with pytest.raises(PolicyError) as caught:
        compile({"a": "package a\np :=", "b": "package b\nq {"}, entrypoints=["a/p"])
    assert [one.file for one in caught.value.diagnostics] == ["a", "b"]
    assert caught.value.code == "rego_parse_error"


def test_rules_may_not_hide_base_documents() -> None:
    found = check("package a\np := 1", data={"a": {"p": 2}})
    assert found[0].message == "conflicting rule for data path a/p found"


def test_strict_finds_what_is_assigned_and_never_used() -> None:
    assert check("package a\np if { x := 1 }") == ()
    assert check("package a\np if { x := 1 }", strict=True)[0].message == "assigned var x unused"


def test_capabilities_refuse_built_ins_by_name() -> None:
    narrow = Capabilities(refuse=frozenset({"count"}))
    found = check("package a\np := count([])", capabilities=narrow)
    assert found[0].code == "rego_type_error"
    assert "count" in found[0].message


def test_a_refused_built_in_may_be_replaced_but_never_runs() -> None:
    text = """package a
q := http.send({}).body
p := x if x := q with http.send as {"body": 1}
"""
    policy = compile(text, entrypoints=["a/p", "a/q"])
    with pytest.raises(EvaluationError) as caught:
        policy.evaluate()
    assert "http.send" in str(caught.value)
    assert compile(text, entrypoints=["a/p"]).evaluate().value == 1
