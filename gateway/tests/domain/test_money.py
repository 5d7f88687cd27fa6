from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.domain.money import Prices, nano, per_million, usd
from gatepost_gateway.domain.usage import Usage

PRICE = st.integers(0, 10**12)
TOKENS = st.integers(0, 10**7)
OPTIONAL = st.none() | PRICE


@given(st.integers(-(10**18) + 1, 10**18 - 1))
def test_dollars_are_exact_both_ways(amount):
    assert nano(Decimal(usd(amount))) == amount


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0"), (1, "0.000000001"), (1_500_000, "0.0015"), (10**9, "1"), (-1_500_000_000, "-1.5"), (10**10, "10")],
)
def test_dollars_are_shown_without_trailing_zeros(amount, text):
    assert usd(amount) == text


@pytest.mark.parametrize("text", ["0.0000000001", "1.00000000000000000000000000000000000001", "1e-999999"])
def test_what_is_finer_than_a_nano_dollar_is_refused(text):
    with pytest.raises(ValueError, match="finer"):
        nano(Decimal(text))


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity", "1e9", "-1e12", "1e999999"])
def test_what_cannot_be_counted_is_refused_at_once(text):
    with pytest.raises(ValueError, match="can be counted"):
        nano(Decimal(text))


def test_zeros_behind_the_ninth_decimal_are_no_amount():
    assert nano(Decimal("1." + "0" * 40)) == 10**9


def test_a_price_is_read_as_people_write_it():
    assert per_million(Decimal("0.00015")) == 150_000_000


def test_a_cost_is_rounded_up_once_over_all_buckets():
    prices = Prices(input=1, output=1, cache_read=1, cache_write=1)
    assert prices.cost(Usage(input=1, output=1, cache_read=1, cache_write=1)) == 1
    assert prices.cost(Usage()) == 0
    assert prices.cost(Usage(input=1_000_001)) == 2


def test_a_cache_without_a_price_of_its_own_costs_as_input():
    assert Prices(input=10**6, output=0).cost(Usage(input=1, cache_read=2, cache_write=3)) == 6
    assert Prices(10**6, 0, cache_read=0, cache_write=2 * 10**6).cost(Usage(input=1, cache_read=2, cache_write=3)) == 7


def test_reasoning_is_not_paid_twice_and_images_are_paid_a_piece():
    assert Prices(0, 10**6, image=5).cost(Usage(output=3, reasoning=2, images=2)) == 3 + 10


@given(PRICE, PRICE, OPTIONAL, OPTIONAL, TOKENS, TOKENS, TOKENS, TOKENS)
def test_the_ceiling_bounds_the_cost_whatever_the_buckets(inp, out, read, write, fresh, cached, written, output):
    prices = Prices(inp, out, read, write)
    used = Usage(input=fresh, cache_read=cached, cache_write=written, output=output)
    assert prices.cost(used) <= prices.ceiling(fresh + cached + written, output)
