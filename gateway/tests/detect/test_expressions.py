"""RE2, typed."""

import pytest

from gatepost_gateway.detect.expressions import Expression, ExpressionSet, PatternError, PlainExpression, quoted


def test_a_search_sees_the_character_before_it():
    assert Expression(r"\bx\d").search(b"ax1", 1) is None
    assert Expression(r"\bx\d").search(b" x1", 1)


def test_what_does_not_compile_is_refused_with_the_reason():
    with pytest.raises(PatternError, match="missing"):
        Expression("(a")
    with pytest.raises(PatternError):
        ExpressionSet(["(a"])


def test_a_set_says_which_may_match_and_an_empty_source_always_may():
    chosen = ExpressionSet(["cat", "", r"\d+"])
    assert sorted(chosen.hits(b"a cat")) == [0, 1]
    assert sorted(chosen.hits(b"nothing")) == [1]
    assert sorted(ExpressionSet(["cat", "dog"]).hits(b"nothing")) == []


def test_a_set_that_ran_out_of_memory_is_unknown_and_not_clean():
    chosen = ExpressionSet(["cat", "dog"])
    chosen._match = lambda _data: None
    assert list(chosen.hits(b"nothing")) == [0, 1]


def test_a_quoted_text_matches_just_itself():
    assert Expression(quoted("a.b+c(")).search(b"xa.b+c(")
    assert not Expression(quoted("a.b")).search(b"axb")


def test_a_pattern_that_needs_more_memory_gets_it_up_to_a_bound():
    assert Expression(r"[\pL\pN]{2,60}@").search("ü@ abc@".encode())
    with pytest.raises(PatternError, match="too large"):
        Expression(r"(?:(?:[\pL\pN]{1,100}){1,9})")


def test_a_plain_expression_finds_the_same_nearby():
    plain, data = PlainExpression(r"(?i)\b[a-z]\d{2}[ -]?\d{2}\b"), b"a12 x12-34, Y56 78 z9 b11-2233 c1122"
    at, found = 0, []
    while match := plain.search(data, at):
        assert plain.nearby(data, at, len(data)).start() == match.start()
        assert plain.nearby(data, at, len(data)).end() == match.end()
        found.append(data[match.start() : match.end()])
        at = match.start() + 1
    assert found == [b"x12-34", b"Y56 78", b"c1122"]
