import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.storage.metrics import KEPT, Metrics, Piece, pieces, span
from gatepost_gateway.storage.tally import DAY, HOUR, MINUTE

from .making import NOW, closed, folded

SECOND = NOW // 1_000_000
MICROS = 1_000_000


@given(st.integers(SECOND - 200_000, SECOND), st.integers(1, 200_000))
def test_a_window_is_covered_once_by_pieces_of_what_is_kept(start, length):
    found = pieces(start, start + length, SECOND)
    assert found[0].start == start // MINUTE * MINUTE
    assert found[-1].end == -(-(start + length) // MINUTE) * MINUTE
    assert all(one.end == other.start for one, other in itertools.pairwise(found))
    assert all(one.start % one.grain == one.end % one.grain == 0 for one in found)
    assert all(sum(piece.grain == grain for piece in found) <= 2 for grain in (MINUTE, HOUR))


@pytest.mark.parametrize(("age", "grain"), [(2 * DAY, MINUTE), (4 * DAY, HOUR), (101 * DAY, DAY)])
def test_what_is_old_is_known_in_larger_pieces(age, grain):
    start = SECOND - age + 61
    found = pieces(start, start + 3 * DAY, SECOND)
    assert min(piece.grain for piece in found) == grain
    assert span(start, start + 90, MINUTE, SECOND).grain == grain


def test_a_month_is_few_pieces():
    found = pieces(SECOND - 30 * DAY, SECOND, SECOND)
    rows = sum((piece.end - piece.start) // piece.grain for piece in found)
    assert rows < 30 + 2 * 24


@pytest.fixture
def records(tmp_path):
    calls = [
        closed(
            at=NOW - hours * 3600 * MICROS,
            model=f"m{hours % 2}",
            user=f"u{hours % 3}",
            cost=hours,
            micros=1000 * (1 + hours),
        )
        for hours in range(48)
    ]
    with folded(tmp_path, calls) as records:
        yield records


def test_totals_groups_and_series_agree(records):
    window = pieces(SECOND - DAY, SECOND + 1, SECOND)
    metrics = Metrics(records)
    total = metrics.totals(["default"], window)
    groups = metrics.groups(["default"], window, "model")
    series = metrics.series(["default"], span(SECOND - DAY, SECOND + 1, HOUR, SECOND))
    assert total.requests == 25
    assert sum(one.requests for one in groups.values()) == 25
    assert sum(one.sums.requests for one in series) == 25
    assert total.cost == sum(range(25)) == sum(one.cost for one in groups.values())
    assert metrics.by_project(["default", "other"], window).keys() == {"default"}
    assert metrics.totals(["other"], window).requests == 0


def test_cohorts_count_who_came_back(tmp_path):
    day = SECOND // DAY
    calls = [
        closed(at=(day + at) * DAY * MICROS, user=user, properties={"feature": feature})
        for user, feature, days in (("ann", "faq", (0, 1, 3)), ("bob", "faq", (0,)), ("cid", "chat", (1, 2)))
        for at in days
    ]
    with folded(tmp_path, calls) as records:
        metrics = Metrics(records)
        found = metrics.cohorts("default", "", day, day + 5, 1)
        assert [(one.start, one.size, one.active) for one in found] == [(day, 2, (2, 1, 0, 1)), (day + 1, 1, (1, 1))]
        assert [one.size for one in metrics.cohorts("default", "faq", day, day + 5, 1)] == [2]
        weeks = metrics.cohorts("default", "", day, day + 5, 7)
        assert sum(one.size for one in weeks) == 3
        assert all((one.start + 3) % 7 == 0 for one in weeks)


def test_every_grain_is_kept_longer_than_the_one_below():
    assert KEPT[MINUTE] < KEPT[HOUR] < KEPT[DAY]
    assert span(SECOND - 10, SECOND, MINUTE, SECOND) == Piece(MINUTE, (SECOND - 10) // 60 * 60, -(-SECOND // 60) * 60)
