import asyncio

import pytest

from gatepost_gateway.domain.governance import Effect, Ruling
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.routing import ModelPolicy
from gatepost_gateway.edge.surfaces.simple import TextOutlet, is_simples

from ...pipeline.fakes import KEY, Answer, House, ScriptedTransport, chat, completion, daily, entry, events, snapshot_of
from ..fakes import Front

PATH = "/v1/chat"
HELLO = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def front(*answers, models=None, engine=None, **more):
    snapshot = snapshot_of(*(models or (entry(),)), **more)
    transport = ScriptedTransport(*answers)
    return Front(House(snapshot, transport, engine) if engine else House(snapshot, transport))


def test_an_answer_is_flat():
    priced = entry(prices=Prices(1_000_000_000, 2_000_000_000))
    held = front(Answer(200, [completion("hello")]), models=(priced,))
    got = held.post(PATH, HELLO)
    record = held.house.record
    assert (got.status, record.surface) == (200, "simple")
    assert got.json == {
        "id": record.step_id,
        "provider": "openai",
        "model": "m",
        "content": "hello",
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        "cost_usd": 7e-06,
        "finish_reason": "stop",
        "cached": False,
        "fallback_used": False,
        "latency_ms": record.micros / 1000,
    }
    assert got.headers[b"x-request-id"].decode() == record.request_id
    assert (got.headers[b"x-gatepost-model"], got.headers[b"x-gatepost-cached"]) == (b"m", b"false")


def test_only_what_was_said_goes_to_the_provider():
    held = front(Answer(200, [completion()]))
    held.post(PATH, {**HELLO, "temperature": 0.5, "stop": ["x"], "cache": True, "fallback_models": []})
    sent = held.house.transport.asked[0].body
    for word in (b"temperature", b"stop"):
        assert word in sent
    for word in (b"cache", b"fallback", b"stream", b"seed", b"null"):
        assert word not in sent


def test_an_unknown_price_is_null():
    got = front(Answer(200, [completion()]), models=(entry(prices=None),)).post(PATH, HELLO)
    assert (got.status, got.json["cost_usd"]) == (200, None)


def test_a_stream_is_plain_text():
    held = front(Answer(200, events("Hel", "lo ", "wörld")))
    got = held.post(PATH, {**HELLO, "stream": True})
    assert got.headers[b"content-type"] == b"text/plain; charset=utf-8"
    assert (got.body.decode(), got.ended, got.starts) == ("Hello wörld", True, 1)
    assert held.house.record.usage.output == 3


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_a_stream_is_the_same_however_it_is_cut(size):
    whole = b"".join(events("Hel", "lo ", "wörld"))
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    got = front(Answer(200, pieces)).post(PATH, {**HELLO, "stream": True})
    assert got.body.decode() == "Hello wörld"


def test_a_stream_that_breaks_ends_with_the_error_line():
    held = front(Answer(200, events("a", done=False, usage=False)[:2]))
    got = held.post(PATH, {**HELLO, "stream": True})
    text, _, words = got.body.decode().partition("\n[error] ")
    assert (text, got.status, got.ended) == ("a", 200, True)
    assert words
    assert "\n" not in words
    assert held.house.record.error == "upstream_truncated"


def test_an_error_before_the_first_word_is_an_ordinary_answer():
    got = front(*[Answer(200, events("", done=False)[:1]) for _ in range(2)]).post(PATH, {**HELLO, "stream": True})
    assert (got.status, got.json["code"]) == (502, "upstream_truncated")


def test_a_block_is_a_403():
    got = front(engine=lambda _: Ruling(Effect.BLOCK, (), "no-secrets", "a key")).post(PATH, HELLO)
    assert (got.status, got.json["detail"], got.json["policy"]) == (403, "a key", "no-secrets")
    assert got.headers[b"x-should-retry"] == b"false"


def test_errors_are_a_detail_wherever_they_are_seen():
    held = front()
    for got, status in (
        (held.post(PATH, HELLO, key=None), 401),
        (held.post(PATH, b"{}", key=None), 401),
        (held.post(PATH, b"{"), 400),
        (held.post(PATH, {**HELLO, "messages": []}), 422),
        (held.post(PATH, {**HELLO, "temperature": 3}), 422),
        (held.post(PATH, {**HELLO, "max_token": 3}), 422),
        (held.post(PATH, {**HELLO, "fallback_models": ["m"] * 6}), 422),
        (held.post(PATH, {**HELLO, "messages": [{"role": "tool", "content": "x"}]}), 422),
        (held.post(PATH, {**HELLO, "model": "none"}), 404),
        (held.get(PATH), 405),
    ):
        assert got.status == status
        assert isinstance(got.json["detail"], str)
        assert got.json["request_id"] == got.headers[b"x-request-id"].decode()


def test_a_providers_401_is_told_from_our_own():
    held = front(Answer(401, [b'{"error":{"message":"Incorrect API key"}}']))
    got = held.post(PATH, HELLO)
    assert (got.status, got.json["detail"].startswith("openai answered 401")) == (502, True)


def test_a_budget_refusal_carries_its_numbers():
    got = front(budgets=(daily(5),)).post(PATH, HELLO)
    assert (got.status, got.json["limit"]["limit"]) == (402, "0.000000005")


def test_the_key_beside_comes_first():
    held = front(Answer(200, [completion()]))
    headers = [(b"x-api-key", KEY.encode())]
    assert held.post(PATH, HELLO, key="sk-somebody-elses", headers=headers).status == 200
    assert held.post(PATH, HELLO, headers=[(b"x-api-key", b"gp_no_no")]).status == 401


def test_fallback_models_are_tried_in_their_order():
    models = (entry(), entry("a", base_url="http://a.test"), entry("b", base_url="http://b.test"))
    down = [Answer(500, [b"{}"]) for _ in range(4)]
    held = front(*down, Answer(200, [completion("from b")]), models=models)
    got = held.post(PATH, {**HELLO, "fallback_models": ["a", "m", "b"]})
    assert (got.json["content"], got.json["model"], got.json["fallback_used"]) == ("from b", "b", True)
    assert held.post(PATH, {**HELLO, "fallback_models": ["unheard-of"]}).status == 404


def test_a_project_of_tiers_lets_nobody_name_a_fallback():
    models = (entry(), entry("a"))
    more = {"model_policy": ModelPolicy.TIER, "tiers": {"simple": ("m",)}}
    held = front(models=models, **more)
    got = held.post(PATH, {**HELLO, "model": "tier:simple", "fallback_models": ["a"]})
    assert (got.status, got.json["code"]) == (403, "model_not_allowed")


def test_compatible_prefixes_have_their_headers_too():
    got = front(Answer(200, [completion()]), header_prefixes=("x-other-",)).post(PATH, HELLO)
    for name in (b"x-gatepost-", b"x-other-"):
        assert (got.headers[name + b"provider"], got.headers[name + b"cached"]) == (b"openai", b"false")


def test_what_says_nothing_is_not_sent():
    sent = []

    async def send(message):
        sent.append(message)

    outlet = TextOutlet(send)
    assert outlet.push(b": keep-alive\n\n")
    asyncio.run(outlet.alive())
    assert sent == []


def test_the_simple_paths():
    assert is_simples("/v1/keys/api")
    assert not is_simples("/v1/chat/completions")
    assert chat()["model"] == "m"
