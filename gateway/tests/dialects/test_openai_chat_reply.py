import msgspec
import pytest

from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.openai_chat_reply import read_reply, read_stop, write_reply
from gatepost_gateway.domain.chat import DialectName, Stop
from gatepost_gateway.domain.conversation import (
    Choice,
    Losses,
    Media,
    MediaKind,
    Opaque,
    Reasoning,
    Refusal,
    Reply,
    Text,
    ToolCall,
    ToolResult,
)
from gatepost_gateway.domain.usage import Usage

from .kit import asked_in


def read(message=None, finish="stop", **more):
    choice = {"index": 0, "message": {"role": "assistant", **(message or {})}, "finish_reason": finish}
    return read_reply(msgspec.json.encode({"id": "c1", "model": "m", "choices": [choice], **more}))


def write(reply):
    losses = Losses()
    asked = asked_in(DialectName.OPENAI_CHAT)
    asked.at = 17
    return msgspec.json.decode(write_reply(reply, asked, losses)), losses.names


def test_a_message_is_read():
    call = {"id": "t", "type": "function", "function": {"name": "go", "arguments": "{}"}}
    reply = read({"content": "x", "tool_calls": [call], "reasoning": "hm"}, "tool_calls", system_fingerprint="f")
    (choice,) = reply.choices
    assert choice.parts == [Reasoning(text="hm"), Text(text="x"), ToolCall(id="t", name="go", arguments="{}")]
    assert (choice.stop, reply.fingerprint, reply.id) == (Stop.TOOL_CALLS, "f", "c1")


def test_calls_without_ids_get_one_that_is_the_same_each_time():
    calls = [{"function": {"name": "go", "arguments": ""}}, {"id": "", "function": {"name": "stay"}}]
    assert [part.id for part in read({"tool_calls": calls}).choices[0].parts] == ["call_0_c1", "call_1_c1"]
    (old,) = read({"function_call": {"name": "go", "arguments": "{}"}}, "function_call").choices[0].parts
    assert (old.id, old.name) == ("call_0_c1", "go")


def test_why_it_ended():
    assert read_stop(None, called=True) is None
    assert read_stop("stop", called=True) is Stop.TOOL_CALLS
    assert read_stop("length", called=True) is Stop.LENGTH
    assert read_stop("something_new", called=False) is Stop.STOP
    assert read({"content": "x"}, "content_filter").choices[0].stop is Stop.CONTENT_FILTER


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"choices":[1]}', b'{"choices":[],"usage":"x"}', b'{"choices":{}}']
)
def test_what_is_not_an_answer_is_malformed(body):
    with pytest.raises(Malformed):
        read_reply(body)


def test_an_answer_is_written_with_its_usage_in_the_formats_way():
    reply = Reply(
        id="i",
        model="m",
        fingerprint="f",
        usage=Usage(input=10, output=7, cache_read=900, cache_write=50, reasoning=3),
        choices=[Choice(parts=[Text(text="a"), Text(text="b")], stop=Stop.STOP, word="stop_sequence", sequence="END")],
    )
    body, lost = write(reply)
    assert (body["id"], body["object"], body["created"], body["system_fingerprint"]) == (
        "i",
        "chat.completion",
        17,
        "f",
    )
    assert body["usage"] == {
        "prompt_tokens": 960,
        "completion_tokens": 7,
        "total_tokens": 967,
        "prompt_tokens_details": {"cached_tokens": 900, "cache_write_tokens": 50},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    (choice,) = body["choices"]
    assert choice["message"] == {"role": "assistant", "content": "ab", "refusal": None}
    assert (choice["finish_reason"], choice["native_finish_reason"], choice["stop_sequence"]) == (
        "stop",
        "stop_sequence",
        "END",
    )
    assert lost == ()
    again = read_reply(msgspec.json.encode(body))
    assert (again.usage, again.choices[0].word, again.choices[0].sequence) == (reply.usage, "stop_sequence", "END")


def test_pictures_and_refusals_have_their_places():
    picture = Media(kind=MediaKind.IMAGE, mime="image/png", data="AA")
    body, lost = write(Reply(choices=[Choice(parts=[picture, Refusal(text="no")])]))
    message = body["choices"][0]["message"]
    assert (message["content"], message["refusal"]) == (None, "no")
    again = read_reply(msgspec.json.encode(body)).choices[0]
    assert again.parts == [picture, Refusal(text="no")]
    assert (again.stop, lost, "usage" in body) == (None, (), False)


def test_what_has_no_place_is_listed():
    parts = [
        Text(text="x", extra={"citations": 1}),
        Opaque(dialect=DialectName.ANTHROPIC_MESSAGES, kind="server_tool_use", value={}),
        Media(kind=MediaKind.AUDIO, data="AA"),
        ToolCall(id="t", name="go", arguments="{}", signature="s", sealed_by=DialectName.BEDROCK_CONVERSE),
        ToolResult(call_id="t", parts=[]),
    ]
    _, lost = write(Reply(choices=[Choice(parts=parts, extra={"grounding": 1})], extra={"container": 1}))
    assert lost == (
        "container",
        "grounding",
        "content.citations",
        "content.server_tool_use",
        "content.audio",
        "content.signature",
        "content.tool_result",
    )
    assert read({"audio": {"id": 1}}, x_groq=1).extra == {"x_groq": 1}
    assert read({"audio": {"id": 1}}).choices[0].extra == {"audio": {"id": 1}}
