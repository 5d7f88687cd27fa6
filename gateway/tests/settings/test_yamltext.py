import time
from decimal import Decimal

import pytest

from gatepost_gateway.settings.problems import ConfigurationError
from gatepost_gateway.settings.yamltext import MAX_BYTES, read


def problems(text: str) -> list[str]:
    return [str(problem) for problem in read(text, "f").problems]


def test_values_are_plain_and_exact() -> None:
    tree = read("a: 0.00015\nb: 12\nc: [true, null, x]\nd: {e: 1.0}\n", "f")
    assert tree.value == {"a": Decimal("0.00015"), "b": 12, "c": [True, None, "x"], "d": {"e": Decimal("1.0")}}
    assert tree.problems == []


@pytest.mark.parametrize(
    ("text", "value"),
    [("no", "no"), ("yes", "yes"), ("on", "on"), ("2026-11-20", "2026-11-20"), ("~", None), ("'1'", "1"), ("-3", -3)],
)
def test_yaml_surprises_are_text(text: str, value: object) -> None:
    assert read(f"a: {text}", "f").value == {"a": value}


@pytest.mark.parametrize("number", ["010", "0x1f", "1_000", "1:30", ".inf", ".nan", "1e400000", "9" * 40])
def test_numbers_that_mean_something_else_are_refused(number: str) -> None:
    found = read(f"a: {number}", "f")
    assert found.value["a"] is None or isinstance(found.value["a"], str)
    assert found.problems or found.value["a"] == number


@pytest.mark.parametrize("text", ["!!python/object/apply:os.system [x]", "!!binary aGk=", "!!set {a}", "!mine x"])
def test_tags_run_nothing(text: str) -> None:
    assert "tag" in problems(f"a: {text}")[0]


def test_a_key_that_stands_twice_is_told_with_both_lines() -> None:
    assert problems("a: 1\nb: 2\na: 3\n") == ["f:3:1: the key `a` stands here twice: the first is on line 1"]


def test_marks_point_at_values_and_keys() -> None:
    tree = read("a:\n  - {b: 1}\n", "f")
    assert (tree.at(("a", 0, "b")).line, tree.at(("a", 0, "b")).column) == (2, 9)
    assert tree.at(("a", 0, "b"), key=True).column == 6
    assert tree.at(("a", 0, "nothing", "there")).line == 2
    assert tree.get(("a", 0, "b")) == 1
    assert tree.get(("a", 5, "b")) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1", "f:1:6: not YAML"),
        ("a: &x 1\nb: *x\n", "f:2:4: not YAML: an alias"),
        ("a: 1\n---\nb: 2\n", "f:2:1: not YAML"),
        ("a: \x00", "f:1:1: not YAML: character number 4"),
        ("[" * 200, "nested deeper than 40"),
        ("x: " + "y" * MAX_BYTES, "larger than 1 MiB"),
        ("x: " + "é" * (MAX_BYTES // 2), "larger than 1 MiB"),
    ],
)
def test_what_is_no_yaml_stops_at_its_place(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(text, "f")
    assert words in str(caught.value)


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    began = time.monotonic()
    with pytest.raises(ConfigurationError, match="alias"):
        read("\n".join(lines), "f")
    assert time.monotonic() - began < 1


def test_an_empty_file_says_nothing() -> None:
    assert read("# only a comment\n", "f").value is None
