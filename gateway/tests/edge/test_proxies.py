"""The paths of proxies, over the whole table of routes."""

import hashlib
import json

import pytest

from gatepost_gateway.domain.governance import Effect, Ruling
from gatepost_gateway.domain.snapshot import KeyEntry, KeyKind, ProxyEntry
from gatepost_gateway.edge.proxies import alias_of

from ..pipeline.fakes import Answer, House, ScriptedTransport, chat, completion, entry, events, snapshot_of
from .fakes import Front

OF_BOT = "gp_bot_secretsecretsecret"
SAID = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "hello"}]}
OPENAI = ("/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/embeddings")
ANTHROPIC = ("/v1/messages", "/v1/messages/count_tokens")


def front(*answers, engine=None, **more):
    digest = hashlib.sha256(OF_BOT.encode()).digest()
    key = KeyEntry("bot", KeyKind.RUNTIME, "", digest, "org", "p", proxy="bot")
    proxies = (ProxyEntry("bot", "p", models=("m",)), ProxyEntry("other", "p"))
    found = snapshot_of(entry(), entry("n"), keys=(key,), proxies=proxies, **more)
    transport = ScriptedTransport(*answers)
    return Front(House(found, transport, engine) if engine else House(found, transport))


def whole():
    return Answer(200, [completion()])


def block(call):
    return Ruling(Effect.BLOCK, rule="tools", reason="the tool delete_all is not allowed")


def escalate(call):
    return Ruling(Effect.ESCALATE, rule="tools", reason="a person must look")


@pytest.mark.parametrize(
    "path", ["/a/bot/openai/v1/chat/completions", "/bot/v1/chat/completions", "/v1/chat/completions"]
)
def test_a_proxys_calls_are_answered_and_recorded_as_its(path):
    over = front(whole())
    got = over.post(path, chat(), key=OF_BOT)
    assert got.status == 200
    assert over.house.record.proxy == "bot"
    for name in (b"x-gatepost-trace-id", b"x-gatepost-session-id", b"x-request-id"):
        assert got.headers[name]


def test_a_stream_names_its_session_in_its_head():
    over = front(Answer(200, events("hi")))
    got = over.post("/a/bot/openai/v1/chat/completions", chat(stream=True), key=OF_BOT)
    assert got.headers[b"x-gatepost-session-id"]
    assert got.body.endswith(b"[DONE]\n\n")


@pytest.mark.parametrize("path", ["/a/bot/anthropic/v1/messages", "/bot/v1/messages"])
def test_the_messages_format_on_a_proxy(path):
    over = front(whole())
    got = over.post(path, SAID, key=None, headers=[(b"x-api-key", OF_BOT.encode())])
    assert (got.status, got.json["type"]) == (200, "message")
    assert over.house.record.proxy == "bot"


@pytest.mark.parametrize(("prefix", "paths"), [("openai", OPENAI), ("anthropic", ANTHROPIC)])
def test_no_path_of_another_proxy_is_open(prefix, paths):
    over = front()
    for path in paths:
        got = over.post(f"/a/other/{prefix}{path}", SAID, key=OF_BOT)
        assert (got.status, "another proxy" in got.body.decode()) == (403, True), path
    assert over.get(f"/a/other/{prefix}/v1/models", key=OF_BOT).status in (403, 404)
    assert over.house.transport.asked == []


def test_a_proxy_that_is_not_there_is_404():
    over = front()
    assert over.post("/a/none/openai/v1/chat/completions", chat()).status == 404
    assert over.post("/none/v1/chat/completions", chat()).status == 404
    assert over.post("/a/none/openai/v1/chat/completions", chat(), key="gp_x_y").status == 401


@pytest.mark.parametrize(
    "path",
    [
        "/a/bot/openai/v1/images/generations",
        "/a/bot/openai/v1/audio/speech",
        "/a/bot/openai/v1/files",
        "/a/bot/openai/v1/batches",
        "/a/bot/openai/v1/messages",
        "/a/bot/anthropic/v1/chat/completions",
        "/a/bot/gemini/v1/x",
        "/a/bot/openai/v1/../../../v1/images/generations",
        "/a/bot/openai",
        "/a//openai/v1/chat/completions",
        "/a/bot/openai/api/v1/keys",
        "/bot/v1/images/generations",
        "/bot/v1",
    ],
)
def test_what_a_proxy_does_not_serve_is_refused_at_routing(path):
    over = front()
    got = over.post(path, chat(), key=OF_BOT)
    assert got.status == 404
    assert got.headers[b"x-request-id"]
    page = json.loads(got.body)
    error = page["error"] if isinstance(page["error"], dict) else page
    assert error["code"] == "not_found"
    assert (error | page)["request_id"] == got.headers[b"x-request-id"].decode()
    assert over.house.transport.asked == []
    assert over.control.asked == []


def test_the_models_of_a_proxy_are_those_that_it_may_call():
    over = front()
    for path in ("/a/bot/openai/v1/models", "/bot/v1/models", "/v1/models"):
        assert [one["id"] for one in over.get(path, key=OF_BOT).json["data"]] == ["m"]
    assert over.get("/a/bot/openai/v1/models/m", key=OF_BOT).status == 200
    assert over.get("/a/bot/openai/v1/models/n", key=OF_BOT).status == 404
    assert over.post("/a/bot/openai/v1/models", key=OF_BOT).status == 405


def test_a_block_is_403_without_the_reason_and_names_its_trace():
    over = front(engine=block)
    got = over.post("/a/bot/openai/v1/chat/completions", chat(), key=OF_BOT)
    assert got.status == 403
    assert got.json == {
        "error": {"message": "request blocked by policy", "type": "policy_violation", "code": "policy_block"}
    }
    assert got.headers[b"x-should-retry"] == b"false"
    assert got.headers[b"x-gatepost-trace-id"].decode() == over.house.record.trace_id
    assert got.headers[b"x-gatepost-session-id"]
    assert "delete_all" in over.house.record.message
    assert over.house.transport.asked == []


def test_a_block_in_the_messages_format():
    got = front(engine=block).post("/a/bot/anthropic/v1/messages", SAID, key=OF_BOT)
    assert got.status == 403
    assert b"delete_all" not in got.body
    assert got.json["error"] == {
        "type": "permission_error",
        "message": "request blocked by policy",
        "code": "policy_block",
    }


@pytest.mark.parametrize(
    ("path", "status"), [("/a/bot/openai/v1/chat/completions", 403), ("/v1/chat/completions", 409)]
)
def test_what_a_person_must_decide(path, status):
    got = front(engine=escalate).post(path, chat(), key=OF_BOT)
    assert (got.status, got.json["error"]["code"]) == (status, "escalation_required")
    assert (b"a person must look" in got.body) is (status == 409)
    assert got.headers[b"x-should-retry"] == b"false"


def test_other_systems_clients_read_their_own_headers():
    over = front(whole(), header_prefixes=("x-acme-",))
    got = over.post("/a/bot/openai/v1/chat/completions", chat(), key=OF_BOT)
    for name in (b"trace-id", b"session-id", b"model"):
        assert got.headers[b"x-acme-" + name] == got.headers[b"x-gatepost-" + name]
    refused = front(engine=block, header_prefixes=("x-acme-",)).post("/bot/v1/chat/completions", chat(), key=OF_BOT)
    assert refused.headers[b"x-acme-trace-id"] == refused.headers[b"x-gatepost-trace-id"]


def test_an_alias_has_a_name_before_v1():
    assert alias_of("/bot/v1/models") == "bot"
    assert [alias_of(path) for path in ("/v1/models", "/bot/v2/x", "//v1/x", "/bot/v1", "/", "")] == [None] * 6
