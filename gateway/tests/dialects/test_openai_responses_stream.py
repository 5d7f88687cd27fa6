import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.dialects import registry, translation
from gatepost_gateway.dialects.framing import StreamFailed
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.openai_responses_reply import read_reply
from gatepost_gateway.dialects.openai_responses_stream import ResponsesDecoder
from gatepost_gateway.domain import conversation as form
from gatepost_gateway.domain.chat import DialectName, Stop
from gatepost_gateway.domain.usage import Usage

from ..recordings import need, rows
from .kit import Assembled, asked_in, events_of, meaning, pieces_of, stream_of

HOME = DialectName.OPENAI_RESPONSES
END = re.compile(rb"response\.(?:completed|incomplete)\"?")
"""Before this, no stream is whole."""
FILES = ("openai-responses", "azure-openai", "openai-compatible")


def event(kind, **said):
    return f"event: {kind}\n".encode() + b"data: " + msgspec.json.encode({"type": kind, **said}) + b"\n\n"


CREATED = event("response.created", sequence_number=0, response={"id": "resp_1", "model": "m1"})


def ended(status="completed", **more):
    usage = {"input_tokens": 5, "output_tokens": 3}
    return event(f"response.{status}", response={"id": "resp_1", "status": status, "usage": usage, **more})


def read(*events):
    decoder = ResponsesDecoder(asked_in(HOME))
    return decoder, decoder.feed(b"".join(events))


def recorded():
    for file in FILES:
        for row in rows(f"provider-recordings/{file}.jsonl"):
            if row["operation"] == "responses_stream" and row["response"]["status"] == 200:
                data = stream_of(row["response"])
                if data is None or b'"type":"error"' in data.replace(b" ", b""):
                    continue
                if data.count(b'"response.created"') == 1:  # else a source that joined the answers of several turns
                    yield row["id"], data


def unsealed(choices):
    return [{**one, "seals": [owner for _, owner in one["seals"]]} for one in choices]


def final_of(data):
    """The whole answer that a recorded stream ends with, where it carries one."""
    for one in reversed(data.replace(b"\r\n", b"\n").split(b"\n")):
        if one.startswith(b"data:") and b'"response"' in one:
            return msgspec.json.decode(one[5:])["response"]
    return None


def test_each_recorded_stream_tells_what_its_own_last_event_says():
    need("provider-recordings/openai-responses.jsonl")
    same = 0
    for id, data in recorded():
        decoder = ResponsesDecoder(asked_in(HOME))
        events = events_of(decoder, [data])
        assert decoder.ended, id
        final = final_of(data)
        if not final or not final.get("output"):
            continue
        whole = read_reply(msgspec.json.encode(final))
        # The provider seals anew what it repeats: the ciphertext is another, its owner the same.
        assert unsealed(meaning(Assembled(events).reply)) == unsealed(meaning(whole)), id
        assert Assembled(events).reply.usage == whole.usage, id
        same += 1
    assert same > 40


def test_recorded_streams_pass_byte_for_byte_however_they_are_cut():
    need("provider-recordings/openai-responses.jsonl")
    streams = [data for _, data in recorded()]

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(st.sampled_from(streams), st.lists(st.integers(0, 1 << 20), max_size=12))
    def law(data, cuts):
        whole = translation.stream_reader(asked_in(HOME), registry.OPENAI_RESPONSES)
        cut = translation.stream_reader(asked_in(HOME), registry.OPENAI_RESPONSES)
        whole.feed(data)
        out = b"".join(cut.feed(piece) for piece in pieces_of(data, cuts))
        out += b"" if cut.ended else cut.close()
        assert data.startswith(out)
        assert data[len(out) :].strip() in (b"", b"data: [DONE]")
        assert (cut.summary, cut.tokens) == (whole.summary, whole.tokens)
        assert cut.ended

    law()


def test_a_stream_that_is_cut_off_is_never_whole():
    for id, data in recorded():
        reader = translation.stream_reader(asked_in(HOME), registry.OPENAI_RESPONSES)
        reader.feed(data[: END.search(data).start()])
        reader.close()
        assert not reader.ended, id


def test_pieces_become_events():
    decoder, events = read(
        CREATED,
        event("response.output_item.added", output_index=0, item={"type": "reasoning", "summary": []}),
        event("response.reasoning_summary_text.delta", output_index=0, summary_index=0, delta="a"),
        event("response.reasoning_summary_text.delta", output_index=0, summary_index=1, delta="b"),
        event("response.reasoning_text.delta", output_index=0, delta="told twice"),
        event("response.output_item.done", output_index=0, item={"type": "reasoning", "encrypted_content": "gA"}),
        event("response.output_item.added", output_index=1, item={"type": "message"}),
        event("response.output_text.delta", output_index=1, delta="hi"),
        event("response.refusal.delta", output_index=1, delta="no"),
        event(
            "response.output_item.added", output_index=2, item={"type": "function_call", "call_id": "c1", "name": "f"}
        ),
        event("response.function_call_arguments.delta", output_index=2, delta="{}", sequence_number=41),
        event("response.output_item.added", output_index=3, item={"type": "web_search_call"}),
        ended(),
    )
    assert events == [
        form.Started(id="resp_1", model="m1"),
        form.ReasoningDelta("a"),
        form.ReasoningDelta("\n\nb"),
        form.ReasoningDelta(sealed="gA", sealed_by=HOME),
        form.TextDelta("hi"),
        form.RefusalDelta("no"),
        form.ToolCallBegan(index=0, id="c1", name="f"),
        form.ArgumentsDelta(0, "{}"),
        form.PartCame(form.Opaque(dialect=HOME, kind="web_search_call", value={"type": "web_search_call"})),
        form.Stopped(Stop.TOOL_CALLS, word="completed"),
        form.Used(Usage(input=5, output=3)),
        form.Ended(),
    ]
    assert decoder.ended


def test_what_a_server_says_only_at_an_items_end_is_said():
    call = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a":1}'}
    said = {"type": "message", "content": [{"type": "output_text", "text": "hi"}, {"type": "refusal", "refusal": "no"}]}
    _, events = read(
        CREATED,
        event("response.output_item.done", output_index=0, item=said),
        event("response.output_item.done", output_index=1, item=call),
        event("response.output_item.done", output_index=2, item={"type": "image_generation_call", "result": "QQ=="}),
        ended(),
    )
    (choice,) = Assembled(events).reply.choices
    assert [type(part).__name__ for part in choice.parts] == ["Text", "Refusal", "ToolCall", "Media"]
    assert choice.parts[2].arguments == '{"a":1}'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (event("error", code="server_error", message="overloaded"), "overloaded"),
        (event("error", error={"message": "overloaded"}), "overloaded"),
        (event("response.failed", response={"status": "failed", "error": {"message": "overloaded"}}), "overloaded"),
        (ended(status="completed").replace(b'"status":"completed"', b'"status":"failed"'), "failed"),
    ],
)
def test_a_failure_in_the_stream_is_one(data, words):
    with pytest.raises(StreamFailed, match=words):
        read(CREATED, data)


@pytest.mark.parametrize("data", [b"data: {\n\n", b"data: {}\n\n", b"data: 3\n\n", b'data: {"type":5}\n\n'])
def test_garbage_is_told(data):
    with pytest.raises(Malformed):
        read(data)


def test_an_event_without_its_last_empty_line_counts():
    decoder, _ = read(CREATED, ended().rstrip())
    decoder.close()
    assert decoder.ended
    decoder, _ = read(CREATED, ended()[:-9])
    assert decoder.close() == []
    assert not decoder.ended


def test_the_number_of_the_last_event_is_known():
    asked = asked_in(HOME)
    ResponsesDecoder(asked).feed(event("response.in_progress", sequence_number=7))
    assert asked.events == 8


def test_a_recorded_failure_is_told_in_its_own_words():
    words = [
        stream_of(row["response"])
        for row in need("provider-recordings/openai-responses.jsonl")
        if row["operation"] == "responses_stream" and "insufficient_quota" in str(row["response"])
    ]
    for data in words:
        with pytest.raises(StreamFailed, match="exceeded your current quota"):
            read(data)
