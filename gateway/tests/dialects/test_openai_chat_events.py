import json

import pytest

from gatepost_gateway.dialects.framing import StreamFailed
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.openai_chat_events import OpenAIChatDecoder, OpenAIChatEncoder
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

OPENAI = DialectName.OPENAI_CHAT
DONE = b"data: [DONE]\n\n"


def chunk(delta=None, finish=None, index=0, **more):
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "c1", "model": "m", "choices": [choice], **more}).encode() + b"\n\n"


def decode(*events):
    return OpenAIChatDecoder(asked_in(OPENAI)).feed(b"".join(events))


def call(index=None, id=None, name=None, arguments=None):
    return {"tool_calls": [{"index": index, "id": id, "function": {"name": name, "arguments": arguments}}]}


def encode(*events, **asked):
    losses = Losses()
    encoder = OpenAIChatEncoder(asked_in(OPENAI, None, **asked), losses)
    return b"".join(encoder.encode(one) for one in events), losses.names


def deltas(out):
    said = [json.loads(line[6:]) for line in out.decode().splitlines() if line.startswith("data: {")]
    return [one["choices"][0]["delta"] for one in said if one["choices"]]


def test_each_event_is_read():
    events = decode(
        b'data: {"id":"","model":"","choices":[],"prompt_filter_results":[]}\n\n',
        chunk({"role": "assistant", "content": ""}, system_fingerprint="f"),
        chunk({"reasoning_content": "hm"}),
        chunk({"content": "a"}),
        chunk({"refusal": "no"}),
        chunk({"content": [{"type": "text", "text": "b"}, {"type": "odd"}]}),
        chunk({"images": [{"image_url": {"url": "u"}}], "annotations": [1]}),
        chunk(finish="stop"),
        chunk(finish="stop", usage={"prompt_tokens": 3, "completion_tokens": 2}),
        DONE,
        chunk({"content": "late"}),
    )
    odd = Opaque(dialect=OPENAI, kind="odd", value={"type": "odd"})
    assert events == [
        Started(id="c1", model="m", fingerprint="f"),
        ReasoningDelta("hm"),
        TextDelta("a"),
        RefusalDelta("no"),
        TextDelta("b"),
        PartCame(odd),
        PartCame(Media(kind=MediaKind.IMAGE, url="u")),
        Unmapped(("annotations",)),
        Stopped(Stop.STOP, 0, "stop"),
        Used(Usage(input=3, output=2)),
        Ended(),
    ]


def test_what_a_server_adds_where_a_stream_begins_or_ends_is_listed():
    first = b'data: {"id":"c1","provider":"x","obfuscation":"ab","choices":[{"index":0,"delta":{"odd":1}}]}\n\n'
    between = b'data: {"id":"c1","late":1,"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
    last = b'data: {"id":"c1","citations":["u"],"choices":[{"index":0,"delta":{},"finish_reason":"stop","why":1}]}\n\n'
    names = [event.names for event in decode(first, between, last, DONE) if isinstance(event, Unmapped)]
    assert names == [("provider", "odd"), ("citations", "why")]


def test_calls_are_told_apart_however_they_are_numbered():
    proper = decode(chunk(call(0, "a", "go", "")), chunk(call(1, "b", "stay", "{")), chunk(call(0, None, None, "{}")))
    assert proper[1:] == [
        ToolCallBegan(index=0, id="a", name="go"),
        ToolCallBegan(index=1, id="b", name="stay"),
        ArgumentsDelta(1, "{"),
        ArgumentsDelta(0, "{}"),
    ]
    same = decode(chunk(call(0, "a", "go", "{}")), chunk(call(0, "b", "go", "{}")), chunk(finish="stop"))
    assert [one.id for one in same if isinstance(one, ToolCallBegan)] == ["a", "b"]
    assert [one.index for one in same if isinstance(one, ArgumentsDelta)] == [0, 1]
    assert same[-1].stop is Stop.TOOL_CALLS
    bare = decode(chunk(call(None, None, "go", "{")), chunk(call(None, None, None, "}")))
    assert bare[1:] == [
        ToolCallBegan(index=0, id="call_0_c1", name="go"),
        ArgumentsDelta(0, "{"),
        ArgumentsDelta(0, "}"),
    ]
    old = decode(chunk({"function_call": {"name": "go", "arguments": "{}"}}), chunk(finish="function_call"))
    assert (old[1].name, old[-1].stop) == ("go", Stop.TOOL_CALLS)


def test_a_stream_without_its_mark_ends_with_the_reasons_of_all_choices():
    asked = asked_in(OPENAI, {"model": "m", "messages": [], "n": 2, "stream": True})
    decoder = OpenAIChatDecoder(asked)
    decoder.feed(chunk(finish="stop"))
    assert (decoder.close(), decoder.ended) == ([], False)
    decoder.feed(chunk(finish="stop", index=1))
    assert (decoder.close(), decoder.ended) == ([Ended()], True)
    assert decoder.close() == []
    whole = OpenAIChatDecoder(asked)
    whole.feed(b"data: [DONE]")
    assert (whole.close(), whole.ended) == ([Ended()], True)
    cut = OpenAIChatDecoder(asked)
    cut.feed(b'data: {"id":')
    assert (cut.close(), cut.ended) == ([], False)


def test_failures_are_said():
    with pytest.raises(StreamFailed, match="too busy"):
        decode(b'data: {"error":{"message":"too busy"}}\n\n')
    for wrong in (b"data: x\n\n", b'data: {"choices":1}\n\n', b'data: {"choices":[{"delta":{"images":[1]}}]}\n\n'):
        with pytest.raises(Malformed):
            decode(wrong)


def test_a_stream_is_written_as_the_format_has_it():
    out, lost = encode(
        Started(id="i", model="m", fingerprint="f"),
        TextDelta("a"),
        ToolCallBegan(index=0, id="t", name="go"),
        ArgumentsDelta(0, "{}"),
        RefusalDelta("no"),
        TextDelta("other", 1),
        PartCame(Media(kind=MediaKind.IMAGE, url="u")),
        Stopped(Stop.TOOL_CALLS, 0, "tool_use"),
        Used(Usage(input=3, output=2)),
        Ended(),
    )
    assert out.endswith(DONE)
    assert deltas(out) == [
        {"role": "assistant", "content": ""},
        {"content": "a"},
        {"tool_calls": [{"index": 0, "id": "t", "type": "function", "function": {"name": "go", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
        {"refusal": "no"},
        {"role": "assistant", "content": "other"},
        {"images": [{"type": "image_url", "image_url": {"url": "u"}}]},
        {},
    ]
    last = json.loads(out.decode().split("data: ")[-2])
    assert (last["choices"], last["usage"]["total_tokens"], last["system_fingerprint"]) == ([], 5, "f")
    assert lost == ()


def test_usage_goes_out_only_where_it_was_asked_for():
    said = (Started(), Used(Usage(output=2)), Ended())
    assert b'"usage"' in encode(*said)[0]
    assert b'"usage"' not in encode(*said, stream_options={"include_usage": False})[0]
    assert b'"usage"' not in encode(Started(), Ended())[0]


def test_a_seal_comes_with_its_whole_thought_and_goes_home():
    home = DialectName.ANTHROPIC_MESSAGES
    out, lost = encode(
        Started(id="c1"),
        ReasoningDelta("h"),
        ReasoningDelta("m"),
        ReasoningDelta(signature="s", sealed_by=home),
        ReasoningDelta(sealed="box", sealed_by=home),
        ReasoningDelta(),
        Stopped(Stop.STOP),
        Ended(),
    )
    details = [one for delta in deltas(out) for one in delta.get("reasoning_details", [])]
    assert details == [
        {"type": "reasoning.text", "text": "hm", "signature": "s", "format": "anthropic-claude-v1"},
        {"type": "reasoning.encrypted", "data": "box", "format": "anthropic-claude-v1"},
    ]
    again = [one for one in decode(out) if isinstance(one, ReasoningDelta)]
    assert [one.text for one in again] == ["h", "m", "", ""]
    assert [(one.signature, one.sealed, one.sealed_by) for one in again[2:]] == [("s", None, home), (None, "box", home)]
    assert lost == ()


def test_what_has_no_place_is_listed():
    _, lost = encode(
        Started(),
        PartCame(Opaque(dialect=DialectName.GEMINI_GENERATE, kind="code", value=1)),
        ToolCallBegan(index=0, id="t", name="go", signature="s", sealed_by=DialectName.BEDROCK_CONVERSE),
        Unmapped(("container",)),
    )
    assert lost == ("content.code", "content.signature", "container")
