import pytest

from gatepost_gateway.domain.clock import DAY_MICROS
from gatepost_gateway.domain.records import Stored
from gatepost_gateway.storage.bodies import Bodies
from gatepost_gateway.storage.database import Sql
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.retention import Retention
from gatepost_gateway.storage.rows import Filters

from .making import NOW, closed, folded, logged, records_of, trace, write

pytestmark = [
    pytest.mark.usefixtures("home"),
    pytest.mark.parametrize("home", ["postgres"], indirect=True),
]
TABLES = Sql(
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^(steps|bodies|facets_alone)_' ORDER BY 1"
)


def tables(records):
    with records.reading() as db:
        return [name for (name,) in db.all(TABLES)]


def test_a_day_has_tables_of_its_own_and_leaves_with_them(tmp_path):
    calls = [closed(at=NOW + day * DAY_MICROS, retention_days=30, properties={"a": "b"}) for day in range(3)]
    said = [Stored(one.step_id, one.trace_id, one.at, "openai_chat", b"x") for one in calls]
    records = folded(tmp_path, [*calls, *said])
    assert [name for name in tables(records) if name.startswith("steps")] == [
        *(f"steps_202611{day}" for day in (20, 21, 22, 23)),
        "steps_other",
    ]
    retention, month = Retention(records), 30 * DAY_MICROS
    # The rest of the day is not waited for: it holds nothing that goes later.
    assert retention.expire(NOW + month - 1).days == 0
    assert retention.expire(NOW + month).days == 1
    assert [row.id for row in records.traces(Filters()).items] == [calls[2].trace_id, calls[1].trace_id]
    assert "bodies_20261120" not in tables(records)
    assert "facets_alone_20261120" not in tables(records)
    assert Bodies(records).of_trace(calls[0].trace_id) == {}
    assert retention.expire(NOW + month + 2 * DAY_MICROS).days == 2
    assert records.traces(Filters()).items == ()
    records.close()


def test_what_is_over_waits_for_the_last_of_its_day_but_no_longer_than_one(tmp_path):
    calls = [closed(at=NOW, retention_days=30), closed(at=NOW + DAY_MICROS // 4, retention_days=30)]
    short = closed(at=NOW, retention_days=1)
    records = folded(tmp_path, [*calls, short])
    retention = Retention(records)
    assert retention.expire(NOW + 2 * DAY_MICROS).steps == 1
    assert retention.expire(NOW + 30 * DAY_MICROS).steps == 0
    assert len(records.traces(Filters()).items) == 2
    assert retention.expire(NOW + 30 * DAY_MICROS + DAY_MICROS // 4).days == 1
    records.close()


def test_a_day_with_a_trace_that_goes_on_stays_and_its_calls_leave(tmp_path):
    one = trace()
    records = folded(tmp_path, [one, logged(one.trace_id), closed(retention_days=1), closed(retention_days=1)])
    retention = Retention(records)
    assert retention.expire(NOW + DAY_MICROS).steps == 0
    assert retention.expire(NOW + 2 * DAY_MICROS).steps == 2
    assert [row.id for row in records.traces(Filters()).items] == [one.trace_id]
    records.close()


def test_what_comes_late_for_a_day_that_left_is_kept_and_leaves(tmp_path):
    records = folded(tmp_path, [closed(retention_days=1)])
    retention = Retention(records)
    assert retention.expire(NOW + DAY_MICROS).days == 1
    late = closed(retention_days=2)
    write(tmp_path / "journal", [late], after=records.position().segment)
    Folder(tmp_path / "journal", records).fold_to_end()
    other = records_of(tmp_path / "records.db")
    more = closed(retention_days=2)
    with other.writing():
        pass
    write(tmp_path / "journal", [more], after=records.position().segment)
    Folder(tmp_path / "journal", other).fold_to_end()
    assert {row.id for row in other.traces(Filters()).items} == {late.trace_id, more.trace_id}
    assert retention.expire(NOW + 2 * DAY_MICROS).steps == 2
    for one in (records, other):
        one.close()


@pytest.mark.parametrize("at", [-5, 10**17, 10**18])
def test_a_time_that_is_none_has_no_table(tmp_path, at):
    records = folded(tmp_path, [closed(at=at)])
    assert tables(records) == ["bodies_other", "facets_alone_other", "steps_other"]
    assert records.counts().steps == 1
    records.close()


def test_names_that_no_index_takes_are_cut(tmp_path):
    long = "".join(chr(0x4E00 + number % 20_000) for number in range(9_000))
    one = trace()
    records = folded(
        tmp_path,
        [
            closed(user=long, properties={"a\0": "\0b\\u0000"}),
            one,
            closed(trace_id=one.trace_id, implicit=False, user=long),
        ],
    )
    assert records.counts().steps == 2
    row = records.traces(Filters()).items[0]
    assert records.trace(row.id) is not None
    retention = Retention(records)
    while retention.expire(NOW + 400 * DAY_MICROS).more:
        pass
    assert records.counts().steps == 0
    records.close()
