"""The SDK against a real gateway process."""

import asyncio
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

import gatepost
from e2e.running import Gateway, free_port, until
from e2e.upstream import DONE, Seen, Upstream, Wire, chunk, completion, usage_chunk

WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"place": {"type": "string"}}}},
}


async def _provider(seen: Seen, wire: Wire) -> None:
    """Asks for two tools first, and reads their results in the second step."""
    messages = seen.json["messages"]
    if "/refuses" in seen.target:
        await wire.plain({"error": {"message": "no", "code": "invalid_api_key"}}, 401)
    elif seen.json.get("stream"):
        await _streamed(seen, wire)
    elif seen.json.get("tools") and messages[-1]["role"] == "user":
        calls = [
            {"id": f"call_{n}", "type": "function", "function": {"name": "weather", "arguments": arguments}}
            for n, arguments in enumerate(('{"place": "Pisa"}', "not JSON"))
        ]
        message = {"role": "assistant", "content": None, "tool_calls": calls}
        choices = [{"index": 0, "message": message, "finish_reason": "tool_calls"}]
        await wire.plain(completion(choices=choices, prompt=100, output=20))
    else:
        words = ", ".join(message["content"] for message in messages if message["role"] == "tool")
        await wire.plain(completion(f"They say: {words}", prompt=200, output=10))


async def _streamed(seen: Seen, wire: Wire) -> None:
    """Calls a tool piece by piece when it is offered one; breaks off when it is told to."""
    await wire.begin()
    last = seen.json["messages"][-1]
    if seen.json.get("tools") and last["role"] == "user":
        for piece in ({"id": "call_1", "function": {"name": "weather", "arguments": ""}},
                      {"function": {"arguments": '{"place": '}}, {"function": {"arguments": '"Pisa"}'}}):  # fmt: skip
            delta = {"tool_calls": [{"index": 0, "type": "function", **piece}]}
            await wire.chunk(chunk(choices=[{"index": 0, "delta": delta, "finish_reason": None}]))
        finish = "tool_calls"
    else:
        for word in ("They ", "say: ", last["content"]):
            await wire.chunk(chunk(word))
        if "break off" in last["content"]:
            wire.cut()
            return
        finish = "stop"
    for event in (chunk(finish=finish), usage_chunk(100, 20), DONE):
        await wire.chunk(event)
    await wire.end()


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(_provider) as one:
        yield one


@pytest.fixture(scope="module")
def gateway(upstream: Upstream, gateways: Callable[..., Gateway]) -> Gateway:
    model = {
        "id": "worker", "identifier": "w", "provider": "openai", "base_url": f"{upstream.url}/v1",
        "input_cost_per_1k": 0.01, "output_cost_per_1k": 0.03, "max_output": 100,
    }  # fmt: skip
    config = {
        "models": [
            model,
            {**model, "id": "refuses", "base_url": f"{upstream.url}/refuses"},
            {**model, "id": "dear", "input_cost_per_1k": 1_000},
        ],
        "projects": [
            {"id": "default", "default_model": "worker", "budgets": {"daily_usd": 20}},
            {"id": "other", "features": ["offline_testing"], "rate_limits": {"rpm": 2}},
        ],
        "retries": {"attempts": 1},
    }
    return gateways(json.dumps(config))


@pytest.fixture
def client(gateway: Gateway) -> Iterator[gatepost.Client]:
    with gatepost.Client(gateway.runtime_key, base_url=gateway.base_url, retries=0) as one:
        yield one


@pytest.fixture(scope="module")
def others(gateway: Gateway) -> str:
    """A runtime key of another project."""
    return gateway.post("/api/v1/keys", {"name": "other", "kind": "runtime", "project": "other"}).json()["key"]


def test_configure_is_enough(gateway: Gateway) -> None:
    gatepost.configure(api_key=gateway.runtime_key, base_url=gateway.base_url)
    try:
        with gatepost.Client() as client:
            assert client.ping()["status"] == "ok"
            trace = client.traces.create()
            assert client.execute(trace.id, "Hello.", model="sandbox/echo").output == "Hello."
    finally:
        gatepost.configure()


def test_a_trace_from_beginning_to_end(client: gatepost.Client) -> None:
    trace = client.traces.create(metadata={"user_id": "u_1", "intent": "test"}, revenue="0.5")
    assert (trace.status, trace.revenue) == ("open", Decimal("0.5"))
    first = client.execute(trace.id, "What do they say?")
    assert (first.output, first.model, first.blocked) == ("They say: ", "worker", False)
    assert first.usage is not None
    assert (first.usage.input, first.usage.output, first.usage.exact) == (200, 10, True)
    assert first.cost == Decimal("0.0023")
    rating = client.logs(trace.id, "rating", {"stars": 5}, parent_step_id=first.step_id)
    seen = client.traces.get(trace.id)
    assert (seen.status, seen.step_count, seen.metadata) == ("open", 2, {"user_id": "u_1", "intent": "test"})
    assert [(step.kind, step.id) for step in seen.steps][1] == ("log", rating.step_id)
    assert (seen.steps[1].name, seen.steps[1].data, seen.steps[1].parent_step_id) == (
        "rating", {"stars": 5}, first.step_id,
    )  # fmt: skip
    call = seen.steps[0]
    assert (call.model, call.provider, call.outcome, call.request_id) == (
        "worker",
        "openai",
        "answered",
        first.request_id,
    )
    assert call.attempts[0].status == 200
    done = client.traces.complete(trace.id)
    assert (done.status, done.steps, done.unpriced_steps) == ("completed", 2, 0)
    assert (done.total_cost, done.gross_margin) == (Decimal("0.0023"), Decimal("0.4977"))
    assert done.total_latency_ms > 0
    sealed = client.traces.get(trace.id)
    assert (sealed.status, sealed.total_cost, sealed.gross_margin) == ("completed", done.total_cost, done.gross_margin)


def test_a_tool_loop_over_a_restart(gateway: Gateway, client: gatepost.Client, upstream: Upstream) -> None:
    trace = client.traces.create(metadata={"feature": "tools"})
    asked = client.execute(trace.id, "Weather in Pisa?", tools=[WEATHER], max_tokens=50, temperature=0.5)
    assert asked.tool_calls_pending
    assert asked.output is None
    assert [(call.name, call.arguments) for call in asked.tool_calls] == [
        ("weather", {"place": "Pisa"}),
        ("weather", "not JSON"),
    ]
    gateway.stop()
    gateway.start()
    results = [
        {"tool_call_id": call.id, "name": call.name, "content": f"sunny {n}"} for n, call in enumerate(asked.tool_calls)
    ]
    with pytest.raises(gatepost.ValidationError):
        client.execute(trace.id, parent_step_id=asked.step_id, tool_results=results[:1])
    done = client.execute(trace.id, parent_step_id=asked.step_id, tool_results=results)
    assert (done.output, done.tool_calls_pending) == ("They say: sunny 0, sunny 1", False)
    sent = upstream.last().json
    assert [message["role"] for message in sent["messages"]] == ["user", "assistant", "tool", "tool"]
    assert (sent["tools"], sent["temperature"]) == ([WEATHER], 0.5)
    steps = client.traces.get(trace.id).steps
    assert [(step.id, step.parent_step_id) for step in steps if step.outcome == "answered"] == [
        (asked.step_id, None),
        (done.step_id, asked.step_id),
    ]
    assert steps[0].tool_calls == ["weather", "weather"]
    assert client.traces.complete(trace.id).total_cost == Decimal("0.0016") + Decimal("0.0023")


def test_what_waits_for_tools_is_kept_encrypted(gateway: Gateway, client: gatepost.Client) -> None:
    trace = client.traces.create()
    words = "a very particular question about the weather"
    assert client.execute(trace.id, words, tools=[WEATHER]).tool_calls_pending
    for path in gateway.data.rglob("*"):
        assert path.is_dir() or words.encode() not in path.read_bytes(), path


def test_sealed_and_foreign_traces(gateway: Gateway, client: gatepost.Client, others: str) -> None:
    trace = client.traces.create()
    client.traces.complete(trace.id)
    for work in (
        lambda: client.execute(trace.id, "Hello."),
        lambda: client.logs(trace.id, "late"),
        lambda: client.traces.complete(trace.id),
    ):
        with pytest.raises(gatepost.ConflictError) as sealed:
            work()
        assert (sealed.value.status, sealed.value.code) == (409, "trace_sealed")
    mine = client.traces.create()
    with gatepost.Client(others, base_url=gateway.base_url, retries=0) as stranger:
        for work in (
            lambda: stranger.traces.get(mine.id),
            lambda: stranger.traces.complete(mine.id),
            lambda: stranger.logs(mine.id, "x"),
        ):
            with pytest.raises(gatepost.NotFoundError) as absent:
                work()
            assert (absent.value.status, absent.value.code) == (404, "trace_not_found")
        assert mine.id not in [row.id for row in stranger.traces.list().items]
    with pytest.raises(gatepost.NotFoundError):
        client.traces.get("0192d3a0-0000-7000-8000-00000000dead")
    assert client.traces.complete(mine.id).steps == 0


def test_a_foreign_execution(gateway: Gateway, client: gatepost.Client, others: str) -> None:
    trace = client.traces.create()
    with (
        gatepost.Client(others, base_url=gateway.base_url, retries=0) as stranger,
        pytest.raises(gatepost.NotFoundError),
    ):
        stranger.execute(trace.id, "Hello.", model="sandbox/echo")


def test_errors_have_their_types(gateway: Gateway, client: gatepost.Client) -> None:
    trace = client.traces.create()
    with gatepost.Client("gp_nobody_" + "x" * 30, base_url=gateway.base_url, retries=0) as stranger:
        with pytest.raises(gatepost.AuthError) as unknown:
            stranger.traces.create()
        assert (unknown.value.status, unknown.value.code) == (401, "invalid_key")
        assert unknown.value.request_id
    cases: list[tuple[type[gatepost.APIError], str, dict[str, Any]]] = [
        (gatepost.NotFoundError, "model_not_found", {"model": "sandbox/ecko"}),
        (gatepost.BudgetExceededError, "budget_exceeded", {"model": "dear"}),
        (gatepost.ProviderError, "upstream_auth", {"model": "refuses"}),
        (gatepost.ProviderError, "upstream_failed", {"model": "sandbox/echo", "input": "/error 500 no"}),
        (gatepost.ValidationError, "unsupported_operation", {"tools": [{"type": "web_search"}]}),
        (gatepost.ValidationError, "validation_failed", {"max_tokens": "many"}),
    ]
    for kind, code, more in cases:
        with pytest.raises(kind) as refused:
            client.execute(trace.id, **{"input": "Hello.", **more})
        assert refused.value.code == code
        assert refused.value.trace_id == trace.id
        assert refused.value.request_id
    with pytest.raises(gatepost.BudgetExceededError) as poor:
        client.execute(trace.id, "Hello.", model="dear")
    assert poor.value.limit is not None
    assert Decimal(poor.value.limit["asked"]) > Decimal(poor.value.limit["limit"])
    with pytest.raises(gatepost.ValidationError):
        client.execute(trace.id)


def test_a_rate_limit_says_when_to_come_back(gateway: Gateway, others: str) -> None:
    with gatepost.Client(others, base_url=gateway.base_url, retries=0) as client:
        trace = client.traces.create()
        for _ in range(2):
            client.execute(trace.id, "Hello.", model="sandbox/echo")
        with pytest.raises(gatepost.RateLimitError) as busy:
            client.execute(trace.id, "Hello.", model="sandbox/echo")
        assert busy.value.retry_after is not None
        assert 50 < busy.value.retry_after < 62


def test_nobody_there() -> None:
    with gatepost.Client("gp_x_y", base_url=f"http://127.0.0.1:{free_port()}", retries=0, timeout=2) as client:
        with pytest.raises(gatepost.ConnectionError):
            client.ping()
        with pytest.raises(gatepost.GatewayError):
            client.traces.create()


def test_models_and_lists(gateway: Gateway, client: gatepost.Client) -> None:
    cards = {card.id: card for card in client.models()}
    assert {"worker", "sandbox/echo"} <= set(cards)
    made = [client.traces.create(metadata={"number": number}).id for number in range(5)]
    page = client.traces.list(limit=2)
    assert [row.id for row in page.items] == [made[4], made[3]]
    assert page.next_cursor is not None
    after = client.traces.list(limit=2, cursor=page.next_cursor)
    assert [row.id for row in after.items] == [made[2], made[1]]


def test_the_asynchronous_client(gateway: Gateway) -> None:
    async def work() -> tuple[Any, Any]:
        async with gatepost.AsyncClient(gateway.runtime_key, base_url=gateway.base_url) as client:
            assert (await client.ping())["status"] == "ok"
            trace = await client.traces.create(revenue=1)
            results = await asyncio.gather(
                *(client.execute(trace.id, f"number {n}", model="sandbox/echo") for n in range(8))
            )
            assert [result.output for result in results] == [f"number {n}" for n in range(8)]
            await client.logs(trace.id, "done")
            return await client.traces.complete(trace.id), await client.traces.get(trace.id)

    done, seen = asyncio.run(work())
    assert (done.steps, done.total_cost) == (9, 0)
    assert seen.step_count == 9


def test_a_repeated_creation_is_one(gateway: Gateway) -> None:
    headers = {"idempotency-key": "once-and-for-all"}
    answers = [
        gateway.post("/api/v1/traces", {"metadata": {"n": 1}}, key=gateway.runtime_key, headers=headers).json()
        for _ in range(3)
    ]
    assert len({answer["id"] for answer in answers}) == 1


def test_what_went_past_is_told_when_the_gateway_is_back(gateway: Gateway, upstream: Upstream) -> None:
    fallback = {"fallback_provider_url": f"{upstream.url}/v1", "fallback_api_key": "sk-f", "fallback_model": "f"}
    with gatepost.Client(
        gateway.runtime_key, base_url=gateway.base_url, retries=0, fail_open=True, **fallback
    ) as client:
        known = client.traces.create()
        gateway.stop()
        unknown = client.traces.create(metadata={"user_id": "u_9"})
        past = [client.execute(trace.id, "a particular question") for trace in (known, unknown)]
        assert [one.bypass for one in past] == [True, True]
        gateway.start()
        client.ping()
        assert client.execute(known.id, "again").bypass is False
        steps = client.traces.get(known.id).steps
        assert [(step.kind, step.name) for step in steps if step.name] == [("log", "bypassed_call")]
        (told,) = (step.data for step in steps if step.name)
        assert told is not None
        assert (told["step_id"], told["usage"]["input"]) == (past[0].step_id, 200)
        assert "particular" not in str(told)
        later = client.traces.get(unknown.id)
        assert (later.metadata, [step.name for step in later.steps]) == ({"user_id": "u_9"}, ["bypassed_call"])


def test_a_guarded_function_and_its_session(gateways: Callable[..., Gateway]) -> None:
    rule = {"name": "no-drops", "kind": "agent-firewall", "blocked_tools": ["*drop*"]}
    gateway = gateways(json.dumps({"policies": {"chain": [rule, {"name": "scrub", "kind": "redactor"}]}}))
    with gatepost.Client(gateway.runtime_key, base_url=gateway.base_url, retries=0) as client:

        @gatepost.guard(client=client, capability="tables.drop")
        def drop(table: str) -> str:
            return table

        @gatepost.guard(client=client, capability="mail.send")
        def send(to: str, text: str) -> tuple[str, str]:
            return to, text

        with gatepost.session() as session, gatepost.agent("clerk"):
            with pytest.raises(gatepost.BlockedError) as blocked:
                drop("users")
            assert send("desk", "write to ann@example.com") == ("desk", "write to [EMAIL]")
        steps = gateway.get(f"/api/v1/sessions/{session.id}")["turns"]
    assert [(step["kind"], step["outcome"]) for step in steps] == [("tool_call", "blocked"), ("tool_call", "answered")]
    assert blocked.value.trace_id == steps[0]["trace_id"]
    assert [step["session_path"] for step in steps] == ["clerk", "clerk"]
    assert steps[0]["properties"]["agent"] == "clerk"


def test_offline_by_a_licence_of_the_command_line(gateway: Gateway) -> None:
    signed = gateway.run("licence", "default")
    (gateway.folder / "offline.licence").write_text(signed.stdout)
    key = signed.stderr.partition("GATEPOST_LICENCE_KEY=")[2].strip()
    licence = {"offline_licence": gateway.folder / "offline.licence", "licence_key": key}
    with gatepost.Client(base_url="http://127.0.0.1:9", offline=True, **licence) as client:
        assert client.execute(client.traces.create().id, "hi").offline


def test_a_streamed_execution(client: gatepost.Client) -> None:
    trace = client.traces.create()
    stream = client.execute_stream(trace.id, "Weather?", tools=[WEATHER])
    assert list(stream) == []
    asked = stream.result
    assert [(call.name, call.arguments) for call in asked.tool_calls] == [("weather", {"place": "Pisa"})]
    results = [{"tool_call_id": "call_1", "name": "weather", "content": "sunny"}]
    stream = client.execute_stream(trace.id, parent_step_id=asked.step_id, tool_results=results)
    heard = list(stream)
    assert "".join(heard) == stream.result.output == "They say: sunny"
    assert stream.result.usage is not None
    assert (stream.result.usage.input, stream.result.cost) == (100, Decimal("0.0016"))
    steps = client.traces.get(trace.id).steps
    assert [(step.id, step.stream, step.outcome) for step in steps] == [
        (asked.step_id, True, "answered"), (stream.result.step_id, True, "answered"),
    ]  # fmt: skip
    assert client.traces.complete(trace.id).steps == 2


def test_a_streamed_execution_that_breaks(client: gatepost.Client) -> None:
    trace = client.traces.create()
    stream = client.execute_stream(trace.id, "now break off")
    heard = ""
    with pytest.raises(gatepost.ProviderError) as broken:  # noqa: PT012 - what came before it counts
        for piece in stream:
            heard += piece
    assert heard.startswith("They ")
    assert broken.value.request_id
    (step,) = client.traces.get(trace.id).steps
    assert (step.outcome, step.estimated) == ("failed", True)
    with pytest.raises(gatepost.NotFoundError):
        list(client.execute_stream(trace.id, "hi", model="sandbox/ecko"))
    with pytest.raises(gatepost.ValidationError):
        list(client.execute_stream(trace.id))


def test_a_streamed_execution_that_is_left(client: gatepost.Client) -> None:
    trace = client.traces.create()
    with client.execute_stream(trace.id, "/stream 200 20", model="sandbox/echo") as stream:
        assert next(stream)
    outcomes = until(lambda: [step.outcome for step in client.traces.get(trace.id).steps if step.outcome])
    assert outcomes in (["abandoned"], ["answered"])  # a short answer may be out before its caller leaves


def test_a_streamed_execution_that_policy_blocks(gateways: Callable[..., Gateway], upstream: Upstream) -> None:
    model = {"id": "worker", "identifier": "w", "provider": "openai", "base_url": f"{upstream.url}/v1"}
    rules = [
        {"name": "no-titan", "kind": "keyword", "terms": ["titan"], "action": "block", "phases": ["request"]},
        {"name": "no-rain", "kind": "keyword", "terms": ["rain"], "action": "block", "phases": ["response"]},
    ]
    config = {
        "models": [model],
        "policies": {"chain": rules},
        "projects": [{"id": "default", "default_model": "worker"}],
    }
    gateway = gateways(json.dumps(config))
    with gatepost.Client(gateway.runtime_key, base_url=gateway.base_url, retries=0) as client:
        for words in ("project titan", f"{'one word after another ' * 40} and rain"):
            trace = client.traces.create()
            stream = client.execute_stream(trace.id, words)
            heard = "".join(stream)
            assert stream.result.blocked
            assert stream.result.step_id == client.traces.get(trace.id).steps[0].id
            assert "rain" not in heard
