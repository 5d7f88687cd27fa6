import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.dialects import openai_completions, registry, translation
from gatepost_gateway.dialects.framing import StreamFailed
from gatepost_gateway.dialects.openai_chat_stream import DONE
from gatepost_gateway.dialects.openai_completions_stream import CompletionsEncoder, CompletionsReader
from gatepost_gateway.domain import conversation as form
from gatepost_gateway.domain.chat import Stop
from gatepost_gateway.domain.usage import Usage

from ..recordings import need
from .kit import pieces_of, stream_of


def asked_for(*, usage=False, **more):
    body = {"model": "m", "prompt": "x", "stream": True, "stream_options": {"include_usage": usage}, **more}
    return openai_completions.read_asked(msgspec.json.encode(body))


def event(*choices, **more):
    return b"data: " + msgspec.json.encode({"id": "c1", "model": "m1", "choices": choices, **more}) + b"\n\n"


def said(text, finish=None, index=0):
    return {"text": text, "index": index, "finish_reason": finish}


USED = event(usage={"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5})
STREAM = event(said("hé")) + event(said(" you")) + event(said("", "stop")) + USED + DONE


@settings(deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 1 << 20), max_size=12), st.booleans())
def test_any_cut_reads_the_same(cuts, keep):
    reader = CompletionsReader(asked_for(usage=keep))
    out = b"".join(reader.feed(piece) for piece in pieces_of(STREAM, cuts))
    assert out == (STREAM if keep else STREAM.replace(USED, b""))
    summary = reader.summary
    assert (summary.usage, summary.finish, summary.upstream_id) == (Usage(input=2, output=3), ("stop",), "c1")
    assert (reader.ended, reader.spoke, reader.tokens, summary.text_bytes) == (True, True, 2, 7)


def test_a_stream_without_its_end_is_not_whole():
    reader = CompletionsReader(asked_for(n=2))
    reader.feed(event(said("a", "stop")))
    assert (reader.close(), reader.ended) == (b"", False)
    reader.feed(event(said("b", "stop", index=1)))
    assert (reader.close(), reader.ended) == (b"", True)


@pytest.mark.parametrize("data", [b"data: {\n\n", b'data: {"choices":1}\n\n', b"data: \xff\n\n"])
def test_garbage_is_told(data):
    with pytest.raises(ValueError, match="text completion"):
        CompletionsReader(asked_for()).feed(data)


def test_an_error_in_the_stream_is_one():
    with pytest.raises(StreamFailed, match="overloaded"):
        CompletionsReader(asked_for()).feed(b'data: {"error":{"message":"overloaded"}}\n\n')


def test_events_of_another_format_become_chunks():
    asked, losses = asked_for(usage=True), form.Losses()
    asked.at, asked.name = 7, "abc"
    encoder = CompletionsEncoder(asked, losses)
    events = [
        form.Started(model="claude"),
        form.ReasoningDelta("hm"),
        form.TextDelta("hey"),
        form.ToolCallBegan(index=0, id="c", name="f"),
        form.Unmapped(("odd",)),
        form.PartCame(form.Media(kind=form.MediaKind.IMAGE, url="http://x")),
        form.Stopped(Stop.LENGTH),
        form.Used(Usage(input=2, output=3)),
        form.Ended(),
    ]
    out = b"".join(encoder.encode(one) for one in events)
    assert losses.names == ("content.reasoning", "content.tool_call", "odd", "content.image")
    reader = CompletionsReader(asked)
    assert reader.feed(out) == out
    assert (reader.ended, reader.summary.finish, reader.summary.upstream_id) == (True, ("length",), "cmpl-abc")
    assert reader.summary.usage == Usage(input=2, output=3)
    first = msgspec.json.decode(out.split(b"\n\n")[0].removeprefix(b"data: "))
    assert (first["object"], first["created"], first["choices"][0]["text"]) == ("text_completion", 7, "hey")


def test_recorded_streams_pass_byte_for_byte():
    seen = 0
    for row in need("provider-recordings/openai.jsonl"):
        data = stream_of(row["response"])
        if row["operation"] != "completions_stream" or data is None:
            continue
        body = {**(row["request"] or {}).get("body", {})} or {"model": "m", "prompt": "x"}
        asked = openai_completions.read_asked(
            msgspec.json.encode({**body, "stream": True, "stream_options": {"include_usage": True}})
        )
        reader = translation.stream_reader(asked, registry.OPENAI_COMPLETIONS)
        out = b"".join(reader.feed(piece) for piece in pieces_of(data, [7, 100, 333]))
        if not reader.ended:
            reader.close()
        assert reader.ended, row["id"]
        assert out == data
        assert reader.spoke
        seen += 1
    assert seen > 5
