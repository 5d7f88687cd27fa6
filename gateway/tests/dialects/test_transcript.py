from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from gatepost_gateway.dialects.registry import CALLERS
from gatepost_gateway.dialects.transcript import LARGEST, Transcript, Turn, reply_turns, spoken, transcript
from gatepost_gateway.domain.chat import DialectName

OPENAI, ANTHROPIC, GEMINI = DialectName.OPENAI_CHAT, DialectName.ANTHROPIC_MESSAGES, DialectName.GEMINI_GENERATE
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"a":1,"b":[2]}'}}


def read(dialect, **members):
    asked = CALLERS[dialect].read_asked(msgspec.json.encode({"model": "m", **members}))
    return transcript(asked)


def openai(*messages):
    return read(OPENAI, messages=list(messages))


def user(text):
    return {"role": "user", "content": text}


def said(text, **more):
    return {"role": "assistant", "content": text, **more}


def goes_on(dialect, request, reply, following):
    """Whether the second request is found again by what the first one and its answer left."""
    (turn,) = reply_turns(dialect, msgspec.json.encode(reply))
    return request.after(turn) in following.ends


def test_without_an_assistants_turn_nothing_is_known():
    assert openai({"role": "system", "content": "be kind"}, user("hello")).ends == []


def test_a_conversation_is_found_again_by_what_was_said():
    first = openai({"role": "system", "content": "be kind"}, user("hello"))
    reply = {"choices": [{"message": said("hi there")}]}
    again = ({"role": "system", "content": "be kind"}, user("hello"), said("hi there"), user("and now?"))
    assert goes_on(OPENAI, first, reply, openai(*again))
    for other in (
        (user("hello"), said("hi there"), user("and now?")),
        ({"role": "system", "content": "be rude"}, *again[1:]),
        (again[0], user("goodbye"), *again[2:]),
        (*again[:2], said("hi yourself"), again[3]),
        (*again[:2], user("x"), *again[2:]),
    ):
        assert not goes_on(OPENAI, first, reply, openai(*other))


@pytest.mark.parametrize(
    "echo",
    [
        said([{"type": "text", "text": "hi"}], refusal=None, annotations=[]),
        said("hi\n", reasoning_content="I thought"),
        said([{"type": "text", "text": "h"}, {"type": "text", "text": "i"}]),
    ],
)
def test_the_same_words_in_another_shape_are_the_same(echo):
    first = openai(user([{"text": "hello", "type": "text"}]))
    assert goes_on(OPENAI, first, {"choices": [{"message": said("hi")}]}, openai(user("hello"), echo, user("more")))


def test_the_order_of_members_and_spaces_in_json_mean_nothing():
    body = (
        b'{"messages" : [ {"content":"hello", "role":"user"} , {"role":"assistant","content":"hi"},'
        b' {"role":"user","content":"x"}], "model":"m"}'
    )
    other = CALLERS[OPENAI].read_asked(body)
    assert transcript(other).ends == openai(user("hello"), said("hi"), user("x")).ends


def test_tool_calls_are_known_by_name_and_arguments_not_by_id_or_spaces():
    first = openai(user("look"))
    reply = {"choices": [{"message": said(None, tool_calls=[CALL])}]}
    echo = {"id": "other", "type": "function", "function": {"name": "look", "arguments": '{ "b": [2], "a": 1 }'}}
    result = {"role": "tool", "tool_call_id": "other", "content": "seen"}
    assert goes_on(OPENAI, first, reply, openai(user("look"), said("", tool_calls=[echo]), result))
    wordy = {"choices": [{"message": said("I look.", tool_calls=[CALL])}]}
    assert goes_on(OPENAI, first, wordy, openai(user("look"), said(None, tool_calls=[echo]), result))
    strange = {**echo, "function": {"name": "look", "arguments": '{"a": 2}'}}
    assert not goes_on(OPENAI, first, reply, openai(user("look"), said("", tool_calls=[strange]), result))


def test_a_beginning_that_the_caller_wrote_is_a_part_of_the_answer():
    first = read(ANTHROPIC, max_tokens=9, messages=[user("name one"), said("It is (")])
    reply = {"role": "assistant", "content": [{"type": "text", "text": "A)"}]}
    following = read(ANTHROPIC, max_tokens=9, messages=[user("name one"), said("It is (A)"), user("why?")])
    assert goes_on(ANTHROPIC, first, reply, following)


def test_an_answer_that_was_paused_is_found_with_its_own_turn_last():
    first = openai(user("hello"))
    reply = {"choices": [{"message": said("hi")}]}
    assert goes_on(OPENAI, first, reply, openai(user("hello"), said("hi")))
    assert len(openai(user("a"), said("b"), user("c"), said("d")).ends) == 2


def test_the_messages_format():
    system = [{"type": "text", "text": "be kind", "cache_control": {"type": "ephemeral"}}]
    first = read(ANTHROPIC, max_tokens=9, system=system, messages=[user("look")])
    reply = {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "t1", "name": "look", "input": {"a": 1}},
        ],
    }
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "seen", "cache_control": {"type": "ephemeral"}}
    following = read(
        ANTHROPIC, max_tokens=9, system="be kind", messages=[user("look"), reply, {"role": "user", "content": [result]}]
    )
    assert goes_on(ANTHROPIC, first, reply, following)
    other = read(ANTHROPIC, max_tokens=9, system="be rude", messages=[user("look"), reply, user("x")])
    assert not goes_on(ANTHROPIC, first, reply, other)


def test_what_tools_answered_counts_in_the_turns_after():
    def ends(content):
        result = {"type": "tool_result", "tool_use_id": "t", "content": content}
        turns = [user("a"), said("b"), {"role": "user", "content": [result]}, said("c"), user("d")]
        return read(ANTHROPIC, max_tokens=9, messages=turns).ends

    assert ends("seen") == ends([{"type": "text", "text": "seen"}])
    assert ends("seen") != ends("not seen")


def test_geminis_format():
    def asked(*contents, **more):
        body = msgspec.json.encode({"contents": list(contents), **more})
        return transcript(CALLERS[GEMINI].read_asked(body))

    system = {"parts": [{"text": "be kind"}]}
    hello = {"role": "user", "parts": [{"text": "hello"}]}
    answer = {
        "role": "model",
        "parts": [
            {"text": "I think", "thought": True},
            {"text": "hi "},
            {"functionCall": {"name": "look", "args": {"a": 1}}, "thoughtSignature": "x"},
        ],
    }
    first = asked(hello, systemInstruction=system)
    seen = {"role": "user", "parts": [{"functionResponse": {"name": "look", "response": {"b": 2}}}]}
    following = asked(hello, answer, seen, systemInstruction=system)
    assert goes_on(GEMINI, first, {"candidates": [{"content": answer}]}, following)
    assert not goes_on(GEMINI, first, {"candidates": [{"content": answer}]}, asked(hello, answer, seen))


def test_the_responses_format():
    responses = DialectName.OPENAI_RESPONSES
    first = read(responses, instructions="be kind", input="look")
    call = {"type": "function_call", "call_id": "c", "name": "look", "arguments": '{"a":1}'}
    said_first = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look."}]}
    reply = {"output": [{"type": "reasoning", "summary": []}, said_first, call]}
    result = {"type": "function_call_output", "call_id": "c", "output": "seen"}
    again = [{"role": "user", "content": [{"type": "input_text", "text": "look"}]}, *reply["output"], result]
    following = read(responses, instructions="be kind", input=again)
    assert goes_on(responses, first, reply, following)
    assert not goes_on(responses, first, reply, read(responses, instructions="be rude", input=again))
    whole = {"output": [said_first]}
    assert goes_on(
        responses, first, whole, read(responses, instructions="be kind", input=[again[0], said_first, again[0]])
    )


def test_pictures_count_by_their_length_and_ends():
    def ends(data):
        picture = {"type": "image_url", "image_url": {"url": data}}
        return openai(user([{"type": "text", "text": "see"}, picture]), said("seen"), user("x")).ends

    long = "data:image/png;base64," + "A" * 9000
    assert ends(long) == ends(long)
    assert ends(long) != ends(long + "A")
    assert ends(long) != ends(long[:-1] + "B")
    assert ends("data:a") != ends("data:b")


def test_every_choice_may_be_gone_on_from():
    turns = reply_turns(OPENAI, msgspec.json.encode({"choices": [{"message": said(text)} for text in ("a", "b")]}))
    assert [turn.text for turn in turns] == ["a", "b"]


@pytest.mark.parametrize(
    "messages", [[1], ["x"], [{"role": "user", "content": 5}], [{"content": [[]], "role": "user"}], [{"tool_calls": 1}]]
)
def test_what_is_not_of_the_format_has_no_transcript(messages):
    found = read(OPENAI, messages=messages)
    assert found is None or found.ends == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"choices":[{}]}', b'{"choices":[{"message":{"content":null}}]}']
)
def test_an_answer_that_says_nothing_leaves_nothing(body):
    assert reply_turns(OPENAI, body) == []


def test_what_is_too_large_is_not_read():
    assert openai(user("a" * LARGEST)) is None
    assert reply_turns(OPENAI, b" " * (LARGEST + 1)) == []


def test_arguments_that_are_no_json_stay_text():
    assert spoken(["a"], [("f", "{broken"), ("g", "")]) == Turn("assistant", "", [["f", "{broken"], ["g", {}]])
    assert Transcript([]).ends == []


def test_an_answer_that_is_too_deep_to_be_written_has_no_mark():
    with ThreadPoolExecutor(1) as shallow:  # the depth that is left must not depend on who runs the tests
        usual, deep, marked = shallow.submit(_read_deep).result()
    assert len(usual) == 32
    assert deep is None or len(deep) == 32
    assert marked is None or marked.ends


def _read_deep():
    """The marks of an answer and of one that is too deep, and the transcript of a request that is."""
    deep = "[" * 950 + "]" * 950
    said = openai({"role": "user", "content": "?"})
    nested = {"type": "tool_use", "name": "f", "id": "c", "input": msgspec.json.decode(deep)}
    marked = read(ANTHROPIC, max_tokens=1, messages=[{"role": "assistant", "content": [nested]}])
    return said.after(spoken(["a"], [])), said.after(spoken([], [("f", deep)])), marked
