from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.dialects import transcript_stream as module
from gatepost_gateway.dialects.transcript import Turn, reply_turns
from gatepost_gateway.dialects.transcript_stream import Words
from gatepost_gateway.domain.chat import DialectName

OPENAI, ANTHROPIC, GEMINI = DialectName.OPENAI_CHAT, DialectName.ANTHROPIC_MESSAGES, DialectName.GEMINI_GENERATE


def sse(*events, name=False):
    kind = (lambda event: b"event: " + event["type"].encode() + b"\n") if name else (lambda event: b"")
    return b"".join(kind(event) + b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events)


def turns(dialect, *batches):
    words = Words(dialect)
    for batch in batches:
        words.feed(batch)
    return words.turns()


def delta(index=0, **said):
    return {"choices": [{"index": index, "delta": said}]}


def call(index, name=None, arguments=""):
    return {"index": index, "function": {"name": name, "arguments": arguments}}


CHAT = (
    sse(
        delta(role="assistant", content=""),
        delta(content="I l"),
        delta(content="ook. "),
        delta(tool_calls=[call(0, "look", '{"a"')]),
        delta(tool_calls=[call(0, None, ":1}"), call(1, "hear", "")]),
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
        {"choices": [], "usage": {"prompt_tokens": 1}},
    )
    + b"data: [DONE]\n\n"
)
SAID = Turn("assistant", "", [["look", {"a": 1}], ["hear", {}]])
MESSAGES = sse(
    {"type": "message_start", "message": {"id": "m", "content": []}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "I look."}},
    {"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "t", "name": "look"}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '{"a":'}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "1}"}},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
    {"type": "message_stop"},
    name=True,
)
CONTENT = sse(
    {"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}], "role": "model"}}]},
    {"candidates": [{"content": {"parts": [{"text": "I "}, {"text": "look."}], "role": "model"}}]},
    {"candidates": [{"content": {"parts": [{"functionCall": {"name": "look", "args": {"a": 1}}}]}}]},
    {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {}},
)


@given(st.lists(st.integers(0, len(CHAT)), max_size=8))
def test_any_cut_of_a_stream_says_the_same(cuts):
    places = [0, *sorted(cuts), len(CHAT)]
    assert turns(OPENAI, *(CHAT[a:b] for a, b in pairwise(places))) == [SAID]


def test_a_stream_says_what_the_whole_answer_says():
    message = {"role": "assistant", "content": "I look.", "tool_calls": [call(0, "look", '{"a":1}'), call(1, "hear")]}
    assert reply_turns(OPENAI, msgspec.json.encode({"choices": [{"message": message}]})) == [SAID]
    blocks = [{"type": "text", "text": "I look."}, {"type": "tool_use", "name": "look", "input": {"a": 1}}]
    assert reply_turns(ANTHROPIC, msgspec.json.encode({"content": blocks})) == turns(ANTHROPIC, MESSAGES)
    parts = [{"text": "I look."}, {"functionCall": {"name": "look", "args": {"a": 1}}}]
    whole = msgspec.json.encode({"candidates": [{"content": {"role": "model", "parts": parts}}]})
    assert reply_turns(GEMINI, whole) == turns(GEMINI, CONTENT)


def test_a_stream_of_responses_says_what_its_last_event_says():
    output = [{"type": "function_call", "call_id": "c", "name": "look", "arguments": '{"a":1}'}]
    stream = sse({"type": "response.created"}, {"type": "response.completed", "response": {"output": output}})
    words = Words(DialectName.OPENAI_RESPONSES)
    words.feed(stream)
    assert words.turns() == [Turn("assistant", "", [["look", {"a": 1}]])]
    assert words.calls() == [("c", "look", '{"a":1}')]


def test_the_calls_of_a_stream_with_their_ids():
    for dialect, stream in ((OPENAI, CHAT), (ANTHROPIC, MESSAGES), (GEMINI, CONTENT)):
        words = Words(dialect)
        words.feed(stream)
        assert words.calls()[0][1:] == ("look", '{"a":1}')
    assert Words(DialectName.BEDROCK_CONVERSE).calls() == []


def test_choices_are_kept_apart():
    stream = sse(delta(0, content="a"), delta(1, content="b"), delta(0, content="c"))
    assert [turn.text for turn in turns(OPENAI, stream)] == ["ac", "b"]


def test_text_in_parts_is_text():
    assert turns(OPENAI, sse(delta(content=[{"type": "text", "text": "a"}, {"type": "thinking"}])))[0].text == "a"


@pytest.mark.parametrize("bad", [b"data: {\n\n", b'data: {"choices":[{"delta":{"tool_calls":[{"index":"x"}]}}]}\n\n'])
def test_what_is_not_understood_is_given_up(bad):
    assert turns(OPENAI, CHAT, bad) == []


def test_a_stream_of_a_format_without_turns_says_nothing():
    assert turns(DialectName.BEDROCK_CONVERSE, CHAT) == []
    assert turns(OPENAI, sse(delta(content=""))) == []


def test_little_is_held_and_too_much_is_given_up(monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 100_000)
    words = Words(OPENAI)
    for _ in range(20):
        words.feed(sse(delta(content="x" * 3000)))
        assert words._size < 20_000
    assert words._reader is not None
    for _ in range(20):
        words.feed(sse(delta(content="x" * 3000)))
    assert words.turns() == []


@pytest.mark.parametrize("item", [{"type": "function_call"}, {"role": {}}, 5, {"type": "message"}])
def test_an_answer_that_is_not_of_the_format_is_given_up_and_not_raised(item):
    words = Words(DialectName.OPENAI_RESPONSES)
    words.feed(sse({"type": "response.completed", "response": {"output": [item]}}))
    assert words.turns() == []
    assert words.calls() == []
