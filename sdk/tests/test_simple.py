"""The simple calls, through both shells, against the fake gateway."""

from decimal import Decimal

import pytest

import gatepost
from gatepost import wire
from gatepost.testing import KEY


def pieces(shell, stream):
    """All that a stream of either kind gives."""
    if not shell.asynchronous:
        return list(stream)

    async def collect():
        return [piece async for piece in stream]

    return shell.run(collect())


def test_signing_up_needs_no_key(shell, gateway):
    with_key = shell.of(gateway)
    anon = shell.client(base_url="http://gateway.test", http_client=shell.http(gateway))
    account = shell.run(anon.signup(email="dev@acme.test", org_name="Acme", project_name="prod"))
    assert account.api_key == KEY
    assert KEY not in repr(account)
    assert "authorization" not in gateway.seen[-1].headers
    assert shell.run(with_key.signup("dev@acme.test")).email == "dev@acme.test"
    assert gateway.seen[-1].body == {"email": "dev@acme.test", "project_name": "Default"}


def test_a_chat(shell, gateway):
    client = shell.of(gateway, user_id="u-42")
    gateway.answers("Salut")
    reply = shell.run(client.chat(model="m", messages=[{"role": "user", "content": "hi"}], max_tokens=9))
    assert (reply.content, reply.usage.total_tokens, reply.cost_usd) == ("Salut", 12, Decimal("0.000012"))
    assert gateway.seen[-1].headers["x-user-id"] == "u-42"
    assert wire.ChatRequest.model_validate(gateway.seen[-1].body).max_tokens == 9
    shell.run(client.chat("m", "hello", user_id="u-43"))
    assert gateway.seen[-1].headers["x-user-id"] == "u-43"
    assert gateway.seen[-1].body == {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
    shell.run(client.chat("m", gatepost.Message(role="user", content="x")))
    shell.run(client.chat("m", [gatepost.Message(role="user", content="x"), {"role": "user", "content": "y"}]))
    assert [message["content"] for message in gateway.seen[-1].body["messages"]] == ["x", "y"]


def test_a_chat_that_is_refused(shell, gateway):
    client = shell.of(gateway)
    gateway.blocks("no card numbers")
    with pytest.raises(gatepost.APIError) as blocked:
        shell.run(client.chat("m", "4111"))
    assert (blocked.value.status, blocked.value.code, blocked.value.detail) == (
        403, "policy_violation", "no card numbers",
    )  # fmt: skip
    gateway.refuses(402, "budget_exceeded", "the daily budget is spent")
    with pytest.raises(gatepost.BudgetExceededError) as poor:
        shell.run(client.chat("m", "hi"))
    assert poor.value.detail == "the daily budget is spent"
    gateway.fails(429, "rate_limited", times=3, retry_after=0.01)
    with pytest.raises(gatepost.RateLimitError) as fast:
        shell.run(client.chat("m", "hi"))
    assert fast.value.retry_after == 0.01


def test_a_stream(shell, gateway):
    client = shell.of(gateway)
    gateway.answers("Once upon a time")
    assert "".join(pieces(shell, client.chat_stream(model="m", messages="a tale"))) == "Once upon a time"
    assert gateway.seen[-1].body["stream"] is True
    (chunk,) = pieces(shell, client.chat_stream("m", "hi", as_chunks=True))
    assert (chunk.text, chunk.request_id) == ("hi", "req-2")


def test_a_stream_that_breaks(shell, gateway):
    client = shell.of(gateway)
    gateway.breaks("Once upon", "it is gone")
    stream = client.chat_stream("m", "a tale", as_chunks=True)
    with pytest.raises(gatepost.ProviderError, match="it is gone") as broken:
        pieces(shell, stream)
    assert (broken.value.status, broken.value.request_id) == (502, "req-1")


def test_a_stream_is_asked_for_again_until_it_begins(shell, gateway):
    client = shell.of(gateway)
    gateway.fails(503, times=2)
    assert "".join(pieces(shell, client.chat_stream("m", "hi"))) == "hi"
    assert len(gateway.seen) == 3
    gateway.fails(401, "missing_key")
    with pytest.raises(gatepost.AuthError):
        pieces(shell, client.chat_stream("m", "hi"))


def test_a_stream_is_asked_for_when_it_is_read(shell, gateway):
    stream = shell.of(gateway).chat_stream("m", "hi")
    assert gateway.seen == []
    shell.run(stream.aclose() if shell.asynchronous else stream.close())
    assert pieces(shell, stream) == []
    assert gateway.seen == []


def test_completions_give_what_openai_would(shell, gateway):
    body = shell.run(shell.of(gateway).completions(model="m", messages="hi", temperature=0.1, logit_bias={}))
    assert body["choices"][0]["message"] == {"role": "assistant", "content": "hi"}
    assert gateway.seen[-1].body["logit_bias"] == {}


def test_keys(shell, gateway):
    client = shell.of(gateway)
    assert shell.run(client.set_provider_key(provider="openai", api_key="sk-12345678")) is None
    made = shell.run(client.create_api_key(name="ci"))
    assert (made.name, made.key_prefix, bool(made.api_key)) == ("ci", "gp_made1", True)
    assert made.api_key not in repr(made)
    assert shell.run(client.me()).configured_providers == ["openai"]


def test_metrics(shell, gateway):
    client = shell.of(gateway)
    shell.run(client.chat("m", "hi"))
    sums = shell.run(client.metrics(range="7d", group_by="model"))
    assert gateway.seen[-1].query == {"range": ["7d"], "group_by": ["model"]}
    assert (sums.totals.requests, sums.totals.cost_usd) == (1, Decimal("0.000012"))
    assert [row.key for row in sums.breakdown] == ["sandbox/echo"]
    assert len(sums.timeseries) == 1


def test_health_and_models(shell, gateway):
    client = shell.client(base_url="http://gateway.test", http_client=shell.http(gateway))
    assert shell.run(client.health())["status"] == "healthy"
    (card,) = shell.run(shell.of(gateway).models())
    assert (card.id, card.pricing) == ("sandbox/echo", None)
