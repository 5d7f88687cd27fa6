import os
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.records import Closed, Kept, Logged, Outcome, TraceOpened
from gatepost_gateway.storage import segments
from gatepost_gateway.storage.database import Sql
from gatepost_gateway.storage.faults import Corrupt, StorageFault, TooNew, Unreadable
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.recover import interrupted
from gatepost_gateway.storage.rows import Filters
from gatepost_gateway.storage.segments import HEADER_BYTES, Position

from .making import DAILY, FACETS_SAID, NOW, closed, folded, logged, opened, records_of, sealed, step_ids, trace, write

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def records(tmp_path, home):
    with records_of(tmp_path / "records.db") as opened_records:
        yield opened_records


@pytest.fixture
def folder(tmp_path, records):
    return Folder(tmp_path / "journal", records)


def test_an_empty_place_folds_nothing(folder):
    assert folder.fold_to_end().entries == 0
    assert folder.fold().entries == 0
    assert folder.clean() == 0


def test_a_second_fold_finds_nothing(tmp_path, folder, records):
    write(tmp_path / "journal", [closed() for _ in range(9)])
    assert folder.fold_to_end().entries == 9
    assert folder.fold_to_end().entries == 0
    assert records.counts().entries == 9
    assert records.position() == Position(1, segments.path_of(tmp_path / "journal", 1).stat().st_size)


def test_folds_go_on_over_segments_and_starts(tmp_path, folder, records):
    for _ in range(4):
        write(tmp_path / "journal", [closed() for _ in range(20)], segment_bytes=2_000)
        folder.fold()
    folder.fold_to_end()
    assert records.counts().steps == 80


def test_a_record_that_is_being_written_is_waited_for(tmp_path, folder, records):
    write(tmp_path / "journal", [closed("a")])
    path = segments.path_of(tmp_path / "journal", 1)
    frame = segments.frame(closed("b"), segments.read_header(path).salt)
    for part in (frame[:5], frame[5:100]):
        with path.open("ab") as file:
            file.write(part)
        folder.fold_to_end()
        assert step_ids(records) == ["a"]
    with path.open("ab") as file:
        file.write(frame[100:])
    assert folder.fold_to_end().entries == 1
    assert sorted(step_ids(records)) == ["a", "b"]


@pytest.mark.parametrize("more", [0, 1])
def test_damage_before_whole_records_is_refused_with_its_place(tmp_path, folder, records, more):
    journal = tmp_path / "journal"
    write(journal, [closed("a"), closed("b"), closed("c")])
    for _ in range(more):
        write(journal, [closed()])
    path = segments.path_of(journal, 1)
    data = bytearray(path.read_bytes())
    second = HEADER_BYTES + (len(data) - HEADER_BYTES) // 3
    data[second + 40] ^= 1
    path.write_bytes(data)
    for _ in range(2):
        with pytest.raises(Corrupt, match=str(path)) as caught:
            folder.fold_to_end()
        assert caught.value.offset == second
    assert step_ids(records) == ["a"]
    assert str(tmp_path) not in caught.value.public
    assert path.name in caught.value.public


def test_a_torn_segment_that_is_not_the_last_is_damage(tmp_path, folder):
    journal = tmp_path / "journal"
    write(journal, [closed("a"), closed("b")])
    write(journal, [closed("c")])
    path = segments.path_of(journal, 1)
    os.truncate(path, path.stat().st_size - 3)
    with pytest.raises(Corrupt, match="does not end in a whole record"):
        folder.fold_to_end()


def test_a_segment_that_went_missing_is_noticed(tmp_path, folder, records):
    journal = tmp_path / "journal"
    for step in "abc":
        write(journal, [closed(step)])
    segments.path_of(journal, 2).unlink()
    with pytest.raises(Corrupt, match=r"000000000002\.gpj` that were never folded"):
        folder.fold_to_end()
    assert step_ids(records) == ["a"]


def test_a_header_cut_short_is_waited_for_or_refused(tmp_path, folder):
    journal = tmp_path / "journal"
    write(journal, [closed("a")])
    segments.path_of(journal, 2).write_bytes(b"GPJ")
    assert folder.fold_to_end().entries == 1
    write(journal, [closed("b")], after=2)
    segments.path_of(journal, 2).write_bytes(b"GPJ")
    with pytest.raises(Corrupt, match="ends in its header"):
        folder.fold_to_end()


def test_an_unreadable_segment_is_named(tmp_path, folder):
    write(tmp_path / "journal", [closed("a")])
    segments.path_of(tmp_path / "journal", 2).mkdir()
    with pytest.raises(Unreadable, match=r"000000000002\.gpj"):
        folder.fold_to_end()


def test_a_file_for_others_is_named(tmp_path, folder):
    """chmod 000, seen by somebody who is not root."""
    write(tmp_path / "journal", [closed("a")])
    path = segments.path_of(tmp_path / "journal", 1)
    path.chmod(0)
    for place in (tmp_path, *list(tmp_path.parents)[:3]):
        place.chmod(0o755)
    (tmp_path / "journal").chmod(0o755)
    was = os.geteuid()
    os.seteuid(65534 if was == 0 else was)
    try:
        with pytest.raises(Unreadable, match=f"{path}.*permission denied"):
            segments.read_header(path)
    finally:
        os.seteuid(was)


def test_records_of_a_newer_version_stop_the_fold_and_nothing_else(tmp_path, folder, records):
    write(tmp_path / "journal", [closed("a")])
    path = segments.path_of(tmp_path / "journal", 1)
    body = bytes((9, 0)) + b"\xd1\x7e" + b"x"
    crc = segments.zlib.crc32(body, segments.read_header(path).salt ^ 1)
    with path.open("ab") as file:
        file.write((1).to_bytes(4, "little") + crc.to_bytes(4, "little") + body)
    with pytest.raises(TooNew, match="run the version that wrote it"):
        folder.fold_to_end()


def test_folded_segments_leave_and_the_newest_stays(tmp_path, folder, records):
    journal = tmp_path / "journal"
    write(journal, [closed() for _ in range(40)], segment_bytes=2_000)
    most = len(segments.numbers(journal))
    folder.fold()
    folder.fold_to_end()
    assert folder.clean() == most - 1
    assert segments.numbers(journal) == [most]
    write(journal, [closed("z")], after=records.position().segment)
    folder.fold_to_end()
    assert records.counts().steps == 41
    assert folder.clean() == 1


def test_what_is_not_folded_stays(tmp_path, records):
    journal = tmp_path / "journal"
    write(journal, [closed() for _ in range(40)], segment_bytes=2_000)
    folder = Folder(journal, records, batch_bytes=2_500)
    folder.fold()
    before = segments.numbers(journal)
    folder.clean()
    assert [number for number in before if number >= records.position().segment] == segments.numbers(journal)
    folder.fold_to_end()
    assert records.counts().steps == 40


def test_nothing_leaves_while_the_records_cannot_be_synced(tmp_path, folder, records, monkeypatch):
    write(tmp_path / "journal", [closed() for _ in range(40)], segment_bytes=2_000)
    folder.fold_to_end()
    monkeypatch.setattr(records, "sync", lambda: False)
    assert folder.clean() == 0


def test_the_first_closing_of_a_step_counts(tmp_path, folder, records):
    begun = opened()
    write(tmp_path / "journal", [begun])
    folder.fold_to_end()
    assert records.open_holds() == [begun]
    late = closed(begun.step_id, trace_id=begun.trace_id)
    write(tmp_path / "journal", [interrupted(begun, NOW)])
    assert folder.fold_to_end().repeated == 0
    write(tmp_path / "journal", [late, late])
    assert folder.fold_to_end().repeated == 2
    detail = records.trace(begun.trace_id)
    assert [step.outcome for step in detail.steps] == [Outcome.INTERRUPTED]
    assert (detail.row.steps, detail.row.cost) == (1, 100_000)
    assert records.settled([DAILY.account]) == {DAILY.account: 100_000}
    assert records.open_holds() == []


def test_a_step_closed_twice_in_one_batch_counts_once(tmp_path, folder, records):
    one = closed()
    write(tmp_path / "journal", [one, closed(one.step_id, trace_id=one.trace_id, settled=9, outcome=Outcome.FAILED)])
    assert folder.fold_to_end().repeated == 1
    assert records.trace(one.trace_id).steps == (one,)
    assert records.settled([DAILY.account]) == {DAILY.account: 700}


def test_absurd_numbers_do_not_stop_the_fold(tmp_path, folder, records):
    trace_id = ids.new()
    odd = [
        closed(trace_id=trace_id, implicit=False, cost=2**64 - 1, settled=2**64 - 1, micros=2**63) for _ in range(30)
    ]
    write(tmp_path / "journal", [trace(trace_id), *odd, closed("fine")])
    assert folder.fold_to_end().entries == 32
    write(tmp_path / "journal", odd[:1] + [closed(trace_id=trace_id, implicit=False, cost=2**62) for _ in range(9)])
    folder.fold_to_end()
    assert records.counts().steps == 40
    assert records.trace_state(trace_id).cost > 10**18


def test_what_the_tables_refuse_is_a_typed_error(tmp_path, folder, records):
    odd = TraceOpened("t", NOW, "acme", None, "k1")
    with pytest.raises(StorageFault, match=str(records.path)):
        records.fold(lambda: [(odd, b"")], Position(1, 50))
    assert records.position() == Position()


def test_an_entry_that_cannot_be_read_stops_the_fold_at_its_place(tmp_path, folder, records):
    write(tmp_path / "journal", [closed(status="no number")])
    with pytest.raises(TooNew, match="cannot read") as caught:
        folder.fold_to_end()
    assert caught.value.offset == HEADER_BYTES
    assert records.position() == Position()


def attempts_under_a_budget(**of_both):
    """A call whose first attempt failed and may be billed: two steps of one trace that nobody made."""
    both = {"trace_id": ids.new(), "properties": {"team": "a"}, "user": "u", **of_both}
    first = closed(outcome=Outcome.FAILED, model="slow", cost=None, **both)
    return first, closed(parent_step_id=first.step_id, at=NOW + 5, **both)


@pytest.mark.parametrize("apart", [False, True])
def test_a_call_of_two_steps_is_one_trace_with_both(tmp_path, folder, records, apart):
    first, second = attempts_under_a_budget(session_id="s", turn=1)
    for entries in [[first], [second]] if apart else [[first, second]]:
        write(tmp_path / "journal", entries)
        folder.fold_to_end()
    for one in (
        Filters(),
        Filters(model="slow"),
        Filters(model="small", session="s"),
        Filters(user="u"),
        Filters(properties=(("team", "a"),)),
        Filters(outcome=Outcome.ANSWERED, user="u"),
    ):
        [row] = records.traces(one).items
        assert (row.id, row.at, row.steps, row.unpriced, row.cost) == (first.trace_id, NOW, 2, 1, 700)
        assert (row.implicit, row.outcome, sorted(row.models)) == (True, Outcome.ANSWERED, ["slow", "small"])
    assert records.traces(Filters(outcome=Outcome.FAILED)).items == ()
    assert records.trace(first.trace_id).steps == (first, second)
    assert records.trace_state(first.trace_id).sealed
    with records.reading() as db:
        wanted = set(db.all(FACETS_SAID[db.dialect]))
        assert set(db.all(Sql("SELECT alone, project, name, value, at, trace_id FROM facets"))) == wanted


def one_entry(draw, traces, steps):
    match draw.randrange(7):
        case 0:
            traces.append(trace(metadata='{"a": 1}'))
            return traces[-1]
        case 1 if traces:
            return sealed(draw.choice(traces).trace_id)
        case 2 if traces:
            return logged(draw.choice(traces).trace_id)
        case 3:
            return Kept("tool_loop", str(draw.randrange(3)), "default", NOW + 5, draw.choice([b"", b"box"]))
        case 4:
            steps.append(opened())
            return steps[-1]
        case 5 if steps:
            begun = draw.choice(steps)
            return closed(begun.step_id, trace_id=begun.trace_id, settled=draw.randrange(1000))
        case _:
            inside = draw.choice(traces).trace_id if traces and draw.random() < 0.5 else None
            return closed(trace_id=inside or ids.new(), implicit=inside is None, user=draw.choice([None, "a", "b"]))


def expected(entries):
    """(first closings, settled) as the journal says them."""
    first, settled = {}, 0
    for one in entries:
        if isinstance(one, Closed | Logged) and one.step_id not in first:
            first[one.step_id] = one
            settled += one.settled if isinstance(one, Closed) else 0
    return first, settled


def torn(seed, count, cut, size):
    """Steps and spent money: as the records have them, and as what was left of the journal says them."""
    draw, traces, steps = random.Random(seed), [], []
    entries = [one_entry(draw, traces, steps) for _ in range(count)]
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write(directory / "journal", entries)
        path = segments.path_of(directory / "journal", 1)
        os.truncate(path, max(HEADER_BYTES, path.stat().st_size - cut))
        with records_of(directory / "records.db") as records:
            folder = Folder(directory / "journal", records, batch_bytes=size)
            taken = folder.fold_to_end().entries
            last = closed("last")
            write(directory / "journal", [last], after=records.position().segment)
            folder.fold_to_end()
            first, settled = expected([*entries[:taken], last])
            stored = [step for step in first.values() if step in records.trace(step.trace_id).steps]
            found = sorted(step_ids(records)), records.settled([DAILY.account])[DAILY.account], stored
            return found, (sorted(first), settled, list(first.values()))


ANY = given(
    seed=st.integers(0, 2**32), count=st.integers(0, 40), cut=st.integers(0, 600), size=st.sampled_from([300, 1 << 20])
)


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
@ANY
@settings(max_examples=25, deadline=None)
def test_any_journal_with_any_torn_tail_folds_to_a_prefix(seed, count, cut, size):
    found, said = torn(seed, count, cut, size)
    assert found == said


@pytest.mark.parametrize("home", ["postgres"], indirect=True)
@ANY
@settings(max_examples=5, deadline=None)
def test_and_so_it_does_in_postgresql(seed, count, cut, size):
    found, said = torn(seed, count, cut, size)
    assert found == said


def test_events_and_calls_of_a_trace_are_its_steps(tmp_path):
    one = trace(metadata='{"intent":"x"}', revenue=5)
    steps = [closed(trace_id=one.trace_id, implicit=False, at=NOW + number) for number in range(2)]
    event = logged(one.trace_id, at=NOW + 3)
    records = folded(tmp_path, [one, *steps, event])
    detail = records.trace(one.trace_id)
    assert detail.steps == (*steps, event)
    assert (detail.row.steps, detail.row.cost, detail.row.completed) == (3, 1400, False)
    records.close()
