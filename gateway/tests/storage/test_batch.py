from gatepost_gateway.domain.records import Kept
from gatepost_gateway.storage.batch import Batch, explicit_traces, step_ids

from .making import DAILY, MONTHLY, NOW, closed, logged, opened, sealed, trace


def test_a_call_that_opens_and_closes_in_one_batch_leaves_no_hold():
    begun = opened()
    batch = Batch([begun, opened("open"), closed(begun.step_id), closed("before")])
    assert [row[0] for row in batch.opened_holds] == ["open"]
    assert batch.closed_holds == [("before",)]


def test_money_is_added_up_an_account():
    batch = Batch([closed(settled=5), closed(settled=7, claims=(DAILY,))])
    assert batch.settled == {DAILY.account: 12, MONTHLY.account: 5}


def test_what_is_known_is_counted_and_left_out():
    batch = Batch([closed("a"), closed("a"), closed("b"), logged("t", step_id="c")], frozenset({"b", "c"}))
    assert (batch.repeated, [row[0] for row in batch.steps]) == (3, ["a"])
    assert (len(batch.additions), batch.settled[DAILY.account], batch.entries) == (1, 700, 4)


def test_the_last_word_on_state_counts():
    said = [Kept("k", "a", "p", NOW, b"1"), Kept("k", "a", "p", NOW, b""), Kept("k", "b", "p", NOW, b"2")]
    batch = Batch(said)
    assert ([row[1] for row in batch.kept], batch.dropped) == (["b"], [("k", "a")])


def test_facets_carry_the_time_of_their_trace():
    inside = closed(trace_id="t", implicit=False, at=NOW + 5, properties={"a": "b"})
    assert {row[3] for row in Batch([inside], traces={"t": NOW}).facets} == {NOW}
    assert {row[3] for row in Batch([trace("t", at=NOW - 1), inside]).facets} == {NOW - 1}
    assert {row[3] for row in Batch([inside]).facets} == {NOW + 5}


def test_absurd_numbers_are_bounded():
    batch = Batch([closed(cost=2**70, settled=2**70), sealed("t", cost=-(2**70)), trace("t", revenue=2**70)])
    batch.bound()
    numbers = [
        one for rows in (batch.steps, batch.additions, batch.seals, batch.opened_traces) for row in rows for one in row
    ]
    assert all(abs(one) < 2**63 for one in numbers if isinstance(one, int))
    assert batch.settled[DAILY.account] < 2**63


def test_what_must_be_asked_before():
    entries = [closed("a", trace_id="t", implicit=False), closed("b"), logged("x", step_id="c"), opened("d")]
    assert explicit_traces(entries) == {"t"}
    assert step_ids(entries) == ["a", "b", "c"]
