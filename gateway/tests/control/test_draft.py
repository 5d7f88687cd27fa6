"""Everything that is wrong with a policy is told at once, each at its place."""

from pathlib import Path

import pytest

from gatepost_gateway.control.draft import read_policy
from gatepost_gateway.settings import ConfigurationError

REGO = 'package gatepost.policy\n\nimport rego.v1\n\ndeny contains "no" if input.model == "m"\n'


def written(folder: Path, text: str, name: str = "gatepost.yaml") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_every_mistake_has_its_line(tmp_path: Path) -> None:
    written(tmp_path, REGO.replace("input.model", "model"), "p.rego")
    path = written(
        tmp_path,
        """projects: [{id: default, request_policy: {file: p.rego}}]
policies:
  chain:
    - {name: a, kind: keyword, terms: []}
    - {name: a, kind: redacter}
""",
    )
    found = read_policy(path)
    places = {problem.where.removeprefix(f"{tmp_path}/"): problem.message for problem in found.problems}
    assert found.document is None
    assert "`terms` is empty" in places["gatepost.yaml:4:39"]
    assert "did you mean `redactor`" in places["gatepost.yaml:5:23"]
    assert "var model is unsafe" in places["p.rego:5:23"]


def test_mistakes_of_shape_hide_none_of_the_chain(tmp_path: Path) -> None:
    path = written(tmp_path, "sever: {}\npolicies: {chain: [{name: a, kind: keyword, terms: []}]}\n")
    assert [one.where.rpartition("gatepost.yaml:")[2] for one in read_policy(path).problems] == ["1:1", "2:52"]


def test_what_may_exist_elsewhere_is_a_warning(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """fallbacks: {nowhere: [neither]}
policies: {chain: [{name: a, kind: redactor, proxy: bot}, {name: b, kind: redactor}, {name: c, kind: redactor}]}
""",
    )
    found = read_policy(path)
    assert (found.problems, found.document is not None) == ((), True)
    words = "\n".join(map(str, found.warnings))
    assert "`nowhere` is not declared" in words
    assert "proxy `bot` is not declared" in words


def test_rego_alone_stands_at_either_gate(tmp_path: Path) -> None:
    policy = read_policy(written(tmp_path, REGO, "p.rego"))
    assert policy.document is not None
    assert policy.draft().policies is not None
    other = policy.draft(answers=True).policies
    assert other is not None
    assert other.requests("default", None) is None
    bad = read_policy(written(tmp_path, "package elsewhere\ndeny := 1\n", "q.rego"))
    assert "defines none of" in bad.problems[0].message
    assert not read_policy(written(tmp_path, "package elsewhere\ndeny := 1\n", "q.rego"), ["elsewhere"]).problems


def test_a_file_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        read_policy(tmp_path / "none.yaml")
