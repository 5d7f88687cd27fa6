"""The official Python client, by its base URL alone, against real processes: the gateway, and a real model server."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from e2e.money import nano
from e2e.running import Gateway, until
from e2e.upstream import Seen, Upstream, Wire, say

PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # noqa: E501 - one picture
FREE = {"input_cost_per_1k": 0, "output_cost_per_1k": 0}
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a place",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
    },
}
ALL_OF_IT: dict[str, Any] = {"extra_body": {"ignore_eos": True}}
"""Lets the real model end only at the bound: a field of that server's own."""
SESSION = "0192d3a0-0000-7000-8000-000000000001"
STORED_KEY = "sk-stored-" + "s" * 30
CALLERS_KEY = "sk-callers-own-" + "c" * 30


@pytest.fixture(scope="module")
def provider() -> Iterator[Upstream]:
    """An upstream whose requests can be looked at."""

    async def answer(seen: Seen, wire: Wire) -> None:
        if "/slow" in seen.target:
            await asyncio.sleep(30)
        elif "/picky" in seen.target:
            await wire.plain(
                {"error": {"message": "no such thing", "type": "invalid_request_error", "param": "x", "code": "odd"}},
                400,
            )
        elif "/locked" in seen.target:
            words = f"Incorrect API key provided: {seen.headers.get('authorization', '')[7:]}."
            await wire.plain({"error": {"message": words, "code": "invalid_api_key"}}, 401)
        else:
            await say(seen, wire)

    with Upstream(answer) as one:
        yield one


def _model(name: str, base_url: str, **more: Any) -> dict[str, Any]:
    priced = {"input_cost_per_1k": 0.001, "output_cost_per_1k": 0.002}
    return {"id": name, "identifier": name, "provider": "openai", "base_url": base_url, **priced, **more}


@pytest.fixture(scope="module")
def gateway(provider: Upstream, gateways: Callable[..., Gateway]) -> Gateway:
    """In front of the provider that can be looked at; its project passes callers' own keys through."""
    key = {"env": "STORED_KEY"}
    config = {
        "server": {"pass_through_project": "open", "timeouts": {"first_byte": 0.5}},
        "models": [
            _model("plain", f"{provider.url}/v1", api_key=key, context_window=8000, max_output=1000),
            _model("slow", f"{provider.url}/slow", api_key=key),
            _model("picky", f"{provider.url}/picky", api_key=key),
            _model("locked", f"{provider.url}/locked", api_key=key),
            _model("unpriced", f"{provider.url}/v1") | {"input_cost_per_1k": None, "output_cost_per_1k": None},
            _model("dear", f"{provider.url}/v1", max_output=100_000, input_cost_per_1k=1, output_cost_per_1k=1),
            _model("pictures", f"{provider.url}/v1", operations=["images"]),
        ],
        "projects": [
            {"id": "default", "budgets": {"daily_usd": 50, "fallback_price": FREE}},
            {"id": "open", "pass_through_provider": "openai"},
        ],
        "retries": {"attempts": 1},
    }  # fmt: skip
    return gateways(json.dumps(config), env={"STORED_KEY": STORED_KEY})


@pytest.fixture(scope="module")
def real(llama: str | None, gateways: Callable[..., Gateway], skip_or_fail: Callable[[str], None]) -> Gateway:
    """In front of the real model server."""
    if llama is None:
        skip_or_fail("the real model server is not installed: run tools/setup-tests")
    return gateways(json.dumps({"models": [_model("tiny", f"{llama}/v1", max_output=500)]}))


def _client(gateway: Gateway, **options: Any) -> OpenAI:
    options.setdefault("api_key", gateway.runtime_key)
    return OpenAI(base_url=f"{gateway.base_url}/v1", **options)


@pytest.fixture
def client(gateway: Gateway) -> Iterator[OpenAI]:
    with _client(gateway) as one:
        yield one


@pytest.fixture
def to_real(real: Gateway) -> Iterator[OpenAI]:
    with _client(real) as one:
        yield one


def _say(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


# A real model server.


def test_a_plain_chat_with_a_real_model(real: Gateway, to_real: OpenAI) -> None:
    answer = to_real.chat.completions.with_raw_response.create(
        model="tiny", messages=_say("Hello."), max_tokens=12, **ALL_OF_IT
    )
    chat = answer.parse()
    assert chat.object == "chat.completion"
    assert chat.choices[0].finish_reason == "length"
    assert chat.usage is not None
    assert chat.usage.completion_tokens == 12
    (step,) = real.trace(answer.headers["x-gatepost-trace-id"])["steps"]
    assert step["usage"]["output"] == 12
    cached = chat.usage.prompt_tokens_details.cached_tokens or 0 if chat.usage.prompt_tokens_details else 0
    assert step["usage"]["input"] == chat.usage.prompt_tokens - cached
    spent = (chat.usage.prompt_tokens - cached) * 1_000 + 12 * 2_000
    assert nano(step["cost"]) - cached * 1_000 <= spent <= nano(step["cost"])
    assert step["upstream_id"] == chat.id


def test_a_streamed_chat_with_a_real_model(real: Gateway, to_real: OpenAI) -> None:
    stream = to_real.chat.completions.create(
        model="tiny", messages=_say("Hello."), max_tokens=20, stream=True, **ALL_OF_IT
    )
    trace_id = stream.response.headers["x-gatepost-trace-id"]
    events = list(stream)
    assert [choice.finish_reason for event in events for choice in event.choices if choice.finish_reason] == ["length"]
    assert all(event.usage is None for event in events), "usage came that was not asked for"
    assert len({event.id for event in events}) == 1
    (step,) = real.trace(trace_id)["steps"]
    assert step["usage"]["exact"] is True
    assert step["usage"]["output"] == 20
    assert 0 < step["first_token_ms"] <= step["latency_ms"]


def test_usage_that_was_asked_for(to_real: OpenAI) -> None:
    events = list(
        to_real.chat.completions.create(
            model="tiny",
            messages=_say("Hello."),
            max_tokens=5,
            stream=True,
            stream_options={"include_usage": True},
            **ALL_OF_IT,
        )
    )
    assert events[-1].choices == []
    assert events[-1].usage is not None
    assert events[-1].usage.completion_tokens == 5


def test_a_schema_and_json_mode_are_obeyed(to_real: OpenAI) -> None:
    gate = {"gate": {"enum": ["open", "shut"]}}
    schema = {"type": "object", "properties": gate, "required": ["gate"], "additionalProperties": False}
    chat = to_real.chat.completions.create(
        model="tiny", messages=_say("Open?"), max_tokens=400,
        response_format={"type": "json_schema", "json_schema": {"name": "gate", "schema": schema, "strict": True}},
    )  # fmt: skip
    assert json.loads(chat.choices[0].message.content or "")["gate"] in ("open", "shut")


def test_several_choices_and_log_probabilities(to_real: OpenAI) -> None:
    chat = to_real.chat.completions.create(
        model="tiny", messages=_say("Hello."), max_tokens=6, n=2, logprobs=True, top_logprobs=3, seed=1
    )
    assert [choice.index for choice in chat.choices] == [0, 1]
    for choice in chat.choices:
        assert choice.logprobs is not None
        assert choice.logprobs.content
        assert len(choice.logprobs.content[0].top_logprobs) == 3


def test_fields_that_the_client_does_not_know_reach_the_server(to_real: OpenAI) -> None:
    chat = to_real.chat.completions.create(
        model="tiny", messages=_say("Hello."), max_tokens=6, extra_body={"top_k": 1, "grammar": 'root ::= "gate"'}
    )
    assert chat.choices[0].message.content == "gate"
    assert chat.model_extra is not None
    assert chat.model_extra["timings"]["predicted_n"] > 0, "a field of the server's own was lost"


def test_tools_are_told_to_the_real_model(to_real: OpenAI) -> None:
    few = to_real.chat.completions.create(model="tiny", messages=_say("Rain?"), max_tokens=1)
    more = to_real.chat.completions.create(
        model="tiny", messages=_say("Rain?"), max_tokens=1, tools=[WEATHER], tool_choice="none"
    )
    assert few.usage is not None
    assert more.usage is not None
    assert more.usage.prompt_tokens > few.usage.prompt_tokens


def test_many_at_once_with_a_real_model(real: Gateway) -> None:
    async def all_of_them() -> list[Any]:
        async with AsyncOpenAI(base_url=f"{real.base_url}/v1", api_key=real.runtime_key) as client:
            calls = [
                client.chat.completions.create(model="tiny", messages=_say(f"Number {n}."), max_tokens=4, **ALL_OF_IT)
                for n in range(12)
            ]
            return await asyncio.gather(*calls)

    chats = asyncio.run(all_of_them())
    assert len({chat.id for chat in chats}) == 12
    assert all(chat.usage.completion_tokens == 4 for chat in chats)


# What the upstream gets.


def test_the_upstream_gets_what_the_client_sent(client: OpenAI, provider: Upstream) -> None:
    parts = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
    ]
    said: dict[str, Any] = {
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": parts}],
        "tools": [WEATHER],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "parallel_tool_calls": False,
        "response_format": {"type": "json_object"},
        "n": 2,
        "logprobs": True,
        "top_logprobs": 2,
        "temperature": 0.5,
        "stop": ["END"],
        "seed": 7,
        "user": "u-1",
        "logit_bias": {"50256": -100},
        "max_tokens": 50,
    }
    unknown = {"brand_new": {"deep": [1, 2.5, None, "\u2603"]}, "cache_control": {"type": "ephemeral"}}
    client.chat.completions.create(model="plain", extra_body=unknown, **said)
    seen = provider.last()
    assert seen.json == {"model": "plain", **said, **unknown}
    assert seen.target == "/v1/chat/completions"
    assert seen.headers["authorization"] == f"Bearer {STORED_KEY}"
    ours = [name for name in seen.headers if "stainless" in name or "gatepost" in name]
    assert not ours, "headers of the client went to the provider"
    assert "openai" not in seen.headers["user-agent"].lower()


def test_a_stream_asks_for_usage_and_keeps_it(client: OpenAI, provider: Upstream) -> None:
    events = list(client.chat.completions.create(model="plain", messages=_say("Hi"), stream=True))
    assert provider.last().json["stream_options"] == {"include_usage": True}
    assert "".join(event.choices[0].delta.content or "" for event in events) == "Hello."
    assert all(event.usage is None and event.choices for event in events)


# The sandbox: what the gateway itself answers with.


def test_tool_calls_plain_and_streamed(client: OpenAI) -> None:
    words = '/tool weather {"place": "Pisa"}\nand the weather?'
    chat = client.chat.completions.create(model="sandbox/echo", messages=_say(words), tools=[WEATHER])
    (call,) = chat.choices[0].message.tool_calls or []
    assert (call.function.name, json.loads(call.function.arguments)) == ("weather", {"place": "Pisa"})
    assert chat.choices[0].finish_reason == "tool_calls"
    again = client.chat.completions.create(
        model="sandbox/echo", tools=[WEATHER],
        messages=[*_say(words), chat.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}],
    )  # fmt: skip
    assert "sunny" in (again.choices[0].message.content or "")
    with client.chat.completions.stream(model="sandbox/echo", messages=_say(words), tools=[WEATHER]) as stream:
        message = stream.get_final_completion().choices[0].message
    assert message.tool_calls is not None
    assert message.tool_calls[0].function.name == "weather"


def test_ids_are_on_every_answer(gateway: Gateway, client: OpenAI) -> None:
    answer = client.chat.completions.with_raw_response.create(
        model="sandbox/echo", messages=_say("Hi"),
        extra_headers={"X-Gatepost-Session-Id": SESSION, "X-Gatepost-Property-Team": "blue"},
    )  # fmt: skip
    assert answer.parse().choices[0].message.content == "Hi"
    assert answer.headers["x-gatepost-session-id"] == SESSION
    trace_id, request_id = answer.headers["X-Gatepost-Trace-Id"], answer.headers["x-request-id"]
    (step,) = gateway.trace(trace_id)["steps"]
    assert (step["request_id"], step["properties"]) == (request_id, {"team": "blue"})
    with pytest.raises(openai.APIStatusError) as refused:
        client.with_options(max_retries=0).chat.completions.create(model="plai", messages=_say("Hi"))
    for name in ("x-request-id", "x-gatepost-trace-id", "x-gatepost-session-id"):
        assert refused.value.response.headers[name]
    assert refused.value.request_id == refused.value.response.headers["x-request-id"]


# Models.


def test_models_with_their_prices(gateway: Gateway, client: OpenAI) -> None:
    models = {model.id: model for model in client.models.list()}
    assert {"plain", "sandbox/echo", "unpriced"} <= set(models)
    assert models["plain"].owned_by == "openai"
    extra = models["plain"].model_extra
    assert extra is not None
    assert Decimal(str(extra["pricing"]["input_per_1k_usd"])) == Decimal("0.001")
    assert (extra["context_window"], extra["max_output"]) == (8000, 1000)
    one = client.models.retrieve("plain")
    assert one == models["plain"]
    assert client.models.retrieve("sandbox/echo").id == "sandbox/echo"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no-such-model")
    secret = json.dumps([model.model_dump(mode="json") for model in models.values()])
    assert STORED_KEY not in secret


# Refusals.


def test_a_wrong_key(gateway: Gateway) -> None:
    for key in ("gp_nobody_" + "x" * 32, gateway.runtime_key[:-1] + "x", "sk-" + "y" * 40):
        with _client(gateway, api_key=key) as client, pytest.raises(openai.AuthenticationError) as refused:
            client.chat.completions.create(
                model="sandbox/echo", messages=_say("Hi"), extra_headers={"x-api-key": "gp_x_y"}
            )
        assert refused.value.code == "invalid_key"
        assert key not in str(refused.value)


def test_an_unknown_model_names_near_ones(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        client.chat.completions.create(model="plane", messages=_say("Hi"))
    assert refused.value.code == "model_not_found"
    assert "`plain`" in refused.value.message


def test_an_unsupported_operation(client: OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        client.embeddings.create(model="pictures", input="x")
    assert refused.value.code == "unsupported_operation"
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        client.chat.completions.create(model="pictures", messages=_say("Hi"))
    assert refused.value.code == "unsupported_operation"


def test_a_budget_says_no_once_with_its_arithmetic(client: OpenAI, provider: Upstream) -> None:
    before = len(provider.seen)
    began = time.monotonic()
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(model="dear", messages=_say("Hi"))
    assert refused.value.status_code == 402
    assert refused.value.code == "budget_exceeded"
    assert refused.value.response.headers["x-should-retry"] == "false"
    assert time.monotonic() - began < 1, "the client tried again"
    limit = refused.value.body["limit"]  # type: ignore[index]
    assert nano(limit["settled"]) + nano(limit["held"]) + nano(limit["asked"]) > nano(limit["limit"])
    assert len(provider.seen) == before


def test_a_providers_own_refusal_is_passed(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="picky", messages=_say("Hi"))
    assert (refused.value.code, refused.value.param) == ("odd", "x")


def test_a_providers_401_does_not_look_like_ours(client: OpenAI) -> None:
    with pytest.raises(openai.InternalServerError) as refused:
        client.with_options(max_retries=0).chat.completions.create(model="locked", messages=_say("Hi"))
    assert refused.value.status_code == 502
    assert refused.value.code == "upstream_auth"
    assert STORED_KEY not in refused.value.response.text


def test_bad_requests_name_their_fault(client: OpenAI) -> None:
    for words, body in (("messages", {"messages": "no list"}), ("n", {"n": 0}), ("max_tokens", {"max_tokens": "many"})):
        with pytest.raises(openai.BadRequestError) as refused:
            client.chat.completions.create(model="plain", **{"messages": _say("Hi"), **body})  # type: ignore[arg-type]
        assert words in refused.value.message


def test_timeouts_of_the_gateway_and_of_the_client(gateway: Gateway) -> None:
    with _client(gateway, max_retries=0) as client:
        with pytest.raises(openai.InternalServerError) as slow:
            client.chat.completions.create(model="slow", messages=_say("Hi"))
        assert (slow.value.status_code, slow.value.code) == (504, "upstream_timeout")
        with pytest.raises(openai.APITimeoutError):
            client.chat.completions.create(model="sandbox/echo", messages=_say("/delay 3000\nHi"), timeout=0.3)
    until(lambda: gateway.get("/health")["open_holds"] == 0)


# The caller's own provider key.


def test_a_callers_own_key_passes_and_is_kept_nowhere(gateway: Gateway, provider: Upstream) -> None:
    with _client(gateway, api_key=CALLERS_KEY) as client:
        answer = client.chat.completions.with_raw_response.create(model="plain", messages=_say("Hi"))
        assert provider.last().headers["authorization"] == f"Bearer {CALLERS_KEY}"
        streamed = list(client.chat.completions.create(model="plain", messages=_say("Hi"), stream=True))
        assert streamed[-1].choices[0].finish_reason == "stop"
        assert provider.last().headers["authorization"] == f"Bearer {CALLERS_KEY}"
        with pytest.raises(openai.InternalServerError) as locked:
            client.with_options(max_retries=0).chat.completions.create(model="locked", messages=_say("Hi"))
        assert CALLERS_KEY not in locked.value.response.text
    page = gateway.request("GET", f"/api/v1/traces/{answer.headers['x-gatepost-trace-id']}").text
    assert json.loads(page)["project"] == "open"
    assert json.loads(page)["steps"][0]["key_id"].startswith("passed-")
    assert CALLERS_KEY not in page
    # Everything that the gateway wrote, its databases, journal and log included.
    held = [path for path in gateway.folder.rglob("*") if path.is_file()]
    assert len(held) > 4
    for path in held:
        text = path.read_bytes()
        assert CALLERS_KEY.encode() not in text, path
        if path.is_relative_to(gateway.data):
            assert STORED_KEY.encode() not in text, path
            assert path.stat().st_mode & 0o077 == 0, f"others may read {path}"


def test_our_own_key_beside_a_callers_names_the_project(gateway: Gateway, provider: Upstream) -> None:
    with _client(gateway, api_key=CALLERS_KEY) as client, pytest.raises(openai.AuthenticationError):
        # The default project passes no keys through.
        client.chat.completions.create(
            model="plain", messages=_say("Hi"), extra_headers={"x-api-key": gateway.runtime_key}
        )
    made = gateway.post("/api/v1/keys", {"name": "beside", "kind": "runtime", "project": "open"}).json()
    with _client(gateway, api_key=CALLERS_KEY) as client:
        client.chat.completions.create(model="plain", messages=_say("Hi"), extra_headers={"x-api-key": made["key"]})
    assert provider.last().headers["authorization"] == f"Bearer {CALLERS_KEY}"
    assert made["key"] not in str(provider.last().headers)


def test_the_client_can_be_asynchronous(gateway: Gateway) -> None:
    async def talk() -> str:
        async with AsyncOpenAI(base_url=f"{gateway.base_url}/v1", api_key=gateway.runtime_key) as client:
            stream = await client.chat.completions.create(model="sandbox/echo", messages=_say("a b c"), stream=True)
            return "".join([event.choices[0].delta.content or "" async for event in stream])

    assert asyncio.run(talk()) == "a b c"
