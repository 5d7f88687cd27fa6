"""Terms that somebody tried to hide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.detect.expressions import PatternError
from gatepost_gateway.detect.fuzzy import fuzzy
from gatepost_gateway.domain.findings import find_all

from .cutting import found_in_pieces, placed


def test_disguises_are_seen_through():
    detector = fuzzy("dlp", "TERM", ["Project Titan"])
    for text in ("project titan", "Pr0ject.T1tan", "p-r-o-j-e-c-t t i t a n", "PROJECT_TITAN"):
        assert placed(detector, f"a {text} b") == [("TERM", text)]
    assert placed(detector, "projects titanic") == []


def test_a_term_needs_a_letter():
    with pytest.raises(PatternError):
        fuzzy("dlp", "TERM", ["--"])


@given(st.text(st.sampled_from("ti7t a4n.- é"), max_size=40), st.lists(st.integers(0, 40), max_size=6))
def test_every_cut_of_a_text_gives_the_same_findings(text, cuts):
    detector = fuzzy("dlp", "TERM", ["titan", "tan"])
    assert found_in_pieces(detector, text, cuts) == list(find_all(detector, text))
