"""Agents behind proxies of their own, by the official clients: the samples of a system that worked so run unchanged."""

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pytest
from anthropic import Anthropic
from openai import OpenAI

from e2e.running import CLIENT, Gateway

MODEL = "sandbox/echo"
CONFIG = f"""
proxies:
  - {{id: support-bot, owner: ann, environment: live, models: [{MODEL}]}}
  - {{id: other-bot}}
compat: {{header_prefixes: [X-Acme-]}}
"""


@pytest.fixture(scope="module")
def gateway(gateways: Callable[..., Gateway]) -> Gateway:
    return gateways(CONFIG)


@pytest.fixture(scope="module")
def bot_key(gateway: Gateway) -> str:
    return gateway.post("/api/v1/keys", {"name": "bot", "proxy": "support-bot"}).json()["key"]


@pytest.fixture
def client(gateway: Gateway, bot_key: str) -> Iterator[OpenAI]:
    with client_of(gateway, bot_key) as one:
        yield one


def client_of(gateway: Gateway, key: str, proxy: str = "support-bot", **more: Any) -> OpenAI:
    return OpenAI(api_key=key, base_url=f"{gateway.base_url}/a/{proxy}/openai/v1", **more)


def turn(*said: str) -> list[Any]:
    return [{"role": ("user", "assistant")[number % 2], "content": text} for number, text in enumerate(said)]


def test_chat_plain_and_streamed(gateway: Gateway, client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=turn("Hello"))
    assert raw.parse().choices[0].message.content
    step = gateway.trace(raw.headers["x-gatepost-trace-id"])["steps"][0]
    assert (step["proxy"], step["session_id"]) == ("support-bot", raw.headers["x-gatepost-session-id"])
    assert raw.headers["x-acme-trace-id"] == raw.headers["x-gatepost-trace-id"]
    stream = client.chat.completions.create(model=MODEL, messages=turn("Count to 5"), stream=True)
    assert stream.response.headers["x-gatepost-session-id"]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def test_a_named_session_with_properties_and_a_path(gateway: Gateway, bot_key: str) -> None:
    session = str(uuid.uuid4())
    headers = {
        "X-Acme-Session-Id": session,
        "X-Acme-Property-user-tier": "enterprise",
        "X-Acme-Session-Path": "workflows/summarise",
    }
    with client_of(gateway, bot_key, default_headers=headers) as client:
        for _ in range(3):
            client.chat.completions.create(model=MODEL, messages=turn("Hello"))
    turns = gateway.get(f"/api/v1/sessions/{session}")["turns"]
    assert [one["turn"] for one in turns] == [1, 2, 3]
    assert {one["session_path"] for one in turns} == {"workflows/summarise"}
    assert turns[0]["properties"] == {"user-tier": "enterprise"}


def test_a_conversation_is_one_session_whatever_speaks(gateway: Gateway, client: OpenAI, bot_key: str) -> None:
    said = [f"Good morning {uuid.uuid4()}"]
    sessions = []
    for more in ({}, {"stream": True}, {}):
        raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=turn(*said), **more)
        sessions.append(raw.headers["x-gatepost-session-id"])
        if more:
            text = "".join(chunk.choices[0].delta.content or "" for chunk in raw.parse() if chunk.choices)
        else:
            text = raw.parse().choices[0].message.content
        said += [text, "And then?"]
    assert len(set(sessions)) == 1
    assert [one["turn"] for one in gateway.get(f"/api/v1/sessions/{sessions[0]}")["turns"]] == [1, 2, 3]
    with client_of(gateway, gateway.runtime_key, "other-bot") as other:
        raw = other.chat.completions.with_raw_response.create(model=MODEL, messages=turn(*said))
        assert raw.headers["x-gatepost-session-id"] not in sessions


def test_a_tools_arguments_and_result_are_in_the_trace(gateway: Gateway, client: OpenAI) -> None:
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}
    said: list[Any] = turn(f'/tool get_weather {{"location": "London", "call": "{uuid.uuid4()}"}}')
    first = client.chat.completions.with_raw_response.create(model=MODEL, messages=said, tools=[tool])
    message = first.parse().choices[0].message
    calls = message.tool_calls or []
    assert calls
    (use,) = gateway.trace(first.headers["x-gatepost-trace-id"])["steps"][0]["tools"]
    assert (use["step_type"], use["tool_name"]) == ("tool_call", "get_weather")
    assert use["text"] == calls[0].function.arguments
    said += [message.to_dict(), {"role": "tool", "tool_call_id": calls[0].id, "content": "wet and 12 degrees"}]
    second = client.chat.completions.with_raw_response.create(model=MODEL, messages=said, tools=[tool])
    assert second.headers["x-gatepost-session-id"] == first.headers["x-gatepost-session-id"]
    use = gateway.trace(second.headers["x-gatepost-trace-id"])["steps"][0]["tools"][0]
    assert (use["step_type"], use["tool_name"], use["text"]) == ("tool_result", "get_weather", "wet and 12 degrees")
    assert use["call_id"] == calls[0].id
    for path in gateway.data.rglob("*"):
        assert not path.is_file() or b"wet and 12 degrees" not in path.read_bytes(), path


def test_responses_that_go_on_are_one_session(gateway: Gateway, client: OpenAI) -> None:
    first = client.responses.with_raw_response.create(model=MODEL, input="Hello")
    second = client.responses.with_raw_response.create(
        model=MODEL, input="And then?", previous_response_id=first.parse().id
    )
    session = first.headers["x-gatepost-session-id"]
    assert second.headers["x-gatepost-session-id"] == session
    assert [one["turn"] for one in gateway.get(f"/api/v1/sessions/{session}")["turns"]] == [1, 2]


def test_the_anthropic_client(gateway: Gateway, bot_key: str) -> None:
    with Anthropic(api_key=bot_key, base_url=f"{gateway.base_url}/a/support-bot/anthropic") as client:
        said: list[Any] = [{"role": "user", "content": f"Good evening {uuid.uuid4()}"}]
        first = client.messages.with_raw_response.create(model=MODEL, max_tokens=50, messages=said)
        said += [{"role": "assistant", "content": first.parse().content}, {"role": "user", "content": "And then?"}]
        with client.messages.stream(model=MODEL, max_tokens=50, messages=said) as stream:
            assert stream.get_final_text()
            assert stream.response.headers["x-gatepost-session-id"] == first.headers["x-gatepost-session-id"]


def test_another_proxys_path_and_other_models_are_forbidden(gateway: Gateway, bot_key: str, client: OpenAI) -> None:
    with client_of(gateway, bot_key, "other-bot") as other, pytest.raises(openai.PermissionDeniedError) as caught:
        other.chat.completions.create(model=MODEL, messages=turn("Hello"))
    assert caught.value.response.headers["x-gatepost-trace-id"]
    assert caught.value.response.headers["x-gatepost-session-id"]
    assert [one.id for one in client.models.list()] == [MODEL]
    with pytest.raises(openai.NotFoundError):
        client.images.generate(prompt="a cat", model="dall-e-3")
    with pytest.raises(openai.NotFoundError):
        client.files.list()


def test_without_a_client(gateway: Gateway, bot_key: str) -> None:
    for path in ("/a/support-bot/openai/v1/chat/completions", "/support-bot/v1/chat/completions"):
        answer = CLIENT.post(
            gateway.base_url + path,
            headers={"Authorization": f"Bearer {bot_key}", "Content-Type": "application/json"},
            json={"model": MODEL, "messages": turn("Hello")},
        )
        assert answer.status_code == 200
        assert answer.headers["X-Acme-Trace-Id"]
        assert answer.headers["X-Acme-Session-Id"]


def test_a_proxy_that_the_api_makes_serves_at_once_and_is_gone_at_once(gateway: Gateway) -> None:
    assert gateway.post("/api/v1/proxies", {"id": "new-bot"}).status_code == 201
    with client_of(gateway, gateway.runtime_key, "new-bot", max_retries=0) as client:
        client.chat.completions.create(model=MODEL, messages=turn("Hello"))
        assert gateway.request("DELETE", "/api/v1/proxies/new-bot").status_code == 204
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model=MODEL, messages=turn("Hello"))


def test_a_conversation_goes_on_after_a_restart(gateways: Callable[..., Gateway]) -> None:
    gateway = gateways(CONFIG)
    said = [f"Hello {uuid.uuid4()}"]
    first = gateway.chat(messages=turn(*said))
    said += [first.json()["choices"][0]["message"]["content"], "And then?"]
    gateway.kill()
    time.sleep(0.1)
    gateway.start()
    second = gateway.chat(messages=turn(*said))
    assert second.headers["x-gatepost-session-id"] == first.headers["x-gatepost-session-id"]
    assert gateway.step(second)["turn"] == 2
    assert isinstance(second, httpx.Response)
