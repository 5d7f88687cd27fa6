"""Go's formats: floats, durations, layouts, zones and quoting, by tables."""

from __future__ import annotations

import pytest

from gatepost_rego.golang.durations import DurationError, parse_duration
from gatepost_rego.golang.floats import format_float
from gatepost_rego.golang.layouts import NAMED, elements, format_moment
from gatepost_rego.golang.moments import (
    Civil,
    Moment,
    Zone,
    ZoneError,
    civil_from_days,
    days_from_civil,
    load_zone,
)
from gatepost_rego.golang.quoting import quote, sanitise, text_of, utf8
from gatepost_rego.golang.time_parsing import TimeError, parse_time
from gatepost_rego.golang.verbs import Tagged, sprintf

_LEAP = 1_582_977_600_123_456_789


@pytest.mark.parametrize(
    ("value", "verb", "precision", "text"),
    [
        (0.0, "g", -1, "0"), (-0.0, "g", -1, "-0"), (1.0, "g", -1, "1"), (0.1, "g", -1, "0.1"),
        (1e21, "g", -1, "1e+21"), (123456.5, "g", -1, "123456.5"),
        (1234567.5, "g", -1, "1.2345675e+06"), (1e-5, "g", -1, "1e-05"),
        (3.14159, "f", 2, "3.14"), (1e21, "f", -1, "1000000000000000000000"),
        (0.00001, "f", -1, "0.00001"), (1.5, "e", -1, "1.5e+00"), (12345.678, "e", 2, "1.23e+04"),
        (123.456, "g", 2, "1.2e+02"), (100.0, "g", 3, "100"),
        (1.5, "b", -1, "6755399441055744p-52"),
        (float("inf"), "g", -1, "+Inf"), (float("nan"), "f", 2, "NaN"), (1e-7, "G", -1, "1E-07"),
    ],
)  # fmt: skip
def test_a_float_is_printed(value: float, verb: str, precision: int, text: str) -> None:
    assert format_float(value, verb, precision) == text


@pytest.mark.parametrize(
    ("text", "nanos"),
    [("1h15m30.918273645s", 4_530_918_273_645), ("-1.5h", -5_400_000_000_000), ("0", 0),
     ("+5\N{MICRO SIGN}s", 5_000), ("3ns", 3), (".5s", 500_000_000),
     ("9223372036854775807ns", (1 << 63) - 1), ("-9223372036854775808ns", -(1 << 63))],
)  # fmt: skip
def test_a_duration_is_read(text: str, nanos: int) -> None:
    assert parse_duration(text) == nanos


@pytest.mark.parametrize(
    "text", ["", "1", "s", "-", "1x", ".s", "1h-2m", "9223372036854775808ns", "999999999h"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(DurationError):
        parse_duration(text)


@pytest.mark.parametrize(
    ("layout", "zone", "text"),
    [
        ("2006-01-02T15:04:05.000Z07:00", "", "2020-02-29T12:00:00.123Z"),
        ("Mon Jan _2 3:04PM 06 MST", "America/New_York", "Sat Feb 29 7:00AM 20 EST"),
        ("002 __2 .999999 -0700", "Asia/Kolkata", "060  60 .123456 +0530"),
        ("Janet Monet 2", "", "Janet Monet 29"), ("_2006 _2 05.9", "", "_2020 29 00.1"),
        (NAMED["RFC1123Z"], "", "Sat, 29 Feb 2020 12:00:00 +0000"),
    ],
)  # fmt: skip
def test_a_moment_is_printed(layout: str, zone: str, text: str) -> None:
    assert format_moment(Moment(_LEAP, load_zone(zone)), layout) == text


def test_a_layout_is_cut_into_elements() -> None:
    assert elements("x2006y-07Z") == (("", "x"), ("2006", "2006"), ("", "y"), ("-07", "-07"),
                                      ("", "Z"))  # fmt: skip


@pytest.mark.parametrize("name", ["RFC3339Nano", "RFC1123Z", "RubyDate"])
def test_a_printed_moment_reads_back(name: str) -> None:
    for seconds in (0, 1, 951_782_400, 1_582_977_600, 4_102_444_799, -1):
        moment = Moment(seconds * 1_000_000_000, load_zone("Europe/Berlin"))
        text = format_moment(moment, NAMED[name])
        assert parse_time(NAMED[name], text) == moment.nanos


@pytest.mark.parametrize(
    ("layout", "text"),
    [("2006", "20x6"), ("01", "13"), ("02", "32"), ("2006-01-02", "2021-02-29"), ("15", "24"),
     ("Jan", "Foo"), ("PM", "pm"), ("-07:00", "+0530"), ("2006", "2006 "), (".00", ".0"),
     ("MST", "abc"), ("002", "367")],
)  # fmt: skip
def test_what_is_no_time_of_the_layout_is_refused(layout: str, text: str) -> None:
    with pytest.raises(TimeError):
        parse_time(layout, text)


def test_days_and_dates_are_the_same_calendar() -> None:
    for days in range(-800_000, 3_000_000, 9_973):
        assert days_from_civil(*civil_from_days(days)) == days
    assert days_from_civil(2020, 14, 31) == days_from_civil(2021, 3, 3)


def test_a_wall_clock_in_a_gap_and_in_an_overlap_has_a_moment() -> None:
    zone = load_zone("Europe/Berlin")
    gap = zone.nanos_of(Civil(2021, 3, 28, 2, 30)) // 1_000_000_000
    assert gap in (1_616_891_400, 1_616_895_000)
    assert zone.nanos_of(Civil(2021, 7, 1)) == 1_625_090_400 * 1_000_000_000
    assert Zone(offset=3600).nanos_of(Civil(1970, 1, 1, 1)) == 0


@pytest.mark.parametrize("name", ["Nowhere/Land", "../etc/passwd", "/etc/passwd", "a" * 500, "a b"])
def test_a_zone_is_a_name_of_the_database(name: str) -> None:
    with pytest.raises(ZoneError):
        load_zone(name)


def test_bytes_that_are_no_text_survive() -> None:
    data = bytes(range(256))
    assert utf8(text_of(data)) == data
    assert sanitise(text_of(b"a\xff")) == "a\ufffd"
    assert quote(text_of(b"\xff") + "\u2028\"\\") == '"\\xff\\u2028\\"\\\\"'
    assert utf8("\ud800") == "\ufffd".encode()


def test_sprintf_claims_before_it_makes() -> None:
    claimed: list[int] = []
    assert sprintf("%5d|%v|%q", [1, Tagged("1e2", "json.Number"), "a"], claimed.append) == (
        '    1|1e2|"a"'
    )
    assert max(claimed) >= 5
    with pytest.raises(MemoryError):
        sprintf("%999999d", [1], _refuse)


def _refuse(size: int) -> None:
    if size > 1000:
        raise MemoryError
