import msgspec
import pytest

from gatepost_gateway.dialects.registry import CALLERS
from gatepost_gateway.dialects.tool_uses import LONGEST, MOST, calls_of, results_of, streamed_calls
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.records import ToolPart, ToolUse

OPENAI, ANTHROPIC = DialectName.OPENAI_CHAT, DialectName.ANTHROPIC_MESSAGES
GEMINI, RESPONSES = DialectName.GEMINI_GENERATE, DialectName.OPENAI_RESPONSES
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"a":1}'}}
BLOCK = {"type": "tool_use", "id": "c1", "name": "look", "input": {"a": 1}}
PART = {"functionCall": {"id": "c1", "name": "look", "args": {"a": 1}}}
ITEM = {"type": "function_call", "call_id": "c1", "name": "look", "arguments": '{"a":1}'}
USER = {"role": "user", "content": "look"}


def results(dialect, **members):
    return results_of(CALLERS[dialect].read_asked(msgspec.json.encode({"model": "m", **members})))


@pytest.mark.parametrize(
    ("dialect", "reply"),
    [
        (OPENAI, {"choices": [{"message": {"tool_calls": [CALL]}}]}),
        (ANTHROPIC, {"content": [{"type": "text", "text": "x"}, BLOCK]}),
        (GEMINI, {"candidates": [{"content": {"parts": [{"text": "x"}, PART]}}]}),
        (RESPONSES, {"output": [{"type": "message", "content": []}, ITEM]}),
    ],
)
def test_the_calls_of_an_answer(dialect, reply):
    assert calls_of(dialect, msgspec.json.encode(reply)) == [ToolUse(ToolPart.CALL, "c1", "look", '{"a":1}')]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"choices":[]}', b'{"choices":[{"message":{"tool_calls":[1]}}]}']
)
def test_what_is_not_of_the_format_has_no_calls(body):
    assert calls_of(OPENAI, body) == []
    assert calls_of(DialectName.BEDROCK_CONVERSE, b"{}") == []


@pytest.mark.parametrize(
    ("dialect", "members"),
    [
        (
            OPENAI,
            {
                "messages": [
                    USER,
                    {"role": "assistant", "content": None, "tool_calls": [CALL]},
                    {"role": "tool", "tool_call_id": "c1", "content": "seen"},
                ]
            },
        ),
        (
            ANTHROPIC,
            {
                "max_tokens": 5,
                "messages": [
                    USER,
                    {"role": "assistant", "content": [BLOCK]},
                    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "seen"}]},
                ],
            },
        ),
        (RESPONSES, {"input": [USER, ITEM, {"type": "function_call_output", "call_id": "c1", "output": "seen"}]}),
    ],
)
def test_a_result_is_matched_to_its_call(dialect, members):
    assert results(dialect, **members) == [ToolUse(ToolPart.RESULT, "c1", "look", "seen")]


def test_results_of_gemini_and_failures_of_anthropic():
    contents = [
        {"role": "user", "parts": [{"text": "look"}]},
        {"role": "model", "parts": [PART]},
        {"role": "user", "parts": [{"functionResponse": {"name": "look", "response": {"b": 2}}}]},
    ]
    assert results(GEMINI, contents=contents) == [ToolUse(ToolPart.RESULT, "", "look", '{"b":2}')]
    block = {"type": "tool_result", "tool_use_id": "c1", "is_error": True}
    messages = [USER, {"role": "assistant", "content": [BLOCK]}, {"role": "user", "content": [block]}]
    (failed,) = results(ANTHROPIC, max_tokens=5, messages=messages)
    assert (failed.failed, failed.text) == (True, "")


def test_results_of_earlier_turns_were_recorded_then():
    turns = [
        USER,
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "seen"},
        {"role": "assistant", "content": "done"},
        USER,
    ]
    assert results(OPENAI, messages=turns) == []
    assert results(OPENAI, messages=[USER]) == []
    assert results(OPENAI, messages=[1]) == []


def test_what_is_long_or_many_is_cut():
    (use,) = streamed_calls([("c", "f", "x" * (LONGEST + 1))])
    assert (len(use.text), use.whole) == (LONGEST, False)
    assert streamed_calls([("c", "f", "x" * LONGEST)])[0].whole
    assert len(streamed_calls([("c", "f", "{}")] * (MOST + 5))) == MOST
