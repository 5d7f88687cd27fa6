from gatepost_gateway.dialects.notes import MAX_CHOICES, MAX_NAMES, Notes, summary_of
from gatepost_gateway.domain.chat import DialectName, Stop
from gatepost_gateway.domain.conversation import (
    ArgumentsDelta,
    Choice,
    Ended,
    Media,
    MediaKind,
    Opaque,
    PartCame,
    Reasoning,
    ReasoningDelta,
    Refusal,
    RefusalDelta,
    Reply,
    Started,
    Stopped,
    Text,
    TextDelta,
    ToolCall,
    ToolCallBegan,
    Used,
)
from gatepost_gateway.domain.usage import Usage


def test_a_stream_adds_up():
    notes = Notes()
    notes.take(Started(id="i", model="m", fingerprint="f", usage=Usage(input=3)))
    assert not notes.spoke
    for event in (TextDelta("ä"), ReasoningDelta("b"), RefusalDelta("c"), ToolCallBegan(index=0, id="t", name="go")):
        notes.take(event)
    notes.take(ArgumentsDelta(0, "{}"))
    notes.take(ReasoningDelta(signature="sealed"))
    notes.take(Stopped(Stop.TOOL_CALLS))
    assert notes.summary.usage == Usage(input=3)
    notes.take(Used(Usage(input=3, output=9)))
    notes.take(Ended())
    summary = notes.summary
    assert (summary.upstream_id, summary.model, summary.fingerprint) == ("i", "m", "f")
    assert (summary.usage, summary.finish, summary.tool_calls) == (Usage(input=3, output=9), ("tool_calls",), ("go",))
    assert (notes.spoke, notes.tokens, summary.text_bytes) == (True, 5, 8)


def test_a_picture_is_an_answer_too():
    notes = Notes()
    notes.take(PartCame(Media(kind=MediaKind.IMAGE, url="u")))
    assert notes.spoke


def test_what_a_provider_repeats_without_end_is_bounded():
    notes = Notes()
    for number in range(MAX_NAMES + 5):
        notes.take(ToolCallBegan(index=number, id="t", name="go"))
        notes.take(Stopped(Stop.STOP, number))
    assert len(notes.summary.tool_calls) == MAX_NAMES
    assert len(notes.summary.finish) == MAX_CHOICES


def test_a_whole_answer_is_summed_up_in_the_same_words():
    parts = [
        Text(text="ä"),
        Reasoning(text="b"),
        Refusal(text="c"),
        ToolCall(id="t", name="go", arguments="{}"),
        Opaque(dialect=DialectName.OPENAI_CHAT, kind="x", value=1),
    ]
    reply = Reply(id="i", model="m", usage=Usage(output=1), choices=[Choice(parts=parts, stop=Stop.LENGTH)])
    summary = summary_of(reply)
    assert (summary.upstream_id, summary.model, summary.usage) == ("i", "m", Usage(output=1))
    assert (summary.finish, summary.tool_calls, summary.text_bytes) == (("length",), ("go",), 8)
