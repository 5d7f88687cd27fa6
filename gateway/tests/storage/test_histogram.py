import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.storage import histogram

MICROS = st.lists(st.integers(1, 36_000_000_000), min_size=1, max_size=200)


def filled(values):
    buckets = {}
    for value in values:
        histogram.add(buckets, {histogram.bucket_of(value): 1})
    return buckets


@given(MICROS, st.sampled_from([0.0, 0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_is_off_by_no_more_than_it_says(values, share):
    exact = sorted(values)[int(share * (len(values) - 1))]
    told = histogram.quantile(filled(values), share)
    assert told == pytest.approx(exact, rel=histogram.ERROR + 1e-9)


@given(MICROS, MICROS)
def test_a_merge_is_as_if_all_had_been_counted_in_one(one, other):
    merged = histogram.merged(histogram.encode(filled(one)), histogram.encode(filled(other)))
    assert histogram.decode(merged) == filled(one + other)


def test_nothing_has_no_quantile_and_merges_with_anything():
    assert histogram.quantile({}, 0.5) is None
    assert histogram.decode(b"") == {}
    some = histogram.encode({3: 4})
    assert histogram.merged(b"", some) == histogram.merged(some, b"") == some


def test_ten_hours_need_few_buckets():
    values = [random.Random(7).randint(1, 36_000_000_000) for _ in range(10_000)]
    assert max(filled(values)) < 1300


def test_less_than_a_microsecond_is_one():
    assert histogram.bucket_of(0) == histogram.bucket_of(-5) == histogram.bucket_of(1) == 0
