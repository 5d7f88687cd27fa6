import json

import pytest

from gatepost_gateway.dialects.anthropic_messages_frames import AnthropicFrames
from gatepost_gateway.dialects.frames import EVERYTHING, Frame, Grain
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.domain.findings import Place


def read(**said) -> Frame:
    return AnthropicFrames().read(f"event: {said['type']}\ndata: {json.dumps(said)}\n\n".encode())


@pytest.mark.parametrize(
    ("delta", "key", "grain", "place"),
    [
        ({"type": "text_delta", "text": "x"}, (0, "blocks", 3, "text"), Grain.GROWS, Place.ASSISTANT),
        ({"type": "thinking_delta", "thinking": "x"}, (0, "blocks", 3, "thinking"), Grain.GROWS, Place.REASONING),
        ({"type": "input_json_delta", "partial_json": "x"}, (0, "blocks", 3), Grain.ARGUMENTS, Place.TOOL_CALL),
        ({"type": "new_delta", "words": "x"}, (0, "blocks", 3, "words"), Grain.GROWS, Place.ASSISTANT),
        ({"type": "citations_delta", "citation": {"cited_text": "x"}}, EVERYTHING, Grain.ALONE, Place.ASSISTANT),
    ],
)
def test_what_a_delta_carries(delta, key, grain, place):
    frame = read(type="content_block_delta", index=3, delta=delta)
    assert [(slot.text, slot.key, slot.grain, slot.place) for slot in frame.slots] == [("x", key, grain, place)]
    assert (frame.choice, frame.ends) == (0, ())


def test_a_seal_is_no_text():
    assert read(type="content_block_delta", index=0, delta={"type": "signature_delta", "signature": "s"}).slots == ()


def test_a_block_that_begins_with_words():
    frame = read(type="content_block_start", index=1, content_block={"type": "text", "text": "hi"})
    assert [(slot.text, slot.key) for slot in frame.slots] == [("hi", (0, "blocks", 1, "text"))]
    result = {"type": "web_search_tool_result", "content": [{"title": "t", "url": "u"}]}
    frame = read(type="content_block_start", index=1, content_block=result)
    assert {slot.grain for slot in frame.slots} == {Grain.ALONE}
    assert {slot.text for slot in frame.slots} == {"t", "u"}


def test_a_tool_is_called_with_all_of_its_input_or_none_yet():
    block = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
    (slot,) = read(type="content_block_start", index=2, content_block=block).slots
    assert (slot.text, slot.key, slot.grain, slot.call_id, slot.arguments) == (
        "f",
        (0, "blocks", 2),
        Grain.CALLS,
        "t1",
        "",
    )
    name, text = read(type="content_block_start", index=2, content_block={**block, "input": {"q": "x"}}).slots
    assert name.arguments == '{"q":"x"}'
    assert (text.text, text.grain, text.place) == ("x", Grain.ALONE, Place.TOOL_CALL)


def test_what_ends_what():
    assert read(type="content_block_stop", index=4).ends == ((0, "blocks", 4),)
    assert read(type="message_stop").ends == (EVERYTHING,)
    assert (
        read(type="ping").slots == read(type="message_start", message={"role": "assistant", "content": []}).slots == ()
    )
    assert AnthropicFrames().read(b": x\n\n").slots == ()
    with pytest.raises(Malformed):
        AnthropicFrames().read(b"data: {\n\n")
