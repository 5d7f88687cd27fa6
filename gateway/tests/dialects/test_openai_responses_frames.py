import json

import pytest

from gatepost_gateway.dialects.frames import EVERYTHING, Frame, Grain
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.openai_responses_frames import ResponsesFrames
from gatepost_gateway.domain.findings import Place

AT = {"item_id": "i", "output_index": 2, "content_index": 1}


def read(kind: str, reader: ResponsesFrames | None = None, **said) -> Frame:
    event = {"type": f"response.{kind}", **said}
    return (reader or ResponsesFrames()).read(f"event: response.{kind}\ndata: {json.dumps(event)}\n\n".encode())


def texts(frame: Frame):
    return [(slot.text, slot.key, slot.grain) for slot in frame.slots]


@pytest.mark.parametrize(
    ("kind", "at", "key", "place"),
    [
        ("output_text", AT, (0, "items", 2, "output_text", 1), Place.ASSISTANT),
        ("refusal", AT, (0, "items", 2, "refusal", 1), Place.ASSISTANT),
        ("reasoning_text", AT, (0, "items", 2, "reasoning_text", 1), Place.REASONING),
        (
            "reasoning_summary_text",
            {"output_index": 2, "summary_index": 1},
            (0, "items", 2, "reasoning_summary_text", 1),
            Place.REASONING,
        ),
    ],
)
def test_a_text_grows_and_is_repeated_when_it_is_whole(kind, at, key, place):
    frame = read(f"{kind}.delta", **at, delta="hi", sequence_number=1, obfuscation="xyz")
    assert texts(frame) == [("hi", key, Grain.GROWS)]
    assert frame.slots[0].place is place
    done = read(f"{kind}.done", **at, text="hi")
    assert ([(slot.text, slot.grain) for slot in done.slots], done.ends) == ([("hi", Grain.REPEATS)], (key,))


def test_parts_and_items_repeat_what_they_hold():
    part = {"type": "output_text", "text": "hi", "annotations": []}
    assert [slot.grain for slot in read("content_part.done", **AT, part=part).slots] == [Grain.REPEATS]
    item = {"type": "message", "role": "assistant", "content": [part]}
    frame = read("output_item.done", output_index=2, item=item)
    assert [slot.grain for slot in frame.slots] == [Grain.REPEATS]
    assert frame.ends == ((0, "items", 2), (0, "calls", 2))
    frame = read("completed", response={"output": [item]})
    assert ([slot.grain for slot in frame.slots], frame.ends) == ([Grain.REPEATS], (EVERYTHING,))


def test_a_part_that_begins_with_words_goes_on_with_them():
    part = {"type": "summary_text", "text": "hm"}
    frame = read("reasoning_summary_part.added", output_index=2, summary_index=1, part=part)
    assert texts(frame) == [("hm", (0, "items", 2, "reasoning_summary_text", 1), Grain.GROWS)]


def test_a_call_is_named_then_grows_then_is_repeated():
    reader = ResponsesFrames()
    item = {"type": "function_call", "id": "i", "call_id": "c", "name": "f", "arguments": ""}
    key = (0, "calls", 2)
    assert texts(read("output_item.added", reader, output_index=2, item=item)) == [("f", key, Grain.CALLS)]
    frame = read("function_call_arguments.delta", reader, output_index=2, item_id="i", delta='{"a":')
    assert texts(frame) == [('{"a":', key, Grain.ARGUMENTS)]
    frame = read("function_call_arguments.done", reader, output_index=2, item_id="i", arguments='{"a":"b"}')
    assert ([slot.grain for slot in frame.slots], frame.ends) == ([Grain.REPEATS], (key,))
    frame = read("output_item.done", reader, output_index=2, item={**item, "arguments": '{"a":"b"}'})
    assert {slot.grain for slot in frame.slots} == {Grain.REPEATS}


def test_a_call_that_never_began_is_judged_where_it_ends():
    item = {"type": "function_call", "id": "i", "call_id": "c", "name": "f", "arguments": '{"a":"b"}'}
    frame = read("output_item.done", output_index=2, item=item)
    assert [(slot.text, slot.grain, slot.arguments) for slot in frame.slots] == [
        ("f", Grain.CALLS, '{"a":"b"}'),
        ("b", Grain.ALONE, ""),
    ]
    action = {"type": "web_search_call", "id": "i", "action": {"type": "search", "query": "who"}}
    frame = read("output_item.done", output_index=2, item=action)
    assert [(slot.text, slot.grain) for slot in frame.slots] == [("web_search", Grain.CALLS), ("who", Grain.ALONE)]


def test_tokens_that_say_more_than_their_text_go():
    assert read("output_text.delta", **AT, delta="a", logprobs=[{"token": "secret"}]).stale == (("logprobs",),)
    assert read("output_text.delta", **AT, delta="secret", logprobs=[{"token": "secret"}]).stale == ()


def test_pieces_that_no_format_knows_grow_and_what_stands_beside_a_piece_is_judged():
    assert texts(read("drawing.delta", **AT, delta={"stroke": "a"})) == [
        ("a", (0, "items", 2, "drawing", 1, "delta", "stroke"), Grain.GROWS)
    ]
    assert texts(read("output_text.delta", **AT, delta="a", note="b")) == [
        ("a", (0, "items", 2, "output_text", 1), Grain.GROWS),
        ("b", EVERYTHING, Grain.ALONE),
    ]


def test_other_events():
    assert read("in_progress", response={"id": "x", "output": []}).slots == ()
    assert ResponsesFrames().read(b": x\n\n").slots == ()
    assert ResponsesFrames().read(b"data: [DONE]\n\n").ends == (EVERYTHING,)
    assert [slot.grain for slot in read("output_text.annotation.added", annotation={"title": "t"}).slots] == [
        Grain.ALONE
    ]
    with pytest.raises(Malformed):
        ResponsesFrames().read(b"data: {\n\n")
