"""Policies in front of a model, by the official clients: what is blocked and redacted, and what a trace then says."""

from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import openai
import pytest
from anthropic import Anthropic
from openai import OpenAI

from e2e.running import Gateway

MODEL = "sandbox/echo"
CONFIG = """
policies:
  chain:
    - {name: scrub, kind: redactor, phases: [request]}
    - {name: no-titan, kind: keyword, terms: [titan], phases: [request], message: that project is secret}
    - {name: no-teapot, kind: keyword, terms: [teapot], mode: observe, phases: [request]}
    - {name: guard, kind: agent-firewall, blocked_tools: ["delete_*"], phases: [request]}
"""
DELETE: Any = {"type": "function", "function": {"name": "delete_user", "parameters": {"type": "object"}}}


@pytest.fixture(scope="module")
def gateway(gateways: Callable[..., Gateway]) -> Gateway:
    return gateways(CONFIG)


@pytest.fixture
def client(gateway: Gateway) -> Iterator[OpenAI]:
    with OpenAI(api_key=gateway.runtime_key, base_url=f"{gateway.base_url}/v1") as one:
        yield one


def user(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


def test_a_block_is_an_answer_that_no_client_tries_again(gateway: Gateway, client: OpenAI) -> None:
    with pytest.raises(openai.ConflictError) as caught:
        client.chat.completions.create(model=MODEL, messages=user("Tell me about TITAN."))
    body: Any = caught.value.body
    assert (body["type"], body["code"], body["policy"]) == ("policy_violation", "input_blocked", "no-titan")
    assert body["message"] == "that project is secret"
    assert caught.value.response.headers["x-should-retry"] == "false"
    (step,) = gateway.trace(caught.value.response.headers["x-gatepost-trace-id"])["steps"]
    assert (step["outcome"], step["cost"], step["attempts"]) == ("blocked", None, [])
    said = {one["rule"]: one for one in step["decisions"]}
    assert (said["no-titan"]["effect"], said["no-titan"]["found"]) == ("block", 1)
    assert said["no-titan"]["marks"][0]["path"] == "messages[0].content"
    assert "titan" not in str(said["no-titan"]["marks"]).lower()


def test_what_is_redacted_never_reaches_the_model(gateway: Gateway, client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=user("Write to bob@example.org"))
    content = raw.parse().choices[0].message.content or ""
    assert "[EMAIL]" in content
    assert "bob@" not in content
    (step,) = gateway.trace(raw.headers["x-gatepost-trace-id"])["steps"]
    assert (step["outcome"], step["risk_score"]) == ("answered", 0.1)
    assert "bob@example.org" not in str(step)


def test_a_stream_is_judged_at_the_request_gate_too(client: OpenAI) -> None:
    with pytest.raises(openai.ConflictError):
        client.chat.completions.create(model=MODEL, messages=user("titan"), stream=True)
    stream = client.chat.completions.create(model=MODEL, messages=user("Mail bob@example.org"), stream=True)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert "[EMAIL]" in said


def test_observing_acts_on_nothing(gateway: Gateway, client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=user("a teapot"))
    assert "teapot" in (raw.parse().choices[0].message.content or "")
    (step,) = gateway.trace(raw.headers["x-gatepost-trace-id"])["steps"]
    (said,) = [one for one in step["decisions"] if one["rule"] == "no-teapot"]
    assert (said["mode"], said["effect"]) == ("observe", "block")


def test_a_tool_that_may_not_be_declared(client: OpenAI) -> None:
    with pytest.raises(openai.ConflictError, match="delete_user"):
        client.chat.completions.create(model=MODEL, messages=user("hi"), tools=[DELETE])


def test_an_anthropic_client_meets_the_same_rules(gateway: Gateway) -> None:
    with (
        Anthropic(api_key=gateway.runtime_key, base_url=gateway.base_url) as client,
        pytest.raises(anthropic.PermissionDeniedError) as caught,
    ):
        client.messages.create(model=MODEL, max_tokens=50, messages=user("titan"))
    body: Any = caught.value.body
    assert body["error"]["policy"] == "no-titan"


def test_a_rule_of_the_admin_api_is_in_force_when_it_is_answered(gateway: Gateway, client: OpenAI) -> None:
    rule = {"name": "swap", "kind": "keyword", "phases": ["response"],
            "settings": {"terms": ["saucer"], "action": "redact"}}  # fmt: skip
    assert gateway.post("/api/v1/policies", rule).status_code == 201
    try:
        answer = client.chat.completions.create(model=MODEL, messages=user("cup and saucer"))
        assert "cup and [REDACTED]" in (answer.choices[0].message.content or "")
    finally:
        gateway.request("DELETE", "/api/v1/policies/swap", key=gateway.admin_key)
    answer = client.chat.completions.create(model=MODEL, messages=user("cup and saucer"))
    assert "saucer" in (answer.choices[0].message.content or "")


def test_a_blocked_answer_is_paid_for_and_told(gateway: Gateway, client: OpenAI) -> None:
    rule = {"name": "no-saucer", "kind": "keyword", "phases": ["response"], "settings": {"terms": ["saucer"]}}
    assert gateway.post("/api/v1/policies", rule).status_code == 201
    try:
        with pytest.raises(openai.ConflictError) as caught:
            client.chat.completions.create(model=MODEL, messages=user("cup and saucer"))
    finally:
        gateway.request("DELETE", "/api/v1/policies/no-saucer", key=gateway.admin_key)
    body: Any = caught.value.body
    assert (body["code"], body["policy"]) == ("output_blocked", "no-saucer")
    (step,) = gateway.trace(caught.value.response.headers["x-gatepost-trace-id"])["steps"]
    assert (step["outcome"], step["usage"]["output"] > 0) == ("blocked", True)


def test_a_mistake_is_told_with_its_place(gateway: Gateway) -> None:
    refused = gateway.post("/api/v1/policies", {"name": "x", "kind": "keyword", "settings": {"term": ["a"]}})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["where"] == "settings.term"


PLACEHOLDERS = """
projects:
  - {id: default, store_bodies: true}
policies:
  chain:
    - {name: people, kind: pii-detector, action: placeholder}
"""


def test_placeholders_are_undone_for_the_caller_alone(gateways: Callable[..., Gateway]) -> None:
    gateway = gateways(PLACEHOLDERS)
    with OpenAI(api_key=gateway.runtime_key, base_url=f"{gateway.base_url}/v1") as client:
        raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=user("Write to bob@example.org"))
        assert "bob@example.org" in (raw.parse().choices[0].message.content or "")
        step = gateway.trace(raw.headers["x-gatepost-trace-id"])
        assert "[EMAIL_1]" in str(step)
        assert "bob@example.org" not in str(step)
        stream = client.chat.completions.create(model=MODEL, messages=user("Mail bob@example.org"), stream=True)
        assert "bob@example.org" in "".join(one.choices[0].delta.content or "" for one in stream if one.choices)
    with (
        Anthropic(api_key=gateway.runtime_key, base_url=gateway.base_url) as other,
        other.messages.stream(model=MODEL, max_tokens=50, messages=user("Mail bob@example.org")) as events,
    ):
        assert "bob@example.org" in events.get_final_text()
