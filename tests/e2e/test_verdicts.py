"""Policy's word without a model call, and a person's word: checks, simulations, actions, escalations."""

from collections.abc import Callable

import openai
import pytest

import gatepost
from e2e.running import Gateway, until

CONFIG = """
models:
  - {id: cheap, identifier: echo, provider: sandbox, input_cost_per_1k: 0.001, output_cost_per_1k: 0.002}
projects: [{id: default, default_model: cheap}]
escalations: {expires_seconds: 3600}
policies:
  chain:
    - {name: no-titan, kind: keyword, terms: [titan], action: block}
    - {name: ask-a-person, kind: keyword, terms: [launch], action: escalate}
    - {name: scrub, kind: redactor}
    - {name: tools, kind: agent-firewall, blocked_tools: ["delete_*"]}
"""


@pytest.fixture(scope="module")
def gateway(gateways: Callable[..., Gateway]) -> Gateway:
    return gateways(CONFIG)


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> openai.OpenAI:
    return openai.OpenAI(api_key=gateway.runtime_key, base_url=f"{gateway.base_url}/v1")


def ask(client: openai.OpenAI, text: str) -> str:
    answer = client.chat.completions.create(model="sandbox/echo", messages=[{"role": "user", "content": text}])
    return answer.choices[0].message.content or ""


def test_an_approval_admits_the_identical_request_once(gateway: Gateway, client: openai.OpenAI) -> None:
    with pytest.raises(openai.ConflictError) as caught:
        ask(client, "launch it")
    error = caught.value.body
    assert isinstance(error, dict)
    assert error["code"] == "escalation_required"
    assert caught.value.response.headers["x-should-retry"] == "false"
    name = error["escalation_id"]
    with pytest.raises(openai.ConflictError) as again:
        ask(client, "launch it")
    assert again.value.body["escalation_id"] == name  # type: ignore[index]

    (waiting,) = [one for one in gateway.get("/api/v1/escalations")["items"] if one["id"] == name]
    assert (waiting["status"], waiting["rule"], waiting["project"]) == ("queued", "ask-a-person", "default")
    assert "launch" not in str(waiting)
    gateway.run("escalations", "claim", name, "--note", "looking")
    assert gateway.run_json("escalations", "approve", name)["status"] == "approved"

    until(lambda: gateway.get("/api/v1/health"))
    assert "launch it" in ask(client, "launch it")
    shown = gateway.get(f"/api/v1/escalations/{name}")
    assert shown["admitted_step_id"] is not None
    assert [turn["status"] for turn in shown["history"]] == ["claimed", "approved"]
    with pytest.raises(openai.ConflictError) as third:
        ask(client, "launch it")
    assert third.value.body["escalation_id"] != name  # type: ignore[index]


def test_an_approval_outlives_a_restart_and_is_used_once(gateways: Callable[..., Gateway]) -> None:
    gateway = gateways(CONFIG)
    held = gateway.chat(text="launch")
    assert held.status_code == 409
    name = held.json()["error"]["escalation_id"]
    assert gateway.post(f"/api/v1/escalations/{name}/approve").status_code == 200
    gateway.kill()
    gateway.start()
    assert gateway.chat(text="launch").status_code == 200
    gateway.kill()
    gateway.start()
    assert gateway.chat(text="launch").status_code == 409


def test_a_denied_request_is_told_so(gateway: Gateway) -> None:
    name = gateway.chat(text="launch two").json()["error"]["escalation_id"]
    gateway.post(f"/api/v1/escalations/{name}/deny", {"note": "no"})
    again = gateway.chat(text="launch two")
    assert again.status_code == 409
    assert "denied" in again.json()["error"]["message"]


def test_checks(gateway: Gateway) -> None:
    trace = gateway.post("/api/v1/traces", {}, key=gateway.runtime_key).json()["id"]
    said = {"trace_id": trace, "input": "mail ann@example.com"}
    page = gateway.post("/api/v1/checks", said, key=gateway.runtime_key).json()
    assert page["allowed"]
    assert [finding["kind"] for finding in page["findings"]] == ["EMAIL"]
    assert "ann@example.com" not in str(page)
    blocked = gateway.post("/api/v1/checks", {**said, "input": "titan"}, key=gateway.runtime_key).json()
    assert (blocked["allowed"], blocked["policy_name"], blocked["policy_violated"]) == (False, "no-titan", True)
    steps = gateway.trace(trace)["steps"]
    assert [(step["kind"], step["outcome"]) for step in steps] == [("check", "answered"), ("check", "blocked")]


def test_simulate(gateway: Gateway) -> None:
    page = gateway.post("/api/v1/simulate", {"input": "hello", "max_tokens": 10}, key=gateway.runtime_key).json()
    assert (page["status"], page["model"], page["provider"]) == ("resolved", "cheap", "sandbox")
    assert 0 < page["estimated_cost"] < page["worst_case_cost"]
    blocked = gateway.post("/api/v1/simulate", {"input": "titan"}, key=gateway.runtime_key).json()
    assert (blocked["status"], blocked["model"]) == ("blocked", None)
    assert gateway.post("/api/v1/simulate", {"input": 5}, key=gateway.runtime_key).status_code == 422


def test_both_generations_of_the_action_gate(gateway: Gateway) -> None:
    def act(**said: object) -> dict[str, object]:
        answer = gateway.post("/v1/execute", said, key=gateway.runtime_key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    old = act(
        capability="delete_user", payload={"id": 1}, session_id="sess_0a1b", identity={"type": "agent", "id": "a"}
    )
    assert (old["status"], old["rule_id"]) == ("blocked", "tools")
    new = act(
        stage="tool_call", operation="delete_user", payload={"id": 1}, identity={"type": "agent", "id": "a"}, env="prod"
    )
    assert set(new) == {"status", "decision", "trace_id", "error"}
    assert new["decision"] == {"outcome": "deny", "escalated": False}
    fine = act(capability="mail.send", payload={"id": 1})
    assert (fine["status"], fine["decision"]) == ("success", {"outcome": "allow"})
    redacted = act(stage="tool_result", operation="mail.read", payload={"from": "ann@example.com", "n": 2})
    assert redacted["decision"] == {"outcome": "redact"}
    assert redacted["payload"] == {"from": "[EMAIL]", "n": 2}
    escalated = act(stage="tool_call", operation="rocket", payload={"do": "launch"})
    assert escalated["decision"] == {"outcome": "deny", "escalated": True}
    session = "3f0e6f9c-2a64-4a0e-9a63-000000000001"
    answer = gateway.post(
        "/v1/execute", {"stage": "tool_call", "operation": "f", "payload": {}, "session_id": session},
        key=gateway.runtime_key,
    )  # fmt: skip
    assert answer.headers["x-gatepost-session-id"] == session
    assert gateway.post("/v1/execute", {"payload": {}}, key=gateway.runtime_key).status_code == 422


def test_the_sdk_asks_both_questions(gateway: Gateway) -> None:
    with gatepost.Client(gateway.runtime_key, base_url=gateway.base_url) as client:
        trace = client.traces.create()
        assert client.checks(trace_id=trace.id, input="hello").allowed
        blocked = client.checks(trace.id, "the titan")
        assert (blocked.allowed, blocked.policy_name) == (False, "no-titan")
        assert client.simulate(input="hello").status == "resolved"
        held = client.execute(trace.id, "launch five")
        assert (held.blocked, held.output) == (True, None)
        assert "waits for a person" in (held.reason or "")
