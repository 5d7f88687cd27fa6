"""Pictures through the house: who makes them, and what they cost."""

import json
from typing import Any

import pytest

from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind, Sealed
from gatepost_gateway.providers.aws_keys import write_keys

from ...pipeline.fakes import daily, entry
from .test_making import asked, front, whole

PATH = "/v1/images/generations"
EACH = Prices(input=0, output=0, image=40)
TOKENS = Prices(input=1_000_000, output=1_000_000)
KEYS = Sealed("k", write_keys("AKID", "secret").reveal().encode())
URL = "http://bedrock-runtime.us-east-1.p.test"


def model(identifier: str, provider: ProviderKind = ProviderKind.OPENAI, **more: Any) -> ModelEntry:
    usual: dict[str, Any] = {"prices": EACH, "base_url": "http://p.test/v1"}
    return entry("e", identifier=identifier, provider=provider, **{**usual, **more})


DALLE = model("dall-e-3")
CANVAS = model("us.amazon.nova-canvas-v1:0", ProviderKind.BEDROCK, base_url=URL, credential=KEYS)
SAID = {"created": 1, "data": [{"b64_json": "AA=="}, {"b64_json": "BB=="}]}


def test_a_call_passes_byte_for_byte_and_costs_by_the_picture() -> None:
    raw = b'{ "model": "dall-e-3", "prompt": "a cat", "n": 2, "new": 1 }'
    held = front(DALLE, whole(SAID), budgets=(daily(80),))
    got = held.post(PATH, raw)
    assert (got.status, got.json) == (200, SAID)
    assert (asked(held).target, asked(held).body) == (b"/v1/images/generations", raw)
    record = held.house.record
    assert (record.operation, record.usage.images, record.held, record.cost) == ("images", 2, 80, 80)
    assert front(DALLE, whole(SAID), budgets=(daily(79),)).post(PATH, raw).status == 402


def test_fewer_pictures_cost_less() -> None:
    held = front(DALLE, whole({"data": SAID["data"][:1]}), budgets=(daily(80),))  # type: ignore[index]
    assert held.post(PATH, {"model": "e", "prompt": "x", "n": 2}).status == 200
    assert (held.house.record.held, held.house.record.settled) == (80, 40)


def test_pictures_that_are_billed_by_tokens() -> None:
    said = {"data": [{"b64_json": "AA=="}], "usage": {"input_tokens": 9, "output_tokens": 4160}}
    held = front(model("gpt-image-1", prices=TOKENS), whole(said), budgets=(daily(20_000),))
    assert held.post(PATH, {"model": "e", "prompt": "x"}).status == 200
    record = held.house.record
    assert (record.cost, record.usage.images, record.estimated) == (4169, 1, False)
    assert record.held > 16_384
    held = front(model("gpt-image-1", prices=TOKENS), whole({"data": [{}]}), budgets=(daily(20_000),))
    assert held.post(PATH, {"model": "e", "prompt": "x"}).status == 200
    assert held.house.record.estimated
    assert held.house.record.settled > 16_384


@pytest.mark.parametrize("prices", [None, TOKENS])
def test_a_picture_without_a_price_is_unknown_and_refused_under_a_budget(prices: Prices | None) -> None:
    held = front(model("dall-e-3", prices=prices), budgets=(daily(10**9),))
    got = held.post(PATH, {"model": "e", "prompt": "x"})
    assert (got.status, got.json["error"]["code"]) == (402, "price_unknown")
    held = front(model("dall-e-3", prices=prices), whole(SAID))
    assert held.post(PATH, {"model": "e", "prompt": "x"}).status == 200
    assert held.house.record.cost is None


def test_bedrock_makes_pictures_in_several_requests() -> None:
    five, one = ({"images": ["AA=="] * 5, "error": None}, {"images": ["BB=="], "error": None})
    held = front(CANVAS, whole(five), whole(one), budgets=(daily(1000),))
    got = held.post(PATH, {"model": "e", "prompt": "a cat", "n": 6, "response_format": "url"})
    assert [picture["b64_json"] for picture in got.json["data"]] == ["AA=="] * 5 + ["BB=="]
    assert got.headers[b"x-gatepost-lossy"] == b"response_format"
    assert got.json["created"] > 0
    assert [json.loads(one.body)["imageGenerationConfig"]["numberOfImages"] for one in held.house.transport.asked] == [
        5,
        1,
    ]
    assert (held.house.record.cost, held.house.record.held) == (240, 240)


def test_a_filtered_picture_says_why() -> None:
    held = front(CANVAS, *(whole({"images": [], "error": "blocked by our filters"}) for _ in range(2)))
    got = held.post(PATH, {"model": "e", "prompt": "x"})
    assert got.status == 502
    assert "blocked by our filters" in got.json["error"]["message"]


@pytest.mark.parametrize(
    "one",
    [
        model("x", ProviderKind.ANTHROPIC),
        model("x", ProviderKind.GEMINI),
        model("x", ProviderKind.AZURE),
        model("x", ProviderKind.INTERNAL),
        model("amazon.titan-embed-text-v2:0", ProviderKind.BEDROCK, base_url=URL, credential=KEYS),
    ],
    ids=lambda one: one.provider.value,
)
def test_who_makes_no_pictures_is_never_asked(one: ModelEntry) -> None:
    held = front(one)
    got = held.post(PATH, {"model": "e", "prompt": "x"})
    assert (got.status, got.json["error"]["code"]) == (422, "unsupported_operation")
    assert held.house.transport.asked == []


def test_a_stream_of_pictures_is_refused() -> None:
    held = front(DALLE)
    got = held.post(PATH, {"model": "e", "prompt": "x", "stream": True, "partial_images": 2})
    assert (got.status, got.json["error"]["code"]) == (422, "unsupported_operation")


def test_the_sandbox_makes_pictures() -> None:
    got = front(DALLE).post(PATH, {"model": "sandbox/echo", "prompt": "a cat", "n": 2})
    assert [{*one} for one in got.json["data"]] == [{"b64_json"}, {"b64_json"}]
