import json
from typing import Any

import pytest

from gatepost_gateway.dialects import translation
from gatepost_gateway.dialects.framing import ModelFailed
from gatepost_gateway.dialects.gemini_generate_reply import read_reply, summarise, write_reply
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.registry import CALLERS, GEMINI_GENERATE, OPENAI_CHAT
from gatepost_gateway.domain.chat import DialectName, Stop
from gatepost_gateway.domain.conversation import (
    Choice,
    Losses,
    Opaque,
    Reasoning,
    Reply,
    Text,
    ToolCall,
)
from gatepost_gateway.domain.usage import Usage
from tests.dialects.gemini_kit import NAME, OPENAI, WHOLE, asked, facts, name_of
from tests.recordings import need

CALLER = asked({"contents": []})
DECLARED = {
    "avgLogprobs",
    "groundingMetadata",
    "content.signature",
    "content.executableCode",
    "content.codeExecutionResult",
    "content.toolCall",
    "content.toolResponse",
}
"""What a chat completion has no place for, as these recordings hold it."""


def check(reply: Reply, row: dict[str, Any]) -> None:
    assert facts_of(reply) == facts(row)


def facts_of(reply: Reply) -> dict[str, Any]:
    """What a recording says of itself, as it was read."""
    parts = [part for choice in reply.choices for part in choice.parts]
    (stop,) = [choice.stop and choice.stop.value for choice in reply.choices]
    used = reply.usage
    assert used is not None
    return {
        "text": "".join(part.text for part in parts if isinstance(part, Text)),
        "thought": "".join(part.text for part in parts if isinstance(part, Reasoning)),
        "calls": [(part.name, json.loads(part.arguments)) for part in parts if isinstance(part, ToolCall)],
        "finish": stop,
        "input": used.input + used.cache_read + used.cache_write,
        "output": used.output,
    }


@pytest.mark.parametrize("row", WHOLE or [{"id": "absent"}], ids=name_of)
def test_a_recorded_answer_is_read_whole(row: dict[str, Any]) -> None:
    need(NAME)
    raw = json.dumps(row["response"]["body"]).encode()
    check(read_reply(raw), row)
    body, summary = translation.read_answer(CALLER, GEMINI_GENERATE, raw)
    assert body == raw
    assert summary.usage == read_reply(raw).usage


@pytest.mark.parametrize("row", WHOLE or [{"id": "absent"}], ids=name_of)
def test_a_recorded_answer_reaches_an_openai_caller_and_comes_back(row: dict[str, Any]) -> None:
    need(NAME)
    raw = json.dumps(row["response"]["body"]).encode()
    body, summary = translation.read_answer(OPENAI, GEMINI_GENERATE, raw)
    there = OPENAI_CHAT.read_reply(body)
    check(there, row)
    assert set(summary.lossy) <= DECLARED
    back = read_reply(write_reply(there, CALLER, Losses()))
    check(back, row)


def whole(**candidate: Any) -> bytes:
    return json.dumps({"candidates": [{"content": {"parts": []}, "index": 0, **candidate}]}).encode()


def test_a_prompt_that_was_blocked_ends_as_filtered() -> None:
    reply = read_reply(
        b'{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":4}}'
    )
    assert reply.choices == [Choice(parts=[], stop=Stop.CONTENT_FILTER, word="PROHIBITED_CONTENT")]
    assert reply.usage == Usage(input=4)


def test_an_end_that_is_a_failure_is_no_answer() -> None:
    body = whole(finishReason="MALFORMED_FUNCTION_CALL", finishMessage="call:f(")
    with pytest.raises(ModelFailed, match=r"MALFORMED_FUNCTION_CALL: call:f"):
        read_reply(body)
    assert summarise(body).finish == ("stop",)
    spoke = whole(finishReason="OTHER", content={"parts": [{"text": "a"}]})
    assert read_reply(spoke).choices[0].word == "OTHER"


@pytest.mark.parametrize("body", [b"[]", b"{}", b"{", b'{"candidates":{}}', b'{"candidates":[1]}', b"\xff"])
def test_what_is_not_an_answer_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        read_reply(body)


def test_calls_without_ids_get_the_same_ones_each_time_and_others_in_each_answer() -> None:
    def answer(reply_id: str) -> bytes:
        calls = [{"functionCall": {"name": "f"}}, {"functionCall": {"name": "f"}}]
        return json.dumps({"responseId": reply_id, "candidates": [{"content": {"parts": calls}}]}).encode()

    def ids(body: bytes) -> list[str]:
        return [part.id for part in read_reply(body).choices[0].parts if isinstance(part, ToolCall)]

    assert ids(answer("a")) == ids(answer("a"))
    assert len({*ids(answer("a")), *ids(answer("b"))}) == 4
    assert len({*ids(answer("")), *ids(answer(""))}) == 4


def test_an_answer_is_written_with_what_has_no_place_listed() -> None:
    losses = Losses()
    reply = Reply(
        id="r",
        model="m",
        fingerprint="fp",
        usage=Usage(input=1, output=2),
        choices=[
            Choice(
                parts=[Text(text="hi"), Opaque(dialect=DialectName.OPENAI_CHAT, kind="audio", value={})],
                stop=Stop.STOP,
                sequence="END",
                extra={"logprobs": {}},
            )
        ],
        extra={"service_tier": "x"},
    )
    said = json.loads(CALLERS[DialectName.GEMINI_GENERATE].write_reply(reply, CALLER, losses))
    assert said["candidates"] == [
        {"content": {"parts": [{"text": "hi"}], "role": "model"}, "finishReason": "STOP", "index": 0}
    ]
    assert (said["responseId"], said["modelVersion"]) == ("r", "m")
    assert set(losses.names) == {"service_tier", "system_fingerprint", "logprobs", "stop_sequence", "messages.audio"}
