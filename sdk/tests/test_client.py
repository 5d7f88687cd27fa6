"""The operations, through both shells, against the fake gateway."""

from decimal import Decimal

import pytest

import gatepost
from gatepost import wire
from gatepost.testing import KEY


def test_execute_answers(shell, gateway):
    client = shell.of(gateway)
    gateway.answers("Bonjour")
    trace = shell.run(client.traces.create())
    result = shell.run(client.execute(trace_id=trace.id, input="Hello", model="m", max_tokens=5, temperature=0.5))
    assert (result.output, result.model, result.status, result.reason) == ("Bonjour", "m", None, None)
    assert result.step_id
    assert result.tool_calls == []
    assert result.bypass is False
    assert not result.blocked
    assert not result.tool_calls_pending
    assert result.usage.input == 8
    assert result.cost == Decimal("0.000012")
    assert result.raw["output"] == "Bonjour"
    assert result.request_id == "req-2"
    assert gateway.seen[-1].body == {
        "trace_id": trace.id,
        "input": "Hello",
        "model": "m",
        "max_tokens": 5,
        "temperature": 0.5,
    }


def test_input_may_be_one_message_or_several(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create())
    message = {"role": "user", "content": "hi"}
    shell.run(client.execute(trace.id, message))
    shell.run(client.execute(trace.id, (message, message)))
    assert [seen.body["input"] for seen in gateway.seen[1:]] == [[message], [message, message]]


def test_a_block_is_a_result(shell, gateway):
    client = shell.of(gateway)
    gateway.blocks("no card numbers")
    trace = shell.run(client.traces.create())
    result = shell.run(client.execute(trace_id=trace.id, input="4111..."))
    assert result.blocked
    assert result.reason == "no card numbers"
    assert result.output is None


def test_the_tool_loop(shell, gateway):
    client = shell.of(gateway)
    gateway.calls_tools(("get_weather", {"city": "London"}), ("get_time", {}))
    gateway.answers("18 degrees")
    trace = shell.run(client.traces.create())
    tools = [{"type": "function", "function": {"name": "get_weather"}}]
    result = shell.run(client.execute(trace_id=trace.id, input="Weather?", tools=tools))
    assert result.tool_calls_pending
    assert [call.name for call in result.tool_calls] == ["get_weather", "get_time"]
    assert result.tool_calls[0].arguments["city"] == "London"
    results = [{"tool_call_id": call.id, "name": call.name, "content": "18"} for call in result.tool_calls]
    step = result.step_id
    with pytest.raises(gatepost.ValidationError):
        shell.run(client.execute(trace_id=trace.id, parent_step_id=step, tool_results=results[:1]))
    result = shell.run(client.execute(trace_id=trace.id, parent_step_id=step, tool_results=results))
    assert result.output == "18 degrees"
    assert not result.tool_calls_pending
    assert "input" not in gateway.seen[-1].body


@pytest.mark.parametrize("operation", ["complete", "execute", "logs"])
def test_a_sealed_trace_conflicts(shell, gateway, operation):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create())
    shell.run(client.traces.complete(trace.id))
    ways = {
        "complete": lambda: client.traces.complete(trace.id),
        "execute": lambda: client.execute(trace.id, "b"),
        "logs": lambda: client.logs(trace.id, "rating"),
    }
    with pytest.raises(gatepost.ConflictError) as caught:
        shell.run(ways[operation]())
    assert (caught.value.status, caught.value.code, caught.value.trace_id) == (409, "trace_sealed", trace.id)
    assert caught.value.hint == "open a new trace"
    assert caught.value.request_id == "req-3"


def test_execute_takes_no_policy(shell, gateway):
    with pytest.raises(TypeError, match="policy"):
        shell.run(shell.of(gateway).execute("t", "hi", policy={}))


def test_ping_needs_no_key(shell, gateway):
    client = shell.client(base_url="http://gateway.test", http_client=shell.http(gateway))
    assert shell.run(client.ping())["status"] == "ok"
    with pytest.raises(gatepost.ConfigurationError, match="no API key"):
        shell.run(client.traces.create())


def test_a_wrong_key_is_an_auth_error(shell, gateway):
    client = shell.of(gateway).with_options(api_key="gp_other_key")
    with pytest.raises(gatepost.AuthError) as caught:
        shell.run(client.traces.create())
    assert (caught.value.status, caught.value.code) == (401, "invalid_key")
    assert "gp_other_key" not in str(caught.value) + repr(client)


def test_headers_of_a_request(shell, gateway):
    client = shell.of(gateway, headers={"X-Gatepost-Session-Id": "s-1"})
    shell.run(client.traces.create())
    sent = gateway.seen[-1].headers
    assert sent["authorization"] == f"Bearer {KEY}"
    assert sent["x-gatepost-session-id"] == "s-1"
    assert sent["user-agent"] == f"gatepost-python/{gatepost.__version__}"
    assert sent["content-type"] == "application/json"
    assert sent["idempotency-key"]


def test_an_idempotency_key_is_sent(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create())
    shell.run(client.execute(trace.id, "hi", idempotency_key="mine"))
    assert gateway.seen[-1].headers["idempotency-key"] == "mine"
    assert "idempotency_key" not in gateway.seen[-1].body


def test_every_body_is_of_the_contract(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create(metadata={"a": 1}, revenue=0.1))
    assert wire.TraceCreate.model_validate(gateway.seen[-1].body).revenue == Decimal("0.1")
    shell.run(client.execute(trace.id, [{"role": "user", "content": "x"}], tools=[{"type": "function"}]))
    assert wire.ExecutionRequest.model_validate(gateway.seen[-1].body).trace_id == trace.id
    shell.run(client.logs(trace.id, "rating", {"stars": 5}))
    assert wire.LogRequest.model_validate(gateway.seen[-1].body).data == {"stars": 5}


def test_with_options_shares_connections_and_keeps_the_rest(shell, gateway):
    client = shell.of(gateway, headers={"a": "1"})
    other = client.with_options(headers={"b": "2"}, timeout=3.0)
    shell.run(other.ping())
    assert (gateway.seen[-1].headers["a"], gateway.seen[-1].headers["b"]) == ("1", "2")
    assert other.base_url == client.base_url
    assert type(other) is type(client)
    with pytest.raises(gatepost.ConfigurationError, match="verify"):
        client.with_options(verify=False)


def test_closing(shell):
    client = shell.client(base_url="http://127.0.0.1:9", retries=0)
    derived = client.with_options(timeout=1.0)
    shell.run(derived.aclose() if shell.asynchronous else derived.close())
    with pytest.raises(gatepost.ConnectionError):
        shell.run(client.ping())
    shell.run(client.aclose() if shell.asynchronous else client.close())
    with pytest.raises(gatepost.ConfigurationError, match="closed"):
        shell.run(client.ping())


def test_a_client_passed_in_is_left_open(shell, gateway):
    http = shell.http(gateway)
    client = shell.client("gp_test_secret", base_url="http://gateway.test", http_client=http)
    shell.run(client.aclose() if shell.asynchronous else client.close())
    assert not http.is_closed


def test_context_managers(gateway):
    with gateway.client() as client:
        assert client.ping()["status"] == "ok"

    async def inside():
        async with gateway.async_client() as client:
            return await client.ping()

    import asyncio

    assert asyncio.run(inside())["status"] == "ok"


def test_the_wrong_kind_of_http_client_is_refused(gateway):
    with pytest.raises(gatepost.ConfigurationError, match=r"httpx\.Client"):
        gatepost.Client(http_client=gateway.async_http_client())
    with pytest.raises(gatepost.ConfigurationError, match=r"httpx\.AsyncClient"):
        gatepost.AsyncClient(http_client=gateway.http_client())


def test_the_products_name_is_the_same_class():
    assert gatepost.Gatepost is gatepost.Client
    assert gatepost.AsyncGatepost is gatepost.AsyncClient


def test_many_at_once(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create())
    results = shell.gather(lambda: client.execute(trace.id, "hi"), 20)
    assert [result.output for result in results] == ["hi"] * 20


def test_a_transport_in_place_of_a_network(shell, gateway):
    client = shell.client(KEY, base_url="http://gateway.test", transport=gateway.transport())
    assert shell.run(client.ping())["status"] == "ok"
    with pytest.raises(gatepost.ConfigurationError, match="transport"):
        shell.client(KEY, transport=gateway.transport(), http_client=shell.http(gateway))
