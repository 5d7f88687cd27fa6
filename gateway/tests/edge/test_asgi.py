import asyncio
import logging

import pytest

from gatepost_gateway.domain import ids
from gatepost_gateway.edge.http import BodyLimits

from ..pipeline.fakes import KEY, Answer, House, ScriptedTransport, chat, completion, entry, snapshot_of
from .fakes import Front


def front(*answers, limits=None, **more):
    return Front(House(snapshot_of(entry(), **more), ScriptedTransport(*answers)), limits)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", "/v1/nothing", 404, "not_found"),
        ("POST", "/v1/../admin", 404, "not_found"),
        ("GET", "/v1/chat/completions", 405, "method_not_allowed"),
        ("POST", "/v1/models", 405, "method_not_allowed"),
        ("DELETE", "/v1/models/m", 405, "method_not_allowed"),
        ("POST", "/up", 405, "method_not_allowed"),
        ("GET", "/v1/responses", 405, "method_not_allowed"),
        ("GET", "/v1/responses/resp_1", 404, "not_found"),
        ("DELETE", "/v1/responses/resp_1", 404, "not_found"),
        ("POST", "/v1/images/edits", 404, "not_found"),
        ("GET", "/v1/models/unheard-of", 404, "model_not_found"),
    ],
)
def test_what_is_not_here_is_said_in_the_shape_of_its_surface(method, path, status, code):
    got = asyncio.run(front().ask(method, path))
    assert got.status == status
    page = got.json
    assert (page["error"]["code"] if path.startswith("/v1/") else page["code"]) == code
    assert ids.is_uuid(got.headers[b"x-request-id"].decode())
    assert got.headers[b"content-type"] == b"application/json"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/up", b""),
        ("GET", "/version", b""),
        ("GET", "/health", b""),
        ("GET", "/v1/models", b""),
        ("GET", "/v1/models/m", b""),
        ("GET", "/nothing", b""),
        ("POST", "/v1/chat/completions", b"garbage"),
        ("POST", "/v1/chat/completions", chat(model="sandbox/echo")),
        ("POST", "/v1/chat/completions", chat(model="sandbox/echo", stream=True)),
        ("POST", "/api/v1/traces", {}),
        ("POST", "/api/v1/traces", b"garbage"),
        ("PATCH", "/api/v1/traces/01a1f9ec-bcab-7760-bde9-35c528ab7ca8/complete", b""),
        ("GET", "/api/v1/sdk/config", b""),
        ("GET", "/api/v1/projects", b""),
        ("GET", "/openapi.json", b""),
        ("GET", "/v1/metrics", b""),
    ],
)
def test_the_request_id_is_on_every_answer(method, path, body):
    got = asyncio.run(front().ask(method, path, body, headers=[(b"x-request-id", b"mine-1")]))
    assert got.headers[b"x-request-id"] == b"mine-1"
    assert got.starts == 1
    assert got.ended
    assert KEY.encode() not in got.body


def test_other_pages_are_the_control_planes():
    held = front()
    held.control.reply = (201, [(b"content-type", b"text/plain"), (b"X-Request-Id", b"theirs")], b"made")
    got = held.post("/api/v1/projects", b"{}", query=b"a=1")
    assert (got.status, got.body, got.headers[b"X-Request-Id"]) == (201, b"made", b"theirs")
    method, path, query, headers, body = held.control.asked[0]
    assert (method, path, query, body) == ("POST", "/api/v1/projects", b"a=1", b"{}")
    assert [value for name, value in headers if name == b"x-request-id"] != [b"theirs"]


def test_a_control_plane_that_is_away_is_503_and_calls_go_on():
    held = front(Answer(200, [completion()]))
    held.control.reply = None
    got = held.get("/api/v1/projects")
    assert (got.status, got.json["code"]) == (503, "control_unavailable")
    assert held.post("/v1/chat/completions", chat()).status == 200


def test_a_bug_is_a_500_that_says_nothing_and_is_logged_once(caplog):
    held = front()
    held.control.forward = None
    with caplog.at_level(logging.ERROR):
        got = held.get("/api/v1/projects")
    assert (got.status, got.json["code"]) == (500, "internal_error")
    assert "NoneType" not in got.body.decode()
    [line] = caplog.records
    assert line.request_id == got.headers[b"x-request-id"].decode()
    assert line.exc_info is not None


def test_a_caller_that_leaves_while_it_speaks_gets_no_words():
    held = front()
    messages = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    got = held.post("/v1/chat/completions", messages=messages)
    assert got.starts == 0
    assert held.house.recorder.entries == []


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/v1/traces", "/api/v1/executions", "/api/v1/projects"])
def test_a_body_that_is_too_large_is_413_in_each_shape(path):
    got = front(limits=BodyLimits(bytes=10)).post(path, b"x" * 11)
    assert got.status == 413
    assert (got.json["error"]["code"] if path.startswith("/v1/") else got.json["code"]) == "body_too_large"


def test_what_is_no_http_is_left_alone():
    async def fail(*_):
        raise AssertionError

    asyncio.run(front().edge({"type": "lifespan"}, fail, fail))
    assert True


def test_nobody_else_says_where_a_request_came_from():
    held = Front(House(snapshot_of(entry()), ScriptedTransport()))
    held.post("/v1/signup", {}, key=None, headers=[(b"x-gatepost-client", b"10.9.9.9")])
    (_, path, _, headers, _) = held.control.asked[0]
    assert path == "/v1/signup"
    assert [value for name, value in headers if name == b"x-gatepost-client"] == [b"127.0.0.1"]


def test_the_simple_api_is_answered_by_the_control_plane_but_for_its_call():
    held = Front(House(snapshot_of(entry()), ScriptedTransport()))
    for path in ("/v1/me", "/v1/keys", "/v1/keys/api", "/v1/keys/api/x/pause", "/v1/signup", "/v1/metrics"):
        held.post(path, {})
    assert len(held.control.asked) == 6
    got = held.get("/v1/chat")
    assert (got.status, len(held.control.asked)) == (405, 6)
