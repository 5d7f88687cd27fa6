from pathlib import Path

import pytest

import words

PATH = Path("a.py")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("x = '/wo~rk/main'", "a machine path"),
        ("# TO~DO later", "an unfinished word"),
        ("# good enough for~ now", "an unfinished word"),
        ("url = 'https://registry.npm~js.org/x'", "a registry's address"),
        ("raise NotImplemented~Error", "something not built"),
    ],
)
def test_what_does_not_belong_here_is_named_with_its_line(text, what):
    # The samples are broken by a mark, or this file itself would be complained of.
    assert words.complaints(PATH, "\n" + text.replace("~", "") + "\n") == [f"a.py:2: {what}"]


def test_plain_text_is_fine():
    assert words.complaints(PATH, "# the way to work on the workpiece\n") == []


def test_a_swallowed_exception_is_named():
    text = "try:\n    f()\nexcept Exception:\n    pass\n"
    assert words.complaints(PATH, text) == ["a.py:3: a swallowed exception"]


def test_a_narrow_or_answered_exception_is_fine():
    assert words.complaints(PATH, "try:\n    f()\nexcept KeyError:\n    pass\n") == []
    assert words.complaints(PATH, "try:\n    f()\nexcept Exception:\n    log()\n") == []
