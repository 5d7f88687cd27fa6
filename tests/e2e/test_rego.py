"""Policies in Rego through a running gateway, with OpenAI's own client."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest

from e2e.running import Gateway
from e2e.upstream import Seen, Upstream, Wire, chunk, completion, usage_chunk

POLICIES = {
    "tools": 'deny contains sprintf("tool %s", [t]) if { some t in input.tool_names; startswith(t, "drop") }',
    "models": 'deny contains "model" if not input.model in {"gpt"}',
    "scrub": 'redact_fields contains "email"\nredact_fields contains "creditcard"',
    "night": 'decision := {"action": "block", "rule": "night"} if input.properties.shift == "night"',
    "endless": (
        'deny contains "x" if {\n some i in numbers.range(1, 5000)\n some j in numbers.range(1, 5000)\n'
        " count(input.messages) * i * j < 0\n}"
    ),
    "conflict": 'decision := {"action": "allow"} if input.model\ndecision := {"action": "block"} if input.model',
}
REPLIES = {
    "hush": 'deny contains "secret" if contains(input.output.content, "secret")',
    "mask": 'redact_fields contains "email" if input.stage == "response"',
}
OLD = 'package xenovia.policy\n\ndeny[msg] { input.tool_names[_] == "drop"; msg := "old" }\n'
POLICY_OF_INTENT = (
    'package gatepost.policy\n\ndeny contains "no refunds" if input.metadata.intent == "refund"\n'
    'deny contains "no mail" if "mail.send" in input.tool_names\n'
)
TOOL = {"type": "function", "function": {"name": "Drop_Table", "parameters": {"type": "object", "properties": {}}}}
MEND = "ask ann@example.com, a secret"


async def answer(seen: Seen, wire: Wire) -> None:
    """The last message comes back."""
    body = seen.json
    text = body["messages"][-1]["content"]
    if not body.get("stream"):
        await wire.plain(completion(text))
        return
    await wire.begin()
    for at in range(0, len(text), 3):
        await wire.chunk(chunk(text[at : at + 3]))
    await wire.chunk(chunk(finish="stop"))
    await wire.chunk(usage_chunk())
    await wire.chunk(b"data: [DONE]\n\n")
    await wire.end()


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(answer) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(gateways: Callable[..., Gateway], upstream: Upstream) -> Gateway:
    made = gateways(start=False)
    lines = ["compat: {rego_packages: [xenovia.policy]}", "models:"]
    lines += [
        f"  - {{id: {name}, identifier: {name}, provider: internal, base_url: '{upstream.url}/v1/chat/completions'}}"
        for name in ("gpt", "other")
    ]
    lines.append("proxies:")
    for stage, policies in (("request", POLICIES), ("response", REPLIES)):
        for name, body in policies.items():
            (made.folder / f"{name}.rego").write_text(f"package gatepost.policy\n\n{body}\n")
            lines.append(f"  - {{id: {name}, {stage}_policy: {{file: {name}.rego}}}}")
    (made.folder / "old.rego").write_text(OLD)
    lines.append("  - {id: old, request_policy: {file: old.rego}}")
    lines.append("  - {id: watched, request_policy: {file: tools.rego, mode: observe}}")
    lines.append("  - {id: open, response_policy: {file: conflict.rego, on_error: allow}}")
    made.configure("\n".join(lines) + "\n")
    return made.start()


def client(gateway: Gateway, proxy: str | None = None, **more: Any) -> openai.OpenAI:
    path = f"/a/{proxy}/openai/v1" if proxy else "/v1"
    return openai.OpenAI(base_url=gateway.base_url + path, api_key=gateway.runtime_key, max_retries=0, **more)


def ask(gateway: Gateway, proxy: str | None, text: str = "hello", **more: Any) -> str:
    model = more.pop("model", "gpt")
    with client(gateway, proxy) as asking:
        said = asking.chat.completions.create(model=model, messages=[{"role": "user", "content": text}], **more)
        if not more.get("stream"):
            return said.choices[0].message.content
        with said:
            return "".join(one.choices[0].delta.content or "" for one in said if one.choices)


def test_a_blocked_tool_is_403_before_anything_is_sent(gateway: Gateway, upstream: Upstream) -> None:
    before = len(upstream.seen)
    with pytest.raises(openai.PermissionDeniedError) as caught:
        ask(gateway, "tools", tools=[TOOL])
    assert caught.value.code == "policy_block"
    assert "tool" not in caught.value.message.lower().replace("policy", "")
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert len(upstream.seen) == before
    assert ask(gateway, "tools") == "hello"


def test_models_by_a_list(gateway: Gateway) -> None:
    assert ask(gateway, "models") == "hello"
    with pytest.raises(openai.PermissionDeniedError):
        ask(gateway, "models", model="other")


def test_fields_are_redacted_before_they_are_sent(gateway: Gateway, upstream: Upstream) -> None:
    assert ask(gateway, "scrub", "ann@example.com pays 4111 1111 1111 1111") == "[EMAIL] pays [CARD]"
    assert b"ann@" not in upstream.last().body


def test_a_decision_on_a_property(gateway: Gateway) -> None:
    with pytest.raises(openai.PermissionDeniedError):
        ask(gateway, "night", extra_headers={"X-Gatepost-Property-Shift": "night"})
    assert ask(gateway, "night", extra_headers={"X-Gatepost-Property-Shift": "day"}) == "hello"


def test_a_policy_of_another_system_and_of_the_languages_older_version(gateway: Gateway) -> None:
    tool = {"type": "function", "function": {"name": "drop", "parameters": {"type": "object", "properties": {}}}}
    with pytest.raises(openai.PermissionDeniedError):
        ask(gateway, "old", tools=[tool])


@pytest.mark.parametrize("stream", [False, True])
def test_answers_are_blocked_and_redacted(gateway: Gateway, stream: bool) -> None:
    with pytest.raises(openai.PermissionDeniedError):
        ask(gateway, "hush", MEND, stream=stream)
    assert ask(gateway, "hush", "hello", stream=stream) == "hello"
    assert ask(gateway, "mask", MEND, stream=stream) == "ask [EMAIL], a secret"


def test_what_is_only_observed_passes_and_is_recorded(gateway: Gateway) -> None:
    with client(gateway, "watched") as asking:
        raw = asking.chat.completions.with_raw_response.create(
            model="gpt", messages=[{"role": "user", "content": "hello"}], tools=[TOOL]
        )
    trace = gateway.get(f"/api/v1/traces/{raw.headers['x-gatepost-trace-id']}")
    assert "proxies/watched/request_policy" in json.dumps(trace)
    assert '"block"' in json.dumps(trace)


@pytest.mark.parametrize("proxy", ["endless", "conflict"])
def test_a_policy_that_gives_no_answer_stops_the_call(gateway: Gateway, upstream: Upstream, proxy: str) -> None:
    before = len(upstream.seen)
    for _ in range(6):  # the endless one leaves the loop on the way, and fails there as well
        began = time.monotonic()
        with pytest.raises(openai.InternalServerError) as caught:
            ask(gateway, proxy)
        assert (caught.value.status_code, caught.value.code) == (503, "policy_unavailable")
        assert time.monotonic() - began < 10
    assert len(upstream.seen) == before
    assert ask(gateway, "tools") == "hello"


def test_an_answer_that_no_policy_judged_passes_where_that_is_wanted(gateway: Gateway) -> None:
    assert ask(gateway, "open") == "hello"


def test_a_policy_is_put_into_force_and_refused_by_the_api(gateway: Gateway) -> None:
    path = "/api/v1/projects/default/policies/request"
    bad = gateway.request("PUT", path, json={"source": "package gatepost.policy\n\ndeny := nope\n"})
    assert bad.status_code == 422
    assert bad.json()["errors"][0]["where"] == "source:3:9"
    source = "package gatepost.policy\n\n" + POLICIES["tools"]
    assert gateway.request("PUT", path, json={"source": source}).status_code == 200
    with pytest.raises(openai.ConflictError) as caught:
        ask(gateway, None, tools=[TOOL])
    assert caught.value.code == "input_blocked"
    with pytest.raises(openai.PermissionDeniedError):
        ask(gateway, "models", tools=[TOOL])  # a proxy's calls meet its project's policy too
    assert gateway.request("DELETE", path).status_code == 204
    assert ask(gateway, None, tools=[TOOL]) == "hello"


def test_a_policy_sees_the_metadata_of_the_trace_that_a_call_is_put_into(gateway: Gateway) -> None:
    key = {"key": gateway.runtime_key}
    made = gateway.request("PUT", "/api/v1/projects/default/policies/request", json={"source": POLICY_OF_INTENT})
    assert made.status_code in (200, 201), made.text
    try:
        for intent, allowed in (("refund", False), ("praise", True)):
            trace = gateway.post("/api/v1/traces", {"metadata": {"intent": intent}}, **key).json()["id"]
            body = {"trace_id": trace, "input": "hello", "model": "sandbox/echo"}
            said = gateway.post("/api/v1/executions", body, **key)
            assert (said.status_code, "no refunds" in said.text) == (200, not allowed), said.text
            assert gateway.post("/api/v1/checks", body, **key).json()["allowed"] is allowed
            assert ("no refunds" in gateway.post("/api/v1/simulate", body, **key).text) is not allowed
        action = {"capability": "mail.send", "payload": {}, "session_id": "sess_1", "env": "prod"}
        action |= {"identity": {"type": "agent", "id": "a"}, "sdk": {"version": "0.1.0", "language": "python"}}
        refused = gateway.post("/v1/execute", action, **key).json()
        assert (refused["status"], refused["decision"]["outcome"]) == ("blocked", "deny")
    finally:
        assert gateway.request("DELETE", "/api/v1/projects/default/policies/request").status_code == 204
