"""When an attempt is repeated, and after how long."""

import pytest

import gatepost
from gatepost._retry import Failure, RetryConfig, decide, read_retry_after

CALM = RetryConfig(max_retries=2, backoff_base=1.0, backoff_max=3.0, jitter=0.0)


def decided(outcome, *, attempt=0, headers=None, config=CALM, repeatable=False, chance=0.0):
    return decide(attempt, outcome, headers or {}, config=config, repeatable=repeatable, chance=chance)


@pytest.mark.parametrize(
    ("outcome", "repeatable", "again"),
    [
        (429, False, True),
        (500, False, True),
        (502, False, True),
        (503, False, True),
        (504, False, True),
        (501, True, False),
        (409, True, False),
        (200, True, False),
        (Failure.NOT_SENT, False, True),
        (Failure.MAYBE_SENT, False, False),
        (Failure.MAYBE_SENT, True, True),
    ],
)
def test_what_is_repeated(outcome, repeatable, again):
    assert (decided(outcome, repeatable=repeatable) is not None) is again


def test_waits_double_up_to_the_longest_and_end():
    patient = RetryConfig(max_retries=4, backoff_base=1.0, backoff_max=3.0, jitter=0.0)
    assert [decided(500, attempt=n, config=patient) for n in range(5)] == [1.0, 2.0, 3.0, 3.0, None]


def test_chance_shortens_a_wait_of_our_own_and_lengthens_one_that_was_asked_for():
    spread = RetryConfig(backoff_base=1.0, jitter=0.5)
    assert decided(500, config=spread, chance=1.0) == 0.5
    assert decided(429, config=spread, chance=1.0, headers={"retry-after": "2"}) == 2.5


def test_the_gateway_says_whether():
    assert decided(429, headers={"x-should-retry": "false"}) is None
    assert decided(404, headers={"x-should-retry": "True"}) == 1.0
    assert decided(429, headers={"x-should-retry": "maybe"}) == 1.0


def test_a_long_retry_after_ends_it():
    assert decided(429, headers={"retry-after": "60"}) == 60.0
    assert decided(429, headers={"retry-after": "61"}) is None


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("1.5", 1.5),
        ("0", 0.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:01:40", 90.0),
        ("Thu, 01 Jan 1970 00:00:05 GMT", 0.0),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(said, seconds):
    assert read_retry_after({"retry-after": said}, now=10.0) == seconds


def test_no_retry_after_says_nothing():
    assert read_retry_after({}) is None
    assert read_retry_after({"retry-after": "Fri, 01 Jan 2100 00:00:00 GMT"}) > 0


@pytest.mark.parametrize("wrong", [{"max_retries": -1}, {"backoff_base": -1}, {"jitter": 1.5}, {"retry_after_max": -1}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(gatepost.ConfigurationError):
        RetryConfig(**wrong)
