"""The part of YAML that metadata is written in."""

from __future__ import annotations

from typing import Any

import pytest

from gatepost_rego.yaml import YamlError, read_yaml


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("a: 1\nb: x y # note\nc:\n- 1\n- two", {"a": 1, "b": "x y", "c": [1, "two"]}),
        (
            "a:\n  b: [1, {c: d}, 'e, f']\n  g: \"h\\n\"",
            {"a": {"b": [1, {"c": "d"}, "e, f"], "g": "h\n"}},
        ),
        ("a: |\n  x\n   y\nb: >-\n  p\n  q", {"a": "x\n y\n", "b": "p q"}),
        ("- a: 1\n  b: 2\n-\n  - 3", [{"a": 1, "b": 2}, [3]]),
        (
            "a: ~\nb: true\nc: 0x1f\nd: 1.5\ne: yes",
            {"a": None, "b": True, "c": 31, "d": 1.5, "e": "yes"},
        ),
        ("a: one\n  two", {"a": "one two"}),
        ("a: http://x.y/z", {"a": "http://x.y/z"}),
        ("", None),
    ],
)
def test_values(text: str, want: Any) -> None:
    assert read_yaml(text) == want


@pytest.mark.parametrize("text", ["a: [1", "a: *x", "a: 1\n  b: 2\n c: 3", "\ta: 1", "a: 1\na: 2"])
def test_errors(text: str) -> None:
    with pytest.raises(YamlError):
        read_yaml(text)
