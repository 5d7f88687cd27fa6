"""Operations as values: what would be sent."""

import json
from dataclasses import replace
from datetime import date, datetime, timezone
from decimal import Decimal
from uuid import UUID

import pytest

import gatepost
from gatepost import _calls, _plain


def test_only_what_is_said_is_sent():
    assert _calls.create_trace().body == {}
    call = _calls.execute(trace_id="t", input="hi", tools=None, model="m")
    assert call.body == {"trace_id": "t", "input": "hi", "model": "m"}


def test_which_calls_may_arrive_twice():
    repeatable = {
        "create": _calls.create_trace().repeatable,
        "get": _calls.get_trace("t").repeatable,
        "models": _calls.models().repeatable,
        "complete": _calls.complete_trace("t").repeatable,
        "execute": _calls.execute(trace_id="t", idempotency_key="k").repeatable,
        "log": _calls.log(trace_id="t", name="n").repeatable,
    }
    assert repeatable == {
        "create": True,
        "get": True,
        "models": True,
        "complete": False,
        "execute": False,
        "log": False,
    }


def test_each_call_that_creates_has_a_key_of_its_own():
    calls = [
        _calls.create_trace(),
        _calls.create_trace(),
        _calls.execute(trace_id="t"),
        _calls.log(trace_id="t", name="n"),
    ]
    assert len({call.headers["idempotency-key"] for call in calls}) == 4
    assert _calls.create_trace(idempotency_key="mine").headers["idempotency-key"] == "mine"


def test_an_id_stays_one_segment():
    assert _calls.get_trace("a/../b?c#d").path == "/api/v1/traces/a%2F..%2Fb%3Fc%23d"
    assert _calls.complete_trace("é").path == "/api/v1/traces/%C3%A9/complete"


@pytest.mark.parametrize(("amount", "said"), [(0.1, "0.1"), (2, "2"), ("1e-7", "0.0000001"), (Decimal("2.50"), "2.50")])
def test_dollars_are_exact(amount, said):
    assert _calls.create_trace(revenue=amount).body == {"revenue": said}


@pytest.mark.parametrize("amount", ["two", float("nan"), float("inf")])
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises(gatepost.ValidationError):
        _calls.create_trace(revenue=amount)


def test_common_values_become_json():
    class Row(dict):
        pass

    body = {
        "when": datetime(2026, 1, 2, tzinfo=timezone.utc),
        "day": date(2026, 1, 2),
        "id": UUID(int=1),
        "amount": Decimal("1E-7"),
        "usage": gatepost.Usage(input=1),
        "row": Row(a=1),
    }
    said = json.loads(_calls.encode(body))
    assert said["when"] == "2026-01-02T00:00:00+00:00"
    assert said["day"] == "2026-01-02"
    assert said["id"].endswith("01")
    assert said["amount"] == "0.0000001"
    assert said["usage"]["input"] == 1
    assert said["row"] == {"a": 1}


def test_a_loop_in_a_body_is_refused():
    loop = {}
    loop["itself"] = loop
    with pytest.raises(gatepost.ValidationError) as caught:
        _calls.encode(loop)
    assert caught.value.code == "invalid_json"


def test_filters_become_a_query():
    since = datetime(2026, 1, 2, tzinfo=timezone.utc)
    path = _calls.list_traces({"since": since, "user": "a b", "limit": 5, "model": None}).path
    assert path == "/api/v1/traces?user=a+b&since=2026-01-02T00%3A00%3A00%2B00%3A00&limit=5"
    assert _calls.list_traces({}).path == "/api/v1/traces"


def test_a_printed_call_shows_no_key():
    call = _plain.set_provider_key(provider="openai", api_key="sk-CANARY", meta=None)
    assert "CANARY" not in repr(call)
    assert "CANARY" not in repr(replace(call, headers={"authorization": "Bearer CANARY"}))
