import pytest

from gatepost_gateway.domain.records import Outcome
from gatepost_gateway.storage.database import Sql
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.metrics import KEPT, Metrics, pieces
from gatepost_gateway.storage.retention import Retention
from gatepost_gateway.storage.rollups import shares
from gatepost_gateway.storage.tally import DAY

from .making import NOW, closed, folded, records_of, sealed, trace, write

pytestmark = pytest.mark.usefixtures("home")

SECOND = NOW // 1_000_000
WINDOW = pieces(SECOND - 60, SECOND + 60, SECOND)


def test_a_fold_adds_up_and_a_repeated_step_changes_nothing(tmp_path):
    one = closed(cost=5)
    with folded(tmp_path, [one, closed(cost=7), one]) as records:
        found = Metrics(records).totals(["default"], WINDOW)
        assert (found.requests, found.cost) == (2, 12)
        assert sum(found.buckets.values()) == 2


def test_a_trace_of_an_earlier_batch_lends_its_metadata(tmp_path):
    opened = trace(metadata='{"feature": "faq"}', revenue=100)
    call = closed(trace_id=opened.trace_id, implicit=False, properties=None)
    write(tmp_path / "journal", [opened])
    with records_of(tmp_path / "records.db") as records:
        folder = Folder(tmp_path / "journal", records)
        folder.fold_to_end()
        write(tmp_path / "journal", [call], after=1)
        folder.fold_to_end()
        groups = Metrics(records).groups(["default"], WINDOW, "feature")
        assert groups["faq"].requests == 1
        assert groups["faq"].revenue == 100


def test_a_sealed_trace_shares_its_revenue_among_its_models(tmp_path):
    opened = trace(revenue=100)
    calls = [
        closed(trace_id=opened.trace_id, implicit=False, model=name, cost=cost) for name, cost in (("a", 3), ("b", 1))
    ]
    with folded(tmp_path, [opened, *calls, sealed(opened.trace_id)]) as records:
        groups = Metrics(records).groups(["default"], WINDOW, "model")
        assert {name: sums.revenue for name, sums in groups.items()} == {"a": 75, "b": 25}
        assert Metrics(records).totals(["default"], WINDOW).revenue == 100


@pytest.mark.parametrize(
    ("revenue", "costs", "parts"),
    [
        (100, {"a": 1, "b": 1, "c": 1}, {"a": 34, "b": 33, "c": 33}),
        (7, {"a": 0, "b": 0}, {"a": 4, "b": 3}),
        (100, {}, {}),
    ],
)
def test_nothing_is_lost_when_revenue_is_shared(revenue, costs, parts):
    assert shares(revenue, costs) == parts


def test_declared_metadata_is_a_dimension(tmp_path):
    with folded(tmp_path, []) as records:
        records.rollups.keys = lambda: ("team",)
        tally = records.rollups.tally()
        tally.take(closed(properties={"team": "a"}), {})
        with records.writing() as db:
            records.rollups.write(db, tally, [])
        assert Metrics(records).groups(["default"], WINDOW, "metadata:team")["a"].requests == 1


def test_a_nul_in_what_callers_say_stops_no_fold(tmp_path):
    said = {"user": "a\0b", "model": "\0", "properties": {"k\0": "\0v"}, "request_id": "\0", "session_id": "s\0"}
    opened = trace(metadata='{"feature": "f\\u0000", "user_id": "u\\u0000"}')
    batches = (
        [opened, closed(**said)],
        [closed(**said), closed(trace_id=opened.trace_id, implicit=False, properties=None)],
    )
    with folded(tmp_path, []) as records:
        folder = Folder(tmp_path / "journal", records)
        for number, batch in enumerate(batches):
            write(tmp_path / "journal", batch, after=number + 1)
            folder.fold_to_end()
        groups = Metrics(records).groups(["default"], WINDOW, "user")
        assert sorted(sums.requests for sums in groups.values()) == [1, 2]


def test_rollups_leave_by_their_grain(tmp_path):
    with folded(tmp_path, [closed(user="u", outcome=Outcome.FAILED)]) as records:

        def grains():
            with records.reading() as db:
                return {grain for (grain,) in db.all(Sql("SELECT DISTINCT grain FROM rollups"))}

        kept = sorted(KEPT.items())
        for grain, seconds in kept:
            assert grain in grains()
            while Retention(records).expire(NOW + (seconds + DAY) * 1_000_000).more:
                pass
            assert grain not in grains()
        with records.reading() as db:
            assert db.one(Sql("SELECT count(*) FROM activity")) == (0,)
