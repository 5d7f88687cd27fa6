import msgspec
import pytest

from gatepost_gateway.dialects import openai_responses
from gatepost_gateway.dialects.openai_responses import WireUsage, read_usage, write_usage
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.usage import Usage

from ..recordings import need

IMAGE = {"type": "input_image", "image_url": "https://x.test/a.png"}


def read(**body):
    return openai_responses.read_asked(msgspec.json.encode({"model": "m", "input": "Hi", **body}))


def turn(*parts, role="user"):
    return {"role": role, "content": list(parts)}


@pytest.mark.parametrize(
    ("items", "media"),
    [
        ("an image, a file and an audio call", 0),
        ([turn({"type": "input_text", "text": "an image of a file"})], 0),
        ([turn(IMAGE, {"type": "input_file", "file_id": "f"}, {"type": "input_text", "text": "x"})], 2),
        ([{"type": "function_call_output", "call_id": "c", "output": "the image is fine"}], 0),
        ([{"type": "function_call_output", "call_id": "c", "output": [IMAGE]}], 1),
        ([{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}], 0),
        ([{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}], 0),
        ([{"type": "reasoning", "id": "rs_1", "summary": []}], 1),
        ([{"type": "computer_call_output", "call_id": "c", "output": {"type": "computer_screenshot"}}], 1),
        ([{"type": "item_reference", "id": "msg_1"}], 1),
    ],
)
def test_what_bytes_do_not_bound_is_counted(items, media):
    assert read(input=items).media == media


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({}, None),
        ({"tools": [{"type": "function", "name": "f"}, {"type": "custom", "name": "g"}]}, None),
        ({"tools": [{"type": "function", "name": "f"}, {"type": "web_search"}]}, "tools.web_search"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input.item_reference"),
    ],
)
def test_what_no_price_bounds_is_told(body, member):
    assert read(**body).unpriced == member


def test_the_envelope_is_read():
    asked = read(stream=True, max_output_tokens=9, previous_response_id="resp_1", store=False, user="u")
    assert (asked.stream, asked.max_output, asked.previous, asked.store, asked.user) == (True, 9, "resp_1", False, "u")
    assert read().store


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"input": None}, 400, "`input` is missing"),
        ({"input": 3}, 400, "`input` is neither"),
        ({"input": {"a": 1}}, 400, "`input` is neither"),
        ({"model": ""}, 400, "`model`"),
        ({"max_output_tokens": 0}, 400, "`max_output_tokens`"),
        ({"previous_response_id": ""}, 400, "`previous_response_id`"),
        ({"previous_response_id": "x" * 300}, 400, "`previous_response_id`"),
        ({"background": True}, 422, "`background`"),
        ({"tools": "x"}, 400, "`tools`"),
        ({"Tools": []}, 400, "did you mean `tools`"),
        ({"store": "no"}, 400, "store"),
    ],
)
def test_what_is_wrong_is_named(body, status, words):
    with pytest.raises(CallerError, match=words) as caught:
        read(**body)
    assert caught.value.status == status


def test_the_same_format_keeps_every_byte_but_what_must_change():
    body = b'{ "model":"m","input":"H\xc3\xa4","truncation" : "auto","new":{"b":1,"a":2} }'
    asked = openai_responses.read_asked(body)
    assert openai_responses.pass_request(asked, Shape(model="m")) is body
    capped = openai_responses.pass_request(asked, Shape(model="n", cap=5))
    assert b'"new":{"b":1,"a":2}' in capped
    assert msgspec.json.decode(capped)["max_output_tokens"] == 5
    assert msgspec.json.decode(capped)["model"] == "n"


@pytest.mark.parametrize("file", ["openai-responses", "azure-openai", "openai-compatible"])
def test_every_recorded_request_passes_unchanged(file):
    seen = 0
    for row in need(f"provider-recordings/{file}.jsonl"):
        body = (row["request"] or {}).get("body")
        if not row["operation"].startswith("responses") or not isinstance(body, dict) or "input" not in body:
            continue
        asked = openai_responses.read_asked(msgspec.json.encode({"model": "m", **body}))
        assert openai_responses.pass_request(asked, Shape(model=asked.model)) is asked.body
        seen += 1
    assert seen > 10


def test_usage_is_told_in_disjoint_buckets_both_ways():
    usage = Usage(input=50, output=40, cache_read=30, cache_write=20, reasoning=15)
    wire = write_usage(usage)
    assert (wire["input_tokens"], wire["total_tokens"]) == (100, 140)
    assert read_usage(msgspec.convert(wire, WireUsage)) == usage
    assert read_usage(None) is None
    assert read_usage(WireUsage()) is None
    assert read_usage(WireUsage(input_tokens=-1, output_tokens=2)) is None
