"""However a text is cut, the same is found."""

from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.detect.patterns import Found, Pattern, PatternDetector
from gatepost_gateway.domain.findings import Finding, find_all

from .cutting import found_in_pieces, placed


def _even(found: Found) -> float:
    """Depends on the value and on both neighbourhoods."""
    return float((len(found.before) + len(found.after) + found.text.count("1")) % 2 == 0)


DETECTOR = PatternDetector(
    "test",
    [
        Pattern("PAIR", "ab"),
        Pattern("WORD", r"\bfoo\b"),
        Pattern("RUN", "a{2,5}", check=_even, margin=3),
        Pattern("KEYED", r"k=([é日1]{1,4})", hint="k="),
        Pattern("EDGE", r"^1|1$"),
        Pattern("LINE", r"(?m)^b"),
        Pattern("ANY", "1.1"),
    ],
)
TEXTS = st.text(st.sampled_from("abfo k=é日1\n😀\ud800ß"), max_size=60)
CUTS = st.lists(st.integers(0, 60), max_size=12)


@given(TEXTS, CUTS)
def test_every_cut_of_a_text_gives_the_same_findings(text, cuts):
    assert found_in_pieces(DETECTOR, text, cuts) == list(find_all(DETECTOR, text))


@given(TEXTS)
def test_findings_stand_where_they_say(text):
    for finding in find_all(DETECTOR, text):
        value = text[finding.start : finding.end]
        assert {"PAIR": value == "ab", "WORD": value == "foo", "EDGE": value == "1"}.get(finding.kind, True)
        assert len(value) == finding.end - finding.start


def test_offsets_count_characters_in_any_script():
    assert placed(DETECTOR, "日本 foo 😀 k=é日") == [("WORD", "foo"), ("KEYED", "é日")]


def test_a_pattern_goes_on_at_the_end_of_what_it_found_and_one_further_where_it_found_nothing():
    once = PatternDetector("test", [Pattern("AA", "aa")])
    assert [(one.start, one.end) for one in find_all(once, "aaaaa")] == [(0, 2), (2, 4)]
    last = PatternDetector("test", [Pattern("AA", "aa", check=lambda found: float(found.after == ""), margin=1)])
    assert [(one.start, one.end) for one in find_all(last, "aaaaa")] == [(3, 5)]


def test_the_score_is_what_the_check_says():
    sure = PatternDetector("test", [Pattern("A", "a", check=lambda _found: 0.4)])
    assert find_all(sure, "a") == [Finding(0, 1, "A", "test", 0.4)]


def test_a_pattern_without_a_bound_waits_for_the_whole_text():
    whole = PatternDetector("test", [Pattern("AS", "a+")])
    assert whole.span is None
    scan = whole.begin()
    assert scan.feed("aa", 0, ended=False) == ()
    assert scan.settled == 0
    assert scan.feed("aaab", 0, ended=True) == [Finding(0, 3, "AS", "test")]


def test_a_pattern_that_needs_words_beside_it_is_not_looked_for_without_them():
    asked = []
    needy = Pattern("N", r"\d", check=lambda found: asked.append(found.text) or 1.0, margin=9, beside="tel")
    assert placed(PatternDetector("test", [needy]), "1 2 3") == []
    assert placed(PatternDetector("test", [needy]), "tel 1") == [("N", "1")]
    assert asked == ["1"]


def test_the_span_is_the_widest_match_with_what_its_check_sees():
    assert DETECTOR.span == 9
    assert PatternDetector("test", []).span == 1


def test_a_set_that_knows_nothing_lets_every_pattern_look():
    one = PatternDetector("test", [Pattern("A", "a"), Pattern("B", "b")])
    one.set._match = lambda _data: None
    assert [finding.kind for finding in find_all(one, "xaxb")] == ["A", "B"]
