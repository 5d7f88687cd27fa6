import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.dialects import translation
from gatepost_gateway.dialects.bedrock_converse import BedrockDecoder, read_reply, read_usage
from gatepost_gateway.dialects.event_stream import BadFrame, Frame, text_header, write_frame
from gatepost_gateway.dialects.framing import ModelFailed, StreamFailed
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.registry import ANTHROPIC_MESSAGES, BEDROCK_CONVERSE, GEMINI_GENERATE, OPENAI_CHAT
from gatepost_gateway.dialects.sides import ProviderSide
from gatepost_gateway.domain.chat import Asked, DialectName, Stop
from gatepost_gateway.domain.conversation import (
    Ended,
    Event,
    ReasoningDelta,
    Reply,
    Started,
    Stopped,
    TextDelta,
    Unmapped,
)
from gatepost_gateway.domain.usage import Usage
from tests.dialects.bedrock_kit import NAME, STREAMED, WHOLE, facts, frame, frames, name_of, stream_of
from tests.dialects.gemini_kit import OPENAI, OPENAI_STREAM, asked, events_or_why
from tests.dialects.test_gemini_generate_reply import facts_of
from tests.dialects.test_gemini_generate_stream import assembled
from tests.recordings import need

ANTHROPIC = asked(
    {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}, DialectName.ANTHROPIC_MESSAGES
)
ANTHROPIC_STREAM = asked(
    {"model": "m", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "x"}]},
    DialectName.ANTHROPIC_MESSAGES,
)
GEMINI = asked({"contents": []})
DECLARED = {
    "trace",
    "citations",
    "content.citations",
    "content.citation",
    "content.server_tool_use",
    "content.toolResult",
    "messages.server_tool_use",
    "messages.toolResult",
    "messages.citations",
    "messages.reasoning.sealed",
}
"""What other formats have no place for, as these recordings hold it."""
WAYS = [
    pytest.param(OPENAI, OPENAI_STREAM, OPENAI_CHAT, id="openai"),
    pytest.param(ANTHROPIC, ANTHROPIC_STREAM, ANTHROPIC_MESSAGES, id="anthropic"),
    pytest.param(GEMINI, GEMINI, GEMINI_GENERATE, id="gemini"),
]


@pytest.mark.parametrize("row", WHOLE or [{"id": "absent"}], ids=name_of)
def test_a_recorded_answer_is_read_whole(row: dict[str, Any]) -> None:
    need(NAME)
    assert facts_of(read_reply(json.dumps(row["response"]["body"]).encode())) == facts(row)


@pytest.mark.parametrize(("caller", "_stream", "side"), WAYS)
@pytest.mark.parametrize("row", WHOLE or [{"id": "absent"}], ids=name_of)
def test_a_recorded_answer_reaches_every_caller(
    row: dict[str, Any], caller: Asked, _stream: Asked, side: ProviderSide
) -> None:
    need(NAME)
    body, summary = translation.read_answer(caller, BEDROCK_CONVERSE, json.dumps(row["response"]["body"]).encode())
    assert facts_of(side.read_reply(body)) == facts(row)
    assert set(summary.lossy) <= DECLARED


def decoded(raw: bytes, seed: int | None = None) -> list[Event]:
    chance, decoder, at, out = random.Random(seed), BedrockDecoder(OPENAI), 0, []
    while at < len(raw):
        step = len(raw) if seed is None else chance.randint(1, 60)
        out += decoder.feed(raw[at : at + step])
        at += step
    out += decoder.close()
    assert decoder.ended
    return out


@pytest.mark.parametrize("row", STREAMED or [{"id": "absent"}], ids=name_of)
def test_a_recorded_stream_is_read_whole_for_any_split(row: dict[str, Any]) -> None:
    need(NAME)
    raw = stream_of(row)
    events = decoded(raw)
    assert assembled(events) == facts(row)
    assert decoded(raw, 1) == decoded(raw, 2) == events


@pytest.mark.parametrize(("_whole", "caller", "side"), WAYS)
@pytest.mark.parametrize("row", STREAMED or [{"id": "absent"}], ids=name_of)
def test_a_recorded_stream_reaches_every_caller(
    row: dict[str, Any], _whole: Asked, caller: Asked, side: ProviderSide
) -> None:
    need(NAME)
    outs: list[tuple[bytes, Any]] = []
    for seed in (1, 2):
        reader, chance, at, out, raw = (
            translation.stream_reader(caller, BEDROCK_CONVERSE),
            random.Random(seed),
            0,
            b"",
            stream_of(row),
        )
        while at < len(raw):
            step = chance.randint(1, 90)
            out += reader.feed(raw[at : at + step])
            at += step
        out += reader.close()
        assert reader.ended
        outs.append((out, reader.summary))
    assert outs[0] == outs[1]
    assert set(outs[0][1].lossy) <= DECLARED
    there = side.decoder(caller)
    assert assembled(there.feed(outs[0][0]) + there.close()) == facts(row)


def whole(*blocks: Any, stop: str = "end_turn", **more: Any) -> Reply:
    said = {"output": {"message": {"role": "assistant", "content": list(blocks)}}, "stopReason": stop, **more}
    return read_reply(json.dumps(said).encode())


def test_ends_have_their_meaning() -> None:
    assert whole({"text": "a"}, stop="guardrail_intervened").choices[0].stop is Stop.CONTENT_FILTER
    assert whole({"text": "a"}, stop="model_context_window_exceeded").choices[0].stop is Stop.LENGTH
    assert whole({"text": "a"}, stop="a_new_word").choices[0].word == "a_new_word"
    met = whole({"text": "a"}, stop="stop_sequence", additionalModelResponseFields={"stop_sequence": "END"})
    assert met.choices[0].sequence == "END"
    with pytest.raises(ModelFailed, match="malformed_tool_use"):
        whole(stop="malformed_tool_use")


@pytest.mark.parametrize("body", [b"[]", b"{}", b"{", b'{"output":1}', b'{"output":{"message":{"content":[1]}}}'])
def test_what_is_not_an_answer_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        read_reply(body)


def test_usage_stands_in_disjoint_buckets() -> None:
    said = {"inputTokens": 3, "outputTokens": 61, "cacheReadInputTokens": 2074, "cacheWriteInputTokens": 297}
    assert read_usage(said) == Usage(input=3, output=61, cache_read=2074, cache_write=297)
    assert read_usage(None) is None
    assert read_usage({"inputTokens": -1}) is None


def test_failures_in_the_stream_are_said() -> None:
    with pytest.raises(StreamFailed, match=r"throttlingException: .*slow down"):
        BedrockDecoder(OPENAI).feed(frame("throttlingException", {"message": "slow down"}, "exception"))
    with pytest.raises(StreamFailed):
        BedrockDecoder(OPENAI).feed(frame("x", {}, "error"))
    with pytest.raises(BadFrame):
        BedrockDecoder(OPENAI).feed(b"<html>not a stream of frames</html>")


def test_a_stream_that_stops_is_no_end() -> None:
    decoder = BedrockDecoder(OPENAI)
    assert decoder.feed(frame("messageStart", {"role": "assistant"})) == [Started()]
    text = frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "half"}})
    assert decoder.feed(text + text[:10])[0] == TextDelta("half")
    assert decoder.close() == []
    assert not decoder.ended


def test_thoughts_stream_with_their_seal() -> None:
    deltas = [{"text": "hm"}, {"signature": "S"}, {"redactedContent": "AAAA"}]
    events = decoded(
        frames(
            [{"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"reasoningContent": one}}} for one in deltas]
            + [
                {
                    "messageStop": {
                        "stopReason": "end_turn",
                        "additionalModelResponseFields": {"delta": {"stop_sequence": "E"}},
                    }
                }
            ]
            + [{"somethingNew": {}}]
        )
    )
    home = DialectName.BEDROCK_CONVERSE
    assert events == [
        Started(),
        ReasoningDelta("hm"),
        ReasoningDelta(signature="S", sealed_by=home),
        ReasoningDelta(sealed="AAAA", sealed_by=home),
        Stopped(Stop.STOP, word="end_turn", sequence="E"),
        Unmapped(("somethingNew",)),
        Ended(),
    ]


@given(st.binary(max_size=200))
def test_garbage_is_a_typed_error(payload: bytes) -> None:
    for kind in ("contentBlockStart", "contentBlockDelta", "messageStop", "metadata"):
        data = write_frame(Frame((text_header(":event-type", kind),), payload))
        told = events_or_why(lambda data=data: BedrockDecoder(OPENAI).feed(data))
        assert told if isinstance(told, str) else all(isinstance(event, Event) for event in told)
