"""The question and the answer in OpenAI's shape."""

import pytest

from gatepost import _bypass
from gatepost._calls import Reply
from gatepost._settings import Fallback

THERE = Fallback("http://f.test/v1", "k", "m")


def asked(**question):
    return _bypass.ask(THERE, _bypass.begin(question), trace_id="t", step_id="s")


def read(body):
    return asked(input="x").read(Reply(200, {}, body))


def test_the_model_of_the_gateway_is_left_behind():
    assert asked(input="hi", model="governed", temperature=0).body == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "temperature": 0,
    }


def test_messages_are_passed_on_as_they_are():
    said = [{"role": "system", "content": "s"}, {"role": "user", "content": [{"type": "text", "text": "u"}]}]
    assert asked(input=said).body["messages"] == said
    assert asked(input=said[0]).body["messages"] == said[:1]


def test_a_resumed_question_adds_the_new_words():
    conversation = _bypass.begin({"input": "a", "tools": [1]})
    resumed = _bypass.resume(conversation, {"parent_step_id": "s", "tool_results": None, "input": "b", "model": None})
    assert resumed == {"tools": [1], "input": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]}


def test_odd_arguments_stay_text():
    def arguments(text):
        call = {"id": "1", "function": {"name": "f", "arguments": text}}
        return read({"choices": [{"message": {"tool_calls": [call]}}]}).tool_calls[0].arguments

    assert [arguments(text) for text in ('{"a": 1}', "", "[1]", "{oops")] == [{"a": 1}, {}, "[1]", "{oops"]


def test_usage_may_be_absent_or_partial():
    assert read({"choices": [{"message": {"content": "x"}}]}).usage is None
    usage = read({"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": 3}}).usage
    assert (usage.input, usage.output, usage.exact) == (3, 0, True)


def test_an_answer_without_a_choice_is_refused():
    with pytest.raises(ValueError, match="choice"):
        read({"choices": []})
