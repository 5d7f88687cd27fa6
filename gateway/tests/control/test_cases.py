"""Cases are found beside a policy, in files of their own, in the policy itself."""

from pathlib import Path

import pytest

from gatepost_gateway.control.cases import find_tests
from gatepost_gateway.settings import ConfigurationError

POLICY = "policies: {chain: [{name: a, kind: redactor}]}\n"
CASES = "cases: [{note: one, input: {text: x}, want: {verdict: allow}}]\n"
INLINE = "testing: {suites: [{name: s, target: a, cases: [{name: two, input: {text: x}, want: {verdict: allow}}]}]}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(POLICY + INLINE)
    (tmp_path / "shop.cases.yaml").write_text(CASES)
    return tmp_path


@pytest.mark.parametrize("name", ["shop.yaml", "."])
def test_inline_cases_and_those_beside(folder: Path, name: str) -> None:
    (tests,) = find_tests(folder / name)
    assert [(one.suite, one.target, one.said.note) for one in tests.cases] == [
        ("s", "a", "two"),
        ("shop.cases.yaml", None, "one"),
    ]
    assert tests.cases[0].where.endswith("shop.yaml:2:49")


def test_a_file_of_cases_names_its_policy(folder: Path) -> None:
    (folder / "other.yaml").write_text("policy: shop.yaml\n" + CASES)
    (tests,) = find_tests(folder / "other.yaml")
    assert tests.policy.path.name == "shop.yaml"
    (folder / "lost.yaml").write_text(CASES)
    with pytest.raises(ConfigurationError) as lost:
        find_tests(folder / "lost.yaml")
    assert "`policy` is missing" in str(lost.value)


def test_a_pack_of_another_system_has_its_cases_in_json(tmp_path: Path) -> None:
    (tmp_path / "policy-config.yaml").write_text(POLICY)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a.json").write_text(
        '{"suites": [{"name": "s", "cases": ['
        '{"name": "n", "input": {"messages": []}, "expected": {"verdict": "allowed"}}]}]}'
    )
    (tests,) = find_tests(tmp_path)
    assert [one.said.note for one in tests.cases] == ["n"]


def test_mistakes_are_told_with_their_places(folder: Path) -> None:
    (folder / "shop.cases.yaml").write_text("cases: [{note: one, inptu: {}, want: {verdict: allow}}]\n")
    with pytest.raises(ConfigurationError) as wrong:
        find_tests(folder / "shop.yaml")
    assert "shop.cases.yaml:1:21: unknown key `inptu`" in str(wrong.value)
    (folder / "shop.yaml").write_text(POLICY + "testing: {files: ['none/*.yaml']}\n")
    with pytest.raises(ConfigurationError) as gone:
        find_tests(folder / "shop.yaml")
    assert "there is no file `none/*.yaml`" in str(gone.value)
