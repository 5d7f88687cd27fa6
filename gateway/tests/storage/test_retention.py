import pytest

from gatepost_gateway.domain.clock import DAY_MICROS
from gatepost_gateway.domain.governance import Claim
from gatepost_gateway.domain.records import Kept
from gatepost_gateway.storage.database import Sql
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.retention import OPEN_LIFE, SETTLED_LIFE, Retention
from gatepost_gateway.storage.rows import Expired, Filters

from .making import FACETS_SAID, NOW, closed, folded, logged, sealed, trace, write

pytestmark = pytest.mark.usefixtures("home")


def left(retention, now):
    """How much left: (steps, or whole days of them, traces, kept, settled)."""
    one = retention.expire(now)
    return one.steps + one.days, one.traces, one.kept, one.settled


def kept(records):
    return sorted(row.id for row in records.traces(Filters(), limit=200).items)


def facets(records):
    with records.reading() as db:
        return sorted(db.all(Sql("SELECT alone, project, name, value, at, trace_id FROM facets")))


def said(records):
    """What the steps that are there say: the view that retention works by."""
    with records.reading() as db:
        return sorted(set(db.all(FACETS_SAID[db.dialect])))


def test_steps_leave_when_their_days_are_over(tmp_path):
    short, long, ever = (closed(retention_days=days, user=f"u{days}", properties={"a": "b"}) for days in (1, 30, None))
    records = folded(tmp_path, [short, long, ever])
    retention = Retention(records)
    assert retention.expire(NOW + DAY_MICROS - 1) == Expired()
    assert left(retention, NOW + DAY_MICROS)[0] == 1
    assert kept(records) == sorted([long.trace_id, ever.trace_id])
    assert facets(records) == said(records)
    assert left(retention, NOW + 399 * DAY_MICROS)[0] == 1
    assert kept(records) == [ever.trace_id]
    assert left(retention, NOW + 400 * DAY_MICROS)[0] == 1
    assert kept(records) == []
    assert facets(records) == said(records)
    assert records.check() == []
    records.close()


def test_the_fold_writes_the_facets_that_the_view_says(tmp_path):
    one = trace()
    calls = [closed(user="u", model=f"m{number}", properties={"x": "1", "y": str(number)}) for number in range(5)]
    inside = [closed(trace_id=one.trace_id, implicit=False, model=None, properties={"x": "1"}) for _ in range(3)]
    records = folded(tmp_path, [one, *calls, *inside])
    assert facets(records) == said(records)
    records.close()


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_batches_are_bounded_and_end(tmp_path):
    records = folded(tmp_path, [closed(retention_days=1) for _ in range(25)])
    retention = Retention(records)
    found = []
    while True:
        one = retention.expire(NOW + 2 * DAY_MICROS, limit=10)
        found.append(one.steps)
        if not one.more:
            break
    assert found == [10, 10, 5]
    assert records.counts().steps == records.counts().traces == 0
    assert facets(records) == []
    records.close()


def test_a_trace_stays_as_long_as_a_step_of_it(tmp_path):
    one = trace()
    mine = {"trace_id": one.trace_id, "implicit": False}
    short, long = closed(retention_days=1, user="a", model="m", **mine), closed(retention_days=9, model="m", **mine)
    records = folded(tmp_path, [one, short, long, logged(one.trace_id), sealed(one.trace_id)])
    retention = Retention(records)
    assert left(retention, NOW + 2 * DAY_MICROS) == (1, 0, 0, 0)
    assert [step.step_id for step in records.trace(one.trace_id).steps if step != long] != []
    assert facets(records) == [(0, "default", "model", "m", NOW, one.trace_id)]
    assert left(retention, NOW + 10 * DAY_MICROS) == (1, 1, 0, 0)
    assert records.counts().steps == 0
    assert facets(records) == []
    records.close()


@pytest.mark.parametrize(("retention_days", "later", "there"), [(1, 9 * DAY_MICROS, True), (1, OPEN_LIFE, False)])
def test_an_open_trace_may_still_get_steps(tmp_path, retention_days, later, there):
    one = trace()
    records = folded(tmp_path, [one, closed(trace_id=one.trace_id, implicit=False, retention_days=retention_days)])
    Retention(records).expire(NOW + later)
    assert (records.trace_state(one.trace_id) is not None) == there
    records.close()


def test_a_trace_with_no_step_or_one_without_retention_stays_400_days(tmp_path):
    one, empty = trace(), trace()
    mine = {"trace_id": one.trace_id, "implicit": False}
    records = folded(tmp_path, [one, empty, closed(retention_days=1, **mine), closed(**mine), sealed(one.trace_id)])
    retention = Retention(records)
    assert left(retention, NOW + 399 * DAY_MICROS) == (1, 0, 0, 0)
    assert kept(records) == sorted([one.trace_id, empty.trace_id])
    assert records.trace(one.trace_id).row.steps == 2
    assert left(retention, NOW + 400 * DAY_MICROS) == (1, 2, 0, 0)
    assert (kept(records), facets(records)) == ([], [])
    records.close()


def test_state_and_old_spending_leave(tmp_path):
    old = Claim("default/daily@2025-01-01", 9, 9)
    records = folded(
        tmp_path,
        [
            Kept("k", "a", "default", NOW, b"x"),
            Kept("k", "b", "default", NOW + 1, b"x"),
            closed(claims=(old,), settled=3),
        ],
    )
    retention = Retention(records)
    assert left(retention, NOW) == (0, 0, 1, 1)
    assert records.kept("k", "b", NOW) is not None
    assert records.settled([old.account]) == {}
    write(tmp_path / "journal", [closed()])
    Folder(tmp_path / "journal", records).fold_to_end()
    assert retention.expire(NOW + SETTLED_LIFE - DAY_MICROS).settled == 0
    records.close()


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_retention_reads_no_more_than_what_leaves(tmp_path):
    """No table is read from end to end, however many rows stay."""
    records = folded(tmp_path, [closed()])
    retention = Retention(records)
    moment = {"now": 1, "limit": 1, "open_before": 1}
    with records.reading() as db:
        for query in ("pick_steps", "drop_facets", "drop_steps", "say_facets_again", "pick_traces", "drop_events"):
            text = retention._sql[query]
            plan = [row[3] for row in db.all(Sql("EXPLAIN QUERY PLAN " + text), moment if ":now" in text else {})]
            assert not [
                line
                for line in plan
                if line.startswith("SCAN") and not line.startswith(("SCAN p ", "SCAN doomed", "SCAN gone"))
            ], plan
            assert "(alone=?)" not in str(plan), plan
    records.close()
