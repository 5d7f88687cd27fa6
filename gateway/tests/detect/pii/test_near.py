"""What stands beside a candidate."""

from gatepost_gateway.detect.expressions import Expression
from gatepost_gateway.detect.patterns import Found
from gatepost_gateway.detect.pii.near import MARGIN, Near, all_of, alone, digits, joins, or_alone


def test_words_count_within_reach_and_at_the_start_of_a_word():
    near = Near((r"tel\b", "电话"))
    assert near(Found("1", "my TEL: ", ""))
    assert near(Found("1", "我的电话", ""))
    assert near(Found("1", "", " (tel)"))
    assert not near(Found("1", "hotel ", ""))
    assert not near(Found("1", "tel " + "." * 60, "." * 31 + " tel"))


def test_a_value_that_is_all_of_a_text_stands_alone():
    assert alone(Found("1", ' "', '".'))
    assert not alone(Found("1", "a ", ""))


def test_a_neighbour_joins_in_scripts_with_spaces_only():
    assert all(joins(character) for character in "aß9_Жλ")
    assert not any(joins(character) for character in ("", " ", "日", "입", "ก", "-"))


def test_every_condition_must_hold():
    assert all_of(lambda _: True, lambda _: True)(Found("", "", "")) == 1.0
    assert all_of(lambda _: True, lambda _: False)(Found("", "", "")) == 0.0


def test_digits_are_what_is_left():
    assert digits("(0) 12-3x") == "0123"


def test_words_that_end_the_text_before_a_value_count_there_only():
    version = Near((r"v\.?\s*$",))
    assert version(Found("1", "see v.", " b"))
    assert not version(Found("1", "see v. or ", " b"))


def test_a_short_text_and_a_gap_are_where_something_may_stand_alone():
    beside = Expression(or_alone("tel"))
    assert beside.search(b"123456782")
    assert beside.search(b"a" * 300 + b" " * MARGIN + b"123456782")
    assert not beside.search(b"123456782 " * 30)
    assert beside.search(b"123456782 " * 30 + b"tel")
