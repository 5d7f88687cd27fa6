import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.dialects import translation
from gatepost_gateway.dialects.framing import EventSplitter, ModelFailed, StreamFailed, data_of
from gatepost_gateway.dialects.gemini_generate_stream import GeminiDecoder, GeminiEncoder
from gatepost_gateway.dialects.registry import GEMINI_GENERATE, OPENAI_CHAT
from gatepost_gateway.domain.chat import DialectName, Stop
from gatepost_gateway.domain.conversation import (
    ArgumentsDelta,
    Ended,
    Event,
    Losses,
    Media,
    MediaKind,
    PartCame,
    ReasoningDelta,
    RefusalDelta,
    Started,
    Stopped,
    TextDelta,
    ToolCallBegan,
    Unmapped,
    Used,
)
from gatepost_gateway.domain.usage import Usage
from tests.dialects.gemini_kit import (
    NAME,
    OPENAI_STREAM,
    STREAMED,
    asked,
    events_or_why,
    facts,
    name_of,
    sse,
    stream_of,
)
from tests.recordings import need

CALLER = asked({"contents": []})
DECLARED = {
    "groundingMetadata",
    "urlContextMetadata",
    "thoughtSignature",
    "content.signature",
    "content.executableCode",
    "content.codeExecutionResult",
    "content.toolCall",
    "content.toolResponse",
}


def decoded(raw: bytes, seed: int | None = None) -> list[Event]:
    """The events; with a seed, of any split of the bytes."""
    chance, decoder, at, out = random.Random(seed), GeminiDecoder(CALLER), 0, []
    while at < len(raw):
        step = len(raw) if seed is None else chance.randint(1, 60)
        out += decoder.feed(raw[at : at + step])
        at += step
    out += decoder.close()
    assert decoder.ended
    return out


def assembled(events: list[Event]) -> dict[str, Any]:
    said: dict[str, Any] = {"text": "", "thought": "", "finish": None, "input": 0, "output": 0}
    calls: list[tuple[str, str]] = []
    for event in events:
        match event:
            case TextDelta():
                said["text"] += event.text
            case ReasoningDelta():
                said["thought"] += event.text
            case ToolCallBegan():
                calls.append((event.name, ""))
            case ArgumentsDelta():
                calls[event.index] = (calls[event.index][0], calls[event.index][1] + event.text)
            case Stopped():
                said["finish"] = event.stop.value
            case Used():
                said["input"] = event.usage.total - event.usage.output
                said["output"] = event.usage.output
            case _:
                pass
    return {**said, "calls": [(name, json.loads(arguments or "{}")) for name, arguments in calls]}


def translate(raw: bytes, seed: int) -> tuple[bytes, Any]:
    reader, chance, at, out = translation.stream_reader(OPENAI_STREAM, GEMINI_GENERATE), random.Random(seed), 0, b""
    while at < len(raw):
        step = chance.randint(1, 80)
        out += reader.feed(raw[at : at + step])
        at += step
    out += reader.close()
    assert reader.ended
    return out, reader.summary


@pytest.mark.parametrize("row", STREAMED or [{"id": "absent"}], ids=name_of)
def test_a_recorded_stream_is_read_whole_for_any_split(row: dict[str, Any]) -> None:
    need(NAME)
    raw = stream_of(row)
    events = decoded(raw)
    assert assembled(events) == facts(row)
    assert decoded(raw, 1) == decoded(raw, 2) == events


@pytest.mark.parametrize("row", STREAMED or [{"id": "absent"}], ids=name_of)
def test_a_recorded_stream_reaches_an_openai_caller_and_comes_back(row: dict[str, Any]) -> None:
    need(NAME)
    out, summary = translate(stream_of(row), 1)
    assert translate(stream_of(row), 2) == (out, summary)
    assert set(summary.lossy) <= DECLARED
    there = OPENAI_CHAT.decoder(OPENAI_STREAM).feed(out)
    assert assembled(there) == facts(row)
    encoder = GeminiEncoder(CALLER, Losses())
    back = b"".join(encoder.encode(event) for event in there)
    assert assembled(decoded(back)) == facts(row)


@pytest.mark.parametrize("row", STREAMED or [{"id": "absent"}], ids=name_of)
def test_a_recorded_stream_passes_byte_for_byte(row: dict[str, Any]) -> None:
    need(NAME)
    raw = stream_of(row)
    reader = translation.stream_reader(CALLER, GEMINI_GENERATE)
    assert reader.feed(raw[:100]) + reader.feed(raw[100:]) + reader.close() == raw
    assert reader.ended
    assert reader.summary.finish == (facts(row)["finish"],)


def test_a_stream_that_stops_is_no_end() -> None:
    decoder = GeminiDecoder(CALLER)
    decoder.feed(sse([{"candidates": [{"content": {"parts": [{"text": "half"}]}}]}]))
    assert decoder.close() == []
    assert not decoder.ended


def test_a_last_event_without_its_empty_line_is_read() -> None:
    raw = sse([{"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]}]).rstrip()
    assert assembled(decoded(raw))["finish"] == "stop"


def test_a_blocked_prompt_ends_as_filtered() -> None:
    events = decoded(sse([{"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}}]))
    assert Stopped(Stop.CONTENT_FILTER, word="SAFETY") in events
    assert events[-1] == Ended()


def test_failures_in_the_stream_are_said() -> None:
    with pytest.raises(StreamFailed, match="UNAVAILABLE"):
        GeminiDecoder(CALLER).feed(sse([{"error": {"code": 503, "status": "UNAVAILABLE"}}]))
    with pytest.raises(ModelFailed):
        GeminiDecoder(CALLER).feed(sse([{"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]}]))
    with pytest.raises(ValueError, match="not a generateContent answer"):
        GeminiDecoder(CALLER).feed(b"data: hello\n\n")


def test_two_candidates_stay_apart() -> None:
    events = decoded(
        sse(
            [
                {
                    "candidates": [
                        {"index": n, "content": {"parts": [{"text": str(n)}, {"functionCall": {"name": "f"}}]}}
                    ]
                }
                for n in (0, 1)
            ]
            + [{"candidates": [{"index": n, "finishReason": "STOP"} for n in (0, 1)]}]
        )
    )
    assert [(event.choice, event.index) for event in events if isinstance(event, ToolCallBegan)] == [(0, 0), (1, 0)]
    assert [event.choice for event in events if isinstance(event, Stopped)] == [0, 1]


@given(st.binary(max_size=200))
def test_garbage_is_a_typed_error(data: bytes) -> None:
    decoder = GeminiDecoder(CALLER)
    told = events_or_why(lambda: [*decoder.feed(b"data: " + data + b"\n\n"), *decoder.close()])
    assert told if isinstance(told, str) else all(isinstance(event, Event) for event in told)


def encoded(*events: Event) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    losses = Losses()
    encoder = GeminiEncoder(CALLER, losses)
    out = b"".join(encoder.encode(event) for event in events)
    return [json.loads(data) for event in EventSplitter().feed(out) if (data := data_of(event))], losses.names


def test_events_become_a_stream_that_says_the_same() -> None:
    said, lost = encoded(
        Started(id="r", model="m", usage=Usage(input=5)),
        ReasoningDelta("hm"),
        ReasoningDelta(signature="c2VhbA==", sealed_by=DialectName.GEMINI_GENERATE),
        TextDelta("hi"),
        ToolCallBegan(index=0, id="a", name="f"),
        ToolCallBegan(index=1, id="b", name="g"),
        ArgumentsDelta(1, '{"x":'),
        ArgumentsDelta(0, "{}"),
        ArgumentsDelta(1, "1}"),
        Stopped(Stop.TOOL_CALLS),
        Used(Usage(input=5, output=3, reasoning=1)),
        Ended(),
    )
    assert lost == ()
    calls = [part["functionCall"] for part in said[3]["candidates"][0]["content"]["parts"]]
    assert calls == [{"id": "a", "name": "f", "args": {}}, {"id": "b", "name": "g", "args": {"x": 1}}]
    assert said[-1]["candidates"][0]["finishReason"] == "STOP"
    assert said[-1]["usageMetadata"]["totalTokenCount"] == 8
    assert all((event["responseId"], event["modelVersion"]) == ("r", "m") for event in said)
    again = assembled(decoded(sse(said)))
    assert (again["text"], again["thought"], again["finish"], again["output"]) == ("hi", "hm", "tool_calls", 3)


def test_what_has_no_place_in_the_stream_is_listed() -> None:
    _, lost = encoded(
        Started(fingerprint="fp"),
        RefusalDelta("no"),
        ArgumentsDelta(3, "{}"),
        PartCame(Media(kind=MediaKind.IMAGE, file_id="f")),
        Unmapped(("annotations",)),
        Stopped(Stop.STOP, sequence="END"),
        Ended(),
    )
    assert set(lost) == {
        "system_fingerprint",
        "messages.refusal",
        "tool_call.arguments",
        "messages.image.file_id",
        "annotations",
        "stop_sequence",
    }


def test_what_is_said_after_a_call_comes_after_it() -> None:
    said, _ = encoded(ToolCallBegan(index=0, id="a", name="f"), TextDelta("then"), Stopped(Stop.STOP), Ended())
    kinds = [next(iter(event["candidates"][0]["content"]["parts"][0])) for event in said]
    assert kinds == ["functionCall", "text", "text"]
