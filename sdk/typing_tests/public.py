"""What a type checker sees of the public surface. Never run: `tests/test_typing.py` has it checked."""

from decimal import Decimal
from typing import Optional

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
        assert_type(client.embeddings.create(trace.id, input=["a"], model="m"), gatepost.EmbeddingResult)
        assert_type(client.images.generate(trace.id, prompt="a", model="m", n=1), gatepost.ImageResult)


async def asynchronous() -> None:
    async with FakeGateway().async_client(retries=0) as client:
        assert_type(client, gatepost.AsyncClient)
        trace = await client.traces.create()
        assert_type(await client.execute(trace.id, [{"role": "user", "content": "x"}]), gatepost.ExecuteResult)
        assert_type(await client.traces.list(), gatepost.TracePage)


def refused() -> None:
    client = gatepost.Client()
    client.execute("t", "hi", policy={})  # pyright: ignore[reportCallIssue]
    client.traces.list(nearest=1)  # pyright: ignore[reportCallIssue]
    gatepost.configure(timeout="5")  # pyright: ignore[reportArgumentType]
    gatepost.Client(http_client=1)  # pyright: ignore[reportArgumentType]


def errors(error: gatepost.RateLimitError) -> None:
    assert_type(error.code, Optional[str])
    assert_type(error.retry_after, Optional[float])
    assert_type(error.status, Optional[int])
