import json

import pytest

from gatepost_gateway.dialects.anthropic_messages_events import AnthropicDecoder, AnthropicEncoder
from gatepost_gateway.dialects.framing import StreamFailed
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.domain.chat import DialectName, Stop
from gatepost_gateway.domain.conversation import (
    ArgumentsDelta,
    Ended,
    Losses,
    Media,
    MediaKind,
    Opaque,
    PartCame,
    ReasoningDelta,
    RefusalDelta,
    Started,
    Stopped,
    TextDelta,
    ToolCallBegan,
    Unmapped,
    Used,
)
from gatepost_gateway.domain.usage import Usage

from .kit import asked_in

ASKED = asked_in(DialectName.ANTHROPIC_MESSAGES)


def event(kind, **more):
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n".encode()


def start(index, **block):
    return event("content_block_start", index=index, content_block=block)


def delta(index, **said):
    return event("content_block_delta", index=index, delta=said)


def decode(*events):
    return AnthropicDecoder(ASKED).feed(b"".join(events))


def encode(*events):
    losses = Losses()
    encoder = AnthropicEncoder(ASKED, losses)
    out = b"".join(encoder.encode(one) for one in events)
    said = [json.loads(line[6:]) for line in out.decode().splitlines() if line.startswith("data: ")]
    return said, losses.names


def test_each_event_is_read():
    usage = {"input_tokens": 5, "cache_read_input_tokens": 4, "output_tokens": 1}
    events = decode(
        event("message_start", message={"id": "i", "model": "m", "usage": usage}),
        event("message_start", message={"id": "again"}),
        event("ping"),
        start(0, type="thinking", thinking="", signature=""),
        delta(0, type="thinking_delta", thinking="hm"),
        delta(0, type="signature_delta", signature="sig"),
        event("content_block_stop", index=0),
        start(1, type="redacted_thinking", data="box"),
        start(2, type="text", text=""),
        delta(2, type="text_delta", text="hi"),
        delta(2, type="citations_delta", citation={}),
        start(3, type="tool_use", id="t", name="go", input={}, caller={"type": "direct"}),
        delta(3, type="input_json_delta", partial_json=""),
        delta(3, type="input_json_delta", partial_json='{"a":1}'),
        event("message_delta", delta={"stop_reason": "tool_use", "stop_sequence": None}, usage={"output_tokens": 9}),
        event("message_stop"),
        event("ping"),
    )
    home = DialectName.ANTHROPIC_MESSAGES
    assert events == [
        Started(id="i", model="m", usage=Usage(input=5, cache_read=4, output=1)),
        ReasoningDelta("hm"),
        ReasoningDelta(signature="sig", sealed_by=home),
        ReasoningDelta(sealed="box", sealed_by=home),
        TextDelta("hi"),
        Unmapped(("content.citations",)),
        ToolCallBegan(index=0, id="t", name="go"),
        ArgumentsDelta(0, '{"a":1}'),
        Used(Usage(input=5, cache_read=4, output=9)),
        Stopped(Stop.TOOL_CALLS, 0, "tool_use"),
        Ended(),
    ]


def test_a_block_of_its_own_comes_whole():
    events = decode(
        start(0, type="server_tool_use", id="s", name="web_search", input={}),
        delta(0, type="input_json_delta", partial_json='{"q":'),
        delta(0, type="input_json_delta", partial_json='"x"}'),
        event("content_block_stop", index=0),
        delta(1, type="strange_delta"),
    )
    block = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": "x"}}
    opaque = Opaque(dialect=DialectName.ANTHROPIC_MESSAGES, kind="server_tool_use", value=block)
    assert events == [PartCame(opaque), Unmapped(("content.strange_delta",))]


def test_only_the_formats_own_end_is_an_end():
    stopped = event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 1})
    decoder = AnthropicDecoder(ASKED)
    decoder.feed(stopped)
    assert (decoder.close(), decoder.ended) == ([], False)
    decoder = AnthropicDecoder(ASKED)
    decoder.feed(stopped + event("message_stop")[:-2])
    assert (decoder.close(), decoder.ended) == ([Ended()], True)


def test_failures_are_said():
    with pytest.raises(StreamFailed, match="overloaded_error: Overloaded"):
        decode(event("error", error={"type": "overloaded_error", "message": "Overloaded"}))
    for wrong in (b"data: x\n\n", b"data: []\n\n", delta(0, type="text_delta", text=1), event("content_block_start")):
        with pytest.raises(Malformed):
            decode(wrong)


def test_blocks_begin_grow_and_stop_in_order():
    said, lost = encode(
        Started(id="i", model="m"),
        ReasoningDelta("hm"),
        ReasoningDelta(signature="sig", sealed_by=DialectName.GEMINI_GENERATE),
        TextDelta("a"),
        TextDelta("b"),
        ToolCallBegan(index=0, id="x.1", name="go"),
        ToolCallBegan(index=1, id="y", name="stay"),
        ArgumentsDelta(1, "{}"),
        ArgumentsDelta(0, '{"late":1}'),
        Stopped(Stop.TOOL_CALLS, 0, "tool_calls"),
        Used(Usage(input=3, output=4, cache_read=2)),
        Ended(),
    )
    assert [(one["type"], one.get("index")) for one in said] == [
        ("message_start", None),
        ("content_block_start", 0),
        ("content_block_delta", 0),
        ("content_block_delta", 0),
        ("content_block_stop", 0),
        ("content_block_start", 1),
        ("content_block_delta", 1),
        ("content_block_delta", 1),
        ("content_block_stop", 1),
        ("content_block_start", 2),
        ("content_block_start", 3),
        ("content_block_delta", 3),
        ("content_block_delta", 2),
        ("content_block_stop", 2),
        ("content_block_stop", 3),
        ("message_delta", None),
        ("message_stop", None),
    ]
    assert said[3]["delta"] == {"type": "signature_delta", "signature": "gemini_generate#sig"}
    assert said[9]["content_block"]["id"] == "x_1"
    assert said[-2]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert said[-2]["usage"]["input_tokens"] == 3
    assert lost == ()


def test_a_sealed_thought_is_a_block_of_its_own():
    said, _ = encode(TextDelta("a"), ReasoningDelta(sealed="box", sealed_by=DialectName.ANTHROPIC_MESSAGES))
    assert [one["type"] for one in said[-3:]] == ["content_block_stop", "content_block_start", "content_block_stop"]
    assert said[-2]["content_block"] == {"type": "redacted_thinking", "data": "box"}


def test_what_has_no_place_is_listed():
    said, lost = encode(
        Started(),
        TextDelta("other", 1),
        ArgumentsDelta(4, "x", 1),
        RefusalDelta("no"),
        PartCame(Media(kind=MediaKind.IMAGE, url="u")),
        PartCame(Opaque(dialect=DialectName.GEMINI_GENERATE, kind="code", value=1)),
        ToolCallBegan(index=0, id="t", name="go", signature="s"),
        Unmapped(("logprobs",)),
        Stopped(Stop.STOP, 1),
        Ended(),
    )
    assert lost == ("choices", "content.refusal", "content.image", "content.code", "content.signature", "logprobs")
    assert said[-2]["delta"]["stop_reason"] == "refusal"
