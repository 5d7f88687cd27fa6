"""What breaks translators: each law over every pair of formats that callers and providers speak."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.dialects import registry, translation
from gatepost_gateway.dialects.framing import EventSplitter, StreamFailed, data_of
from gatepost_gateway.dialects.sides import ProviderSide, Shape
from gatepost_gateway.domain.chat import Asked, DialectName

from .bedrock_kit import frames
from .kit import asked_in

CHAT, RESPONSES, MESSAGES, GENERATE, CONVERSE = (
    DialectName.OPENAI_CHAT,
    DialectName.OPENAI_RESPONSES,
    DialectName.ANTHROPIC_MESSAGES,
    DialectName.GEMINI_GENERATE,
    DialectName.BEDROCK_CONVERSE,
)
SIDES: dict[DialectName, ProviderSide] = {
    CHAT: registry.OPENAI_CHAT,
    RESPONSES: registry.OPENAI_RESPONSES,
    MESSAGES: registry.ANTHROPIC_MESSAGES,
    GENERATE: registry.GEMINI_GENERATE,
    CONVERSE: registry.BEDROCK_CONVERSE,
}
SURFACES = (CHAT, RESPONSES, MESSAGES, GENERATE)
PAIRS = [(source, surface) for source in SIDES for surface in SURFACES if source is not surface]
WORDS = "caf\u00e9 \U0001f469\u200d\U0001f469 \u4f60\u597d"
CALLS = [
    ("c1", "look", '{"id":12345678901234567890123,"x":0.1000000000000000055511151231257827,"y":1E+400}'),
    ("c2", "wait", "{}"),
    ("c3", "look", '{"q":"' + WORDS + '","n":null,"deep":{"a":[1,{"b":false}]}}'),
]


def sse(*events: Any) -> bytes:
    named = [f"event: {one['type']}\n" if "type" in one else "" for one in events]
    return "".join(f"{name}data: {_json(one)}\n\n" for name, one in zip(named, events, strict=True)).encode()


def _json(said: Any) -> str:
    """JSON in which a text of arguments that was marked stands as the object that it is."""
    return re.sub(r'"@(\d)"', lambda found: CALLS[int(found[1])][2], json.dumps(said, ensure_ascii=False))


def halves(text: str) -> list[str]:
    return [text[: len(text) // 2], text[len(text) // 2 :]] if len(text) > 2 else [text]


def chat_stream() -> bytes:
    """Two choices of cutting at once: arguments in halves, and the halves of one call between those of another."""

    def delta(**said: Any) -> dict[str, Any]:
        return {"id": "r", "choices": [{"index": 0, "delta": said}]}

    began = [
        delta(tool_calls=[{"index": n, "id": id, "type": "function", "function": {"name": name, "arguments": ""}}])
        for n, (id, name, _) in enumerate(CALLS)
    ]
    pieces = [
        delta(tool_calls=[{"index": n, "function": {"arguments": halves(said)[half]}}])
        for half in (0, 1)
        for n, (_, _, said) in enumerate(CALLS)
        if half < len(halves(said))
    ]
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}}
    end = [{"id": "r", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}]
    early = [{"id": "r", "choices": [], "usage": {**usage, "completion_tokens": 1}}]
    last = [{"id": "r", "choices": [], "usage": usage}]
    return sse(delta(content=WORDS), *early, *began, *pieces, *end, *last) + b"data: [DONE]\n\n"


def messages_stream() -> bytes:
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {
            "id": "r", "model": "m",
            "usage": {"input_tokens": 6, "cache_read_input_tokens": 4, "output_tokens": 1},
        }},
        {"type": "ping"},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": WORDS}},
        {"type": "content_block_stop", "index": 0},
    ]  # fmt: skip
    for number, (id, name, said) in enumerate(CALLS, 1):
        block = {"type": "tool_use", "id": id, "name": name, "input": {}}
        events.append({"type": "content_block_start", "index": number, "content_block": block})
        pieces = halves(said) if said != "{}" else [""]
        events += [
            {"type": "content_block_delta", "index": number, "delta": {"type": "input_json_delta", "partial_json": one}}
            for one in pieces
        ]
        events.append({"type": "content_block_stop", "index": number})
    events.append({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}})
    return sse(*events, {"type": "message_stop"})


def generate_stream() -> bytes:
    calls = [{"functionCall": {"id": id, "name": name, "args": f"@{n}"}} for n, (id, name, _) in enumerate(CALLS)]
    usage = {"promptTokenCount": 10, "cachedContentTokenCount": 4, "candidatesTokenCount": 5}
    return sse(
        {"responseId": "r", "candidates": [{"content": {"parts": [{"text": WORDS}]}}], "usageMetadata": usage},
        {"responseId": "r", "candidates": [{"content": {"parts": calls[:2]}}]},
        {"responseId": "r", "candidates": [{"content": {"parts": calls[2:]}, "finishReason": "STOP"}]},
        {"responseId": "r", "usageMetadata": usage},
    )


def converse_stream() -> bytes:
    events: list[dict[str, Any]] = [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": WORDS}}},
        {"contentBlockStop": {"contentBlockIndex": 0}},
    ]
    for number, (id, name, said) in enumerate(CALLS, 1):
        start = {"contentBlockIndex": number, "start": {"toolUse": {"toolUseId": id, "name": name}}}
        pieces = [
            {"contentBlockDelta": {"contentBlockIndex": number, "delta": {"toolUse": {"input": one}}}}
            for one in halves(said)
        ]
        events += [{"contentBlockStart": start}, *pieces, {"contentBlockStop": {"contentBlockIndex": number}}]
    usage = {"inputTokens": 6, "cacheReadInputTokens": 4, "outputTokens": 5}
    return frames([*events, {"messageStop": {"stopReason": "tool_use"}}, {"metadata": {"usage": usage}}])


def responses_stream() -> bytes:
    reader = translation.stream_reader(asked_in(RESPONSES), SIDES[CHAT])
    return reader.feed(chat_stream())


STREAMS = {
    CHAT: chat_stream(), RESPONSES: responses_stream(), MESSAGES: messages_stream(), GENERATE: generate_stream(),
    CONVERSE: converse_stream(),
}  # fmt: skip


def carried(source: DialectName, surface: DialectName, pieces: list[bytes]) -> tuple[bytes, Any]:
    reader = translation.stream_reader(asked_in(surface), SIDES[source])
    out = b"".join(reader.feed(piece) for piece in pieces if not reader.ended)
    if not reader.ended:
        out += reader.close()
    return out, reader


def events(out: bytes) -> Iterator[dict[str, Any]]:
    for event in EventSplitter().feed(out):
        data = data_of(event)
        if data is not None and data.strip() != b"[DONE]":
            yield json.loads(data)


def heard(surface: DialectName, out: bytes) -> tuple[str, list[tuple[str, str]]]:
    """(text, (name, arguments) of the calls) as the surface's own reader has them: arguments as they stand there."""
    decoder = SIDES[surface].decoder(asked_in(surface))
    text, calls = "", {}
    for event in [*decoder.feed(out), *decoder.close()]:
        kind = type(event).__name__
        if kind == "TextDelta":
            text += event.text
        elif kind == "ToolCallBegan":
            calls[event.index] = [event.name, ""]
        elif kind == "ArgumentsDelta":
            calls[event.index][1] += event.text
    assert decoder.ended
    return text, [(name, said or "{}") for name, said in calls.values()]


@pytest.mark.parametrize(("source", "surface"), PAIRS)
def test_calls_side_by_side_words_and_numbers_arrive_exactly(source: DialectName, surface: DialectName) -> None:
    out, reader = carried(source, surface, [STREAMS[source]])
    assert (reader.ended, reader.summary.lossy) == (True, ())
    assert heard(surface, out) == (WORDS, [(name, said) for _, name, said in CALLS])
    assert reader.summary.tool_calls == ("look", "wait", "look")


@pytest.mark.parametrize(("source", "surface"), PAIRS)
def test_tokens_of_a_cache_are_counted_once_wherever_usage_stands(source: DialectName, surface: DialectName) -> None:
    """Usage comes early, twice, or at the end; the last one counts, and each token is in one bucket."""
    out, reader = carried(source, surface, [STREAMS[source]])
    usage = reader.summary.usage
    assert (usage.input, usage.cache_read, usage.cache_write, usage.output) == (6, 4, 0, 5)
    told = translation.stream_reader(asked_in(CHAT if surface is not CHAT else MESSAGES), SIDES[surface])
    told.feed(out)
    if not told.ended:
        told.close()
    again = told.summary.usage
    assert (again.input, again.cache_read, again.output) == (6, 4, 5)


@pytest.mark.parametrize(("source", "surface"), PAIRS)
def test_a_byte_at_a_time_says_the_same(source: DialectName, surface: DialectName) -> None:
    """Cut in the middle of characters, of escapes, of numbers, of frames."""
    whole, _ = carried(source, surface, [STREAMS[source]])
    data = STREAMS[source]
    out, reader = carried(source, surface, [data[place : place + 1] for place in range(len(data))])
    assert (reader.ended, out) == (True, whole)


@pytest.mark.parametrize(("source", "surface"), PAIRS)
def test_a_stream_that_is_cut_anywhere_has_no_end(source: DialectName, surface: DialectName) -> None:
    """Whatever of it came: nothing that a client would take for the end is written."""
    data = STREAMS[source]
    ends = {CHAT: b"[DONE]", RESPONSES: b"response.completed", MESSAGES: b"message_stop", GENERATE: b'"finishReason"'}
    last = {CHAT: b'"finish_reason": "', GENERATE: b'"finishReason"'}.get(source)
    whole = data.index(last) if last is not None else len(data) - 1
    for cut in range(0, whole, 97):
        out, reader = carried(source, surface, [data[:cut]])
        assert not reader.ended
        assert ends[surface] not in out


ERRORS = {
    CHAT: sse({"error": {"message": "overloaded", "type": "server_error"}}),
    RESPONSES: sse({"type": "error", "code": "server_error", "message": "overloaded"}),
    MESSAGES: sse({"type": "error", "error": {"type": "overloaded_error", "message": "overloaded"}}),
    GENERATE: sse({"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}),
}


@pytest.mark.parametrize(("source", "surface"), [pair for pair in PAIRS if pair[0] in ERRORS])
def test_an_error_in_the_middle_is_an_error(source: DialectName, surface: DialectName) -> None:
    data = STREAMS[source]
    middle = data.index(b"\n\n", len(data) // 3) + 2
    reader = translation.stream_reader(asked_in(surface), SIDES[source])
    reader.feed(data[:middle])
    with pytest.raises(StreamFailed, match="overloaded"):
        reader.feed(ERRORS[source] + data[middle:])
    assert not reader.ended


def tool_round(arguments: str, surface: DialectName) -> Asked:
    """A conversation in which a call with these arguments was made and answered."""
    chat = {
        "messages": [
            {"role": "user", "content": "x"},
            {"role": "assistant", "content": None, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": arguments}},
            ]},
            {"role": "tool", "tool_call_id": "c1", "content": "ok"},
        ],
    }  # fmt: skip
    body, _ = translation.write_request(asked_in(CHAT, {"model": "m", **chat}), SIDES[surface], Shape(model="m"))
    return registry.CALLERS[surface].read_asked(body)


@pytest.mark.parametrize("surface", [RESPONSES, MESSAGES, GENERATE])
@pytest.mark.parametrize("said", [said for _, _, said in CALLS])
def test_a_calls_arguments_go_there_and_back_exactly(surface: DialectName, said: str) -> None:
    asked = tool_round(said, surface)
    asked.model = asked.model or "m"
    body, lost = translation.write_request(asked, SIDES[CHAT], Shape(model="m"))
    call = json.loads(body)["messages"][1]["tool_calls"][0]
    assert (call["function"]["arguments"], call["id"], lost) == (said, "c1", ())


@pytest.mark.parametrize("surface", [MESSAGES, GENERATE, CONVERSE])
def test_no_arguments_are_an_empty_object_and_wrong_ones_are_said(surface: DialectName) -> None:
    for empty in ("", " ", "{}"):
        asked = asked_in(CHAT, {"model": "m", **json.loads(_round(empty))})
        body, lost = translation.write_request(asked, SIDES[surface], Shape(model="m"))
        assert (re.search(rb'"(?:input|args)":\{\}', body) is not None, lost) == (True, ())
    asked = asked_in(CHAT, {"model": "m", **json.loads(_round('{"a":'))})
    assert len(translation.write_request(asked, SIDES[surface], Shape(model="m"))[1]) == 1


def _round(arguments: str) -> str:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    return json.dumps({"messages": [{"role": "assistant", "tool_calls": [call]}]})


@pytest.mark.parametrize(("source", "surface"), [pair for pair in PAIRS if pair[0] is not RESPONSES])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_kind_of_event_that_is_not_known_does_no_harm(
    source: DialectName, surface: DialectName, data: st.DataObject
) -> None:
    """Formats grow: an event that came later than this reader is passed over, and the rest arrives."""
    stream = STREAMS[source]
    if source is CONVERSE:
        odd, places = frames([{"brandNewEvent": {"x": 1}}]), [0, len(stream)]
    else:
        odd = sse({"type": "brand_new_event", "x": 1}) if source is MESSAGES else b": comment\n\n"
        places = [found.end() for found in re.finditer(rb"\n\n", stream)][:-2]
    place = data.draw(st.sampled_from(places[:-1]))
    out, reader = carried(source, surface, [stream[:place] + odd + stream[place:]])
    assert reader.ended
    assert heard(surface, out)[1] == [(name, said) for _, name, said in CALLS]


def sealed_answer(source: DialectName) -> bytes:
    thinking = {"type": "thinking", "thinking": "hm", "signature": "c2VhbA=="}
    redacted = {"type": "redacted_thinking", "data": "Ym94"}
    call = {"type": "tool_use", "id": "c1", "name": "f", "input": {}}
    assert source is MESSAGES
    blocks: list[dict[str, Any]] = []
    for number, block in enumerate((thinking, redacted, call)):
        empty = {**block, **({"thinking": "", "signature": ""} if block is thinking else {})}
        blocks.append({"type": "content_block_start", "index": number, "content_block": empty})
        if block is thinking:
            for delta in (
                {"type": "thinking_delta", "thinking": "hm"},
                {"type": "signature_delta", "signature": thinking["signature"]},
            ):
                blocks.append({"type": "content_block_delta", "index": number, "delta": delta})
        blocks.append({"type": "content_block_stop", "index": number})
    return sse(
        {"type": "message_start", "message": {"id": "r", "model": "m"}},
        *blocks,
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    )


def given_back(surface: DialectName, out: bytes) -> Any:
    """The turn that a client of the surface puts into its next request, made of what it was sent and nothing else."""
    if surface is GENERATE:
        parts = [part for event in events(out) for part in event["candidates"][0]["content"]["parts"]]
        results = {"role": "user", "parts": [{"functionResponse": {"name": "f", "id": "c1", "response": {"a": 1}}}]}
        return {"contents": [{"role": "model", "parts": [one for one in parts if one != {"text": ""}]}, results]}
    if surface is RESPONSES:
        items = next(one for one in events(out) if one["type"] == "response.completed")["response"]["output"]
        return {"model": "m", "input": [*items, {"type": "function_call_output", "call_id": "c1", "output": "x"}]}
    message: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [], "reasoning_details": []}
    for event in events(out):
        for choice in event["choices"]:
            message["reasoning_details"] += choice["delta"].get("reasoning_details", [])
            for call in choice["delta"].get("tool_calls", []):
                if "id" in call:
                    message["tool_calls"].append({**call, "function": {"name": "f", "arguments": "{}"}})
    return {"model": "m", "messages": [message, {"role": "tool", "tool_call_id": "c1", "content": "x"}]}


@pytest.mark.parametrize("surface", [CHAT, RESPONSES, GENERATE])
def test_sealed_thoughts_come_home_after_a_round_of_tools(surface: DialectName) -> None:
    """Claude refuses a call whose thoughts come back changed, or not at all."""
    out, reader = carried(MESSAGES, surface, [sealed_answer(MESSAGES)])
    assert (reader.ended, reader.summary.lossy) == (True, ())
    asked = registry.CALLERS[surface].read_asked(json.dumps(given_back(surface, out)).encode())
    asked.model = asked.model or "m"
    body, lost = translation.write_request(asked, SIDES[MESSAGES], Shape(model="claude-sonnet-4-5"))
    turn = json.loads(body)["messages"][0]["content"]
    assert turn == [
        {"type": "thinking", "thinking": "hm", "signature": "c2VhbA=="},
        {"type": "redacted_thinking", "data": "Ym94"},
        {"type": "tool_use", "id": "c1", "name": "f", "input": {}},
    ]
    assert lost == ()


def test_tools_and_members_keep_their_order_and_nulls_are_not_sent() -> None:
    """A provider's cache of prompts is kept warm by the same bytes in the same order."""
    names = ["zeta", "alpha", "mid"]
    schema = {"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "number"}}, "required": []}
    tools = [{"type": "function", "function": {"name": name, "parameters": schema}} for name in names]
    chat = {"model": "m", "messages": [{"role": "user", "content": "x"}], "tools": tools, "temperature": None}
    for surface in (RESPONSES, MESSAGES, GENERATE, CONVERSE):
        bodies = {translation.write_request(asked_in(CHAT, chat), SIDES[surface], Shape(model="m"))[0] for _ in "ab"}
        assert len(bodies) == 1
        body = bodies.pop()
        found = re.findall(rb'"name":"(zeta|alpha|mid)"', body)
        assert [name.decode() for name in found] == names
        assert body.count(b'"properties":{"z":{"type":"string"},"a":{"type":"number"}}') == len(names)
        assert not {b"temperature", b"null"} & set(re.findall(rb"[a-z]+", body))
