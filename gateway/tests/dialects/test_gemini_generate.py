import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.dialects.gemini_generate import (
    camel,
    pass_request,
    read_asked,
    read_stop,
    read_usage,
    write_stop,
    write_usage,
)
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import Stop
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.usage import Usage
from tests.dialects.gemini_kit import REQUESTS, name_of
from tests.recordings import need


def body(**more: Any) -> bytes:
    return json.dumps({"contents": [{"parts": [{"text": "hi"}]}], **more}).encode()


def test_the_envelope_is_read_under_either_name() -> None:
    for config, cap, count in (
        ("generationConfig", "maxOutputTokens", "candidateCount"),
        ("generation_config", "max_output_tokens", "candidate_count"),
    ):
        asked = read_asked(body(**{config: {cap: 7, count: 2}}))
        assert (asked.max_output, asked.choices) == (7, 2)


def test_media_and_a_kept_prompt_are_counted() -> None:
    parts = [{"inline_data": {}}, {"fileData": {}}, {"text": "inlineData"}]
    assert read_asked(json.dumps({"contents": [{"parts": parts}], "cachedContent": "c"}).encode()).media == 3


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"{}", "contents"),
        (b'{"contents":"hi"}', "contents"),
        (body(generationConfig={"maxOutputTokens": 0}), "maxOutputTokens"),
        (body(generationConfig={"maxOutputTokens": "many"}), "maxOutputTokens"),
        (body(generationConfig={"candidateCount": 1000}), "candidateCount"),
        (body(generationConfig={}, generation_config={}), "twice"),
        (b'{"contents":[], "contents":[]}', "twice"),
        (b"[]", "generateContent"),
        (b"{", "JSON"),
    ],
)
def test_a_request_that_cannot_be_governed_is_refused_with_its_fault(said: bytes, words: str) -> None:
    with pytest.raises(CallerError, match=words) as caught:
        read_asked(said)
    assert caught.value.status == 400


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(CallerError) as caught:
        read_asked(b'{"contents":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    assert caught.value.code is Code.TOO_DEEP


@pytest.mark.parametrize("row", REQUESTS or [{"id": "absent"}], ids=name_of)
def test_a_recorded_request_passes_byte_for_byte(row: dict[str, Any]) -> None:
    need("provider-recordings/gemini.jsonl")
    raw = json.dumps(row["request"]["body"]).encode()
    assert pass_request(read_asked(raw), Shape(model="gemini")) == raw


def test_a_cap_changes_only_itself() -> None:
    raw = body(generation_config={"top_k": 3, "max_output_tokens": 9}, labels={"a": "b"})
    want = json.loads(raw)
    want["generation_config"]["max_output_tokens"] = 4
    assert json.loads(pass_request(read_asked(raw), Shape(model="m", cap=4))) == want
    assert json.loads(pass_request(read_asked(body()), Shape(model="m", cap=4)))["generationConfig"] == {
        "maxOutputTokens": 4
    }


def test_usage_stands_in_disjoint_buckets() -> None:
    said = {
        "promptTokenCount": 100,
        "cachedContentTokenCount": 40,
        "candidatesTokenCount": 10,
        "thoughtsTokenCount": 5,
        "toolUsePromptTokenCount": 7,
        "totalTokenCount": 122,
    }
    used = read_usage(said)
    assert used == Usage(input=67, output=15, cache_read=40, reasoning=5)
    assert used is not None
    assert used.total == said["totalTokenCount"]
    assert read_usage(None) is None
    assert read_usage({"trafficType": "ON_DEMAND"}) is None
    assert read_usage({"promptTokenCount": -1, "candidatesTokenCount": 1}) == Usage(output=1)


@given(st.builds(Usage, *[st.integers(0, 10**6)] * 3, reasoning=st.integers(0, 100)))
def test_usage_is_read_as_it_was_written(usage: Usage) -> None:
    used = Usage(usage.input, usage.output + usage.reasoning, usage.cache_read, 0, usage.reasoning)
    assert read_usage(write_usage(used)) == used


def test_every_end_has_a_word_both_ways() -> None:
    assert read_stop("STOP", called=True) is Stop.TOOL_CALLS
    assert read_stop("STOP", called=False) is Stop.STOP
    assert read_stop("SAFETY", called=False) is Stop.CONTENT_FILTER
    assert read_stop("A_NEW_WORD", called=False) is Stop.STOP
    assert read_stop("FINISH_REASON_UNSPECIFIED", called=False) is None
    for stop in Stop:
        assert read_stop(write_stop(stop), called=stop is Stop.TOOL_CALLS) is stop
    assert write_stop(None) == "FINISH_REASON_UNSPECIFIED"


def test_a_member_under_both_names_is_refused() -> None:
    assert camel({"top_k": 1, "topP": 2}) == {"topK": 1, "topP": 2}
    with pytest.raises(Malformed):
        camel({"top_k": 1, "topK": 1})
