"""The local circuit breaker, by a clock that the test turns."""

import pytest

from gatepost._breaker import FAILURES_TO_OPEN, OPEN_SECONDS, Breaker


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(clock)


def fail(breaker, times=FAILURES_TO_OPEN):
    for _ in range(times):
        breaker.failed()


def test_it_opens_at_the_fifth_failure_in_a_row(breaker):
    fail(breaker, FAILURES_TO_OPEN - 1)
    assert breaker.refuses() is None
    breaker.failed()
    assert breaker.refuses() == OPEN_SECONDS


def test_an_answer_between_them_starts_the_count_again(breaker):
    fail(breaker, FAILURES_TO_OPEN - 1)
    breaker.answered()
    fail(breaker, FAILURES_TO_OPEN - 1)
    assert breaker.refuses() is None


def test_after_the_pause_one_trial_passes(breaker, clock):
    fail(breaker)
    clock.now += OPEN_SECONDS - 1
    assert breaker.refuses() == 1
    clock.now += 1
    assert breaker.refuses() is None
    assert breaker.refuses() == OPEN_SECONDS


def test_the_trial_decides(breaker, clock):
    fail(breaker)
    clock.now += OPEN_SECONDS
    assert breaker.refuses() is None
    breaker.failed()
    assert breaker.refuses() == OPEN_SECONDS
    clock.now += OPEN_SECONDS
    assert breaker.refuses() is None
    breaker.answered()
    assert breaker.refuses() is None
    assert breaker.refuses() is None
