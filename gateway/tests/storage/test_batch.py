import msgspec

from gatepost_gateway.domain.records import Kept, Opened, Outcome
from gatepost_gateway.storage.batch import Batch, facets_alone

from .making import DAILY, MONTHLY, NOW, closed, logged, opened, said, sealed, trace


def test_a_call_that_opens_and_closes_in_one_batch_leaves_no_hold():
    begun, still = opened(), opened("open")
    batch = Batch(said([begun, still, closed(begun.step_id), closed("before")]))
    assert list(batch.opened) == ["open"]
    assert msgspec.msgpack.decode(batch.opened["open"], type=Opened) == still
    assert batch.closed_holds == [("before",)]


def test_money_is_added_up_an_account():
    batch = Batch(said([closed(settled=5), closed(settled=7, claims=(DAILY,))]))
    assert batch.settled == {DAILY.account: 12, MONTHLY.account: 5}


def test_what_is_known_is_counted_and_left_out():
    entries = [closed("a"), closed("a"), closed("b"), logged("t", step_id="c")]
    batch = Batch(said(entries), frozenset({"b", "c"}))
    assert (batch.repeated, [row[0] for row in batch.steps]) == (3, ["a"])
    assert (len(batch.sums), batch.settled[DAILY.account], batch.entries) == (0, 700, 4)


def test_the_last_word_on_state_counts():
    kept = [Kept("k", "a", "p", NOW, b"1"), Kept("k", "a", "p", NOW, b""), Kept("k", "b", "p", NOW, b"2")]
    batch = Batch(said(kept))
    assert ([row[1] for row in batch.kept], batch.dropped) == (["b"], [("k", "a")])


def test_a_call_of_one_step_adds_no_row_to_the_traces():
    one = closed(trace_id="t", user="u", properties={"a": "b"})
    batch = Batch(said([one]))
    assert (batch.sums, batch.trace_facets) == ({}, {})
    assert batch.facets == facets_alone(one) == [("default", "property:a", "b", NOW, "t")]


def test_steps_of_a_trace_are_added_up():
    mine = {"trace_id": "t", "implicit": False}
    calls = [
        closed(user="u", **mine),
        closed(model="b", cost=None, outcome=Outcome.FAILED, properties={"a": ""}, **mine),
    ]
    batch = Batch(said([trace("t"), *calls, logged("t")]))
    [one] = batch.sums.values()
    assert (one.steps, one.unpriced, one.cost, one.micros) == (3, 1, 700, 2400)
    assert (one.outcome, one.user, one.implicit) == (Outcome.FAILED, "u", False)
    assert batch.facets == []
    assert list(batch.trace_facets) == [
        ("model", "small", "t"),
        ("user", "u", "t"),
        ("model", "b", "t"),
        ("property:a", "", "t"),
    ]


def test_an_attempt_that_follows_another_is_not_alone_and_is_joined_by_it():
    first = closed("a", trace_id="t", at=NOW, outcome=Outcome.FAILED, model="slow")
    batch = Batch(said([closed("b", trace_id="t", at=NOW + 5, parent_step_id="a")]))
    batch.join(first)
    one = batch.sums["t"]
    assert (one.at, one.implicit, one.steps, one.cost, one.outcome) == (NOW, True, 2, 1400, Outcome.ANSWERED)
    assert ("model", "slow", "t") in batch.trace_facets


def test_absurd_numbers_are_bounded():
    inside = closed(trace_id="t", implicit=False, cost=2**63)
    entries = [closed(cost=2**63, settled=2**63), inside, inside, sealed("t", cost=-(2**63)), trace("t", revenue=2**63)]
    batch = Batch(said(entries))
    batch.bound()
    tables = (batch.steps, batch.additions(), batch.seals, batch.opened_traces)
    numbers = [one for rows in tables for row in rows for one in row]
    assert all(abs(one) < 2**63 for one in numbers if isinstance(one, int))
    assert batch.settled[DAILY.account] < 2**63
