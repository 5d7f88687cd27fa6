"""Seeing what happened: traces with their filters, sessions, labels and logs."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from e2e.running import Gateway

SESSION = "0192d3a0-1111-7000-8000-00000000000a"
PARENT = "0192d3a0-2222-7000-8000-00000000000b"


@pytest.fixture(scope="module")
def told(gateway: Gateway) -> dict[str, str]:
    """Trace ids of calls with all sorts of labels, by name."""
    calls: dict[str, dict[str, Any]] = {
        "plain": {},
        "red": {"headers": {"X-Gatepost-Property-Team": "red", "X-Gatepost-Property-Env": "test"}},
        "blue": {"headers": {"x-gatepost-property-team": "blue", "x-gatepost-property-env": "test"}},
        "user": {"headers": {"x-user-id": "u-17"}},
        "refused": {"model": "sandbox/nothing"},
        "failed": {"text": "/error 500 on purpose"},
        "first": {"headers": {"X-Gatepost-Session-Id": SESSION}},
        "second": {"headers": {"X-Gatepost-Session-Id": SESSION}, "stream": True},
        "labelled": {
            "headers": {
                "x-request-id": "my-own-id-1",
                "X-Request-Source": "batch",
                "X-Correlation-Id": "corr-9",
                "X-Gatepost-Parent-Trace-Id": PARENT,
                "X-Gatepost-Flow-Id": PARENT,
                "X-Gatepost-Session-Path": "/plan/step",
            }
        },
    }
    return {name: gateway.chat(**call).headers["x-gatepost-trace-id"] for name, call in calls.items()}


def _ids(gateway: Gateway, query: str, **more: Any) -> set[str]:
    return {row["id"] for row in gateway.get(f"/api/v1/traces?limit=200&{query}", **more)["items"]}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("property=team:red", {"red"}),
        ("property=env:test", {"red", "blue"}),
        ("property=env:test&property=team:blue", {"blue"}),
        ("property=team:green", set()),
        ("user=u-17", {"user"}),
        ("outcome=failed", {"failed"}),
        ("outcome=refused", {"refused"}),
        (f"session_id={SESSION}", {"first", "second"}),
        ("outcome=answered&property=team:red", {"red"}),
        ("project=nowhere", set()),
    ],
)
def test_a_filter_finds_its_traces(gateway: Gateway, told: dict[str, str], query: str, names: set[str]) -> None:
    assert _ids(gateway, query) == {told[name] for name in names}


def test_model_and_time(gateway: Gateway, told: dict[str, str]) -> None:
    assert told["refused"] not in _ids(gateway, "model=sandbox/echo")
    assert told["plain"] in _ids(gateway, "model=sandbox/echo")
    at = gateway.trace(told["blue"])["created_at"]
    assert told["plain"] not in _ids(gateway, f"since={at}")
    assert told["labelled"] in _ids(gateway, f"since={at}")
    assert told["labelled"] not in _ids(gateway, f"until={at}")


def test_pages_have_everything_once(gateway: Gateway, told: dict[str, str]) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = gateway.get("/api/v1/traces?limit=2" + (f"&cursor={cursor}" if cursor else ""))
        assert 0 < len(page["items"]) <= 2
        seen += [row["id"] for row in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen))
    assert set(told.values()) <= set(seen)
    assert seen == sorted(seen, reverse=True), "ids of later calls are greater, and the newest comes first"


def test_bad_filters_say_what_is_wrong(gateway: Gateway) -> None:
    for query in ("limit=0", "limit=many", "outcome=odd", "since=yesterday", "property=nothing", "cursor=odd"):
        answer = gateway.request("GET", f"/api/v1/traces?{query}")
        assert answer.status_code in (400, 422), query
        assert query.partition("=")[0] in answer.json()["error"], query


def test_a_step_says_everything(gateway: Gateway, told: dict[str, str]) -> None:
    trace = gateway.trace(told["labelled"])
    (step,) = trace["steps"]
    assert (trace["project"], trace["outcome"], trace["models"]) == ("default", "answered", ["sandbox/echo"])
    expected = {
        "request_id": "my-own-id-1", "request_source": "batch", "correlation_id": "corr-9", "parent_trace_id": PARENT,
        "flow_id": PARENT, "session_path": "/plan/step", "model": "sandbox/echo", "provider": "sandbox",
        "outcome": "answered", "status": 200, "stream": False, "finish_reasons": ["stop"], "decisions": [],
    }  # fmt: skip
    assert {name: step[name] for name in expected} == expected
    assert (step["cost"], step["estimated"]) == ("0", False)
    assert step["latency_ms"] >= step["attempts"][0]["latency_ms"] > 0
    (failed,) = gateway.trace(told["failed"])["steps"]
    assert (failed["outcome"], failed["status"], failed["error"]) == ("failed", 502, "upstream_failed")
    assert "on purpose" in failed["message"]
    (refused,) = gateway.trace(told["refused"])["steps"]
    assert (refused["status"], refused["error"], refused["attempts"]) == (404, "model_not_found", [])


def test_a_session_has_its_turns_in_order(gateway: Gateway, told: dict[str, str]) -> None:
    session = gateway.get(f"/api/v1/sessions/{SESSION}")
    assert [(turn["turn"], turn["trace_id"]) for turn in session["turns"]] == [
        (1, told["first"]),
        (2, told["second"]),
    ]
    mine = gateway.chat()
    made = mine.headers["x-gatepost-session-id"]
    gateway.chat(headers={"x-gatepost-session-id": made})
    assert [turn["turn"] for turn in gateway.get(f"/api/v1/sessions/{made}")["turns"]] == [1, 2]
    assert gateway.request("GET", f"/api/v1/sessions/{PARENT}").status_code == 404


def test_sessions_that_cannot_be_joined(gateway: Gateway, told: dict[str, str]) -> None:
    assert told
    bad = gateway.chat(headers={"x-gatepost-session-id": "not-a-uuid"})
    assert (bad.status_code, bad.json()["error"]["code"]) == (400, "invalid_session_id")
    applied = gateway.post("/api/v1/apply", {"document": "projects:\n  - {id: apart}\n"})
    assert applied.status_code == 200, applied.text
    key = gateway.post("/api/v1/keys", {"name": "apart", "kind": "runtime", "project": "apart"}).json()["key"]
    foreign = gateway.chat(key=key, headers={"x-gatepost-session-id": SESSION})
    assert (foreign.status_code, foreign.json()["error"]["code"]) == (403, "foreign_session")
    assert gateway.request("GET", f"/api/v1/sessions/{SESSION}", key=key).status_code == 404
    assert gateway.request("GET", f"/api/v1/traces/{told['plain']}", key=key).status_code == 404
    assert _ids(gateway, "", key=key) == {foreign.headers["x-gatepost-trace-id"]}
    assert gateway.request("GET", "/api/v1/traces?project=default", key=key).status_code == 403


def test_properties_are_bounded_and_the_answer_says_so(gateway: Gateway) -> None:
    headers = {f"x-gatepost-property-p{n:02}": "v" for n in range(25)}
    answer = gateway.chat(headers={**headers, "x-gatepost-property-long": "x" * 600})
    assert "property" in answer.headers["x-gatepost-warnings"]
    (step,) = gateway.trace(answer.headers["x-gatepost-trace-id"])["steps"]
    assert len(step["properties"]) == 20
    assert all(len(value) <= 512 for value in step["properties"].values())
    assert step["warnings"]


def test_what_is_answered_can_be_read_at_once(gateway: Gateway) -> None:
    for number in range(30):
        answer = gateway.chat(text=f"number {number}", stream=number % 2 == 0)
        assert gateway.step(answer)["outcome"] == "answered"


def test_an_aggregate_is_at_most_two_seconds_late(gateways: Callable[..., Gateway]) -> None:
    gateway = gateways('{"projects": [{"id": "default", "budgets": {"daily_usd": 1}}]}')
    for _ in range(5):
        gateway.chat()
    end = time.monotonic() + 2
    while len(gateway.get("/api/v1/traces?project=default")["items"]) < 5:
        assert time.monotonic() < end
        time.sleep(0.05)
    (budget,) = gateway.get("/api/v1/projects/default")["budgets"]
    assert (budget["held"], budget["settled"]) == ("0", "0")
