"""Words near each other."""

from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.detect.expressions import Expression
from gatepost_gateway.detect.injection.nearness import near, plainly, within, without

WORDS = st.lists(st.sampled_from(["drop", "order", "and", "so"]), max_size=12).map(" ".join)


@given(WORDS, st.integers(0, 12))
def test_what_is_near_is_what_one_expression_finds(text, gap):
    """For either order, and whatever stands between."""
    data = text.encode()
    drops, orders = within(data, Expression("drop")), within(data, Expression("order"))
    either = Expression(f"drop.{{0,{gap}}}order|order.{{0,{gap}}}drop")
    assert bool(near(drops, orders, gap)) == (either.search(data) is not None)


def test_both_sides_are_looked_at():
    assert near([(10, 14)], [(0, 5), (20, 25)], 6) == [(0, 14), (10, 25)]
    assert near([(10, 14)], [(0, 5), (20, 25)], 5) == [(0, 14)]
    assert near([(10, 14)], [(12, 16)], 50) == []


def test_what_means_something_else_is_taken_out_and_the_rest_stays():
    assert without(Expression("do not forget"), b"do not forget this, forget that") == b"~ this, forget that"
    assert without(Expression("none"), b"as it is") == b"as it is"


def test_sources_are_written_as_plain_text_is():
    assert plainly(r"\bзабудь\b|\bolv[ií]d\w*") == r"забудь|\bolv[ii]d[^ ]*"
    assert plainly("กฎ|คำสั่ง") == "กฎ|คําสั่ง"
