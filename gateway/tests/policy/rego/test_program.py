import pytest

from gatepost_gateway.domain.rego import PolicyFailed
from gatepost_gateway.policy.rego.program import LONGEST_SOURCE, PolicyRefused, compile_program

V1 = 'package gatepost.policy\n\ndeny contains "no" if input.model == "x"\n'
V0 = 'package xenovia.policy\n\ndeny[msg] { input.model == "x"; msg := "no" }\n'


def refused(source: str, *packages: str):
    with pytest.raises(PolicyRefused) as error:
        compile_program(source, packages)
    return error.value.mistakes


@pytest.mark.parametrize(("source", "packages"), [(V1, ()), (V0, ("xenovia", "xenovia.policy"))])
def test_both_versions_of_the_language_and_other_packages(source, packages):
    program = compile_program(source, packages)
    (package,) = program.packages
    assert program.reads == {("model",)}
    values = program.evaluate({"model": "x"}, 0.01)
    assert values == {f"{package.replace('.', '/')}/deny": ["no"]}


def test_a_policy_that_says_nothing_that_is_asked_for_is_refused():
    (mistake,) = refused("package other\nallow := true\n")
    assert mistake.code == "no_decision"
    assert "`gatepost.policy`" in mistake.message
    assert refused(V0)[0].code == "no_decision"


def test_mistakes_have_a_place_and_a_caret():
    (mistake,) = refused("package gatepost.policy\n\ndeny contains 1 if {\n  1 != missing\n}\n")
    assert (mistake.line, mistake.column) == (4, 8)
    assert mistake.pretty().endswith("\n  1 != missing\n       ^")


def test_the_check_is_strict():
    (mistake,) = refused('package gatepost.policy\ndeny contains "a" if { unused := 1 }\n')
    assert "unused" in mistake.message


def test_mistakes_are_told_for_the_version_that_was_meant():
    (old,) = refused('package gatepost.policy\ndeny[msg] {\n  input.a == nowhere\n  msg := "x"\n}\n')
    assert "nowhere is unsafe" in old.message
    (new,) = refused('package gatepost.policy\ndeny contains msg if {\n  input.a == nowhere\n  msg := "x"\n}\n')
    assert "nowhere is unsafe" in new.message
    (cut,) = refused('package gatepost.policy\ndeny contains "x" if {\n  input.a ==\n}\n')
    assert cut.line == 4


def test_what_reaches_outside_is_refused():
    (mistake,) = refused(
        'package gatepost.policy\ndeny contains "x" if http.send({"url": "http://x", "method": "get"})\n'
    )
    assert "http.send" in mistake.message


def test_a_source_has_a_bound():
    assert refused("#" * (LONGEST_SOURCE + 1))[0].code == "too_large"


ENDLESS = """package gatepost.policy
deny contains "x" if {
    some i in numbers.range(1, 5000)
    some j in numbers.range(1, 5000)
    i * j == input.n
}
"""
CONFLICTING = """package gatepost.policy
decision := {"action": "allow"} if input.n
decision := {"action": "block"} if input.n
"""


@pytest.mark.parametrize(("source", "words"), [(ENDLESS, "deadline"), (CONFLICTING, "multiple outputs")])
def test_what_breaks_off_is_a_failure(source: str, words: str):
    with pytest.raises(PolicyFailed, match=words):
        compile_program(source).evaluate({"n": -1}, 0.01)
