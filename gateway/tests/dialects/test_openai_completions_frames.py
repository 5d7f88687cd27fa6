import json

import pytest

from gatepost_gateway.dialects.frames import EVERYTHING, Frame, Grain
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.openai_completions_frames import CompletionsFrames


def read(*choices, **more) -> Frame:
    return CompletionsFrames().read(b"data: " + json.dumps({"choices": list(choices), **more}).encode() + b"\n\n")


@pytest.mark.parametrize("more", [{}, {"some_new_member": 1}])
def test_the_text_of_a_choice_grows(more):
    frame = read({"index": 1, "text": "hi", "finish_reason": None}, **more)
    assert [(slot.text, slot.key) for slot in frame.slots] == [("hi", (1, "text", "text"))]
    assert (frame.choice, frame.ends) == (1, ())
    assert read({"index": 1, "text": "", "finish_reason": "stop"}, **more).ends == ((1,),)


def test_several_choices_in_a_chunk_and_tokens_that_say_more():
    odds = {"tokens": ["secret"]}
    frame = read({"index": 0, "text": "a", "logprobs": odds}, {"index": 1, "text": "b"}, note="x")
    assert [(slot.text, slot.grain) for slot in frame.slots] == [
        ("a", Grain.GROWS),
        ("b", Grain.GROWS),
        ("x", Grain.ALONE),
    ]
    assert (frame.choice, frame.stale) == (None, (("choices", 0, "logprobs"),))


def test_what_no_format_knows_in_a_choice_grows():
    frame = read({"index": 1, "text": "a", "reasoning": "hm"})
    assert [(slot.text, slot.key) for slot in frame.slots] == [
        ("a", (1, "text", "text")),
        ("hm", (1, "beside", "reasoning")),
    ]


def test_the_ends():
    assert CompletionsFrames().read(b"data: [DONE]\n\n").ends == (EVERYTHING,)
    assert CompletionsFrames().read(b": hello\n\n").slots == ()
    assert read(usage={"total_tokens": 1}).slots == ()
    with pytest.raises(Malformed):
        CompletionsFrames().read(b"data: {\n\n")
