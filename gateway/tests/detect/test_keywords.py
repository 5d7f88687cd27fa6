"""Terms that an operator lists."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.detect.expressions import PatternError
from gatepost_gateway.detect.keywords import keywords
from gatepost_gateway.domain.findings import find_all

from .cutting import found_in_pieces, placed


def test_a_substring_matches_anywhere_and_in_either_case():
    found = placed(keywords("terms", "TERM", ["projekt x", "straße"], whole_words=False), "Projekt Xeno STRAßE")
    assert found == [("TERM", "Projekt X"), ("TERM", "STRAßE")]


def test_a_whole_word_is_not_cut_out_of_another():
    detector = keywords("terms", "TERM", ["art", "C++", "щит"], whole_words=True)
    assert placed(detector, "party Art, C++. xC++ щиты щит art_") == [
        ("TERM", "Art"),
        ("TERM", "C++"),
        ("TERM", "щит"),
    ]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("written", ["NFC", "NFD"])
@pytest.mark.parametrize("whole", [True, False])
def test_it_is_one_text_however_its_accents_are_written(form, written, whole):
    term, text = "Café Münchens Phở 각", "im CAFÉ\nmünchenS\u00a0phở 각 dort"
    found = placed(
        keywords("terms", "TERM", [unicodedata.normalize(form, term)], whole_words=whole),
        unicodedata.normalize(written, text),
    )
    assert [unicodedata.normalize("NFC", one) for _, one in found] == ["CAFÉ\nmünchenS\u00a0phở 각"]


def test_of_two_accents_one_may_stand_apart():
    assert placed(keywords("terms", "TERM", ["phở"], whole_words=True), "ph\u01a1\u0309") == [
        ("TERM", "ph\u01a1\u0309")
    ]


def test_an_accent_belongs_to_its_word():
    assert placed(keywords("terms", "TERM", ["cafe"], whole_words=True), "cafe\u0301 cafe") == [("TERM", "cafe")]


def test_a_sharp_s_is_two():
    for term in ("straße", "Strasse"):
        found = placed(keywords("terms", "TERM", [term], whole_words=True), "Straße STRASSE straſſe STRAẞE")
        assert [one for _, one in found] == ["Straße", "STRASSE", "straſſe", "STRAẞE"]


def test_terms_that_overlap_are_both_found():
    found = placed(keywords("terms", "TERM", ["foo bar", "bar baz"], whole_words=True), "foo bar baz")
    assert found == [("TERM", "foo bar"), ("TERM", "bar baz")]


def test_an_empty_term_is_refused():
    with pytest.raises(PatternError, match="empty"):
        keywords("terms", "TERM", ["a", ""], whole_words=False)


@given(
    st.text(st.sampled_from("aБбs ſ_.é\u0301eß\n"), max_size=40),
    st.lists(st.integers(0, 40), max_size=8),
    st.booleans(),
)
def test_every_cut_of_a_text_gives_the_same_findings(text, cuts, whole_words):
    detector = keywords("terms", "TERM", ["aб", "s", "б. ", "éa", "ss"], whole_words)
    assert found_in_pieces(detector, text, cuts) == list(find_all(detector, text))
