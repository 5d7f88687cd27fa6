import json
from typing import Any

import pytest

from gatepost_gateway.domain.governance import Effect, Ruling
from gatepost_gateway.domain.money import Prices

from ...pipeline.fakes import Answer, House, ScriptedTransport, entry, snapshot_of
from ..fakes import Front

VECTORS, PICTURES = "/api/v1/embeddings", "/api/v1/images"


def front(*said: Any, engine: Any = None) -> Front:
    answers = [Answer(200, [json.dumps(one).encode()]) for one in said]
    snapshot, transport = snapshot_of(entry(prices=Prices(1_000_000, 0, image=7))), ScriptedTransport(*answers)
    return Front(House(snapshot, transport, engine) if engine else House(snapshot, transport))


def trace(held: Front) -> str:
    return held.post("/api/v1/traces").json["id"]


def test_vectors() -> None:
    held = front({"data": [{"embedding": [0.5]}], "model": "x", "usage": {"prompt_tokens": 4}})
    name = trace(held)
    got = held.post(VECTORS, {"trace_id": name, "input": ["hi"], "model": "m"})
    page = got.json
    assert (got.status, page["embeddings"], page["usage_tokens"]) == (200, [[0.5]], 4)
    assert (page["trace_id"], page["model"], page["provider"], page["cost"]) == (name, "m", "openai", "0.000000004")
    assert page["step_id"] == held.house.record.step_id
    done = held.post(f"/api/v1/traces/{name}/complete").json
    assert (done["steps"], done["total_cost"]) == (1, "0.000000004")
    assert held.post(VECTORS, {"trace_id": name, "input": ["hi"], "model": "m"}).status == 409


def test_pictures() -> None:
    held = front({"data": [{"b64_json": "AA=="}]})
    got = held.post(PICTURES, {"trace_id": trace(held), "prompt": "a cat", "model": "m", "size": "64x64"})
    assert (got.status, got.json["images"], got.json["usage"]["images"]) == (200, [{"b64_json": "AA=="}], 1)


def test_a_repeated_key_gets_the_first_answer() -> None:
    held = front({"data": [{"embedding": [0.5]}]})
    body = {"trace_id": trace(held), "input": "hi", "model": "m"}
    headers = [(b"idempotency-key", b"k")]
    first, second = held.post(VECTORS, body, headers=headers), held.post(VECTORS, body, headers=headers)
    assert first.body == second.body
    assert len(held.house.transport.asked) == 1


@pytest.mark.parametrize(
    "body",
    [{"input": ["x"]}, {"input": [1], "model": "m"}, {"model": "m"}, {"input": "x", "model": "m", "odd": 1}],
)
def test_bad_input_is_a_422(body: Any) -> None:
    held = front()
    got = held.post(VECTORS, {"trace_id": trace(held), **body})
    assert (got.status, got.json["code"]) == (422, "validation_failed")


def test_an_unknown_trace_and_a_missing_key() -> None:
    held = front()
    body = {"trace_id": "01a1f9ff-4ed4-7c5a-9995-51f870202bfa", "input": "x", "model": "m"}
    assert held.post(VECTORS, body).status == 404
    assert held.post(PICTURES, body, key=None).status == 401


def test_a_block_is_a_result() -> None:
    def engine(*_: Any) -> Ruling:
        return Ruling(Effect.BLOCK, reason="no", rule="r")

    held = front(engine=engine)
    name = trace(held)
    got = held.post(VECTORS, {"trace_id": name, "input": "x", "model": "m"})
    assert (got.status, got.json["status"], got.json["embeddings"]) == (200, "blocked", [])
    got = held.post(PICTURES, {"trace_id": name, "prompt": "x", "model": "m"})
    assert (got.json["status"], got.json["images"]) == ("blocked", [])
