"""What a type checker sees of the public surface. Never run: `tests/test_typing.py` has it checked."""

from decimal import Decimal
from typing import Any, Optional

from typing_extensions import assert_type

import gatepost
from gatepost.testing import FakeGateway


def synchronous() -> None:
    gatepost.configure(api_key="gp_a_b", timeout=5.0, mock=False, retry_config=gatepost.RetryConfig(max_retries=1))
    with gatepost.Client("gp_a_b", base_url="http://x", headers={"a": "b"}, verify="/ca.pem") as client:
        assert_type(client, gatepost.Client)
        assert_type(client.with_options(timeout=1.0), gatepost.Client)
        trace = client.traces.create(metadata={"user_id": "u"}, revenue=2.0)
        assert_type(trace, gatepost.Trace)
        assert_type(trace.id, str)
        result = client.execute(trace_id=trace.id, input="hi", tools=[{"type": "function"}], fail_open=False)
        assert_type(result, gatepost.ExecuteResult)
        assert_type(result.output, Optional[str])
        assert_type(result.cost, Optional[Decimal])
        assert_type(result.blocked, bool)
        assert_type(result.tool_calls, list[gatepost.ToolCall])
        assert_type(client.traces.complete(trace.id), gatepost.TraceSummary)
        assert_type(client.traces.get(trace.id).steps, list[gatepost.Step])
        assert_type(client.traces.list(user="u", limit=5), gatepost.TracePage)
        assert_type(client.logs(trace.id, "rating", {"stars": 5}), gatepost.LogRecorded)
        assert_type(client.models(), list[gatepost.ModelCard])
        stream = client.execute_stream(trace.id, "hi", fail_open=True)
        assert_type(stream, gatepost.ExecuteStream)
        assert_type(next(stream), str)
        assert_type(stream.result, gatepost.ExecuteResult)
        assert_type(client.judge("billing.refund", {"amount": 1}), gatepost.ActionDone)
        assert_type(client.flush(), int)
        assert_type(client.checks(trace.id, "hi"), gatepost.CheckResult)
        assert_type(client.simulate(input="hi"), gatepost.Simulation)
        assert_type(client.simulate.create(input="hi"), gatepost.Simulation)
        assert_type(client.embeddings.create(trace.id, input=["a"], model="m"), gatepost.EmbeddingResult)
        assert_type(client.images.generate(trace.id, prompt="a", model="m", n=1), gatepost.ImageResult)


def simple() -> None:
    client = gatepost.Client("gp_a_b", user_id="u-42", retries=3, transport=FakeGateway().transport())
    assert_type(client.signup(email="a@b.test"), gatepost.Account)
    assert_type(client.chat("m", "hi", temperature=0.1), gatepost.ChatResponse)
    assert_type(client.chat("m", [gatepost.Message(role="user", content="x")]).cost_usd, Optional[Decimal])
    assert_type(client.chat_stream("m", "hi"), gatepost.Stream[str])
    for piece in client.chat_stream("m", "hi"):
        assert_type(piece, str)
    for chunk in client.chat_stream("m", "hi", as_chunks=True):
        assert_type(chunk, gatepost.StreamChunk)
    assert_type(client.completions("m", "hi"), dict[str, Any])
    assert_type(client.metrics(range="7d"), gatepost.MetricsResponse)
    assert_type(client.create_api_key("ci"), gatepost.ApiKeyCreated)
    assert_type(client.me(), gatepost.MeResponse)
    assert_type(client.health(), dict[str, Any])


async def asynchronous() -> None:
    async with FakeGateway().async_client(retries=0) as client:
        assert_type(client, gatepost.AsyncClient)
        trace = await client.traces.create()
        assert_type(await client.execute(trace.id, [{"role": "user", "content": "x"}]), gatepost.ExecuteResult)
        assert_type(await client.traces.list(), gatepost.TracePage)
        assert_type(await client.chat("m", "hi"), gatepost.ChatResponse)
        assert_type(client.chat_stream("m", "hi", as_chunks=True), gatepost.AsyncStream[gatepost.StreamChunk])
        async for piece in client.chat_stream("m", "hi"):
            assert_type(piece, str)


@gatepost.guard
def refund(account: str, amount: int = 1) -> bool:
    return bool(account) and amount > 0


@gatepost.guard(mode="observe", capability="mail.send", fail_open=True)
async def send(to: str) -> str:
    return to


async def guarded() -> None:
    assert_type(refund("a", amount=2), bool)
    assert_type(await send("desk"), str)
    with gatepost.session(path="a/b", properties={"x": "y"}) as session, gatepost.agent("clerk", role="r") as agent:
        assert_type(session, gatepost.Session)
        assert_type(agent, gatepost.Agent)
    assert_type(gatepost.current_session(), Optional[gatepost.Session])


def errors(error: gatepost.RateLimitError) -> None:
    assert_type(error.code, Optional[str])
    assert_type(error.retry_after, Optional[float])
    assert_type(error.status, Optional[int])
