import asyncio

import msgspec
import pytest

from gatepost_gateway.domain.errors import Code
from gatepost_gateway.domain.governance import Effect, Ruling
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.snapshot import ProviderKind

from ...pipeline.fakes import Answer, House, ScriptedTransport, chat, completion, daily, entry, events, snapshot_of
from ..fakes import Front

PATH = "/v1/chat/completions"


def front(*answers, models=None, engine=None, **more):
    snapshot = snapshot_of(*(models or (entry(),)), **more)
    transport = ScriptedTransport(*answers)
    return Front(House(snapshot, transport, engine) if engine else House(snapshot, transport))


def test_a_call_has_its_ids_on_its_answer():
    held = front(Answer(200, [completion()]))
    got = held.post(PATH, chat())
    assert (got.status, got.body) == (200, completion())
    record = held.house.record
    assert got.headers[b"x-gatepost-trace-id"].decode() == record.trace_id
    assert got.headers[b"x-gatepost-session-id"].decode() == record.session_id
    assert got.headers[b"x-request-id"].decode() == record.request_id


def test_a_stream_goes_out_as_it_came():
    got = front(Answer(200, events("a", "b", usage=False))).post(PATH, chat(stream=True))
    assert got.headers[b"content-type"].startswith(b"text/event-stream")
    assert got.headers[b"cache-control"] == b"no-cache"
    assert got.body == b"".join(events("a", "b", usage=False))
    assert got.ended


def test_a_stream_that_breaks_ends_with_the_error_and_never_cleanly():
    held = front(Answer(200, events("a", done=False, usage=False)[:2]))
    got = held.post(PATH, chat(stream=True))
    *_, error, done = got.body.strip().split(b"\n\n")
    assert done == b"data: [DONE]"
    inner = msgspec.json.decode(error.removeprefix(b"data: "))["error"]
    assert (inner["code"], inner["type"]) == ("upstream_truncated", "upstream_error")
    assert got.starts == 1
    assert got.ended


def test_an_error_before_the_first_content_is_an_ordinary_answer():
    got = front(*[Answer(200, events("", done=False)[:1]) for _ in range(2)]).post(PATH, chat(stream=True))
    assert (got.status, got.json["error"]["code"]) == (502, "upstream_truncated")
    assert b"x-gatepost-trace-id" in got.headers


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (chat(stream="true"), 400, "invalid_request"),
        (chat(n=1000), 400, "invalid_request"),
        (chat(max_tokens=-1), 400, "invalid_request"),
        (chat(model="unheard-of"), 404, "model_not_found"),
        (b'{"model":"m","messages":[],"model":"m"}', 400, "invalid_request"),
    ],
)
def test_refusals_are_in_openais_envelope_and_recorded(body, status, code):
    held = front()
    got = held.post(PATH, body)
    assert (got.status, got.json["error"]["code"]) == (status, code)
    assert set(got.json["error"]) >= {"message", "type", "param", "code"}
    assert held.house.record.status == status
    assert got.headers[b"x-gatepost-trace-id"].decode() == held.house.record.trace_id


def test_no_key_is_a_401_of_ours_and_a_providers_401_is_not():
    got = front().post(PATH, chat(), key=None)
    assert (got.status, got.json["error"]["code"]) == (401, "missing_key")
    got = front(Answer(401, [b'{"error":{"message":"bad key"}}'])).post(PATH, chat())
    assert (got.status, got.json["error"]["code"]) == (502, "upstream_auth")
    assert b"www-authenticate" not in got.headers


def test_a_budget_refusal_is_not_tried_again_by_itself():
    got = front(budgets=(daily(5),)).post(PATH, chat())
    assert (got.status, got.headers[b"x-should-retry"]) == (402, b"false")
    assert got.json["error"]["limit"]["limit"] == "0.000000005"


def test_a_block_is_a_409_that_names_its_rule():
    got = front(engine=lambda _: Ruling(Effect.BLOCK, (), "no-secrets", "a key")).post(PATH, chat())
    assert (got.status, got.headers[b"x-should-retry"]) == (409, b"false")
    inner = got.json["error"]
    assert (inner["type"], inner["policy"], inner["code"]) == (
        "policy_violation",
        "no-secrets",
        Code.INPUT_BLOCKED.value,
    )


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"", b'"x"'])
def test_a_providers_refusal_that_is_not_json_gets_our_envelope(body):
    got = front(Answer(400, [body])).post(PATH, chat())
    assert (got.status, got.json["error"]["code"]) == (400, "upstream_refused")


def test_a_providers_refusal_goes_on_as_it_was_said_without_its_key():
    body = b'{"error":{"message":"bad sk-provider-key","type":"t","param":"p","code":"c"}}'
    got = front(Answer(422, [body])).post(PATH, chat())
    assert (got.status, got.json["error"]["param"]) == (422, "p")
    assert b"sk-provider-key" not in got.body


@pytest.mark.parametrize("name", ["evil\r\nx-injected: 1", "ä\x00"])
def test_a_models_name_cannot_become_a_header(name):
    got = front(models=(entry("e", identifier=name),)).post(PATH, chat(model="m" + name))
    assert got.status == 404
    assert all(b"\r" not in value and b"\n" not in value for value in got.headers.values())


def test_a_caller_that_leaves_cancels_the_call():
    async def main():
        held = front()

        async def hang():
            await asyncio.get_running_loop().create_future()

        held.house.transport.answers = [hang]
        task = asyncio.ensure_future(held.ask("POST", PATH, chat()))
        while not held.house.transport.asked:
            await asyncio.sleep(0)
        task.cancel()
        got = await task
        assert got.starts == 0
        assert held.house.record.outcome == "abandoned"

    asyncio.run(main())


def test_models_are_listed_with_their_prices():
    held = front(models=(entry("m", prices=Prices(150_000_000, 600_000_000)), entry("theirs", project="q")))
    page = held.get("/v1/models").json
    assert [one["id"] for one in page["data"]] == ["m", "sandbox/echo"]
    assert page["data"][0]["pricing"]["input_per_1k_usd"] == 0.00015
    assert held.get("/v1/models/m").json == page["data"][0]
    assert held.get("/v1/models/sandbox/echo").json["owned_by"] == "sandbox"
    assert held.get("/v1/models/theirs").status == 404
    assert held.get("/v1/models", key=None).status == 401


def test_an_unknown_price_is_null_and_no_key_is_shown():
    held = front(models=(entry("m", prices=None, provider=ProviderKind.AZURE),))
    got = held.get("/v1/models/m")
    assert got.json["pricing"] is None
    assert b"sk-" not in got.body


def test_a_text_completion_passes_to_a_server_that_has_them_and_is_translated_for_others():
    answer = b'{"id":"cmpl-1","object":"text_completion","choices":[{"text":" hi","index":0,"finish_reason":"stop"}]}'
    held = front(Answer(200, [answer]))
    got = held.post("/v1/completions", {"model": "m", "prompt": "Say", "max_tokens": 3})
    assert (got.status, got.body) == (200, answer)
    assert held.house.transport.asked[0].target == b"/v1/completions"
    assert held.house.transport.asked[0].body == b'{"model":"m","prompt":"Say","max_tokens":3}'
    got = held.post("/v1/completions", {"model": "sandbox/echo", "prompt": "Say", "suffix": "!"})
    assert got.json["choices"][0]["text"]
    assert got.json["object"] == "text_completion"
    assert got.headers[b"x-gatepost-lossy"] == b"suffix"
    got = held.post("/v1/completions", {"model": "sandbox/echo", "prompt": "Say", "stream": True})
    assert got.body.endswith(b"data: [DONE]\n\n")
    got = held.post("/v1/completions", {"model": "sandbox/echo", "prompt": ["a", "b"]})
    assert (got.status, got.json["error"]["code"]) == (422, "not_translatable")


RESPONSES = "/v1/responses"
ANSWER = (
    b'{"id":"resp_9","status":"completed","model":"m1","output":[{"type":"message","role":"assistant","content":'
    b'[{"type":"output_text","text":"hi"}]}],"usage":{"input_tokens":3,"output_tokens":2}}'
)


def responses_events(*texts, end="response.completed"):
    created = {"type": "response.created", "sequence_number": 0, "response": {"id": "resp_9"}}
    yield b"event: response.created\ndata: " + msgspec.json.encode(created) + b"\n\n"
    for number, text in enumerate(texts, 1):
        said = {"type": "response.output_text.delta", "sequence_number": number, "output_index": 0, "delta": text}
        yield b"event: response.output_text.delta\ndata: " + msgspec.json.encode(said) + b"\n\n"
    if end:
        usage = {"input_tokens": 3, "output_tokens": 2}
        said = {"type": end, "response": {"id": "resp_9", "status": "completed", "usage": usage}}
        yield b"event: " + end.encode() + b"\ndata: " + msgspec.json.encode(said) + b"\n\n"


def test_a_response_passes_unchanged_to_a_server_that_has_them():
    held = front(Answer(200, [ANSWER]))
    got = held.post(RESPONSES, {"model": "m", "input": "Say", "new": 1})
    assert (got.status, got.body) == (200, ANSWER)
    assert held.house.transport.asked[0].target == b"/v1/responses"
    assert held.house.transport.asked[0].body == b'{"model":"m","input":"Say","new":1}'
    record = held.house.record
    assert (record.usage.input, record.usage.output, record.finish, record.upstream_id) == (3, 2, ("stop",), "resp_9")


def test_a_stream_of_a_response_passes_and_its_break_is_an_event_of_the_format():
    held = front(Answer(200, list(responses_events("a", "b"))))
    got = held.post(RESPONSES, {"model": "m", "input": "Say", "stream": True})
    assert got.body == b"".join(responses_events("a", "b"))
    assert held.house.record.usage.output == 2
    held = front(Answer(200, list(responses_events("a", end=""))))
    got = held.post(RESPONSES, {"model": "m", "input": "Say", "stream": True})
    assert b"DONE" not in got.body
    kind, data = got.body.strip().split(b"\n\n")[-1].split(b"\n")
    said = msgspec.json.decode(data.removeprefix(b"data: "))
    assert (kind, said["type"], said["sequence_number"]) == (b"event: error", "error", 2)
    assert said["code"] == said["error"]["code"] == "upstream_truncated"
    assert held.house.record.error == "upstream_truncated"


@pytest.mark.parametrize("end", ["response.failed", "error"])
def test_a_response_that_fails_in_the_stream_is_a_failure(end):
    held = front(Answer(200, list(responses_events("a", end=end))))
    got = held.post(RESPONSES, {"model": "m", "input": "Say", "stream": True})
    assert b"upstream_garbage" in got.body
    assert held.house.record.outcome == "failed"


def test_a_response_is_translated_for_a_server_without_them():
    held = front()
    got = held.post(RESPONSES, {"model": "sandbox/echo", "input": "Say", "truncation": "auto", "metadata": {"a": "b"}})
    assert got.json["output"][0]["content"][0]["text"]
    assert (got.json["status"], got.json["object"], got.json["metadata"]) == ("completed", "response", {"a": "b"})
    assert got.headers[b"x-gatepost-lossy"] == b"truncation"
    got = held.post(RESPONSES, {"model": "sandbox/echo", "input": "Say", "stream": True})
    assert got.body.startswith(b"event: response.created\n")
    assert b"event: response.completed\n" in got.body
    got = held.post(RESPONSES, {"model": "sandbox/echo", "input": "Say", "background": True})
    assert (got.status, got.json["error"]["code"]) == (422, "unsupported_operation")
    got = held.post(RESPONSES, {"model": "sandbox/echo", "input": "Say", "conversation": "conv_1"})
    assert (got.status, got.json["error"]["code"]) == (422, "not_translatable")


def test_a_tool_whose_price_is_not_known_is_refused_under_a_budget():
    got = front(budgets=(daily(10_000_000_000),)).post(
        RESPONSES, {"model": "m", "input": "Say", "tools": [{"type": "web_search"}]}
    )
    assert (got.status, got.json["error"]["code"]) == (402, "price_unknown")
