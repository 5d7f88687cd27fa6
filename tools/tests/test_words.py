from pathlib import Path

import pytest

import words

PATH = Path("a.py")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("x = '/work/main'", "a machine path"),
        ("# TODO later", "an unfinished word"),
        ("# good enough for now", "an unfinished word"),
        ("url = 'https://registry.npmjs.org/x'", "a registry's address"),
        ("raise NotImplementedError", "something not built"),
    ],
)
def test_what_does_not_belong_here_is_named_with_its_line(text, what):
    assert words.complaints(PATH, f"\n{text}\n") == [f"a.py:2: {what}"]


def test_plain_text_is_fine():
    assert words.complaints(PATH, "# the way to work on the workpiece\n") == []


def test_a_swallowed_exception_is_named():
    text = "try:\n    f()\nexcept Exception:\n    pass\n"
    assert words.complaints(PATH, text) == ["a.py:3: a swallowed exception"]


def test_a_narrow_or_answered_exception_is_fine():
    assert words.complaints(PATH, "try:\n    f()\nexcept KeyError:\n    pass\n") == []
    assert words.complaints(PATH, "try:\n    f()\nexcept Exception:\n    log()\n") == []
