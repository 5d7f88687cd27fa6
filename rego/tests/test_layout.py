"""`format` prints policies the way `opa fmt` does."""

from __future__ import annotations

from typing import Final

import pytest

from gatepost_rego import PolicyError, format

# What is written -> what it becomes; the package line is left out of both.
_CASES: Final = {
    "p   if {  x := 1;y:=2 ; x<y }": "p if {\n\tx := 1\n\ty := 2\n\tx < y\n}",
    "p if { input.x }": "p if input.x",
    "p if {\n input.x }": "p if {\n\tinput.x\n}",
    'q:=  {"a":1 ,"b":[1,2 , 3]}': 'q := {"a": 1, "b": [1, 2, 3]}',
    "default  allow=false": "default allow = false",
    "a:=1\nb:=2\n\n\nc:=3": "a := 1\nb := 2\n\nc := 3",
    "p contains x if some x in input.xs": "p contains x if some x in input.xs",
    "x := [ y|y:=input.a[_] ; y>1]": "x := [y | y := input.a[_]; y > 1]",
    "x := {y:z|some y,z in input}": "x := {y: z | some y, z in input}",
    "x := (1+2)*-3": "x := (1 + 2) * -3",
    "x := (y)": "x := y",
    "p if not  f( 1,[ 2 ])": "p if not f(1, [2])",
    "p if input.x with input.y as 1 with data.z as 2":
        "p if input.x with input.y as 1 with data.z as 2",
    "p if every k,v in input.m { v  > k }": "p if every k, v in input.m { v > k }",
    "p := 1 if { input.x } else := 2 if { input.y }":
        "p := 1 if input.x else := 2 if input.y",
    "p := 1 if {\n input.x\n}\nelse := 2": "p := 1 if {\n\tinput.x\n}\n\nelse := 2",
    "x := {\n\"a\":1,\n\"b\":2}": "x := {\n\t\"a\": 1,\n\t\"b\": 2,\n}",
    "x := f(1,\n  2)": "x := f(1,\n\t2,\n)",
    "# about x\nx:=1 # one\n# the end": "# about x\nx := 1 # one\n# the end",
    "p if {\n # first\n x:=1\n\n\n # second\n x>0\n # last\n}":
        "p if {\n\t# first\n\tx := 1\n\n\t# second\n\tx > 0\n\t# last\n}",
    "x := `raw \\d`": "x := `raw \\d`",
    "x := $\"a {  input.b } c\"": "x := $\"a {  input.b } c\"",
    "a.b.c[x]:=1 if some x in input": "a.b.c[x] := 1 if some x in input",
    "x := input[ \"a b\" ].c": "x := input[\"a b\"].c",
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), _CASES.items(), ids=lambda text: text[:30])
def test_a_rule_is_laid_out(before: str, after: str) -> None:
    wanted = f"package a\n\n{after}\n"
    assert format(f"package a\n\n{before}\n") == wanted
    assert format(wanted) == wanted


def test_imports_are_sorted_within_their_group() -> None:
    text = "package a\nimport data.z\nimport data.c as d\n\nimport rego.v1\np := 1\n"
    assert format(text) == (
        "package a\n\nimport data.c as d\nimport data.z\n\nimport rego.v1\n\np := 1\n"
    )


def test_the_older_version_keeps_its_looks() -> None:
    text = "package a\np[x] { x:=input.a[_] }\n"
    assert format(text, version="v0") == "package a\n\np[x] {\n\tx := input.a[_]\n}\n"


def test_what_is_no_policy_is_refused() -> None:
    with pytest.raises(PolicyError, match="rego_parse_error"):
        format("package a\n\np if {")
