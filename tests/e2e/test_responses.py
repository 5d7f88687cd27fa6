"""The official Python client on the Responses and the text completions paths, against a real gateway process whose
providers speak four formats.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel

from e2e.running import Gateway
from e2e.upstream import Seen, Upstream, Wire, say

AWS = json.dumps({"access_key_id": "AKIDEXAMPLE", "secret_access_key": "s" * 40, "region": "us-east-1"})
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
USAGE = {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 4}, "output_tokens": 3}
USAGE |= {"output_tokens_details": {"reasoning_tokens": 1}, "total_tokens": 12}
SPEAKERS = ("claude", "gemini", "titan", "chats")
TOOLS: list[Any] = [
    {
        "type": "function", "name": name, "description": f"The {name} of a place", "strict": False,
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
    }
    for name in ("weather", "tide")
]  # fmt: skip


class Forecast(BaseModel):
    place: str
    degrees: int


def said(body: dict[str, Any]) -> str:
    """What a model of this test says to a request of any format: calls, JSON, or a greeting."""
    text = json.dumps(body)
    if any(f'"{word}":' in text for word in ("tool_result", "functionResponse", "toolResult", "tool_call_id")) or (
        '"type": "tool_result"' in text
    ):
        return "Sunny, and high."
    if body.get("tools") or body.get("toolConfig"):
        return "calls"
    if "degrees" in text:
        return '{"place":"Pisa","degrees":31}'
    return "Hello."


def claude(body: dict[str, Any]) -> list[dict[str, Any]]:
    words = said(body)
    if words != "calls":
        return [{"type": "text", "text": words}]
    return [
        {"type": "thinking", "thinking": "Two tools.", "signature": "sealed"},
        *({"type": "tool_use", "id": f"toolu_{n}", "name": n, "input": {"place": "Pisa"}} for n in ("weather", "tide")),
    ]


async def messages(seen: Seen, wire: Wire) -> None:
    blocks = claude(seen.json)
    stop = "tool_use" if blocks[-1]["type"] == "tool_use" else "end_turn"
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x"}
    if not seen.json.get("stream"):
        usage = {"input_tokens": 5, "cache_read_input_tokens": 4, "output_tokens": 3}
        await wire.plain({**head, "content": blocks, "stop_reason": stop, "usage": usage})
        return
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**head, "content": [], "usage": {"input_tokens": 9, "output_tokens": 1}}}
    ]
    for index, block in enumerate(blocks):
        words = block.get("text", "")
        deltas = {
            "text": [{"type": "text_delta", "text": piece} for piece in (words[:2], words[2:])],
            "thinking": [
                {"type": "thinking_delta", "thinking": block.get("thinking")},
                {"type": "signature_delta", "signature": block.get("signature")},
            ],
            "tool_use": [{"type": "input_json_delta", "partial_json": json.dumps(block.get("input"))}],
        }[block["type"]]  # fmt: skip
        begun = {"text": {"text": ""}, "thinking": {"thinking": "", "signature": ""}, "tool_use": {"input": {}}}
        events.append({"type": "content_block_start", "index": index, "content_block": block | begun[block["type"]]})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    cut = "break off" in json.dumps(seen.json)
    if not cut:
        events.append({"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 3}})
        events.append({"type": "message_stop"})
    await wire.begin()
    for event in events:
        await wire.chunk(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
    await wire.end()


async def generate(seen: Seen, wire: Wire) -> None:
    words = said(seen.json)
    parts: list[dict[str, Any]] = [{"text": words}]
    if words == "calls":
        parts = [
            {"functionCall": {"name": "weather", "args": {"place": "Pisa"}}, "thoughtSignature": "sealed"},
            {"functionCall": {"name": "tide", "args": {"place": "Pisa"}}},
        ]
    used = {"promptTokenCount": 9, "candidatesTokenCount": 3, "totalTokenCount": 12, "cachedContentTokenCount": 4}
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
    answer = {"candidates": [candidate], "usageMetadata": used, "modelVersion": "gemini-x", "responseId": "g1"}
    if ":streamGenerateContent" not in seen.target:
        await wire.plain(answer)
        return
    await wire.begin()
    await wire.chunk(b"data: " + json.dumps(answer).encode() + b"\r\n\r\n")
    await wire.end()


async def converse(seen: Seen, wire: Wire) -> None:
    words = said(seen.json)
    content: list[dict[str, Any]] = [{"text": words}]
    if words == "calls":
        uses = ({"toolUseId": f"t-{n}", "name": n, "input": {"place": "Pisa"}} for n in ("weather", "tide"))
        content = [{"toolUse": use} for use in uses]
    stop = "tool_use" if words == "calls" else "end_turn"
    usage = {"inputTokens": 5, "cacheReadInputTokens": 4, "outputTokens": 3, "totalTokens": 12}
    message = {"role": "assistant", "content": content}
    await wire.plain({"output": {"message": message}, "stopReason": stop, "usage": usage, "metrics": {"latencyMs": 1}})


async def chat(seen: Seen, wire: Wire) -> None:
    words = said(seen.json)
    message: dict[str, Any] = {"role": "assistant", "content": words}
    if words == "calls":
        function = {"arguments": '{"place":"Pisa"}'}
        calls = [{"id": f"c-{n}", "type": "function", "function": {"name": n, **function}} for n in ("weather", "tide")]
        message = {"role": "assistant", "content": None, "tool_calls": calls}
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if words == "calls" else "stop"}
    await wire.plain({"id": "chatcmpl-1", "model": "chat-x", "choices": [choice], "usage": usage})


def response(id: str, text: str = "Hello.", **more: Any) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"type": "message", "id": "msg_n", "status": "completed", "role": "assistant", "content": [part]}
    return {
        "id": id, "object": "response", "created_at": 1, "status": "completed", "model": "native-x", "output": [item],
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "usage": USAGE, **more,
    }  # fmt: skip


async def responses(seen: Seen, wire: Wire) -> None:
    if "refuse me" in seen.body.decode():
        error = {"message": "no such thing", "type": "invalid_request_error", "param": "input", "code": "odd"}
        await wire.plain({"error": error}, 400)
        return
    whole = response("resp_theirs")
    if not seen.json.get("stream"):
        await wire.plain(whole)
        return
    place = {"item_id": "msg_n", "output_index": 0, "content_index": 0}
    events = [
        {"type": "response.created", "response": {**whole, "status": "in_progress", "output": [], "usage": None}},
        {"type": "response.output_item.added", "output_index": 0, "item": {**whole["output"][0], "content": []}},
        {
            "type": "response.content_part.added",
            **place,
            "part": {"type": "output_text", "text": "", "annotations": []},
        },
        {"type": "response.output_text.delta", **place, "delta": "Hel", "logprobs": []},
        {"type": "response.output_text.delta", **place, "delta": "lo.", "logprobs": []},
        {"type": "response.completed", "response": whole},
    ]
    await wire.begin()
    for number, event in enumerate(events[:-1] if "break off" in seen.body.decode() else events):
        await wire.chunk(
            f"event: {event['type']}\ndata: {json.dumps({**event, 'sequence_number': number})}\n\n".encode()
        )
    await wire.end()


async def completions(seen: Seen, wire: Wire) -> None:
    usage = {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3}
    head = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m", "usage": usage}
    await wire.plain({**head, "choices": [{"text": " there", "index": 0, "logprobs": None, "finish_reason": "stop"}]})


ANSWERS = {
    "/v1/messages": messages, "/v1/responses": responses, "/v1/completions": completions,
    "/old/chat/completions": chat, "/v1/chat/completions": say,
}  # fmt: skip


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    async def answer(seen: Seen, wire: Wire) -> None:
        path = seen.target.partition("?")[0]
        if path.startswith("/model/"):
            await converse(seen, wire)
        elif "GenerateContent" in path or "generateContent" in path:
            await generate(seen, wire)
        else:
            await ANSWERS[path](seen, wire)

    with Upstream(answer) as one:
        yield one


def configuration(url: str) -> str:
    key, more = {"env": "STORED_KEY"}, {"input_cost_per_1k": 0.001, "output_cost_per_1k": 0.002, "max_output": 4000}
    models: list[dict[str, Any]] = [
        {"id": "native", "provider": "openai", "base_url": f"{url}/v1", "api_key": key},
        {"id": "second", "provider": "openai", "base_url": f"{url}/v1", "api_key": key},
        {"id": "chats", "provider": "openai", "base_url": f"{url}/old", "additional_config": {"responses": False}},
        {"id": "claude", "provider": "anthropic", "base_url": url, "api_key": key},
        {"id": "gemini", "provider": "gemini", "base_url": f"{url}/v1beta/models", "api_key": key},
        {"id": "titan", "provider": "bedrock", "base_url": url, "api_key": {"env": "AWS_LINE"}},
    ]
    return json.dumps({"models": [{"identifier": f"{one['id']}-1", **one, **more} for one in models]})


@pytest.fixture(scope="module")
def gateway(upstream: Upstream, gateways: Callable[..., Gateway]) -> Gateway:
    return gateways(configuration(upstream.url), env={"STORED_KEY": "sk-stored", "AWS_LINE": AWS.replace(" ", "")})


@pytest.fixture
def client(gateway: Gateway) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{gateway.base_url}/v1", api_key=gateway.runtime_key, max_retries=0) as one:
        yield one


# A provider that speaks the format.


def test_a_response_goes_to_its_provider_as_it_is(client: OpenAI, gateway: Gateway, upstream: Upstream) -> None:
    answer = client.responses.with_raw_response.create(
        model="native", input="Hi", tools=[{"type": "web_search"}], reasoning={"effort": "low"}, extra_body={"new": [1]}
    )
    got = answer.parse()
    assert (got.id, got.output_text) == ("resp_theirs", "Hello.")
    sent = upstream.last()
    assert sent.target == "/v1/responses"
    assert sent.headers["authorization"] == "Bearer sk-stored"
    assert {**sent.json, "model": "native"} == json.loads(answer.http_request.content)
    (step,) = gateway.trace(answer.headers["x-gatepost-trace-id"])["steps"]
    assert step["usage"] | {"input": 5, "cache_read": 4, "output": 3, "reasoning": 1, "exact": True} == step["usage"]
    assert "x-gatepost-lossy" not in answer.headers


def test_a_stream_passes_and_the_provider_goes_on_from_its_own_answer(client: OpenAI, upstream: Upstream) -> None:
    with client.responses.stream(model="native", input="Hi") as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert kinds[0] == "response.created"
    assert (kinds[-1], final.output_text) == ("response.completed", "Hello.")
    client.responses.create(model="second", input="On", previous_response_id=final.id)
    sent = upstream.last().json
    assert (sent["previous_response_id"], sent["input"], sent["model"]) == ("resp_theirs", "On", "second-1")
    with pytest.raises(openai.UnprocessableEntityError, match="elsewhere"):
        client.responses.create(model="claude", input="On", previous_response_id=final.id)


def test_the_providers_own_refusal_reaches_the_client(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="no such thing") as caught:
        client.responses.create(model="native", input="refuse me")
    assert (caught.value.code, caught.value.param) == ("odd", "input")


@pytest.mark.parametrize("model", ["native", "claude"])
def test_a_stream_that_breaks_off_is_an_error_and_not_an_end(client: OpenAI, gateway: Gateway, model: str) -> None:
    stream = client.responses.create(model=model, input="break off", stream=True)
    with pytest.raises(openai.APIError, match="stopped in the middle"):
        list(stream)
    (step,) = gateway.trace(stream.response.headers["x-gatepost-trace-id"])["steps"]
    assert (step["outcome"], step["error"]) == ("failed", "upstream_truncated")


# Providers of four other formats.


@pytest.mark.parametrize("model", SPEAKERS)
def test_a_plain_response(client: OpenAI, gateway: Gateway, model: str) -> None:
    answer = client.responses.with_raw_response.create(model=model, input="Hi", instructions="Be kind.")
    got = answer.parse()
    assert (got.output_text, got.status, got.instructions) == ("Hello.", "completed", "Be kind.")
    assert got.usage is not None
    assert (got.usage.input_tokens, got.usage.input_tokens_details.cached_tokens, got.usage.output_tokens) == (9, 4, 3)
    (step,) = gateway.trace(answer.headers["x-gatepost-trace-id"])["steps"]
    assert (step["usage"]["input"], step["usage"]["cache_read"], step["finish_reasons"]) == (5, 4, ["stop"])


@pytest.mark.parametrize("model", ["claude", "gemini", "sandbox/echo"])
def test_a_streamed_response(client: OpenAI, model: str) -> None:
    with client.responses.stream(model=model, input="Hello.") as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == "Hello."
    assert final.output_text == "Hello."
    assert [event.sequence_number for event in events] == sorted(event.sequence_number for event in events)


@pytest.mark.parametrize("remembered", [True, False])
@pytest.mark.parametrize("model", SPEAKERS)
def test_parallel_calls_and_their_results(client: OpenAI, upstream: Upstream, model: str, remembered: bool) -> None:
    first = client.responses.create(model=model, input="And Pisa?", tools=TOOLS)
    calls = [item for item in first.output if item.type == "function_call"]
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [
        ("weather", {"place": "Pisa"}), ("tide", {"place": "Pisa"}),
    ]  # fmt: skip
    results: list[Any] = [{"type": "function_call_output", "call_id": one.call_id, "output": "31"} for one in calls]
    if remembered:
        second = client.responses.create(model=model, input=results, tools=TOOLS, previous_response_id=first.id)
    else:
        turns: list[Any] = [{"role": "user", "content": "And Pisa?"}, *first.output, *results]
        second = client.responses.create(model=model, input=turns, tools=TOOLS, store=False)
    assert second.output_text == "Sunny, and high."
    sent = json.dumps(upstream.last().json)
    assert "And Pisa?" in sent
    if model in ("claude", "gemini"):
        assert '"sealed"' in sent, "the seal did not come home"


def test_streamed_calls(client: OpenAI) -> None:
    with client.responses.stream(model="claude", input="And Pisa?", tools=TOOLS) as stream:
        done = [event for event in stream if event.type == "response.function_call_arguments.done"]
        final = stream.get_final_response()
    assert [event.arguments for event in done] == ['{"place": "Pisa"}'] * 2
    assert [item.type for item in final.output] == ["reasoning", "function_call", "function_call"]
    second = client.responses.create(
        model="claude", tools=TOOLS, previous_response_id=final.id,
        input=[{"type": "function_call_output", "call_id": item.call_id, "output": "x"} for item in final.output[1:]],
    )  # fmt: skip
    assert second.output_text == "Sunny, and high."


@pytest.mark.parametrize("model", SPEAKERS)
def test_structured_outputs(client: OpenAI, model: str) -> None:
    got = client.responses.parse(model=model, input="Pisa?", text_format=Forecast)
    assert got.output_parsed == Forecast(place="Pisa", degrees=31)


def test_pictures_and_files(client: OpenAI, upstream: Upstream) -> None:
    parts: list[Any] = [
        {"type": "input_text", "text": "What is it?"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}", "detail": "auto"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0xLjQ="},
    ]
    client.responses.create(model="claude", input=[{"role": "user", "content": parts}])
    (turn,) = upstream.last().json["messages"]
    assert [block["type"] for block in turn["content"]] == ["text", "image", "document"]
    assert turn["content"][1]["source"] == {"type": "base64", "media_type": "image/png", "data": PIXEL}


def test_what_is_not_carried_is_listed_or_refused(client: OpenAI) -> None:
    answer = client.responses.with_raw_response.create(
        model="claude", input="Hi", tools=[{"type": "web_search"}], truncation="auto"
    )
    assert answer.headers["x-gatepost-lossy"] == "tools.web_search, truncation"
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        client.responses.create(model="claude", input="Hi", background=True)
    assert caught.value.code == "unsupported_operation"


def test_an_answer_that_nobody_keeps_cannot_be_gone_on_from(client: OpenAI) -> None:
    loose = client.responses.create(model="claude", input="Hi", store=False)
    for id in (loose.id, "resp_unheard_of"):
        with pytest.raises(openai.NotFoundError) as caught:
            client.responses.create(model="claude", input="On", previous_response_id=id)
        assert (caught.value.code, caught.value.param) == ("previous_response_not_found", "previous_response_id")
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(loose.id)


def test_a_conversation_survives_the_death_of_every_process(
    upstream: Upstream, gateways: Callable[..., Gateway]
) -> None:
    one = gateways(configuration(upstream.url), env={"STORED_KEY": "sk-stored", "AWS_LINE": AWS.replace(" ", "")})
    with OpenAI(base_url=f"{one.base_url}/v1", api_key=one.runtime_key, max_retries=0) as client:
        first = client.responses.create(model="claude", input="Remember me.")
        theirs = client.responses.create(model="native", input="Hi")
        one.kill()
        one.start()
        second = client.responses.create(model="claude", input="Who am I?", previous_response_id=first.id)
        assert "Remember me." in json.dumps(upstream.last().json)
        client.responses.create(model="native", input="On", previous_response_id=theirs.id)
        assert upstream.last().json["previous_response_id"] == theirs.id
        third = client.responses.create(model="claude", input="And now?", previous_response_id=second.id)
        assert [turn["role"] for turn in upstream.last().json["messages"]] == ["user", "assistant"] * 2 + ["user"]
        assert third.previous_response_id == second.id
    assert b"Remember me." not in b"".join(path.read_bytes() for path in one.data.rglob("*") if path.is_file())


# Text completions.


def test_text_completions(client: OpenAI, upstream: Upstream) -> None:
    got = client.completions.create(model="native", prompt=["Hi", "Ho"], max_tokens=3, logprobs=1)
    assert got.choices[0].text == " there"
    assert upstream.last().target == "/v1/completions"
    assert upstream.last().json == {"model": "native-1", "prompt": ["Hi", "Ho"], "max_tokens": 3, "logprobs": 1}
    for model in SPEAKERS[:3]:
        answer = client.completions.with_raw_response.create(model=model, prompt="Hi", suffix="!")
        assert answer.parse().choices[0].text == "Hello."
        assert answer.headers["x-gatepost-lossy"] == "suffix"
    stream = client.completions.create(model="claude", prompt="Hi", stream=True, stream_options={"include_usage": True})
    events = list(stream)
    assert "".join(event.choices[0].text for event in events if event.choices) == "Hello."
    assert events[-1].usage is not None
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        client.completions.create(model="claude", prompt=["a", "b"])
    assert caught.value.code == "not_translatable"
