"""Numbers are read, printed and reckoned as OPA does it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_rego import numbers
from gatepost_rego.numbers import NumberError, number_of, number_text, round64


@pytest.mark.parametrize(
    ("text", "kind"),
    [("1", int), ("-0", int), ("12345678901234567890123", int), ("0.1", float), ("1.5", float),
     ("1e2", Decimal), ("1.50", Decimal), ("0.10", float), ("1e400", Decimal),
     ("0.33333333333333333334", Decimal)],
)  # fmt: skip
def test_a_number_takes_the_form_that_says_it(text: str, kind: type) -> None:
    assert type(number_of(text)) is kind


@pytest.mark.parametrize("text", ["1", "0.1", "1e2", "1.50", "12345678901234567890.5", "-1.5e400"])
def test_a_number_prints_as_it_was_written(text: str) -> None:
    assert number_text(number_of(text)) == text


@pytest.mark.parametrize("text", ["", "01", "+1", "1.", ".5", "0x1", "NaN", "1e", "1_0", "٣"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(NumberError):
        number_of(text)


def test_numbers_too_big_are_refused() -> None:
    for text in ("1e999999999", "9" * 5_000, "1e-99999"):
        with pytest.raises(NumberError):
            number_of(text)
    big = 10**4_000
    with pytest.raises(NumberError):
        numbers.multiply(big, big)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (numbers.divide(1, 3), "0.33333333333333333334"), (numbers.add(0.1, 0.2), "0.3"),
        (numbers.subtract(1.1, 1.0), "0.10000000000000000002"), (numbers.multiply(1.5, 2), "3"),
        (numbers.divide(7, 7), "1"), (numbers.multiply(10**30, 10), "1" + "0" * 31),
        (numbers.absolute(-1.5), "1.5"), (numbers.remainder(-7, 3), "-1"),
    ],
)  # fmt: skip
def test_numbers_are_reckoned_in_64_bits(found: numbers.Number, text: str) -> None:
    assert number_text(found) == text


@given(st.integers(-(10**40), 10**40), st.integers(1, 10**40))
def test_rounding_keeps_64_bits_and_the_nearest(numerator: int, denominator: int) -> None:
    mantissa, power = round64(numerator, denominator)
    assert abs(mantissa).bit_length() in (0, 64)
    # Twice the distance to the true ratio is at most one step of the last bit.
    left = numerator * (1 << -power) if power < 0 else numerator
    right = mantissa * denominator * (1 if power < 0 else 1 << power)
    step = denominator * (1 if power < 0 else 1 << power)
    assert 2 * abs(left - right) <= step


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**25), 10**25))
def test_a_number_reads_back_from_its_text(value: float, whole: int) -> None:
    assert number_of(number_text(whole)) == whole
    if "e" not in repr(value):
        assert number_of(number_text(value)) == value
