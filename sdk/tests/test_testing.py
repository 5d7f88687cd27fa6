"""The fake gateway holds the contract, so that tests against it mean something."""

import json

import httpx
import pytest

import gatepost
from gatepost import wire
from gatepost.testing import KEY, URL, FakeGateway


@pytest.fixture
def raw(gateway):
    with httpx.Client(transport=gateway.transport(), base_url=URL, headers={"x-api-key": KEY}) as client:
        yield client


def test_refusals_are_of_the_contract(raw):
    for answer in (raw.get("/nothing"), raw.get("/api/v1/traces/none"), raw.post("/api/v1/traces", json={"x": 1})):
        problem = wire.Problem.model_validate(answer.json())
        assert problem.request_id == answer.headers["x-request-id"]
    assert problem.code == "validation_failed"
    assert problem.errors[0].where == "x"


def test_a_key_is_needed(gateway):
    with httpx.Client(transport=gateway.transport(), base_url=URL) as client:
        assert client.get("/up").status_code == 200
        assert client.get("/v1/models").json()["code"] == "missing_key"
        assert client.get("/v1/models", headers={"authorization": "Bearer x"}).json()["code"] == "invalid_key"
    assert FakeGateway(api_key="gp_mine_x").client().models()[0].id == "sandbox/echo"


def test_a_repeated_key_is_the_same_trace(raw):
    first, again, other = (
        raw.post("/api/v1/traces", json={}, headers={"idempotency-key": key}).json()["id"] for key in "aab"
    )
    assert first == again != other


def test_the_config_of_sdks(raw):
    assert wire.SdkConfig.model_validate(raw.get("/api/v1/sdk/config").json()).features.offline_testing is False


def test_scripts_come_in_order_and_refusals_are_recorded(gateway):
    client = gateway.client()
    gateway.answers("one")
    gateway.refuses(402, "budget_exceeded", "no room", limit={"limit_id": "daily"})
    gateway.answers("two")
    trace = client.traces.create()
    assert client.execute(trace.id, "x").output == "one"
    with pytest.raises(gatepost.BudgetExceededError) as caught:
        client.execute(trace.id, "x")
    assert caught.value.limit == {"limit_id": "daily"}
    assert client.execute(trace.id, "x").output == "two"
    assert client.execute(trace.id, "x").output == "x"
    assert [step.outcome for step in client.traces.get(trace.id).steps] == ["answered", "failed"] + ["answered"] * 2


def test_failures_come_before_anything_is_done(gateway):
    client = gateway.client()
    gateway.fails(503, times=2)
    trace = client.traces.create()
    assert trace.id == "trace-1"
    assert len(gateway.seen) == 3
    gateway.fails(429, "rate_limited", retry_after=60, times=1)
    with pytest.raises(gatepost.RateLimitError) as caught:
        client.traces.create()
    assert caught.value.retry_after == 60
    assert len(gateway.seen) == 4


def test_down_is_unreachable(gateway):
    client = gateway.client(retries=0)
    gateway.down = True
    with pytest.raises(gatepost.ConnectionError, match="connection refused"):
        client.ping()
    gateway.down = False
    assert client.ping()["status"] == "ok"
    assert len(gateway.seen) == 1


def test_what_was_seen(gateway):
    gateway.client().traces.create({"a": 1})
    (seen,) = gateway.seen
    assert (seen.method, seen.path, seen.body) == ("POST", "/api/v1/traces", {"metadata": {"a": 1}})
    assert json.dumps(seen.body)
    assert seen.query == {}
