"""All of it at once, on any cut of a text."""

from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.detect.pii import pii
from gatepost_gateway.domain.findings import find_all

from ..cutting import found_in_pieces

PIECES = st.sampled_from(
    [
        "4111 1111 1111 1111",
        "jo@example.com",
        "born 12.3.1980",
        " ",
        "日本",
        "+44 20 7946 0958",
        "\n",
        "GB29NWBK60161331926819",
        "078-05-1121",
        "call ",
        "12",
        "-",
        "x",
        "192.0.2.1",
        "passport AB1234567",
        "é",
        "😀",
        "12345678Z",
        "word " * 20,
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join), st.lists(st.integers(0, 500), max_size=10))
def test_every_cut_of_a_text_gives_the_same_findings(text, cuts):
    assert found_in_pieces(pii(), text, cuts) == list(find_all(pii(), text))
