import pytest

from gatepost_gateway.domain.records import Outcome, StepKind
from gatepost_gateway.domain.usage import Usage
from gatepost_gateway.storage import tally
from gatepost_gateway.storage.recover import correction, interrupted
from gatepost_gateway.storage.tally import DAY, HOUR, MINUTE, OTHER, Known, Status, Sums, Tally, status_of

from .making import NOW, closed, opened

SECOND = NOW // 1_000_000


def cells(one: Tally, grain=HOUR):
    return {(name, value): sums for (at, _, name, _, value), sums in one.cells().items() if at == grain}


@pytest.mark.parametrize(
    ("outcome", "error", "status"),
    [
        (Outcome.ANSWERED, None, Status.SUCCESS),
        (Outcome.ABANDONED, None, Status.ABANDONED),
        (Outcome.REFUSED, "rate_limited", Status.RATE_LIMITED),
        (Outcome.REFUSED, "budget_exceeded", Status.BUDGET_EXCEEDED),
        (Outcome.REFUSED, "price_unknown", Status.BUDGET_EXCEEDED),
        (Outcome.BLOCKED, "input_blocked", Status.BLOCKED),
        (Outcome.BLOCKED, "escalation_required", Status.BLOCKED),
        (Outcome.BLOCKED, "policy_error", Status.BLOCKED),
        (Outcome.REFUSED, "model_not_found", Status.ERROR),
        (Outcome.FAILED, "upstream_timeout", Status.ERROR),
        (Outcome.INTERRUPTED, "internal_error", Status.ERROR),
    ],
)
def test_how_a_call_ended(outcome, error, status):
    assert status_of(closed(outcome=outcome, error=error)) is status


def test_an_answer_from_the_cache_is_a_hit_and_what_was_blocked_is_none():
    assert status_of(closed(outcome=Outcome.ANSWERED, cached=True)) is Status.CACHE_HIT
    assert status_of(closed(outcome=Outcome.BLOCKED, cached=True)) is Status.BLOCKED
    one = Tally()
    one.take(closed(cached=True, cost=0), {})
    one.take(closed(), {})
    found = cells(one)
    assert (found["", ""].hits, found["", ""].requests) == (1, 2)


def test_a_call_counts_in_every_dimension_and_grain():
    one = Tally(["team"])
    call = closed(
        model="m", user="ann", usage=Usage(10, 5, 2, 1), cost=7, micros=2000, properties={"feature": "faq", "team": "a"}
    )
    one.take(call, {})
    found = cells(one)
    assert set(found) == {
        ("", ""),
        ("provider", call.provider),
        ("model", "m"),
        ("status", "success"),
        ("user", "ann"),
        ("key", call.key_id),
        ("feature", "faq"),
        ("metadata:team", "a"),
    }
    assert found["", ""] == Sums(1, 0, 0, 13, 5, 7, 0, 0, 2000, 1, found["", ""].buckets)
    starts = {grain: start for grain, _, name, start, _ in one.cells() if not name}
    assert starts == {grain: SECOND // grain * grain for grain in (MINUTE, HOUR, DAY)}


def test_the_metadata_of_the_trace_speaks_where_the_call_does_not():
    one = Tally(["team"])
    metadata = {"user_id": "bob", "feature": "faq", "team": "b"}
    one.take(closed(user=None, properties={"team": "a"}), metadata)
    assert {("user", "bob"), ("feature", "faq"), ("metadata:team", "a")} <= set(cells(one))


def test_errors_have_no_latency_and_unknown_prices_are_counted():
    one = Tally()
    one.take(closed(outcome=Outcome.FAILED, error="upstream_failed", cost=None), {})
    assert cells(one)["", ""].errors == 1
    assert cells(one)["", ""].timed == 0
    assert cells(one)["", ""].unpriced == 1


def test_checks_are_no_calls():
    one = Tally()
    one.take(closed(kind=StepKind.CHECK), {})
    assert one.cells() == {}


def test_revenue_belongs_to_users_and_features_and_to_no_model_yet():
    one = Tally()
    one.earn("default", NOW, 500, {"user_id": "ann", "feature": "faq"})
    found = cells(one)
    assert {name for name, _ in found} == {"", "user", "feature"}
    assert found["user", "ann"].revenue == 500
    assert one.active() == set()


def test_who_was_there():
    one = Tally()
    one.take(closed(user="ann", properties={"feature": "faq"}), {})
    one.take(closed(user=None, properties=None), {})
    day = SECOND // DAY
    assert one.active() == {("default", "", "ann", day), ("default", "faq", "ann", day)}


def test_values_past_the_bound_are_other(monkeypatch):
    monkeypatch.setattr(tally, "MOST_VALUES", 2)
    known = Known()
    known.learn(SECOND // DAY, [("default", "user", "u0")])
    one = Tally()
    for number in range(4):
        one.take(closed(user=f"u{number}"), {})
    found = known.bounded(one.cells())
    users = {
        value: sums.requests for (grain, _, name, _, value), sums in found.items() if (grain, name) == (DAY, "user")
    }
    assert users == {"u0": 1, "u1": 1, OTHER: 2}


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (True, "true"), (3, "3"), (1.5, "1.5"), (None, ""), ([1], ""), ("x" * 300, "x" * 200)],
)
def test_a_metadata_value_is_short_text(value, text):
    assert tally.text_of(value) == text


def test_metadata_that_is_no_object_is_none():
    assert tally.metadata_of("[1]") == {}
    assert tally.metadata_of('{"a": 1}') == {"a": 1}


def test_a_correction_changes_the_cost_and_counts_no_call():
    one = Tally()
    died = interrupted(opened(held=100), NOW)
    one.take(died, {})
    before = {cell: sums.requests for cell, sums in one.cells().items()}
    alone = Tally()
    for counting in (one, alone):
        counting.take(correction(died, 100, 40, "corrected"), {})
    assert {cell: sums.requests for cell, sums in one.cells().items()} == before
    assert {sums.cost for sums in one.cells().values()} == {40}
    # Also when the two are folded apart.
    assert set(alone.cells()) == set(before)
    assert {(sums.cost, sums.requests) for sums in alone.cells().values()} == {(-60, 0)}
