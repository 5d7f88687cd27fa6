"""All of it at once, on any cut of a text, and without holding back what cannot be part of anything."""

from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.detect.secrets import secrets
from gatepost_gateway.domain.findings import find_all

from ..cutting import found_in_pieces
from .made import base62
from .test_structures import BEGIN, END, TOKEN

PIECES = st.sampled_from(
    [
        TOKEN,
        f"{BEGIN}\n{base62(64)}\n{END}",
        "ghp_" + base62(36),
        "api_key = ",
        base62(24),
        " ",
        "日本",
        "password: s3cr3t!",
        "é",
        "\n",
        "eyJ",
        "-----BEGIN ",
        "sk-",
        "https://a:b1c2d3@e.example/",
        "10.1.2.3",
        "word " * 30,
        "x" * 300,
    ]
)


@given(st.lists(PIECES, max_size=10).map("".join), st.lists(st.integers(0, 2000), max_size=8))
def test_every_cut_of_a_text_gives_the_same_findings(text, cuts):
    assert found_in_pieces(secrets(), text, cuts) == list(find_all(secrets(), text))


def test_a_stream_waits_for_the_wide_ones_only_where_one_may_have_begun():
    plain = "the quick brown fox jumps over the lazy dog " * 40
    scan = secrets().begin()
    scan.feed(plain, 0, ended=False)
    assert scan.settled >= len(plain) - 200
    opened = plain + BEGIN
    scan = secrets().begin()
    scan.feed(opened + "a" * 500, 0, ended=False)
    assert scan.settled == len(plain)
