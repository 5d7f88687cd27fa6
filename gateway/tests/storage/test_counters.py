import asyncio
from typing import Any

import pytest

from gatepost_gateway.domain.governance import Decision, Effect, Mode
from gatepost_gateway.domain.records import Closed, Outcome
from gatepost_gateway.domain.usage import Usage
from gatepost_gateway.storage.counters import BOUNDS, MOST_MODELS, NONE, CountedRecorder, Counters
from gatepost_gateway.storage.tally import OTHER, Status

from ..pipeline.fakes import KeptRecorder
from .making import closed, opened


def counters(*declared: str) -> Counters:
    return Counters(lambda model: model in declared)


def said(**more: Any) -> Closed:
    return closed(**{"provider": "openai", "model": "m", "outcome": Outcome.ANSWERED, **more})


def test_a_call_is_counted_by_where_it_went_and_how_it_ended():
    held = counters()
    held.take(said(usage=Usage(10, 5, 2, 1), cost=7, stream=True, micros=12_000))
    held.take(said(cached=True, cost=0, saved=7, usage=Usage(), micros=400))
    held.take(said(outcome=Outcome.FAILED, error="upstream_timeout", cost=None, usage=Usage()))
    one = held.calls["openai", "m"]
    assert one.statuses == {Status.SUCCESS: 1, Status.CACHE_HIT: 1, Status.ERROR: 1}
    assert (one.input, one.output, one.cache_read, one.cache_write, one.cost, one.saved) == (10, 5, 2, 1, 7, 7)
    latency = held.latency["openai"]
    assert (sum(latency.counts), latency.micros) == (2, 12_400)
    assert held.streams == {"openai": 1}


def test_a_duration_falls_into_the_bucket_that_it_does_not_pass():
    held = counters()
    for micros in (1, 5000, 5001, 60_000_000, 60_000_001):
        held.take(said(micros=micros))
    counts = held.latency["openai"].counts
    assert (counts[0], counts[1], counts[-2], counts[-1]) == (2, 1, 1, 1)
    assert len(counts) == len(BOUNDS) + 1


def test_only_finished_calls_count_and_everything_is_an_entry():
    held = counters()
    held.take(opened())
    held.take(said())
    assert held.entries == 2
    assert list(held.calls) == [("openai", "m")]


def test_a_call_that_went_nowhere_has_no_model():
    held = counters()
    held.take(said(provider=None, model=None, model_asked="typo-1", outcome=Outcome.REFUSED, error="model_not_found"))
    assert list(held.calls) == [(NONE, NONE)]


def test_names_that_only_callers_know_make_no_series():
    held = counters("declared")
    for number in range(1000):
        held.take(said(model=f"gpt-typo-{number}", outcome=Outcome.FAILED, error="upstream_rejected"))
    held.take(said(model="declared", outcome=Outcome.FAILED, error="upstream_timeout"))
    assert list(held.calls) == [("openai", OTHER), ("openai", "declared")]


def test_there_are_no_more_models_than_there_may_be():
    held = counters()
    for number in range(MOST_MODELS + 50):
        held.take(said(model=f"m-{number}"))
    assert len(held.calls) == MOST_MODELS + 1
    assert held.calls["openai", OTHER].statuses == {Status.SUCCESS: 50}
    held.take(said(model="m-0"))
    assert held.calls["openai", "m-0"].statuses == {Status.SUCCESS: 2}


def test_what_the_journal_does_not_take_is_not_counted():
    recorder, taken = KeptRecorder(), []
    counted = CountedRecorder(recorder, taken.append)
    entry = said()
    counted.append(entry)
    asyncio.run(counted.durable())
    assert taken == [entry]
    assert len(recorder.entries) == 1
    recorder.fail = OSError("full")
    with pytest.raises(OSError, match="full"):
        counted.append(said())
    assert taken == [entry]


def test_decisions_that_are_alerts_are_counted_by_the_kind_of_their_rule():
    held = counters()
    heard = Decision("guard", "agent-firewall", "response", Mode.ENFORCE, Effect.BLOCK, signals=("alert",))
    quiet = Decision("other", "keyword", "response", Mode.ENFORCE, Effect.BLOCK, signals=("pii",))
    held.take(said(decisions=(heard, quiet)))
    assert held.alerts == {"agent-firewall": 1}
