import itertools
import sqlite3
import stat
import threading
import time

import pytest

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.governance import Claim
from gatepost_gateway.domain.ports import Found, TraceState
from gatepost_gateway.domain.records import Closed, Kept, Opened, Outcome
from gatepost_gateway.storage.database import Sql
from gatepost_gateway.storage.faults import TooNew, Unreadable
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.rows import Filters, LiveSession
from gatepost_gateway.storage.segments import Position

from . import making
from .making import DAILY, NOW, at_time, closed, folded, full, logged, opened, said, sealed, trace, write

pytestmark = pytest.mark.usefixtures("home")

MINUTE = 60_000_000


def records_of(tmp_path, *entries):
    return folded(tmp_path, entries)


def opened_at(path):
    """Empty records."""
    return making.records_of(path)


def listed(records, **said):
    return [row.id for row in records.traces(Filters(**said)).items]


def test_every_field_comes_back(tmp_path):
    one = full()
    records = records_of(tmp_path, one)
    assert records.trace(one.trace_id).steps == (one,)
    assert records.session(one.session_id) == (one,)
    records.close()


def test_a_refused_caller_that_nobody_knows_is_kept(tmp_path):
    one = Closed(step_id=ids.new(), trace_id=ids.new(), at=NOW, surface="openai", outcome=Outcome.REFUSED, status=401)
    records = records_of(tmp_path, one)
    row = records.traces(Filters()).items[0]
    assert (row.project, row.outcome, row.cost, row.models) == (None, Outcome.REFUSED, 0, ())
    assert records.trace(one.trace_id).steps == (one,)
    records.close()


@pytest.fixture
def many(tmp_path, home):
    """Ninety calls of three projects, three users and three models, and what they should be found by."""
    calls = [
        closed(
            at=NOW + number // 2,
            project=f"p{number % 3}",
            user=f"u{number % 5}",
            model=f"m{number % 2}",
            session_id=f"{number % 10:08d}-0000-7000-8000-000000000000",
            turn=number // 10,
            properties={"team": f"t{number % 4}", "tier": f"{number % 2}"},
            outcome=[Outcome.ANSWERED, Outcome.FAILED, Outcome.ABANDONED][number % 7 % 3],
        )
        for number in range(90)
    ]
    records = folded(tmp_path, calls)
    yield records, calls
    records.close()


def wanted(calls, holds):
    return [one.trace_id for one in sorted(calls, key=lambda one: (one.at, one.trace_id), reverse=True) if holds(one)]


FILTERS = [
    (Filters(), lambda one: True),
    (Filters(project="p1"), lambda one: one.project == "p1"),
    (Filters(user="u2"), lambda one: one.user == "u2"),
    (Filters(model="m1"), lambda one: one.model == "m1"),
    (
        Filters(model="m1", user="u2", project="p0"),
        lambda one: (one.model, one.user, one.project) == ("m1", "u2", "p0"),
    ),
    (Filters(outcome=Outcome.FAILED), lambda one: one.outcome is Outcome.FAILED),
    (Filters(outcome=Outcome.ANSWERED), lambda one: one.outcome is Outcome.ANSWERED),
    (Filters(outcome=Outcome.FAILED, user="u1"), lambda one: one.outcome is Outcome.FAILED and one.user == "u1"),
    (Filters(properties=(("team", "t1"),)), lambda one: one.properties["team"] == "t1"),
    (
        Filters(properties=(("team", "t1"), ("tier", "1"))),
        lambda one: one.properties == {"team": "t1", "tier": "1"},
    ),
    (Filters(properties=(("team", "t1"), ("tier", "0"))), lambda one: False),
    (
        Filters(session="00000003-0000-7000-8000-000000000000", model="m1"),
        lambda one: one.session_id.startswith("00000003"),
    ),
    (Filters(session="00000003-0000-7000-8000-000000000000", model="m0"), lambda one: False),
    (Filters(since=NOW + 10, until=NOW + 20), lambda one: NOW + 10 <= one.at < NOW + 20),
    (
        Filters(user="u1", since=NOW + 10, until=NOW + 20),
        lambda one: one.user == "u1" and NOW + 10 <= one.at < NOW + 20,
    ),
    (Filters(model="none"), lambda one: False),
    (Filters(project="none"), lambda one: False),
]


def test_filters_find_what_they_say_page_by_page(many):
    records, calls = many
    for limit, (filters, holds) in itertools.product((1, 7, 200), FILTERS):
        found, cursor = [], None
        while True:
            page = records.traces(filters, limit=limit, cursor=cursor)
            assert len(page.items) <= limit
            found += [row.id for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert found == wanted(calls, holds), filters


def test_a_cursor_of_somebody_else_is_refused(many):
    for cursor in ("x", "1", "1.", "-4.a", "99999999999999999999.a", "²3.a"):
        with pytest.raises(CallerError, match="cursor"):
            many[0].traces(Filters(), cursor=cursor)


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_no_filter_needs_a_scan(many):
    """Each list is driven by an index: the plan names no table without one."""
    records, _ = many
    said = "project at id since outcome limit session wanted name value user model"
    values = dict.fromkeys(said.split(), "1")
    lists = [name for name in records._sql.names() if "_by_" in name]
    assert len(lists) == 10
    for query in lists:
        with records.reading() as db:
            plan = [row[3] for row in db.all(Sql("EXPLAIN QUERY PLAN " + records._sql[query]), values)]
        assert "(alone=?)" not in str(plan), plan
        assert not [line for line in plan if line.startswith("SCAN") and not line.startswith(("SCAN w ", "SCAN d"))], (
            plan
        )
        if not query.endswith("_session"):
            assert "USE TEMP B-TREE FOR ORDER BY" not in plan


def test_a_trace_tells_its_models_and_its_last_step(tmp_path):
    one = trace()
    records = records_of(
        tmp_path,
        one,
        closed(trace_id=one.trace_id, implicit=False, model="a", user="u", session_id="s"),
        closed(trace_id=one.trace_id, implicit=False, model="b", outcome=Outcome.FAILED, cost=None),
        logged(one.trace_id),
    )
    row = records.trace(one.trace_id).row
    assert sorted(row.models) == ["a", "b"]
    assert (row.outcome, row.user, row.session_id) == (Outcome.FAILED, "u", "s")
    assert (row.steps, row.unpriced, row.cost, row.micros) == (3, 1, 700, 2400)
    assert listed(records, model="a") == listed(records, model="b") == listed(records, session="s") == [one.trace_id]
    records.close()


def test_a_trace_is_listed_under_its_own_time(tmp_path):
    one = trace(at=NOW)
    records = records_of(tmp_path, one)
    write(tmp_path / "journal", [closed(trace_id=one.trace_id, implicit=False, at=NOW + MINUTE, user="late")])
    Folder(tmp_path / "journal", records).fold_to_end()
    assert listed(records, user="late", until=NOW + 1) == [one.trace_id]
    assert listed(records, user="late", since=NOW + 1) == []
    records.close()


def test_the_state_of_a_trace(tmp_path):
    open_one, done, single = trace(metadata='{"a":1}', revenue=9), trace(), closed()
    records = records_of(
        tmp_path,
        open_one,
        done,
        single,
        closed(trace_id=open_one.trace_id, implicit=False),
        closed(trace_id=open_one.trace_id, implicit=False, cost=None),
        sealed(done.trace_id, cost=5, micros=6, steps=7, unpriced=8),
        sealed(done.trace_id, at=NOW + 99, cost=0),
    )
    assert records.trace_state(open_one.trace_id) == TraceState(
        project="default", metadata='{"a":1}', revenue=9, cost=700, micros=2400, steps=2, unpriced=1, at=NOW
    )
    assert records.trace_state(done.trace_id) == TraceState(
        project="default", sealed=True, cost=5, micros=6, steps=7, unpriced=8, at=NOW
    )
    assert records.trace_state(single.trace_id).sealed
    assert records.trace_state("none") is None
    assert records.trace("none") is None
    assert records.trace(done.trace_id).row.sealed_at == NOW + 9
    assert records.trace(done.trace_id).row.completed
    records.close()


def test_money_is_the_sum_over_the_closings(tmp_path):
    other = Claim("team/daily@2026-11-19", 10, 10)
    calls = [closed(settled=number, claims=(DAILY, other) if number % 2 else (DAILY,)) for number in range(50)]
    records = records_of(tmp_path, *calls)
    odd = sum(range(1, 50, 2))
    assert records.settled([DAILY.account, other.account, "none"]) == {
        DAILY.account: sum(range(50)),
        other.account: odd,
    }
    assert records.settled_now(NOW) == {DAILY.account: sum(range(50))}
    records.close()


def test_holds_that_are_open(tmp_path):
    begun = [opened(proxy="bot", turn=2), opened()]
    records = records_of(tmp_path, *begun, closed(begun[1].step_id))
    assert records.open_holds() == [begun[0]]
    assert records.counts().open_holds == 1
    records.close()


def test_sessions_that_may_go_on(tmp_path):
    def turn(session, number, ago, **said):
        at = NOW - ago * MINUTE
        return closed(at_time(at), at=at, session_id=session, turn=number, **said)

    records = records_of(
        tmp_path,
        turn("old", 1, 31),
        turn("two", 1, 40),
        turn("two", 2, 29, proxy="bot"),
        turn("two", 3, 5, proxy="bot"),
        turn("new", 1, 1, project="p2"),
        turn(None, None, 1),
        turn("lost", None, 1),
    )
    assert records.live_sessions(NOW) == [
        LiveSession("new", "p2", None, 1, NOW - MINUTE),
        LiveSession("two", "default", "bot", 3, NOW - 5 * MINUTE),
    ]
    assert [step.turn for step in records.session("two")] == [1, 2, 3]
    assert [step.turn for step in records.session("two", limit=2)] == [1, 2]
    assert records.session("none") == ()
    records.close()


def test_conversation_state_lives_until_it_expires_or_is_taken_away(tmp_path):
    records = records_of(
        tmp_path,
        Kept("loop", "a", "default", NOW + 10, b"first"),
        Kept("loop", "a", "default", NOW + 20, b"second"),
        Kept("loop", "b", "default", NOW + 20, b"gone"),
        Kept("loop", "b", "default", 0, b""),
    )
    assert records.kept("loop", "a", NOW) == Found("default", b"second", NOW + 20)
    assert records.kept("loop", "a", NOW + 20) is None
    assert records.kept("loop", "b", NOW) is None
    write(tmp_path / "journal", [Kept("loop", "a", "default", 0, b"")])
    Folder(tmp_path / "journal", records).fold_to_end()
    assert records.kept("loop", "a", NOW) is None
    records.close()


def test_any_thread_may_ask(tmp_path):
    calls = [closed() for _ in range(300)]
    write(tmp_path / "journal", calls)
    records = opened_at(tmp_path / "records.db")
    folder = Folder(tmp_path / "journal", records, batch_bytes=5_000)
    failures = []

    def ask(one):
        try:
            folder.fold_to_end()
            assert records.trace(one.trace_id) is not None
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=ask, args=(one,)) for one in calls[::50]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert records.counts().steps == 300
    records.close()


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_the_file_is_for_the_owner_only_and_opens_again(tmp_path):
    with Records(tmp_path / "records.db") as first:
        assert first.migrated[0] == "0001_pre_records.sql"
    assert stat.S_IMODE((tmp_path / "records.db").stat().st_mode) == 0o600
    with Records(tmp_path / "records.db") as again:
        assert again.migrated == ()
        assert again.upgrade() == []
        assert again.check() == []
        assert again.position() == Position()
        assert again.sync()


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "records.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(Unreadable, match=str(tmp_path / "records.db")):
        Records(tmp_path / "records.db")
    (tmp_path / "dir.db").mkdir()
    with pytest.raises(Unreadable, match=r"dir\.db"):
        Records(tmp_path / "dir.db")


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_a_file_of_a_newer_version_is_refused(tmp_path):
    Records(tmp_path / "records.db").close()
    db = sqlite3.connect(tmp_path / "records.db")
    db.execute("INSERT INTO migrations VALUES ('0009_post_less.sql', 1)")
    db.commit()
    db.close()
    with pytest.raises(TooNew, match="0009_post_less"):
        Records(tmp_path / "records.db")


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_a_closed_file_is_a_typed_error(tmp_path):
    records = Records(tmp_path / "records.db")
    records.close()
    with pytest.raises(Unreadable):
        records.position()


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_an_opened_of_an_older_version_is_read():
    """Fields are added at the end: what was written without them is still an entry."""
    import msgspec

    old = msgspec.msgpack.encode(["o", "s", "t", 1, "o", "p", "k", "m", "chat", "openai"])
    assert msgspec.msgpack.decode(old, type=Opened).turn is None


def test_report_speed(tmp_path, capsys):
    """A figure to look at, not a promise."""
    write(tmp_path / "journal", [])
    records = opened_at(tmp_path / "records.db")
    calls = said([closed(user=f"u{number % 50}", at=NOW + number) for number in range(2_000)])
    began = time.process_time()
    records.fold(lambda: calls, Position(1, 40))
    spent = (time.process_time() - began) / len(calls) * 1e6
    began = time.perf_counter()
    page = records.traces(Filters(user="u7"), limit=50)
    asked = (time.perf_counter() - began) * 1e6
    with capsys.disabled():
        print(f"\n  fold {spent:.1f} us a call, a page by user {asked:.0f} us")
    assert len(page.items) == 40
    records.close()
