import json
from typing import Any

import pytest

from gatepost_gateway.domain.governance import Effect, Ruling
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind

from ...pipeline.fakes import KEY, Answer, House, ScriptedTransport, completion, entry, snapshot_of
from ..fakes import Front

ROOT = "/v1beta/models/"
BODY = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
ANSWER = {
    "candidates": [{"content": {"parts": [{"text": "hello"}], "role": "model"}, "finishReason": "STOP", "index": 0}],
    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
    "modelVersion": "gemini-2.5-flash",
    "responseId": "r1",
}


def gemini() -> ModelEntry:
    url = "http://provider.test/v1beta/models"
    return entry("g", identifier="gemini-2.5-flash", provider=ProviderKind.GEMINI, base_url=url)


def front(*answers: Any, engine: Any = None) -> Front:
    snapshot, transport = snapshot_of(gemini(), entry()), ScriptedTransport(*answers)
    return Front(House(snapshot, transport, engine) if engine else House(snapshot, transport))


def sse(*events: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\r\n\r\n" for event in events)


def test_a_call_passes_byte_for_byte() -> None:
    raw = json.dumps(ANSWER, indent=1).encode()
    held = front(Answer(200, [raw]))
    got = held.post(ROOT + "g:generateContent", BODY)
    assert (got.status, got.body) == (200, raw)
    record = held.house.record
    assert (record.surface, record.model, record.usage.input, record.usage.output) == ("gemini", "g", 3, 2)
    assert b"x-gatepost-trace-id" in got.headers


@pytest.mark.parametrize(
    "shown",
    [{"headers": [(b"x-goog-api-key", KEY.encode())]}, {"query": b"key=" + KEY.encode()}],
    ids=["header", "query"],
)
def test_the_key_is_read_where_geminis_clients_put_it_and_goes_no_further(shown: Any) -> None:
    held = front(Answer(200, [json.dumps(ANSWER).encode()]))
    got = held.post(ROOT + "g:generateContent", BODY, key=None, **shown)
    assert got.status == 200
    sent = held.house.transport.asked[0]
    assert KEY.encode() not in sent.target + b"".join(value for _, value in sent.headers)


COUNT = b'{"totalTokens": 7, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 7}]}'


@pytest.mark.parametrize("body", [BODY, {"generateContentRequest": {"model": "models/other", **BODY}}])
@pytest.mark.parametrize("root", [ROOT, "/v1/models/"])
def test_a_count_is_free_and_asks_for_the_whole_request(body: Any, root: str) -> None:
    held = front(Answer(200, [COUNT]))
    got = held.post(root + "g:countTokens", body)
    assert (got.status, got.body) == (200, COUNT)
    sent = held.house.transport.asked[0]
    assert sent.target == b"/v1beta/models/gemini-2.5-flash:countTokens"
    assert json.loads(sent.body) == {"generateContentRequest": {**BODY, "model": "models/gemini-2.5-flash"}}
    record = held.house.record
    assert (record.operation, record.usage.total, record.held, record.cost) == ("count_tokens", 0, 0, 0)


def test_counts_cross_between_the_two_formats() -> None:
    counter = entry("a", provider=ProviderKind.ANTHROPIC, base_url="http://anthropic.test", identifier="claude-x")
    house = House(
        snapshot_of(counter, gemini()), ScriptedTransport(Answer(200, [b'{"input_tokens":14}']), Answer(200, [COUNT]))
    )
    said = {**BODY, "systemInstruction": {"parts": [{"text": "be brief"}]}, "generationConfig": {"temperature": 1}}
    got = Front(house).post(ROOT + "a:countTokens", {"generateContentRequest": said})
    assert got.json == {"totalTokens": 14}
    sent = house.transport.asked[0]
    assert sent.target == b"/v1/messages/count_tokens"
    assert json.loads(sent.body).keys() == {"model", "messages", "system"}
    messages = {"model": "g", "messages": [{"role": "user", "content": "hi"}], "system": "be brief"}
    got = Front(house).post("/v1/messages/count_tokens", messages, key=None, headers=[(b"x-api-key", KEY.encode())])
    assert got.json == {"input_tokens": 7}
    inner = json.loads(house.transport.asked[1].body)["generateContentRequest"]
    assert (inner["model"], inner["contents"]) == ("models/gemini-2.5-flash", BODY["contents"])
    assert "systemInstruction" in inner


def test_a_policy_judges_what_is_counted() -> None:
    held = front(engine=lambda _: Ruling(Effect.BLOCK, (), "no-hi", "blocked"))
    assert held.post(ROOT + "g:countTokens", BODY).status == 403
    assert held.house.transport.asked == []


def test_version_1_is_served_too_and_openais_models_stay_there() -> None:
    held = front(Answer(200, [json.dumps(ANSWER).encode()]))
    assert held.post("/v1/models/g:generateContent", BODY).json == ANSWER
    assert held.get("/v1/models/g").json["object"] == "model"
    assert held.post("/v1/models/unheard-of:generateContent", BODY).json["error"]["status"] == "NOT_FOUND"


def test_a_stream_passes_as_events() -> None:
    raw = sse({**ANSWER, "candidates": [{"content": {"parts": [{"text": "hel"}]}}]}, ANSWER)
    got = front(Answer(200, [raw[:50], raw[50:]])).post(ROOT + "g:streamGenerateContent", BODY, query=b"alt=sse")
    assert got.body == raw
    assert got.headers[b"content-type"].startswith(b"text/event-stream")
    assert got.ended


def test_without_alt_sse_a_stream_is_one_array() -> None:
    raw = sse(ANSWER, ANSWER)
    got = front(Answer(200, [raw[:50], raw[50:]])).post(ROOT + "g:streamGenerateContent", BODY)
    assert got.json == [ANSWER, ANSWER]
    assert got.headers[b"content-type"] == b"application/json"


def test_any_provider_answers_a_gemini_client() -> None:
    held = front(Answer(200, [completion("hello")]))
    got = held.post(ROOT + "m:generateContent", {**BODY, "safetySettings": [{"category": "X"}]})
    assert got.json["candidates"][0]["content"]["parts"] == [{"text": "hello"}]
    assert got.headers[b"x-gatepost-lossy"] == b"safetySettings"
    assert json.loads(held.house.transport.asked[0].body)["messages"] == [{"role": "user", "content": "hi"}]


def test_a_stream_that_breaks_ends_with_the_error() -> None:
    half = sse({"candidates": [{"content": {"parts": [{"text": "hel"}]}}]})
    got = front(Answer(200, [half])).post(ROOT + "g:streamGenerateContent", BODY, query=b"alt=sse")
    last = got.body.strip().split(b"\r\n\r\n")[-1]
    said = json.loads(last.removeprefix(b"data: "))["error"]
    assert (said["code"], said["status"]) == (502, "UNAVAILABLE")
    assert said["details"][0]["reason"] == "UPSTREAM_TRUNCATED"
    array = front(Answer(200, [half])).post(ROOT + "g:streamGenerateContent", BODY)
    assert "error" in array.json[-1]


@pytest.mark.parametrize(
    ("path", "body", "status", "word"),
    [
        ("g:generateContent", b"{", 400, "INVALID_ARGUMENT"),
        ("g:generateContent", {"contents": 1}, 400, "INVALID_ARGUMENT"),
        ("unheard-of:generateContent", BODY, 404, "NOT_FOUND"),
        ("g:embedContent", BODY, 400, "INVALID_ARGUMENT"),
        ("g:batchEmbedContents", BODY, 400, "INVALID_ARGUMENT"),
        ("g:batchEmbedContents", {"requests": []}, 400, "INVALID_ARGUMENT"),
        ("m:countTokens", BODY, 422, "INVALID_ARGUMENT"),
        ("g:countTokens", b"{", 400, "INVALID_ARGUMENT"),
        ("g:countTokens", {"contents": [], "generateContentRequest": BODY}, 400, "INVALID_ARGUMENT"),
        ("g:somethingElse", BODY, 404, "NOT_FOUND"),
        ("g", BODY, 404, "NOT_FOUND"),
        ("x" * 600 + ":generateContent", BODY, 400, "INVALID_ARGUMENT"),
    ],
)
def test_refusals_are_in_googles_envelope(path: str, body: Any, status: int, word: str) -> None:
    got = front().post(ROOT + path, body)
    said = got.json["error"]
    assert (got.status, said["code"], said["status"]) == (status, status, word)
    assert b"x-request-id" in got.headers


def test_no_key_and_another_method_are_refused() -> None:
    assert front().post(ROOT + "g:generateContent", BODY, key=None).json["error"]["status"] == "UNAUTHENTICATED"
    assert front().get(ROOT + "g:generateContent").status == 405


def test_a_policy_block_is_a_403() -> None:
    held = front(engine=lambda _: Ruling(Effect.BLOCK, (), "no-hi", "blocked"))
    got = held.post(ROOT + "g:generateContent", BODY)
    said = got.json["error"]
    assert (got.status, said["status"], said["details"][0]["metadata"]["policy"]) == (403, "PERMISSION_DENIED", "no-hi")


def test_the_providers_own_refusal_goes_on_as_it_said_it() -> None:
    body = json.dumps({"error": {"code": 400, "message": "too long", "status": "INVALID_ARGUMENT"}}).encode()
    got = front(Answer(400, [body])).post(ROOT + "g:generateContent", BODY)
    assert (got.status, got.body) == (400, body)
