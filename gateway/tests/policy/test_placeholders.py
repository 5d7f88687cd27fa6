"""Placeholders that can be undone."""

from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.policy.placeholders import Placeholders


def test_each_value_has_its_number_and_the_same_value_the_same() -> None:
    made = Placeholders()
    assert made.stand_in("EMAIL", "a@x.com") == "[EMAIL_1]"
    assert made.stand_in("EMAIL", "b@x.com") == "[EMAIL_2]"
    assert made.stand_in("PHONE", "1") == "[PHONE_1]"
    assert made.stand_in("EMAIL", "a@x.com") == "[EMAIL_1]"
    assert made.restore("to [EMAIL_2], [EMAIL_1] and [EMAIL_3]") == "to b@x.com, a@x.com and [EMAIL_3]"


def test_what_the_caller_wrote_itself_is_never_given_out() -> None:
    made = Placeholders(["see [EMAIL_1] there"])
    assert made.stand_in("EMAIL", "a@x.com") == "[EMAIL_2]"
    assert made.restore("[EMAIL_1]") == "[EMAIL_1]"


def test_what_comes_back_is_not_looked_at_again() -> None:
    made = Placeholders()
    made.stand_in("TERM", "[TERM_2]")
    made.stand_in("TERM", "b")
    assert made.restore("[TERM_1]") == "[TERM_2]"


def test_no_more_than_a_placeholder_is_held() -> None:
    made = Placeholders()
    made.stand_in("EMAIL", "a@x.com")
    restoring = made.restoring()
    assert restoring.feed("hi [", ended=False) == "hi "
    assert restoring.feed("EMAIL_1", ended=False) == ""
    assert restoring.feed("] x [a", ended=False) == "a@x.com x [a"
    assert restoring.feed("[EMAIL_12345", ended=False) == "[EMAIL_12345"
    assert restoring.feed(" [", ended=True) == " ["


PIECES = st.sampled_from(
    ["[", "]", "[EMAIL_1]", "[EMAIL_2]", "EMAIL_1", "[CARD_1]", "[[", "日本", "é", " ", "[EMAIL_", "1]", "😀"]
)


@given(st.lists(PIECES, max_size=12).map("".join), st.lists(st.integers(0, 80), max_size=10))
def test_every_cut_of_an_answer_is_restored_alike(text: str, cuts: list[int]) -> None:
    made = Placeholders()
    for kind, value in (("EMAIL", "a@x.com"), ("EMAIL", "b@日本.jp"), ("CARD", "4111")):
        made.stand_in(kind, value)
    restoring, out = made.restoring(), ""
    ends = [*sorted(min(cut, len(text)) for cut in cuts), len(text)]
    for at, end in zip([0, *ends], ends, strict=False):
        out += restoring.feed(text[at:end], ended=False)
        assert made.restore(text[:end]).startswith(out)
    out += restoring.feed("", ended=True)
    assert out == made.restore(text)


@given(st.lists(st.sampled_from(["a@x.com", "b@x.com", " and ", "日本"]), max_size=10))
def test_a_round_trip_is_what_it_was(words: list[str]) -> None:
    made = Placeholders(words)
    sent = "".join(made.stand_in("EMAIL", word) if "@" in word else word for word in words)
    assert "@" not in sent
    assert made.restore(sent) == "".join(words)
