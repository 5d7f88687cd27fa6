import msgspec
import pytest

from gatepost_gateway.dialects import openai_responses, registry, translation
from gatepost_gateway.dialects.framing import ModelFailed
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.openai_responses_reply import read_reply, response_object, summarise
from gatepost_gateway.domain.chat import DialectName, Stop
from gatepost_gateway.domain.conversation import Media, MediaKind, Opaque, Reasoning, Refusal, Text, ToolCall
from gatepost_gateway.domain.usage import Usage

from ..recordings import need
from .kit import asked_in, meaning


def response(*output, **more):
    usage = {"input_tokens": 9, "output_tokens": 4, "output_tokens_details": {"reasoning_tokens": 2}}
    said = {"id": "resp_1", "model": "m1", "status": "completed", "output": output, "usage": usage, **more}
    return msgspec.json.encode(said)


def message(*parts):
    return {"type": "message", "role": "assistant", "content": list(parts)}


def text(words, **more):
    return {"type": "output_text", "text": words, "annotations": [], **more}


CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": '{"a":1}'}


def test_an_answer_is_read_item_by_item():
    reply = read_reply(
        response(
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "gA"},
            message(text("a"), text("b"), {"type": "refusal", "refusal": "no"}),
            {"type": "reasoning", "summary": [], "encrypted_content": "gemini_generate#call:sig"},
            CALL,
            {"type": "image_generation_call", "result": "QQ=="},
            {"type": "web_search_call", "status": "completed"},
        )
    )
    (choice,) = reply.choices
    call = ToolCall(id="c1", name="f", arguments='{"a":1}', signature="sig", sealed_by="gemini_generate")
    assert choice.parts == [
        Reasoning(text="hm"),
        Reasoning(sealed="gA", sealed_by="openai_responses"),
        Text(text="ab"),
        Refusal(text="no"),
        call,
        Media(kind=MediaKind.IMAGE, mime="image/png", data="QQ=="),
        Opaque(
            dialect="openai_responses", kind="web_search_call", value={"type": "web_search_call", "status": "completed"}
        ),
    ]
    assert (choice.stop, reply.id, reply.model) == (Stop.TOOL_CALLS, "resp_1", "m1")
    assert reply.usage == Usage(input=9, output=4, reasoning=2)


@pytest.mark.parametrize(
    ("more", "stop"),
    [
        ({}, Stop.STOP),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, Stop.LENGTH),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, Stop.CONTENT_FILTER),
        ({"status": "incomplete"}, Stop.LENGTH),
    ],
)
def test_why_it_ended(more, stop):
    assert summarise(response(message(text("a")), **more)).finish == (stop.value,)


@pytest.mark.parametrize("status", ["failed", "cancelled", "queued", "in_progress"])
def test_a_response_that_did_not_come_to_its_end_is_none(status):
    with pytest.raises(ModelFailed, match=f"{status}: overloaded"):
        read_reply(response(status=status, error={"code": "server_error", "message": "overloaded"}))


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{}", b'{"output":1,"status":"completed"}', response(usage="x"), b"[]"]
)
def test_what_is_no_response_is_not_one(body):
    with pytest.raises(Malformed):
        read_reply(body)


def test_a_translated_answer_repeats_its_request():
    body = {"model": "m", "input": "x", "tools": [{"type": "function", "name": "f"}], "temperature": 0, "user": None}
    asked = openai_responses.read_asked(msgspec.json.encode({**body, "metadata": {"a": "b"}, "store": False}))
    asked.at, asked.name = 7, "abc"
    said = msgspec.json.decode(msgspec.json.encode(response_object(asked, "claude")))
    assert (said["id"], said["created_at"], said["model"], said["store"]) == ("resp_abc", 7, "claude", False)
    assert (said["tools"], said["temperature"], said["metadata"]) == (body["tools"], 0, {"a": "b"})
    assert (said["user"], said["tool_choice"], said["text"]) == (None, "auto", {"format": {"type": "text"}})


@pytest.mark.parametrize(
    "caller", [DialectName.OPENAI_CHAT, DialectName.ANTHROPIC_MESSAGES, DialectName.GEMINI_GENERATE]
)
def test_each_recorded_answer_reaches_callers_of_other_formats(caller):
    sides = {
        side.dialect: side for side in (registry.OPENAI_CHAT, registry.ANTHROPIC_MESSAGES, registry.GEMINI_GENERATE)
    }
    seen = 0
    for row in need("provider-recordings/openai-responses.jsonl"):
        body = row["response"].get("body")
        if row["operation"] != "responses" or row["response"]["status"] != 200 or "output" not in (body or {}):
            continue
        (first,) = meaning(read_reply(msgspec.json.encode(body)))
        said, summary = translation.read_answer(asked_in(caller), registry.OPENAI_RESPONSES, msgspec.json.encode(body))
        (second,) = meaning(sides[caller].read_reply(said))
        assert second["text"] + second["refusal"] == first["text"] + first["refusal"], row["id"]
        assert [call[1:] for call in second["calls"]] == [call[1:] for call in first["calls"]], row["id"]
        hosted = {item["type"] for item in body["output"]} - {"message", "reasoning", "function_call"}
        listed = {name.partition(".")[2] for name in summary.lossy}
        assert hosted - {"image_generation_call"} <= listed, row["id"]
        seen += 1
    assert seen > 30


@pytest.mark.parametrize("file", ["openai-responses", "azure-openai", "openai-compatible"])
def test_every_recorded_answer_tells_its_usage_and_its_end(file):
    seen = 0
    for row in need(f"provider-recordings/{file}.jsonl"):
        body = row["response"].get("body")
        if row["operation"] != "responses" or row["response"]["status"] != 200 or "output" not in (body or {}):
            continue
        summary = summarise(msgspec.json.encode(body))
        usage = body.get("usage")
        assert summary.upstream_id == body["id"]
        assert len(summary.finish) == 1
        if usage:
            said = summary.usage
            assert said.input + said.cache_read + said.cache_write == usage["input_tokens"], row["id"]
            assert (said.output, said.input >= 0) == (usage["output_tokens"], True)
        calls = [one["name"] for one in body["output"] if one["type"] == "function_call"]
        assert summary.tool_calls == tuple(calls)
        seen += 1
    assert seen > 10
