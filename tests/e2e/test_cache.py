"""The cache as callers meet it: the official client, a gateway process, and an upstream that counts."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI

from e2e.running import Gateway
from e2e.upstream import Upstream, say


@pytest.fixture(scope="module")
def provider() -> Iterator[Upstream]:
    with Upstream(say) as one:
        yield one


def _config(provider: Upstream, **more: Any) -> str:
    priced = {"input_cost_per_1k": 0.001, "output_cost_per_1k": 0.002}
    model = {"id": "m", "identifier": "m", "provider": "openai", "base_url": f"{provider.url}/v1", **priced}
    project = {"id": "default", "cache": {"ttl_seconds": 60}, "budgets": {"daily_usd": 5}}
    return json.dumps({"models": [model], "projects": [project], **more})


@pytest.fixture(scope="module")
def gateway(provider: Upstream, gateways: Callable[..., Gateway]) -> Gateway:
    return gateways(_config(provider))


@pytest.fixture
def client(gateway: Gateway) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{gateway.base_url}/v1", api_key=gateway.runtime_key) as one:
        yield one


def _ask(client: OpenAI, text: str, model: str = "m", **more: Any) -> Any:
    messages: Any = [{"role": "user", "content": text}]
    return client.chat.completions.with_raw_response.create(model=model, messages=messages, temperature=0, **more)


def test_the_second_answer_is_the_first_and_costs_nothing(gateway: Gateway, client: OpenAI, provider: Upstream) -> None:
    before = len(provider.seen)
    first, second = _ask(client, "plain"), _ask(client, "plain")
    assert len(provider.seen) == before + 1
    assert first.parse() == second.parse()
    assert (first.headers["x-gatepost-cached"], second.headers["x-gatepost-cached"]) == ("false", "true")
    (paid,) = gateway.trace(first.headers["x-gatepost-trace-id"])["steps"]
    (free,) = gateway.trace(second.headers["x-gatepost-trace-id"])["steps"]
    assert (paid["cached"], free["cached"]) == (False, True)
    assert (free["cost"], free["settled"], free["saved"]) == ("0", "0", paid["cost"])


def test_a_stream_is_given_again_word_for_word(client: OpenAI, provider: Upstream) -> None:
    before = len(provider.seen)
    chunks = [[chunk.model_dump() for chunk in _ask(client, "streamed", stream=True).parse()] for _ in range(2)]
    assert chunks[0] == chunks[1]
    assert chunks[0]
    assert len(provider.seen) == before + 1


def test_one_call_may_be_asked_anew(client: OpenAI, provider: Upstream) -> None:
    before = len(provider.seen)
    _ask(client, "anew")
    answer = _ask(client, "anew", extra_headers={"X-Gatepost-Cache": "off"})
    assert "x-gatepost-cached" not in answer.headers
    assert len(provider.seen) == before + 2


def test_the_simple_api_and_the_metrics_say_so(gateway: Gateway, provider: Upstream) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "simple"}], "temperature": 0, "cache": True}
    first, second = (gateway.post("/v1/chat", body, key=gateway.runtime_key).json() for _ in range(2))
    assert (first["cached"], second["cached"]) == (False, True)
    assert (second["content"], second["usage"]) == (first["content"], first["usage"])
    assert second["cost_usd"] == 0 < first["cost_usd"]
    totals = gateway.get("/v1/metrics?range=1h", key=gateway.runtime_key)["totals"]
    assert 0 < totals["cache_hit_rate"] < 1


def test_a_policy_that_comes_later_is_met_by_what_was_kept(
    gateway: Gateway, client: OpenAI, provider: Upstream
) -> None:
    text = _ask(client, "judged").parse().choices[0].message.content
    settings = {"terms": [text[:4]], "action": "block"}
    rule = {"name": "late", "kind": "keyword", "phases": ["response"], "settings": settings}
    assert gateway.post("/api/v1/policies", rule).status_code == 201
    try:
        with pytest.raises(openai.APIStatusError):
            _ask(client, "judged")
    finally:
        gateway.request("DELETE", "/api/v1/policies/late")


def test_nothing_of_an_answer_is_on_the_disk(gateway: Gateway, client: OpenAI) -> None:
    marked = "canary-5f1c2e"
    for _ in range(2):
        answer = _ask(client, marked, model="sandbox/echo")
    assert answer.headers["x-gatepost-cached"] == "true"
    assert marked in answer.parse().choices[0].message.content
    assert not [path for path in gateway.data.rglob("*") if path.is_file() and marked.encode() in path.read_bytes()]
