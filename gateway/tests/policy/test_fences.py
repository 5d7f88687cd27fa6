"""Where a text in Markdown holds JSON."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.policy.fences import Fences, begins_json

PIECES = ["```", "```json", "~~~", "````", "\n", "{", '["a"]', "[X_1]", " ", "word", "> ", "```yaml\n"]
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def read(text: str) -> str:
    """J where there is JSON."""
    fences = Fences()
    fences.feed(text)
    return "".join("J" if fences.hold_json(place) else "." for place in range(len(text)))


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ('a\n```json\n{"b": 1}\n```\nc', '{"b": 1}'),
        ("```\n\n[1]\n```", "[1]"),
        ("> ~~~ jsonc\n> 1\n~~~~\n2", "> 1"),
        ("````json\n```\n{}\n````\n", "```\n{}"),
        ("```json\n{", "{"),
        ("```yaml\n{}\n```", ""),
        ("```\nplain {}\n```", ""),
        ("say ```json {} ``` here", ""),
        ("```\n[X_1] is no list\n```", ""),
    ],
)
def test_json_is_where_a_fence_says_so_or_begins_like_it(text: str, inside: str) -> None:
    where = read(text)
    assert all(where[place] == "J" for place in range(text.find(inside), text.find(inside) + len(inside)))
    assert where.count("J") <= (len(inside) + len("\n````\n") if inside else 0)


@given(texts, st.lists(st.integers(0, 40), max_size=5))
def test_every_cut_says_the_same_of_what_stands_behind_it(text: str, cuts: list[int]) -> None:
    whole, fences, at = read(text), Fences(), 0
    for end in sorted({*(min(cut, len(text)) for cut in cuts), len(text)}):
        fences.feed(text[at:end])
        for place in range(at, end):
            if text[place] == "X":
                assert fences.hold_json(place) == (whole[place] == "J")
        at = end


def test_a_list_of_json_does_not_begin_like_a_placeholder() -> None:
    assert all(map(begins_json, ("{", '["', "[1", "[[")))
    assert not any(map(begins_json, ("", "[E", "x{")))
