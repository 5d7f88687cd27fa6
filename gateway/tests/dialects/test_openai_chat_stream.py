import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.dialects import openai_chat
from gatepost_gateway.dialects.framing import StreamFailed
from gatepost_gateway.dialects.openai_chat import MAX_CHOICES, MAX_NAMES
from gatepost_gateway.dialects.openai_chat_stream import DONE, OpenAIChatReader
from gatepost_gateway.domain.usage import Usage


def reader_of(*, keep_usage=False, choices=1):
    options = {"include_usage": keep_usage}
    body = {"model": "m", "messages": [], "stream": True, "n": choices, "stream_options": options}
    return OpenAIChatReader(openai_chat.read_asked(msgspec.json.encode(body)))


def ends(reader):
    assert reader.close() == b""
    return reader.ended


def event(*choices, **more):
    return b"data: " + msgspec.json.encode({"id": "c1", "model": "m1", "choices": choices, **more}) + b"\n\n"


def said(index=0, finish=None, **delta):
    return {"index": index, "delta": delta, "finish_reason": finish}


def used(prompt, output, **more):
    return {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output, **more}


STREAM = (
    event(said(role="assistant", content=""))
    + event(said(content="hé"))
    + event(said(tool_calls=[{"index": 0, "function": {"name": "f", "arguments": '{"a"'}}]))
    + event(said(tool_calls=[{"index": 0, "function": {"arguments": ":1}"}}]))
    + event(said(finish="tool_calls"))
    + event(usage=used(9, 4))
    + DONE
)


def read(data=STREAM, *, cuts=(), keep=True, choices=1):
    reader = reader_of(keep_usage=keep, choices=choices)
    cuts = list(cuts)
    out = [reader.feed(data[a:b]) for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    return reader, b"".join(out)


@settings(deadline=None, derandomize=True)
@given(st.sets(st.integers(0, len(STREAM)), max_size=20), st.booleans())
def test_any_cut_reads_the_same(cuts, keep):
    reader, out = read(cuts=sorted(cuts), keep=keep)
    assert out == (STREAM if keep else STREAM.replace(event(usage=used(9, 4)), b""))
    summary = reader.summary
    assert (summary.usage, summary.finish, summary.tool_calls) == (Usage(input=9, output=4), ("tool_calls",), ("f",))
    assert (summary.upstream_id, summary.model) == ("c1", "m1")
    assert (reader.ended, reader.tokens) == (True, 3)


def test_a_role_alone_is_not_the_answer_yet():
    reader, _ = read(event(said(role="assistant", content="")) + event(said(content=None)) + event(said(tool_calls=[])))
    assert not reader.spoke
    reader.feed(event(said(content="x")))
    assert reader.spoke


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "x"},
        {"refusal": "no"},
        {"reasoning": "hm"},
        {"reasoning_content": "hm"},
        {"audio": {"data": "x"}},
        {"function_call": {"name": "f"}},
        {"content": [{"type": "text", "text": "x"}]},
    ],
)
def test_whatever_a_caller_would_see_is_speech_and_is_counted(delta):
    reader, _ = read(event(said(**delta)))
    assert reader.spoke
    assert reader.tokens == 1
    assert reader.summary.text_bytes > 0


@pytest.mark.parametrize("words", ["data: [DONE]", "data:[DONE]", "data: [DONE] ", "event: end\ndata: [DONE]"])
def test_the_end_marker_in_every_spelling(words):
    reader, _ = read(words.encode() + b"\n\n")
    assert reader.ended


def test_what_comes_after_the_end_is_dropped():
    _, out = read(event(said(content="x")) + DONE + event(said(content="y")))
    assert out == event(said(content="x")) + DONE


def test_without_a_marker_the_finish_reason_of_every_choice_is_the_end():
    reader, _ = read(event(said(content="x", finish="stop")))
    assert ends(reader)
    two, _ = read(event(said(0, finish="stop"), said(1, content="y")), choices=2)
    assert not ends(two)
    two.feed(event(said(1, finish="length")))
    assert ends(two)


def test_one_choice_that_ends_twice_does_not_end_the_other():
    once = event(said(0, finish="stop"))
    reader, _ = read(once + once + event(said(1, content="x")), choices=2)
    assert not ends(reader)


@pytest.mark.parametrize(
    "tail", [b"", b"data: {", b'data: {"choices":[]}', event(said(content="x"))[:-1], b"data: [DON", b": ping"]
)
def test_a_body_that_ends_in_the_middle_is_no_end(tail):
    reader, _ = read(event(said(content="x")) + tail)
    assert not ends(reader)


def test_a_marker_whose_blank_line_never_came_is_an_end():
    for tail in (b"data: [DONE]", b"data: [DONE]\n", b"data: [DONE]\r\n"):
        reader, _ = read(event(said(content="x")) + tail)
        assert ends(reader)


@pytest.mark.parametrize(
    "data",
    [
        b"data: not json\n\n",
        b"data: [1]\n\n",
        b'data: {"choices": "x"}\n\n',
        b'data: {"choices": [{"delta": 1}]}\n\n',
        b"data: " + b"[" * 100_000 + b"\n\n",
        b'data: {"model": "\xff"}\n\n',
    ],
)
def test_what_is_not_the_format_is_an_error(data):
    with pytest.raises(ValueError, match="not a chat completion chunk"):
        read(data)


@pytest.mark.parametrize("error", [{"message": "overloaded"}, "overloaded"])
def test_an_error_event_is_a_failure_with_the_providers_words(error):
    data = b"event: error\ndata: " + msgspec.json.encode({"error": error}) + b"\n\n"
    with pytest.raises(StreamFailed, match="overloaded"):
        read(data)


def test_an_error_that_is_null_is_none():
    reader, out = read(event(said(content="x"), error=None))
    assert reader.spoke
    assert out


def test_the_last_usage_counts_and_usage_beside_content_is_not_hidden():
    first, second = event(said(content="a"), usage=used(5, 1)), event(said(content="b"), usage=used(5, 2))
    reader, out = read(first + second + event(usage=None), keep=False)
    assert reader.summary.usage == Usage(input=5, output=2)
    assert out == first + second + event(usage=None)


def test_a_provider_cannot_fill_the_memory_with_names_and_reasons():
    names = [{"index": number, "function": {"name": "f"}} for number in range(1000)]
    choices = [said(number, finish="stop") for number in range(1000)]
    reader, _ = read(event(said(tool_calls=names)) + event(*choices))
    assert len(reader.summary.tool_calls) == MAX_NAMES
    assert len(reader.summary.finish) == MAX_CHOICES


TEXTS = st.text() | st.sampled_from(["word ", "c1", "m1", "\\", '"', "\n", "", "é"])


def told(reader):
    return reader.summary, reader.spoke, reader.tokens, reader.ended


@given(st.lists(st.tuples(TEXTS, st.sampled_from([0, 0, 0, 1]), st.booleans()), max_size=8))
def test_events_that_differ_in_their_text_alone_are_read_as_if_each_were_the_first(words):
    events = [
        event(said(index, content=text), **({"usage": used(1, 1)} if last else {})) for text, index, last in words
    ]
    at_once, one_by_one = reader_of(), reader_of()
    one_by_one._mould._left = 0
    assert [at_once.feed(one) for one in events] == [one_by_one.feed(one) for one in events]
    assert told(at_once) == told(one_by_one)


def test_a_content_that_is_not_utf_8_passes_as_before():
    reader = reader_of()
    odd = event(said(content="word")).replace(b"word", b"w\xffrd")
    assert [reader.feed(odd) for _ in range(2)] == [odd, odd]
    assert (reader.tokens, reader.summary.text_bytes) == (2, 12)
