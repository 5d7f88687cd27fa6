"""Failing open, through both shells: the gateway away, the fallback provider on a real socket."""

import json

import pytest

import gatepost
from gatepost._governed import KEPT, Kept

ANSWER = {
    "model": "gpt-4o-mini-2024",
    "choices": [{"message": {"role": "assistant", "content": "from the fallback"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}},
}
TOOLS = [{"type": "function", "function": {"name": "w"}}]
ASKS = {
    "model": "gpt-4o-mini-2024",
    "choices": [
        {
            "message": {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "w", "arguments": '{"a": 1}'}}],
            },
            "finish_reason": "tool_calls",
        }
    ],
}


def saying(*bodies):
    left = list(bodies)
    return lambda handler: handler.say(200, json.dumps(left.pop(0) if len(left) > 1 else left[0]).encode())


def fallback(server, **more):
    return {
        "fallback_provider_url": server.url + "/v1/",
        "fallback_api_key": "sk-fallback",
        "fallback_model": "gpt-4o-mini",
        "retries": 0,
        **more,
    }


def test_the_fallback_answers_when_the_gateway_is_away(shell, gateway, serve):
    gateway.down = True
    with serve(saying(ANSWER)) as server:
        # The fake gateway is a transport, so the provider must be reached by a client of its own: a refused port.
        client = shell.client("gp_a_b", base_url="http://127.0.0.1:9", **fallback(server, fail_open=True))
        trace = shell.run(client.traces.create(metadata={"user_id": "u"}, revenue=1))
        assert trace.id.startswith("local-")
        assert trace.metadata == {"user_id": "u"}
        result = shell.run(client.execute(trace.id, "hello", model="governed-model", max_tokens=9))
        assert (result.output, result.bypass, result.model) == ("from the fallback", True, "gpt-4o-mini-2024")
        assert (result.usage.input, result.usage.cache_read, result.usage.output) == (5, 4, 3)
        assert result.cost is None
        assert result.trace_id == trace.id
        _, path, headers, body = server.seen[0]
        assert path == "/v1/chat/completions"
        assert headers["authorization"] == "Bearer sk-fallback"
        assert "gp_a_b" not in str(headers)
        assert json.loads(body) == {
            "model": "gpt-4o-mini",
            "messages": [{"role": "user", "content": "hello"}],
            "max_tokens": 9,
        }


def test_a_call_may_fail_open_by_itself_or_not_at_all(shell, serve):
    with serve(saying(ANSWER)) as server:
        closed = shell.client("gp_a_b", base_url="http://127.0.0.1:9", **fallback(server))
        assert shell.run(closed.execute("t", "hi", fail_open=True)).bypass
        with pytest.raises(gatepost.CircuitBreakerError):
            shell.run(closed.execute("t", "hi"))
        opened = closed.with_options(fail_open=True)
        with pytest.raises(gatepost.CircuitBreakerError):
            shell.run(opened.execute("t", "hi", fail_open=False))
        with pytest.raises(gatepost.ConnectionError):
            shell.run(closed.traces.create())


def test_failing_open_without_a_fallback_is_a_configuration_error(shell, gateway):
    with pytest.raises(gatepost.ConfigurationError, match="fallback_model"):
        shell.run(shell.of(gateway).execute("t", "hi", fail_open=True))


def test_an_unhappy_answer_never_fails_open(shell, gateway, serve):
    with serve(saying(ANSWER)) as server:
        client = shell.of(gateway, **fallback(server, fail_open=True))
        gateway.fails(503)
        with pytest.raises(gatepost.ServerError):
            shell.run(client.traces.create())
        assert server.seen == []


def test_the_open_breaker_fails_open_at_once(shell, serve):
    with serve(saying(ANSWER)) as server:
        client = shell.client("gp_a_b", base_url="http://127.0.0.1:9", **fallback(server, fail_open=True))
        for _ in range(6):
            assert shell.run(client.execute("t", "hi")).bypass
        assert client._breaker.refuses() is not None
        assert len(server.seen) == 6


def test_a_failing_fallback_is_the_providers_error(shell, serve):
    with serve(
        lambda handler: handler.say(401, b'{"error": {"message": "bad key", "code": "invalid_api_key"}}')
    ) as server:
        client = shell.client("gp_a_b", base_url="http://127.0.0.1:9", **fallback(server, fail_open=True))
        with pytest.raises(gatepost.ProviderError, match="bad key") as caught:
            shell.run(client.execute("t", "hi"))
        assert caught.value.status == 401
    unreachable = client.with_options(fallback_provider_url="http://127.0.0.1:9")
    with pytest.raises(gatepost.CircuitBreakerError):
        shell.run(unreachable.execute("t", "hi"))


def test_a_tool_loop_goes_on_at_the_fallback(shell, serve):
    with serve(saying(ASKS, ANSWER)) as server:
        client = shell.client("gp_a_b", base_url="http://127.0.0.1:9", **fallback(server, fail_open=True))
        result = shell.run(client.execute("t", "weather?", tools=TOOLS))
        assert result.tool_calls_pending
        assert result.tool_calls[0].arguments == {"a": 1}
        results = [{"tool_call_id": "c1", "name": "w", "content": "18"}]
        result = shell.run(client.execute("t", parent_step_id=result.step_id, tool_results=results))
        assert result.output == "from the fallback"
        sent = json.loads(server.seen[1][3])
        assert [message["role"] for message in sent["messages"]] == ["user", "assistant", "tool"]
        assert sent["tools"] == TOOLS


def test_a_tool_loop_of_the_gateway_cannot_go_on_elsewhere(shell, serve):
    with serve(saying(ANSWER)) as server:
        client = shell.client("gp_a_b", base_url="http://127.0.0.1:9", **fallback(server, fail_open=True))
        with pytest.raises(gatepost.CircuitBreakerError):
            shell.run(client.execute("t", parent_step_id="s-1", tool_results=[]))
        assert server.seen == []


def test_what_began_without_the_gateway_is_registered_when_it_is_back(shell, gateway):
    gateway.down = True
    unused = {"fallback_provider_url": "http://f.test", "fallback_api_key": "k", "fallback_model": "m"}
    client = shell.of(gateway, fail_open=True, retries=0, **unused)
    trace = shell.run(client.traces.create(metadata={"user_id": "u"}))
    with pytest.raises(gatepost.GatewayError):
        shell.run(client.traces.complete(trace.id))
    gateway.down = False
    result = shell.run(client.execute(trace.id, "hello"))
    assert not result.bypass
    assert result.trace_id == "trace-1"
    assert gateway.seen[0].headers["idempotency-key"] == trace.id
    shell.run(client.logs(trace.id, "rating"))
    assert shell.run(client.traces.get(trace.id)).step_count == 2
    assert shell.run(client.traces.complete(trace.id)).id == "trace-1"
    assert [seen.path for seen in gateway.seen].count("/api/v1/traces") == 1


def test_a_conversation_that_began_elsewhere_comes_home_whole(shell, gateway, serve):
    with serve(saying(ASKS)) as server:
        client = shell.client("gp_a_b", base_url="http://127.0.0.1:9", **fallback(server, fail_open=True))
        begun = shell.run(client.execute("t", "weather?", tools=TOOLS))
    home = shell.of(gateway)
    home._memory.steps.put(begun.step_id, client._memory.steps.get(begun.step_id))
    trace = shell.run(home.traces.create())
    results = [{"tool_call_id": "c1", "name": "w", "content": "18"}]
    shell.run(home.execute(trace.id, parent_step_id=begun.step_id, tool_results=results))
    sent = gateway.seen[-1].body
    assert [message["role"] for message in sent["input"]] == ["user", "assistant", "tool"]
    assert sent["tools"] == TOOLS
    assert "parent_step_id" not in sent


def test_what_is_kept_is_bounded():
    kept = Kept()
    for number in range(KEPT + 1):
        kept.put(str(number), number)
    assert kept.get("0") is None
    assert kept.get(str(KEPT)) == KEPT


def test_a_trace_in_the_place_of_its_id_is_a_clear_error(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create())
    for wrong in (trace, None):
        with pytest.raises(gatepost.ValidationError, match=r"pass `trace.id`"):
            shell.run(client.execute(wrong, "x"))
