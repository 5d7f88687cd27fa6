"""What each string of a chat chunk is: the usual ones fast, the others by looking closer, and both alike."""

import json

import pytest

from gatepost_gateway.dialects.frames import Frame, Grain, Slot
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.openai_chat_frames import OpenAIChatFrames
from gatepost_gateway.domain.findings import Place


def read(*choices, reader=None, **more) -> Frame:
    said = {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": list(choices), **more}
    return (reader or OpenAIChatFrames()).read(b"data: " + json.dumps(said).encode() + b"\n\n")


def said(slot: Slot):
    return slot.text, slot.key, slot.grain, slot.place


DELTAS = [
    ({"content": "hi"}, ("hi", (1, "content", "content"), Grain.GROWS, Place.ASSISTANT)),
    ({"refusal": "no"}, ("no", (1, "refusal", "refusal"), Grain.GROWS, Place.ASSISTANT)),
    ({"reasoning_content": "hm"}, ("hm", (1, "thought", "reasoning_content"), Grain.GROWS, Place.REASONING)),
    ({"reasoning": "hm"}, ("hm", (1, "thought", "reasoning"), Grain.GROWS, Place.REASONING)),
    (
        {"reasoning_details": [{"type": "reasoning.text", "text": "hm", "signature": "s"}]},
        ("hm", (1, "thought", "reasoning_details", "text"), Grain.GROWS, Place.REASONING),
    ),
    ({"content": [{"type": "text", "text": "hi"}]}, ("hi", (1, "content", "content"), Grain.GROWS, Place.ASSISTANT)),
    (
        {"audio": {"id": "a", "transcript": "hi"}},
        ("hi", (1, "other", "audio", "transcript"), Grain.GROWS, Place.ASSISTANT),
    ),
]


@pytest.mark.parametrize(("delta", "wanted"), DELTAS)
@pytest.mark.parametrize("more", [{}, {"some_new_member": 1}])
def test_a_text_grows_under_its_choice_and_member(delta, wanted, more):
    frame = read({"index": 1, "delta": delta, "finish_reason": None}, **more)
    assert [said(slot) for slot in frame.slots] == [wanted]
    assert (frame.choice, frame.ends) == (1, ())


def test_a_list_of_content_has_thoughts_and_texts():
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    frame = read({"index": 0, "delta": {"content": [thinking, {"type": "text", "text": "hi"}]}})
    assert [(slot.text, slot.key[1], slot.place) for slot in frame.slots] == [
        ("hm", "thought", Place.REASONING),
        ("hi", "content", Place.ASSISTANT),
    ]


def test_a_finish_reason_ends_its_choice_and_done_ends_all():
    assert read({"index": 2, "delta": {}, "finish_reason": "stop"}).ends == ((2,),)
    assert OpenAIChatFrames().read(b"data: [DONE]\n\n").ends == ((),)
    assert OpenAIChatFrames().read(b": comment\n\n") == Frame(b": comment\n\n")
    assert read(usage={"total_tokens": 3}).slots == ()


def test_a_call_ends_where_the_next_begins():
    reader = OpenAIChatFrames()
    first = {"index": 0, "id": "c0", "function": {"name": "f", "arguments": '{"a":'}}
    frame = read({"index": 0, "delta": {"tool_calls": [first]}}, reader=reader)
    assert [said(slot)[:3] for slot in frame.slots] == [
        ("f", (0, "calls", 0), Grain.CALLS),
        ('{"a":', (0, "calls", 0), Grain.ARGUMENTS),
    ]
    assert frame.slots[0].call_id == "c0"
    # Some servers count all calls as 0: a new id is a new call.
    second = {"index": 0, "id": "c1", "function": {"name": "g", "arguments": ""}}
    frame = read({"index": 0, "delta": {"tool_calls": [second]}}, reader=reader)
    assert (frame.slots[0].key, frame.ends) == ((0, "calls", 1), ((0, "calls", 0),))


def test_a_function_call_and_a_custom_tool_are_calls():
    frame = read({"index": 0, "delta": {"function_call": {"name": "f", "arguments": "{}"}}})
    assert [slot.path[-1] for slot in frame.slots] == ["name", "arguments"]
    frame = read({"index": 0, "delta": {"tool_calls": [{"index": 0, "type": "custom", "custom": {"input": "x"}}]}})
    assert [slot.path[-2:] for slot in frame.slots] == [("custom", "name"), ("custom", "input")]


def test_what_else_stands_in_a_call_is_a_text_alone():
    call = {"index": 0, "function": {"name": "f", "arguments": '{"q": "x"}'}, "custom": {"input": "y"}, "note": "z"}
    frame = read({"index": 0, "delta": {"tool_calls": [call]}})
    assert [(slot.text, slot.grain) for slot in frame.slots[2:]] == [("y", Grain.ALONE), ("z", Grain.ALONE)]


def test_tokens_that_say_more_than_their_text_go():
    odds = {"content": [{"token": "secret", "logprob": -1}]}
    assert read({"index": 0, "delta": {"content": "hi"}, "logprobs": odds}).stale == (("choices", 0, "logprobs"),)
    assert read({"index": 0, "delta": {"content": "secret"}, "logprobs": odds}).stale == ()


def test_what_stands_outside_of_the_answer_is_a_text_alone():
    frame = read({"index": 0, "delta": {"content": "x"}}, note="hello")
    assert ("hello", Grain.ALONE) in [(slot.text, slot.grain) for slot in frame.slots]


def test_what_no_format_knows_in_a_choice_grows():
    frame = read({"index": 1, "delta": {}, "text": "a", "content_filter_results": {"hate": {"severity": "safe"}}})
    assert [said(slot) for slot in frame.slots] == [
        ("a", (1, "beside", "text"), Grain.GROWS, Place.ASSISTANT),
        ("safe", (), Grain.ALONE, Place.ASSISTANT),
    ]
    frame = read({"index": 0, "delta": {"content": "x"}, "message": {"content": "wx"}})
    assert ("wx", Grain.ALONE) in [(slot.text, slot.grain) for slot in frame.slots]


def test_several_choices_keep_everybodys_order():
    frame = read({"index": 0, "delta": {"content": "a"}}, {"index": 1, "delta": {"content": "b"}})
    assert (frame.choice, [slot.key[0] for slot in frame.slots]) == (None, [0, 1])


def test_what_is_no_json_is_refused():
    with pytest.raises(Malformed):
        OpenAIChatFrames().read(b"data: {\n\n")
