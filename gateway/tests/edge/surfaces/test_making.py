"""Vectors through the house: any surface, any provider, money held and settled."""

import json
from typing import Any

import pytest

from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.records import Outcome
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind, Retries, Sealed
from gatepost_gateway.providers.aws_keys import write_keys

from ...dialects.making_kit import unpacked
from ...pipeline.fakes import Answer, House, ScriptedTransport, daily, entry, snapshot_of
from ..fakes import Front

PATH = "/v1/embeddings"
BATCH = "/v1beta/models/e:batchEmbedContents"
SINGLE = "/v1beta/models/e:embedContent"
PRICE = Prices(input=1_000_000, output=0)
"""One nano-dollar a token."""
KEYS = Sealed("k", write_keys("AKID", "secret").reveal().encode())


def model(provider: ProviderKind, identifier: str, url: str, **more: Any) -> ModelEntry:
    return entry("e", provider=provider, identifier=identifier, base_url=url, **{"prices": PRICE, **more})


OPENAI = model(ProviderKind.OPENAI, "text-embedding-3-small", "http://p.test/v1")
AZURE = model(ProviderKind.AZURE, "ada", "http://p.test/openai/deployments/ada")
INTERNAL = model(ProviderKind.INTERNAL, "bge", "http://p.test/v1/embeddings", operations=("embeddings",))
GEMINI = model(ProviderKind.GEMINI, "gemini-embedding-001", "http://p.test/v1beta/models")
TITAN = model(
    ProviderKind.BEDROCK, "amazon.titan-embed-text-v2:0", "http://bedrock-runtime.us-east-1.p.test", credential=KEYS
)
COHERE = model(ProviderKind.BEDROCK, "us.cohere.embed-v4:0", "http://bedrock-runtime.us-east-1.p.test", credential=KEYS)
SAID = {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -1.0]}], "model": "x"}
OPENAIS = {**SAID, "usage": {"prompt_tokens": 4, "total_tokens": 4}}
GEMINIS = {"embeddings": [{"values": [0.5, -1.0]}], "usageMetadata": {"promptTokenCount": 4}}


def whole(said: Any, status: int = 200, headers: Any = ()) -> Answer:
    return Answer(status, [json.dumps(said).encode()], list(headers))


def front(one: ModelEntry, *answers: Any, **more: Any) -> Front:
    return Front(House(snapshot_of(one, entry(), **more), ScriptedTransport(*answers)))


def asked(held: Front) -> Any:
    (request,) = held.house.transport.asked
    return request


@pytest.mark.parametrize(
    ("one", "target"),
    [
        (OPENAI, b"/v1/embeddings"),
        (AZURE, b"/openai/deployments/ada/embeddings?api-version=2024-08-01-preview"),
        (INTERNAL, b"/v1/embeddings"),
    ],
    ids=lambda one: getattr(one, "provider", ""),
)
def test_one_format_passes_byte_for_byte(one: ModelEntry, target: bytes) -> None:
    raw = b'{ "model": "%b", "input": ["hi"], "encoding_format": "base64", "new": 1 }' % one.identifier.encode()
    back = json.dumps(OPENAIS, indent=2).encode()
    held = front(one, Answer(200, [back]))
    got = held.post(PATH, raw)
    assert (got.status, got.body) == (200, back)
    assert (asked(held).target, asked(held).body) == (target, raw)
    record = held.house.record
    assert (record.operation, record.model, record.usage.input, record.cost) == ("embeddings", "e", 4, 4)
    assert not record.estimated


def test_openais_caller_reaches_gemini() -> None:
    held = front(GEMINI, whole(GEMINIS))
    got = held.post(PATH, {"model": "e", "input": ["hi"], "user": "u", "encoding_format": "base64"})
    assert unpacked(got.json["data"][0]["embedding"]) == [0.5, -1.0]
    assert got.headers[b"x-gatepost-lossy"] == b"user"
    assert asked(held).target == b"/v1beta/models/gemini-embedding-001:batchEmbedContents"
    held = front(GEMINI, whole({"embedding": {"values": [1]}}))
    assert held.post(PATH, {"model": "e", "input": "hi"}).json["data"][0]["embedding"] == [1]
    assert asked(held).target == b"/v1beta/models/gemini-embedding-001:embedContent"
    assert held.house.record.estimated, "an answer without usage is priced at its bound, and says so"


def test_geminis_caller_reaches_everyone() -> None:
    body = {"requests": [{"model": "models/e", "content": {"parts": [{"text": "hi"}]}}]}
    for one, said in ((OPENAI, OPENAIS), (GEMINI, GEMINIS), (COHERE, {"embeddings": {"float": [[0.5, -1.0]]}})):
        held = front(one, whole(said, headers=[(b"x-amzn-bedrock-input-token-count", b"4")]))
        got = held.post(BATCH, body)
        assert (got.status, got.json["embeddings"]) == (200, [{"values": [0.5, -1.0]}]), got.body
        assert held.house.record.usage.input == 4
        assert held.house.record.surface == "gemini"
    got = front(TITAN, whole({"embedding": [0.5], "inputTextTokenCount": 4})).post(SINGLE, body["requests"][0])
    assert got.json == {"embedding": {"values": [0.5]}, "usageMetadata": {"promptTokenCount": 4, "totalTokenCount": 4}}


def test_a_call_on_titan_is_several_requests_and_one_step() -> None:
    held = front(
        TITAN, *(whole({"embedding": [n], "inputTextTokenCount": 2}) for n in range(3)), budgets=(daily(10_000),)
    )
    got = held.post(PATH, {"model": "e", "input": ["a", "b", "c"]})
    assert [one["embedding"] for one in got.json["data"]] == [[0], [1], [2]]
    assert got.json["usage"] == {"prompt_tokens": 6, "total_tokens": 6}
    assert [json.loads(one.body) for one in held.house.transport.asked] == [{"inputText": text} for text in "abc"]
    assert all(b"authorization" in dict(one.headers) for one in held.house.transport.asked)
    record = held.house.record
    assert (record.cost, record.settled, len(record.attempts)) == (6, 6, 1)
    assert record.held > 6
    assert held.house.ledger.open_holds() == 0
    assert all(answer.closed for answer in held.house.transport.given)


def test_a_call_that_fails_halfway_is_paid_for_what_was_served() -> None:
    held = front(
        TITAN,
        whole({"embedding": [1], "inputTextTokenCount": 2}),
        whole({"message": "slow down"}, 429),
        budgets=(daily(10_000),),
        retries=Retries(attempts=1),
    )
    got = held.post(PATH, {"model": "e", "input": ["a", "b"]})
    assert got.status == 429
    record = held.house.record
    assert (record.outcome, record.estimated, record.attempts[0].served) == (Outcome.FAILED, True, True)
    assert 0 < record.settled <= record.held


def test_a_call_that_is_refused_whole_costs_nothing() -> None:
    held = front(TITAN, whole({"message": "no"}, 403), budgets=(daily(10_000),), retries=Retries(attempts=1))
    assert held.post(PATH, {"model": "e", "input": ["a", "b"]}).status >= 400
    assert (held.house.record.settled, held.house.record.estimated) == (0, False)


def test_money_is_held_for_the_bytes_and_no_more_is_let_in() -> None:
    raw = json.dumps({"model": "e", "input": "x" * 900}).encode()
    bound = len(raw) + 64
    assert front(OPENAI, whole(OPENAIS), budgets=(daily(bound),)).post(PATH, raw).status == 200
    held = front(OPENAI, whole(OPENAIS), budgets=(daily(bound - 1),))
    assert (held.post(PATH, raw).status, held.house.transport.asked) == (402, [])


def test_an_unknown_price_under_a_budget_is_refused() -> None:
    held = front(model(ProviderKind.OPENAI, "e", "http://p.test/v1", prices=None), budgets=(daily(10_000),))
    got = held.post(PATH, {"model": "e", "input": "x"})
    assert (got.status, got.json["error"]["code"]) == (402, "price_unknown")


@pytest.mark.parametrize(
    "one",
    [
        model(ProviderKind.ANTHROPIC, "claude-haiku-4-5", "http://p.test"),
        model(
            ProviderKind.BEDROCK, "us.anthropic.claude-3", "http://bedrock-runtime.us-east-1.p.test", credential=KEYS
        ),
        model(ProviderKind.INTERNAL, "m", "http://p.test/v1/chat/completions", operations=("chat",)),
    ],
    ids=lambda one: one.provider.value,
)
def test_who_makes_no_vectors_is_never_asked(one: ModelEntry) -> None:
    held = front(one, fallbacks={"e": ("m",)})
    got = held.post(PATH, {"model": "e", "input": "x"})
    assert (got.status, got.json["error"]["code"]) == (422, "unsupported_operation")
    assert held.house.transport.asked == []
    assert front(one).post(SINGLE, {"content": {"parts": [{"text": "x"}]}}).status == 422


def test_what_cannot_be_carried_is_refused_where_the_project_is_strict() -> None:
    held = front(GEMINI, strict_translation=True)
    got = held.post(PATH, {"model": "e", "input": "x", "user": "u"})
    assert (got.status, got.json["error"]["code"]) == (422, "not_translatable")
    assert held.house.transport.asked == []


def test_a_provider_that_answers_something_else_is_a_bad_gateway() -> None:
    for one in (OPENAI, GEMINI, COHERE):
        held = front(one, *(whole({"object": "odd"}) for _ in range(2)))
        got = held.post(PATH, {"model": "e", "input": ["x"]})
        assert (got.status, got.json["error"]["code"]) == (502, "upstream_garbage")


def test_the_sandbox_makes_vectors() -> None:
    held = front(OPENAI)
    got = held.post(PATH, {"model": "sandbox/echo", "input": ["a b", "c"], "dimensions": 4})
    assert [len(one["embedding"]) for one in got.json["data"]] == [4, 4]
    assert held.house.record.usage.input == 3
    assert held.post(PATH, {"model": "sandbox/echo", "input": "/error 429 busy"}).status == 429


def test_an_inference_profile_of_an_application_says_its_model() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    url, config = "http://bedrock-runtime.us-east-1.p.test", {"foundation_model": "cohere.embed-english-v3"}
    one = model(ProviderKind.BEDROCK, arn, url, credential=KEYS, additional_config=config)
    held = front(one, whole({"embeddings": [[1]]}))
    assert held.post(PATH, {"model": "e", "input": ["x"]}).status == 200
    assert asked(held).target.endswith(b"%2Fabc/invoke")
