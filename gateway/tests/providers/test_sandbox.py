import asyncio
import time

import msgspec
import pytest

from gatepost_gateway.dialects import openai_chat
from gatepost_gateway.dialects.openai_chat import summarise
from gatepost_gateway.dialects.openai_chat_stream import OpenAIChatReader
from gatepost_gateway.domain.errors import Code, UpstreamError
from gatepost_gateway.domain.ports import Origin, UpstreamRequest
from gatepost_gateway.domain.snapshot import Timeouts
from gatepost_gateway.providers import sandbox
from gatepost_gateway.providers.sandbox import MOST_ORDERS, MOST_TEXT, MOST_WORDS, SandboxTransport, read_script


def reader_of(*, keep_usage=False, choices=1):
    options = {"include_usage": keep_usage}
    body = {"model": "m", "messages": [], "stream": True, "n": choices, "stream_options": options}
    return OpenAIChatReader(openai_chat.read_asked(msgspec.json.encode(body)))


ORIGIN = Origin("sandbox", "local", 0)


async def opened(text, timeouts=None, **more):
    messages = text if isinstance(text, list) else [{"role": "user", "content": text}]
    body = msgspec.json.encode({"model": "sandbox/echo", "messages": messages, **more})
    request = UpstreamRequest(ORIGIN, b"/", (), body)
    return await SandboxTransport().open(request, timeouts or Timeouts(), "sandbox")


def whole(text, **more):
    async def main():
        answer = await opened(text, **more)
        return answer, await answer.read_all(10**9)

    return asyncio.run(main())


def message(text, **more):
    _, body = whole(text, **more)
    return msgspec.json.decode(body)["choices"][0]["message"]


def test_the_same_request_gets_the_same_answer():
    answer, body = whole("hello there")
    assert (answer.status, body) == (200, whole("hello there")[1])
    assert message("hello there")["content"] == "hello there"
    assert summarise(body).usage.total == 4
    assert summarise(body).finish == ("stop",)


def test_a_stream_says_the_same_as_the_whole_answer():
    async def main():
        answer = await opened("one two three", stream=True, n=2, stream_options={"include_usage": True})
        return [piece async for piece in answer._pieces]

    reader = reader_of(keep_usage=True, choices=2)
    pieces = asyncio.run(main())
    assert b"".join(reader.feed(piece) for piece in pieces) == b"".join(pieces)
    _, body = whole("one two three", n=2)
    assert reader.ended
    assert (reader.summary.usage, reader.summary.finish) == (summarise(body).usage, ("stop", "stop"))


def test_an_error_with_words_and_a_header():
    answer, body = whole("/error 503 too busy\n/retry-after 2")
    assert (answer.status, dict(answer.headers)[b"retry-after"]) == (503, b"2.0")
    assert msgspec.json.decode(body)["error"]["message"] == "too busy"


def test_tool_calls_and_their_results():
    calls = message('/tool weather {"city": "Oslo"}\n/tool time')["tool_calls"]
    assert [(call["id"], call["function"]["name"]) for call in calls] == [("call_0", "weather"), ("call_1", "time")]
    assert calls[0]["function"]["arguments"] == '{"city": "Oslo"}'
    said = message([{"role": "tool", "tool_call_id": "call_0", "name": "weather", "content": "rain"}])
    assert said["content"] == "weather said: rain"


def test_max_tokens_counts_words():
    body = msgspec.json.decode(whole("/words 12", max_tokens=3)[1])
    assert body["choices"][0]["message"]["content"] == "word1 word2 word3"
    assert body["choices"][0]["finish_reason"] == "length"


def test_a_cut_stream_stops_with_a_failure_and_a_stall_runs_into_its_timeout():
    async def cut():
        answer = await opened("/cut\nx y", stream=True)
        while await answer.read():
            pass

    with pytest.raises(UpstreamError) as caught:
        asyncio.run(cut())
    assert caught.value.code is Code.UPSTREAM_TRUNCATED
    for order in ("/stall", "/delay 500000"):
        with pytest.raises(UpstreamError) as caught:
            asyncio.run(opened(order, Timeouts(first_byte=0.01)))
        assert caught.value.code is Code.UPSTREAM_TIMEOUT


def test_waits_are_as_long_as_was_said(monkeypatch):
    waits = []

    async def sleep(seconds):
        waits.append(seconds)

    monkeypatch.setattr(sandbox.asyncio, "sleep", sleep)

    async def main():
        answer = await opened("/delay 250\n/pace 20\na b", stream=True)
        while await answer.read():
            pass

    asyncio.run(main())
    assert waits == [0.25, 0.02, 0.02]


@pytest.mark.parametrize(
    "line",
    [
        "/delay nan",
        "/delay inf",
        "/delay -1",
        "/delay 1e12",
        "/pace x",
        "/words x",
        "/error",
        "/nothing",
        "/words " + "9" * 5000,
        "/",
    ],
)
def test_what_is_no_order_is_text(line):
    script = read_script(line + "\nrest")
    assert script.text == line + "\nrest"
    assert (script.delay, script.pace, script.error) == (0.0, 0.0, None)


def test_it_does_not_fill_our_memory_or_stop_our_loop():
    assert len(message("/words 99999999999")["content"].split()) == MOST_WORDS
    _, body = whole("x" * (2 * MOST_TEXT), n=128)
    assert len(body) < 2 * MOST_TEXT
    began = time.perf_counter()
    script = read_script("/tool f\n" * 300_000)
    assert len(script.tools) == MOST_ORDERS
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    "messages", [[], [None, 5, "x"], [{"role": "user"}], [{"role": "user", "content": [5, {"type": "text"}, None]}]]
)
def test_strange_messages_get_an_answer(messages):
    assert message(messages)["content"] == ""


def test_parts_are_read_as_text_and_a_long_answer_has_a_bound():
    parts = [{"type": "text", "text": "a"}, {"type": "image_url"}, {"type": "text", "text": "b"}]
    assert message([{"role": "user", "content": parts}])["content"] == "a\nb"

    async def bounded():
        answer = await opened("hello")
        answer.close()
        await answer.read_all(3)

    with pytest.raises(UpstreamError, match="too long"):
        asyncio.run(bounded())
