import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.domain.clock import DAY_MICROS, SystemClock, day, from_iso, hour, iso, month, next_month

MOMENTS = st.integers(0, 253_402_300_799_999_999)


@given(MOMENTS)
def test_a_moment_survives_its_text(micros):
    assert from_iso(iso(micros)) == micros


@given(MOMENTS, MOMENTS)
def test_moments_and_their_texts_sort_alike(one, other):
    assert (iso(one) < iso(other)) == (one < other)


def test_a_time_without_a_zone_is_utc_and_another_zone_is_converted():
    assert from_iso("2026-11-20T00:00:00") == from_iso("2026-11-20T00:00:00Z") == from_iso("2026-11-20T01:00:00+01:00")
    with pytest.raises(ValueError, match="Invalid"):
        from_iso("yesterday")


def test_periods_turn_at_midnight_utc():
    midnight = from_iso("2026-12-01T00:00:00Z")
    assert (day(midnight - 1), month(midnight - 1)) == ("2026-11-30", "2026-11")
    assert (day(midnight), month(midnight)) == ("2026-12-01", "2026-12")
    assert day(midnight + DAY_MICROS - 1) == "2026-12-01"


def test_hours_and_months_end_where_they_end():
    new_year = from_iso("2027-01-01T00:00:00Z")
    assert (hour(new_year - 1), hour(new_year)) == ("2026-12-31T23", "2027-01-01T00")
    assert next_month(new_year - 1) == new_year
    assert iso(next_month(new_year))[:10] == "2027-02-01"


def test_the_system_clock_goes_on():
    clock = SystemClock()
    wall, steady = clock.micros(), clock.monotonic()
    assert clock.micros() >= wall > from_iso("2025-01-01T00:00:00Z")
    assert clock.monotonic() >= steady
