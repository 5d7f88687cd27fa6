"""The official Anthropic client, by its base URL alone, against a gateway whose providers replay recorded traffic."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jiter
import pytest
from openai import OpenAI

from e2e.running import Gateway
from e2e.upstream import Seen, Upstream, Wire

TOOL = {"name": "weather", "description": "The weather", "input_schema": {"type": "object", "properties": {}}}
HELLO: dict[str, Any] = {"max_tokens": 64, "messages": [{"role": "user", "content": "hi"}]}
STORED_KEY = "sk-ant-stored-" + "s" * 30
STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


class Replay:
    """An upstream that answers with the recording in hand."""

    def __init__(self) -> None:
        self.response: dict[str, Any] = {}

    async def __call__(self, seen: Seen, wire: Wire) -> None:
        response = self.response
        if seen.target.endswith("/count_tokens"):
            await wire.plain({"input_tokens": 14})
        elif response.get("body") is not None:
            await wire.plain(response["body"], response["status"], [("request-id", "req_theirs")])
        else:
            await wire.begin()
            data = response["body_text"].encode()
            for start in range(0, len(data), 1000):
                await wire.chunk(data[start : start + 1000])
            await wire.end()


@pytest.fixture(scope="module")
def replay() -> Replay:
    return Replay()


@pytest.fixture(scope="module")
def upstream(replay: Replay) -> Iterator[Upstream]:
    with Upstream(replay) as one:
        yield one


@pytest.fixture(scope="module")
def house(gateways: Callable[..., Gateway], upstream: Upstream) -> Gateway:
    priced = {"input_cost_per_1k": 0.001, "output_cost_per_1k": 0.002}
    keyed = {"api_key": {"env": "STORED_KEY"}, "max_output": 8000, **priced}
    models = [
        {"id": "a", "identifier": "claude-a", "provider": "anthropic", "base_url": upstream.url, **keyed},
        {"id": "o", "identifier": "gpt-o", "provider": "openai", "base_url": f"{upstream.url}/v1", **keyed},
    ]
    return gateways(json.dumps({"models": models}), env={"STORED_KEY": STORED_KEY})


@pytest.fixture(scope="module")
def anthropic(skip_or_fail: Callable[[str], Any]) -> Any:
    try:
        import anthropic
    except ImportError:
        skip_or_fail("the Anthropic client is not installed")
    return anthropic


@pytest.fixture(scope="module")
def client(anthropic: Any, house: Gateway) -> Iterator[Any]:
    with anthropic.Anthropic(base_url=house.base_url, api_key=house.runtime_key, max_retries=0) as one:
        yield one


@pytest.fixture(scope="module")
def openai(house: Gateway) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{house.base_url}/v1", api_key=house.runtime_key, max_retries=0) as one:
        yield one


def rows(recordings: Path, name: str) -> Iterator[dict[str, Any]]:
    for line in (recordings / f"{name}.jsonl").read_text().splitlines():
        row = json.loads(line)
        answered = row["operation"] in ("chat", "chat_stream") and row["response"]["status"] == 200
        if answered and (row["response"].get("body") or row["response"].get("body_text")):
            yield row


def openai_whole(response: dict[str, Any]) -> dict[str, Any]:
    """What an OpenAI recording says, plain or streamed: text, calls, the reason it ended, input and output tokens."""
    text, calls, stop, usage = "", {}, None, None
    if response.get("body"):
        choice = response["body"]["choices"][0]
        messages, usage = [choice["message"]], response["body"].get("usage")
        stop = choice["finish_reason"]
    else:
        lines = [line[6:] for line in response["body_text"].splitlines() if line.startswith("data: {")]
        chunks = [json.loads(line) for line in lines]
        firsts = [one for chunk in chunks for one in chunk["choices"] if one["index"] == 0]
        messages = [one["delta"] for one in firsts]
        stop = next((one["finish_reason"] for one in firsts if one.get("finish_reason")), None)
        usage = next((chunk["usage"] for chunk in chunks if chunk.get("usage")), None)
    for message in messages:
        text += (message.get("content") or "") + (message.get("refusal") or "")
        for number, call in enumerate(message.get("tool_calls") or []):
            one = calls.setdefault(call.get("index", number), [None, "", ""])
            one[0] = one[0] or call.get("id")
            one[1] += call["function"].get("name") or ""
            one[2] += call["function"].get("arguments") or ""
    stop = "tool_calls" if calls and stop == "stop" else stop
    refused = any(message.get("refusal") for message in messages)
    counted = (usage["prompt_tokens"], usage["completion_tokens"]) if usage else None
    return {
        "text": text,
        "calls": [(id, name, read_json(arguments)) for id, name, arguments in calls.values()],
        "stop": "refusal" if refused else STOPS[stop or "stop"],
        "usage": counted,
    }


def read_json(text: str) -> Any:
    """Arguments that a cap cut off are read as far as they go, as both clients do."""
    return jiter.from_json((text or "{}").encode(), partial_mode=True)


def of_message(message: Any) -> dict[str, Any]:
    """The same of a message as the client gives it."""
    usage = message.usage
    return {
        "text": "".join(block.text for block in message.content if block.type == "text"),
        "calls": [(block.id, block.name, block.input) for block in message.content if block.type == "tool_use"],
        "stop": message.stop_reason,
        "usage": (
            usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0),
            usage.output_tokens,
        ),
    }


def ask(client: Any, row: dict[str, Any], model: str) -> Any:
    if row["response"].get("body"):
        return client.messages.create(model=model, **HELLO)
    with client.messages.stream(model=model, **HELLO) as stream:
        return stream.get_final_message()


def test_openai_recordings_reach_the_anthropic_client(
    client: Any, replay: Replay, recordings: Path, show: Callable[[str], None]
) -> None:
    carried = 0
    for row in rows(recordings, "openai"):
        replay.response = row["response"]
        expected, got = openai_whole(row["response"]), of_message(ask(client, row, "o"))
        if expected["usage"] is None:
            expected["usage"] = got["usage"]
        assert got == expected, row["id"]
        carried += 1
    show(f"OpenAI recordings read by the Anthropic client: {carried}")
    assert carried > 150


def test_anthropic_recordings_reach_the_anthropic_client_byte_for_byte(
    client: Any, anthropic: Any, house: Gateway, replay: Replay, recordings: Path, show: Callable[[str], None]
) -> None:
    carried = 0
    for row in rows(recordings, "anthropic"):
        replay.response = row["response"]
        message = ask(client, row, "a")
        carried += 1
        if row["response"].get("body"):
            raw = client.messages.with_raw_response.create(model="a", **HELLO)
            assert json.loads(raw.text()) == row["response"]["body"]
            assert raw.headers["request-id"] == raw.headers["x-request-id"]
            assert message.id == row["response"]["body"]["id"]
    show(f"Anthropic recordings read by the Anthropic client: {carried}")
    assert carried > 150


def test_anthropic_recordings_reach_the_openai_client(
    client: Any, openai: OpenAI, replay: Replay, recordings: Path, show: Callable[[str], None]
) -> None:
    carried, lossy = 0, 0
    for row in rows(recordings, "anthropic"):
        replay.response = row["response"]
        expected = of_message(ask(client, row, "a"))
        question: Any = {"model": "a", "max_tokens": 64, "messages": [{"role": "user", "content": "hi"}]}
        if row["response"].get("body"):
            raw = openai.chat.completions.with_raw_response.create(**question)
            lossy += "x-gatepost-lossy" in raw.headers
            whole = json.loads(raw.text)
        else:
            options: Any = {"stream": True, "stream_options": {"include_usage": True}}
            chunks = [chunk.model_dump_json() for chunk in openai.chat.completions.create(**question, **options)]
            whole = {"body_text": "".join(f"data: {chunk}\n" for chunk in chunks)}
        got = openai_whole(whole if "body_text" in whole else {"body": whole})
        assert got == expected | {"stop": STOPS_OF.get(expected["stop"], expected["stop"])}, row["id"]
        carried += 1
    show(f"Anthropic recordings read by the OpenAI client: {carried}, plain answers with a listed loss: {lossy}")
    assert carried > 150


STOPS_OF = {"stop_sequence": "end_turn", "pause_turn": "end_turn", "model_context_window_exceeded": "max_tokens"}
"""What the OpenAI format has one word for."""


def test_two_rounds_with_parallel_calls(client: Any, replay: Replay, upstream: Upstream) -> None:
    calls = [
        {"id": f"call.{n}", "type": "function", "function": {"name": "weather", "arguments": f'{{"place":"{n}"}}'}}
        for n in (1, 2)
    ]
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    replay.response = {"status": 200, "body": {"id": "c", "model": "m", "choices": [choice], "usage": None}}
    first = client.messages.create(model="o", tools=[TOOL], **HELLO)
    assert [block.input for block in first.content] == [{"place": "1"}, {"place": "2"}]
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": f"sun {n}"} for n, block in enumerate(first.content)
    ]
    messages = [
        *HELLO["messages"],
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": results},
    ]
    client.messages.create(model="o", max_tokens=9, tools=[TOOL], messages=messages)
    sent = upstream.last().json
    assert [one["role"] for one in sent["messages"]] == ["user", "assistant", "tool", "tool"]
    assert [one["id"] for one in sent["messages"][1]["tool_calls"]] == ["call_1", "call_2"]
    assert [(one["tool_call_id"], one["content"]) for one in sent["messages"][2:]] == [
        ("call_1", "sun 0"),
        ("call_2", "sun 1"),
    ]


def test_what_the_provider_sees(client: Any, replay: Replay, upstream: Upstream, house: Gateway) -> None:
    message = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "x",
        "content": [],
        "stop_reason": "end_turn",
    }
    counted = {"input_tokens": 1, "output_tokens": 1}
    replay.response = {"status": 200, "body": {**message, "stop_sequence": None, "usage": counted}}
    client.messages.create(model="a", extra_headers={"anthropic-beta": "some-beta", "x-other": "no"}, **HELLO)
    seen = upstream.last()
    assert (seen.target, seen.headers["x-api-key"]) == ("/v1/messages", STORED_KEY)
    assert (seen.headers["anthropic-beta"], seen.headers["anthropic-version"]) == (
        "some-beta",
        client.default_headers["anthropic-version"],
    )
    assert "x-other" not in seen.headers
    assert house.runtime_key not in json.dumps(seen.headers)
    assert seen.json == {"model": "claude-a", **HELLO}
    count = client.messages.count_tokens(model="a", messages=HELLO["messages"])
    assert (count.input_tokens, upstream.last().target) == (14, "/v1/messages/count_tokens")


def test_errors_are_the_clients_own(client: Any, anthropic: Any, house: Gateway, replay: Replay) -> None:
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": "theirs"}, "request_id": "req_1"}
    replay.response = {"status": 400, "body": error}
    with pytest.raises(anthropic.BadRequestError, match="theirs"):
        client.messages.create(model="a", **HELLO)
    replay.response = {"status": 401, "body": error}
    with pytest.raises(anthropic.InternalServerError, match="answered 401"):
        client.messages.create(model="a", **HELLO)
    with pytest.raises(anthropic.NotFoundError):
        client.messages.create(model="nothing", **HELLO)
    with pytest.raises(anthropic.UnprocessableEntityError, match="does not support count_tokens"):
        client.messages.count_tokens(model="o", messages=HELLO["messages"])
    wrong = "gp_x_" + "y" * 32
    with (
        anthropic.Anthropic(base_url=house.base_url, api_key=wrong, max_retries=0) as stranger,
        pytest.raises(anthropic.AuthenticationError, match="unknown API key"),
    ):
        stranger.messages.create(model="a", **HELLO)


def test_a_stream_that_breaks_is_an_error(client: Any, anthropic: Any, replay: Replay) -> None:
    chunk = {"id": "c", "choices": [{"index": 0, "delta": {"content": "half a "}}]}
    replay.response = {"status": 200, "body_text": f"data: {json.dumps(chunk)}\n\n"}
    with (
        pytest.raises(anthropic.APIStatusError, match="middle of the stream"),
        client.messages.stream(model="o", **HELLO) as stream,
    ):
        assert "".join(stream.text_stream) == "half a "
