"""Every recorded answer and request, through every other format: the same meaning, or a listed loss."""

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.dialects import registry, translation
from gatepost_gateway.dialects.framing import StreamFailed
from gatepost_gateway.dialects.registry import CALLERS
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import DialectName, Stop
from gatepost_gateway.domain.conversation import Losses
from gatepost_gateway.domain.errors import CallerError

from ..recordings import need, rows
from .kit import EMPTY, Assembled, asked_in, encoded, events_of, meaning, pieces_of, stream_of

OPENAI, ANTHROPIC = DialectName.OPENAI_CHAT, DialectName.ANTHROPIC_MESSAGES
END = {OPENAI: re.compile(rb'"finish_reason": ?"'), ANTHROPIC: re.compile(rb'data: ?{"type": ?"message_stop')}
"""Before this, no stream is whole."""
SIDES = {OPENAI: registry.OPENAI_CHAT, ANTHROPIC: registry.ANTHROPIC_MESSAGES}
FILES = {
    "anthropic": ANTHROPIC,
    "openai": OPENAI,
    "azure-openai": OPENAI,
    "openai-compatible": OPENAI,
}
NOT_THE_FORMAT = ("ollama_streaming_chat",)
"""Recordings of another format under a compatible server's name."""


def recorded(name):
    """The answered chats of a family, whatever their format can hold."""
    for row in rows(f"provider-recordings/{name}.jsonl"):
        chat = row["operation"] in ("chat", "chat_stream") and row["response"]["status"] == 200
        if chat and not any(word in row["id"] for word in NOT_THE_FORMAT):
            yield row


def one_meaning(reply):
    """The first choice as a format of one choice tells it: a refusal is text, and ends as one."""
    first = meaning(reply)[0]
    if first["refusal"]:
        first |= {"text": first["text"] + first["refusal"], "refusal": "", "stop": Stop.CONTENT_FILTER}
    # A server that ends a stream without a reason has stopped; the other format has no way not to say so.
    return {**first, "stop": first["stop"] or Stop.STOP}


def safe(said):
    """A call's id in the letters that every format allows."""
    calls = [
        ("".join(one if one.isalnum() or one in "_-" else "_" for one in id), *rest) for id, *rest in said["calls"]
    ]
    return {**said, "calls": calls}


@pytest.mark.parametrize("name", FILES)
def test_each_recorded_answer_arrives_in_the_other_format_with_the_same_meaning(name):
    need(f"provider-recordings/{name}.jsonl")
    dialect = FILES[name]
    side, other = SIDES[dialect], ANTHROPIC if dialect is OPENAI else OPENAI
    carried = 0
    for row in recorded(name):
        asked = asked_in(other)
        if row["response"].get("body") is not None:
            source = side.read_reply(msgspec.json.encode(row["response"]["body"]))
            body, summary = translation.read_answer(asked, side, msgspec.json.encode(row["response"]["body"]))
            there = SIDES[other].read_reply(body)
        else:
            data = stream_of(row["response"])
            if data is None or "groq/test_tool_use_failed" in row["id"]:
                continue
            decoder = side.decoder(asked_in(dialect))
            events = events_of(decoder, [data])
            assert decoder.ended, row["id"]
            source = Assembled(events).reply
            reader = translation.stream_reader(asked, side)
            out = reader.feed(data)
            out += b"" if reader.ended else reader.close()
            assert reader.ended, row["id"]
            summary = reader.summary
            there = Assembled(events_of(SIDES[other].decoder(asked), [out])).reply
        if not source.choices:
            continue
        carried += 1
        assert safe(one_meaning(there)) == safe(one_meaning(source)), row["id"]
        assert (there.usage or source.usage) == (source.usage or there.usage), row["id"]
        assert summary.usage == source.usage, row["id"]
        assert (there.id or None) == source.id, row["id"]
    assert carried > 40


@pytest.mark.parametrize("name", ["anthropic", "openai"])
def test_a_stream_says_the_same_however_it_is_cut(name):
    need(f"provider-recordings/{name}.jsonl")
    side = SIDES[FILES[name]]
    streams = [data for row in recorded(name) if (data := stream_of(row["response"])) is not None]

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(st.sampled_from(streams), st.lists(st.integers(0, 1 << 20), max_size=12))
    def law(data, cuts):
        for dialect in SIDES:
            asked = asked_in(dialect)
            whole = translation.stream_reader(asked, side)
            cut = translation.stream_reader(asked, side)
            expected = whole.feed(data)
            got = b"".join(cut.feed(piece) for piece in pieces_of(data, cuts))
            if not whole.ended:
                expected, got = expected + whole.close(), got + cut.close()
            assert got == expected
            assert (cut.ended, cut.summary) == (whole.ended, whole.summary)

    law()


@pytest.mark.parametrize("name", ["anthropic", "openai"])
def test_a_stream_that_is_cut_off_is_never_whole(name):
    need(f"provider-recordings/{name}.jsonl")
    side = SIDES[FILES[name]]
    for number, row in enumerate(recorded(name)):
        data = stream_of(row["response"])
        if data is None:
            continue
        end = END[FILES[name]].search(data).start()
        reader = translation.stream_reader(asked_in(ANTHROPIC if number % 2 else OPENAI), side)
        reader.feed(data[: end * (1 + number % 7) // 8])
        reader.close()
        assert not reader.ended, row["id"]


@pytest.mark.parametrize("name", ["anthropic", "openai"])
def test_a_whole_answer_and_its_stream_are_one(name):
    """A plain recording, told as events, is read as the same answer by the same format and by the other."""
    need(f"provider-recordings/{name}.jsonl")
    dialect = FILES[name]
    for row in recorded(name):
        if row["response"].get("body") is None:
            continue
        source = SIDES[dialect].read_reply(msgspec.json.encode(row["response"]["body"]))
        events = told(source)
        for other, side in SIDES.items():
            if other is ANTHROPIC and len(source.choices) > 1:
                continue
            data = encoded(other, events)
            again = Assembled(events_of(side.decoder(asked_in(other, {**EMPTY[other]})), [data])).reply
            assert safe(one_meaning(again)) == safe(one_meaning(source)), row["id"]
            assert again.usage == source.usage, row["id"]


def told(reply):
    """A whole answer as the events of a stream."""
    from gatepost_gateway.domain import conversation as form

    events = [form.Started(id=reply.id, model=reply.model, fingerprint=reply.fingerprint)]
    for number, choice in enumerate(reply.choices):
        calls = 0
        for part in choice.parts:
            match part:
                case form.Text():
                    events += [form.TextDelta(part.text[:3], number), form.TextDelta(part.text[3:], number)]
                case form.Refusal():
                    events.append(form.RefusalDelta(part.text, number))
                case form.Reasoning(sealed=str()):
                    events.append(form.ReasoningDelta("", number, None, part.sealed, part.sealed_by))
                case form.Reasoning():
                    events.append(form.ReasoningDelta(part.text, number))
                    if part.signature:
                        events.append(form.ReasoningDelta("", number, part.signature, None, part.sealed_by))
                case form.ToolCall():
                    events.append(form.ToolCallBegan(index=calls, id=part.id, name=part.name, choice=number))
                    events.append(form.ArgumentsDelta(calls, part.arguments, number))
                    calls += 1
                case _:
                    events.append(form.PartCame(part, number))
        if choice.stop is not None:
            events.append(form.Stopped(choice.stop, number, choice.word, choice.sequence))
    if reply.usage is not None:
        events.append(form.Used(reply.usage))
    return [*events, form.Ended()]


SHAPE = Shape(model="m", thinks=True, echoes=True, max_output=64_000)


@pytest.mark.parametrize("name", FILES)
def test_each_recorded_request_there_and_back_is_the_same_where_nothing_was_lost(name):
    need(f"provider-recordings/{name}.jsonl")
    dialect = FILES[name]
    other = ANTHROPIC if dialect is OPENAI else OPENAI
    same = 0
    for row in recorded(name):
        body = (row["request"] or {}).get("body")
        if not isinstance(body, dict) or "model" not in body:
            continue
        asked = asked_in(dialect, body)
        there, lost = translation.write_request(asked, SIDES[other], SHAPE)
        first = CALLERS[dialect].read_request(asked)
        middle = asked_in(other, msgspec.json.decode(there))
        back, lost_again = translation.write_request(middle, SIDES[dialect], SHAPE)
        if lost or lost_again:
            continue
        again = CALLERS[dialect].read_request(asked_in(dialect, msgspec.json.decode(back)))
        assert said(again) == said(first), row["id"]
        same += 1
    assert same > 30


def said(conversation):
    """A request's meaning, without what each format must add, and with turns of one role as one."""
    from gatepost_gateway.domain import conversation as form

    turns = []
    for message in conversation.messages:
        parts = []
        for part in message.parts:
            match part:
                case form.ToolCall():
                    call = msgspec.json.decode(part.arguments or "{}")
                    parts.append(
                        ("call", "".join(c if c.isalnum() or c in "_-" else "_" for c in part.id), part.name, call)
                    )
                case form.ToolResult():
                    id = "".join(c if c.isalnum() or c in "_-" else "_" for c in part.call_id)
                    inner = [one.text if isinstance(one, form.Text) else one for one in part.parts]
                    parts.append(("result", id, inner))
                case form.Text() | form.Refusal():
                    if part.text:
                        parts.append(("text", part.text))
                case form.Media():
                    parts.append((part.kind, part.mime, part.data, part.url))
                case _:
                    parts.append(part)
        if message.role is form.Role.ASSISTANT:
            parts.sort(key=lambda part: isinstance(part, tuple) and part[0] == "call")
        if turns and turns[-1][0] == message.role:
            turns[-1][1].extend(parts)
        else:
            turns.append((message.role, parts))
    named = ("temperature", "top_p", "stop", "user")
    choice = conversation.tool_choice if conversation.tools else None
    return (
        [turn for turn in turns if turn[1]],
        [
            (tool.name, tool.description, tool.schema or {"type": "object", "properties": {}})
            for tool in conversation.tools
        ],
        None if choice is None or choice.mode is form.ToolMode.AUTO else choice,
        # Where a format has no place for a description, the schema holds it.
        conversation.output.described(form.Losses()) if conversation.output else None,
        [getattr(conversation, name) for name in named],
    )


def test_what_both_sides_speak_passes_untouched():
    body = b'{"model":"m", "messages":[ ],"unknown":{"b":1,"a":2},"max_tokens":5}'
    for dialect, side in SIDES.items():
        asked = CALLERS[dialect].read_asked(body)
        sent, lost = translation.write_request(asked, side, Shape(model="m"))
        assert (sent, lost) == (body, ())
        changed, _ = translation.write_request(asked, side, Shape(model="other", cap=3))
        assert list(msgspec.json.decode(changed)) == list(msgspec.json.decode(body))
        assert b'"unknown":{"b":1,"a":2}' in changed


def test_a_request_that_its_own_format_forbids_is_the_callers_fault():
    asked = asked_in(OPENAI, {"model": "m", "messages": [{"role": "nobody", "content": "x"}]})
    with pytest.raises(CallerError, match=r"messages\[0\].role") as caught:
        translation.write_request(asked, SIDES[ANTHROPIC], Shape(model="x"))
    assert caught.value.status == 400


def test_an_error_in_a_stream_is_no_answer():
    anthropic = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
    openai = b'data: {"error":{"message":"Overloaded"}}\n\n'
    for data, side in ((anthropic, SIDES[ANTHROPIC]), (openai, SIDES[OPENAI])):
        for dialect in SIDES:
            with pytest.raises(StreamFailed, match="Overloaded"):
                translation.stream_reader(asked_in(dialect), side).feed(data)


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(list(SIDES)), st.sampled_from(list(CALLERS)))
def test_garbage_is_an_error_and_never_an_answer(data, source, dialect):
    reader = translation.stream_reader(asked_in(dialect), SIDES[source])
    try:
        reader.feed(b"data: " + data + b"\n\n")
        reader.close()
    except ValueError:
        return
    assert not reader.summary.finish


def test_losses_are_listed_once_and_in_order():
    losses = Losses()
    losses.add("b", "a")
    losses.add("a")
    assert losses.names == ("b", "a")
