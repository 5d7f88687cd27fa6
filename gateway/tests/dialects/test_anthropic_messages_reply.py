import msgspec
import pytest

from gatepost_gateway.dialects.anthropic_messages_reply import read_reply, read_usage, write_reply, write_stop
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.domain.chat import DialectName, Stop
from gatepost_gateway.domain.conversation import Choice, Losses, Refusal, Reply, Text
from gatepost_gateway.domain.usage import Usage

from .kit import asked_in

ASKED = asked_in(DialectName.ANTHROPIC_MESSAGES)


def read(**more):
    return read_reply(msgspec.json.encode({"id": "i", "model": "m", "content": [], **more}))


def write(reply):
    losses = Losses()
    return msgspec.json.decode(write_reply(reply, ASKED, losses)), losses.names


def test_input_counts_do_not_overlap_and_are_not_added_twice():
    said = {"input_tokens": 10, "cache_read_input_tokens": 900, "cache_creation_input_tokens": 50, "output_tokens": 7}
    usage = read_usage({**said, "output_tokens_details": {"thinking_tokens": 3}})
    assert usage == Usage(input=10, output=7, cache_read=900, cache_write=50, reasoning=3)
    assert usage.total == 967
    assert read_usage({"output_tokens": 9}, usage) == Usage(
        input=10, output=9, cache_read=900, cache_write=50, reasoning=3
    )
    assert read_usage({"input_tokens": None, "output_tokens": None}) == Usage()
    for wrong in ({"input_tokens": -1}, {"output_tokens": 2**41}, {"input_tokens": "3"}):
        with pytest.raises(Malformed):
            read_usage(wrong)


@pytest.mark.parametrize(
    ("word", "stop"),
    [
        ("end_turn", Stop.STOP),
        ("stop_sequence", Stop.STOP),
        ("pause_turn", Stop.STOP),
        ("max_tokens", Stop.LENGTH),
        ("model_context_window_exceeded", Stop.LENGTH),
        ("tool_use", Stop.TOOL_CALLS),
        ("refusal", Stop.CONTENT_FILTER),
        ("something_new", Stop.STOP),
        (None, None),
    ],
)
def test_why_it_ended(word, stop):
    reply = read(stop_reason=word)
    assert (reply.choices[0].stop, reply.choices[0].word) == (stop, word)
    if word != "something_new":
        assert write(reply)[0]["stop_reason"] == word


def test_foreign_words_become_the_formats_own():
    assert write_stop(Stop.LENGTH, "length", None)["stop_reason"] == "max_tokens"
    assert write_stop(Stop.STOP, "stop", "END") == {"stop_reason": "stop_sequence", "stop_sequence": "END"}
    # A server may say `stop` where it calls a tool: what counts is what it did.
    assert write_stop(Stop.TOOL_CALLS, "stop", None)["stop_reason"] == "tool_use"


def test_what_is_not_a_message_is_malformed():
    for wrong in (b"{}", b"[]", b"", b'{"content":1}', b'{"content":[],"usage":[1]}'):
        with pytest.raises(Malformed):
            read_reply(wrong)


def test_what_has_no_place_is_listed():
    extra = read(
        container={"id": "c"}, context_management=None, usage={"server_tool_use": {"web_search_requests": 1}}
    ).extra
    assert set(extra) == {"container", "usage.server_tool_use"}
    assert read(usage={"server_tool_use": {"web_search_requests": 0}}).extra is None
    two = Reply(choices=[Choice(parts=[], extra={"logprobs": 1}), Choice(parts=[])], extra={"x_groq": 1})
    assert write(two)[1] == ("x_groq", "choices", "logprobs")


def test_a_refusal_ends_as_one():
    body, lost = write(Reply(choices=[Choice(parts=[Refusal(text="no")], stop=Stop.STOP)]))
    assert (body["content"], body["stop_reason"]) == ([{"type": "text", "text": "no"}], "refusal")
    assert lost == ("content.refusal",)


def test_an_answer_without_usage_counts_nothing():
    body, _ = write(Reply(choices=[Choice(parts=[Text(text="x")])]))
    assert (body["usage"]["input_tokens"], body["usage"]["output_tokens"]) == (0, 0)
    assert write(Reply(choices=[]))[0]["content"] == []
