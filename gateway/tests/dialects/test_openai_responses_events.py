import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.dialects import registry, translation
from gatepost_gateway.dialects.openai_responses_events import ResponsesEncoder, write_reply
from gatepost_gateway.dialects.openai_responses_reply import read_reply
from gatepost_gateway.dialects.openai_responses_stream import ResponsesDecoder
from gatepost_gateway.domain import conversation as form
from gatepost_gateway.domain.chat import DialectName, Stop
from gatepost_gateway.domain.usage import Usage

from ..recordings import need, rows
from .kit import Assembled, asked_in, events_of, meaning, pieces_of, stream_of

HOME, CLAUDE, GEMINI = DialectName.OPENAI_RESPONSES, DialectName.ANTHROPIC_MESSAGES, DialectName.GEMINI_GENERATE
SIDES = {
    "openai": registry.OPENAI_CHAT,
    "azure-openai": registry.OPENAI_CHAT,
    "anthropic": registry.ANTHROPIC_MESSAGES,
    "gemini": registry.GEMINI_GENERATE,
}
TOLD = [
    form.Started(id="msg_1", model="claude"),
    form.ReasoningDelta("hm"),
    form.ReasoningDelta(signature="s1", sealed_by=CLAUDE),
    form.ReasoningDelta(sealed="redacted", sealed_by=CLAUDE),
    form.TextDelta("He"),
    form.TextDelta("llo"),
    form.ToolCallBegan(index=0, id="c0", name="f"),
    form.ToolCallBegan(index=1, id="c1", name="g", signature="s2", sealed_by=GEMINI),
    form.ArgumentsDelta(1, '{"b"'),
    form.ArgumentsDelta(0, "{}"),
    form.ArgumentsDelta(1, ":2}"),
    form.PartCame(form.Media(kind=form.MediaKind.IMAGE, mime="image/webp", data="QQ==")),
    form.Stopped(Stop.TOOL_CALLS),
    form.Used(Usage(input=3, output=9, cache_read=2)),
    form.Ended(),
]


def asked(**more):
    one = asked_in(HOME, **more)
    one.at, one.name = 7, "abc"
    return one


def events_in(data):
    return [msgspec.json.decode(block.split(b"\ndata: ")[1]) for block in data.strip().split(b"\n\n")]


def encoded(events, losses=None):
    encoder = ResponsesEncoder(asked(), losses or form.Losses())
    return b"".join(encoder.encode(event) for event in events)


def test_a_stream_has_every_event_in_order():
    events = events_in(encoded(TOLD))
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    kinds = [event["type"].removeprefix("response.") for event in events]
    assert kinds == [
        "created", "in_progress",
        "output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta",
        "reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done",
        "output_item.added", "output_item.done",
        "output_item.added", "content_part.added", "output_text.delta", "output_text.delta",
        "output_text.done", "content_part.done", "output_item.done",
        "output_item.added",
        "output_item.added", "output_item.done",
        "output_item.added",
        "function_call_arguments.delta", "function_call_arguments.delta", "function_call_arguments.delta",
        "output_item.added", "output_item.done",
        "function_call_arguments.done", "output_item.done",
        "function_call_arguments.done", "output_item.done",
        "completed",
    ]  # fmt: skip
    whole = events[-1]["response"]
    assert (whole["id"], whole["status"], whole["created_at"]) == ("resp_abc", "completed", 7)
    assert [item["type"] for item in whole["output"]] == [
        "reasoning", "reasoning", "message", "function_call", "reasoning", "function_call", "image_generation_call",
    ]  # fmt: skip
    assert whole["output"][2]["content"][0]["text"] == "Hello"
    assert whole["usage"]["input_tokens_details"] == {"cached_tokens": 2}
    done = {event["output_index"]: event["item"] for event in events if event["type"].endswith("output_item.done")}
    assert [done[index] for index in sorted(done)] == whole["output"]
    assert len({item["id"] for item in whole["output"]}) == len(whole["output"])


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 1 << 16), max_size=15))
def test_what_is_written_is_read_back_however_it_is_cut(cuts):
    again = Assembled(events_of(ResponsesDecoder(asked_in(HOME)), pieces_of(encoded(TOLD), cuts))).reply
    assert meaning(again) == meaning(Assembled(TOLD).reply)
    calls = [part for part in again.choices[0].parts if isinstance(part, form.ToolCall)]
    assert [(call.signature, call.sealed_by) for call in calls] == [(None, None), ("s2", GEMINI)]
    assert again.usage == Usage(input=3, output=9, cache_read=2)


@pytest.mark.parametrize(
    ("stop", "status", "reason"),
    [(Stop.LENGTH, "incomplete", "max_output_tokens"), (Stop.CONTENT_FILTER, "incomplete", "content_filter")],
)
def test_an_answer_that_was_cut_short_says_so(stop, status, reason):
    *_, last = events_in(encoded([form.TextDelta("a"), form.Stopped(stop), form.Ended()]))
    assert (last["type"], last["response"]["status"]) == (f"response.{status}", status)
    assert last["response"]["incomplete_details"] == {"reason": reason}
    assert last["response"]["output"][0]["status"] == "incomplete"


def test_what_has_no_place_is_listed():
    losses = form.Losses()
    encoded(
        [
            form.PartCame(form.Opaque(dialect=CLAUDE, kind="server_tool_use", value={})),
            form.PartCame(form.Media(kind=form.MediaKind.AUDIO, data="QQ==")),
            form.Unmapped(("logprobs",)),
        ],
        losses,
    )
    assert losses.names == ("content.server_tool_use", "content.audio", "logprobs")
    losses = form.Losses()
    parts = [form.Text(text="a", signature="s"), form.ToolResult(call_id="c", parts=[])]
    write_reply(
        form.Reply(choices=[form.Choice(parts=parts), form.Choice(parts=[])], extra={"odd": 1}), asked(), losses
    )
    assert set(losses.names) == {"odd", "content.signature", "content.tool_result", "choices"}


@pytest.mark.parametrize("name", SIDES)
def test_each_recorded_answer_arrives_with_the_same_meaning_plain_and_streamed(name):
    need(f"provider-recordings/{name}.jsonl")
    side, carried = SIDES[name], 0
    for row in rows(f"provider-recordings/{name}.jsonl"):
        if row["operation"] not in ("chat", "chat_stream") or row["response"]["status"] != 200:
            continue
        if name == "gemini" and "andidates" not in str(row["response"]):
            continue  # the same provider's answers in OpenAI's format
        data = stream_of(row["response"])
        if data is None and isinstance(row["response"].get("body"), dict):
            body = msgspec.json.encode(row["response"]["body"])
            source = side.read_reply(body)
            said, summary = translation.read_answer(asked(), side, body)
            there = read_reply(said)
        elif data is not None:
            source = Assembled(events_of(side.decoder(asked_in(side.dialect)), [data])).reply
            reader = translation.stream_reader(asked(), side)
            out = reader.feed(data)
            out += b"" if reader.ended else reader.close()
            assert reader.ended, row["id"]
            summary, there = reader.summary, Assembled(events_of(ResponsesDecoder(asked_in(HOME)), [out])).reply
        else:
            continue
        if not source.choices or len(source.choices) > 1:
            continue
        carried += 1
        (first,), (second,) = meaning(source), meaning(there)
        assert second == {**first, "stop": first["stop"] or Stop.STOP}, row["id"]
        assert summary.usage == source.usage == (there.usage or source.usage), row["id"]
    assert carried > 15


def test_a_stream_and_the_whole_answer_are_one():
    need("provider-recordings/anthropic.jsonl")
    from .test_translation import told

    for row in rows("provider-recordings/anthropic.jsonl"):
        if row["operation"] != "chat" or row["response"]["status"] != 200 or not row["response"].get("body"):
            continue
        reply = registry.ANTHROPIC_MESSAGES.read_reply(msgspec.json.encode(row["response"]["body"]))
        *_, last = events_in(encoded(told(reply)))
        assert msgspec.json.decode(write_reply(reply, asked(), form.Losses())) == last["response"], row["id"]


def test_of_several_choices_the_first_is_told():
    losses = form.Losses()
    encoder = ResponsesEncoder(asked(), losses)
    events = [form.TextDelta("one"), form.TextDelta("two", choice=1), form.Stopped(Stop.LENGTH, choice=1)]
    events += [form.Stopped(Stop.STOP), form.Ended()]
    out = b"".join(encoder.encode(event) for event in events)
    assert b"two" not in out
    assert encoder.response["status"] == "completed"
    assert losses.names == ("choices",)
