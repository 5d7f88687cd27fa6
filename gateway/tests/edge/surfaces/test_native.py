import pytest

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.errors import Code, ToolServerError
from gatepost_gateway.domain.governance import Effect, Phase, Ruling

from ...pipeline.fakes import Answer, House, ScriptedTransport, completion, entry, snapshot_of
from ...pipeline.tool_house import tool
from ..fakes import Front

TRACES, RUN, LOGS = "/api/v1/traces", "/api/v1/executions", "/api/v1/logs"


def front(*answers, engine=None, **more):
    snapshot, transport = snapshot_of(entry(), **more), ScriptedTransport(*answers)
    return Front(House(snapshot, transport, engine) if engine else House(snapshot, transport))


def trace(held, **said):
    got = held.post(TRACES, said)
    assert got.status == 201
    return got.json["id"]


def tool_answer(**call):
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return Answer(200, [completion(choices=[{"index": 0, "message": message, "finish_reason": "tool_calls"}])])


def test_a_trace_from_its_opening_to_its_summary():
    held = front(Answer(200, [completion("hello")]))
    name = trace(held, metadata={"feature": "x"}, revenue=0.5)
    done = held.post(RUN, {"trace_id": name, "input": "hi", "model": "m"}).json
    assert (done["output"], done["status"], done["tool_calls"], done["finish_reason"]) == ("hello", None, [], "stop")
    assert (done["cost"], done["usage"]["input"], done["trace_id"]) == ("0.000007", 3, name)
    event = held.post(LOGS, {"trace_id": name, "name": "clicked", "data": {"n": 1}})
    assert (event.status, ids.is_uuid(event.json["step_id"])) == (201, True)
    summary = held.post(f"{TRACES}/{name}/complete").json
    assert (summary["status"], summary["steps"], summary["total_cost"]) == ("completed", 2, "0.000007")
    assert (summary["revenue"], summary["gross_margin"]) == ("0.5", "0.499993")
    again = held.post(f"{TRACES}/{name}/complete")
    assert (again.status, again.json["code"]) == (409, "trace_sealed")
    assert held.post(RUN, {"trace_id": name, "input": "hi"}).status == 409


def test_a_trace_may_be_opened_with_nothing():
    assert front().post(TRACES).json["metadata"] == {}


@pytest.mark.parametrize(("said", "kept"), [(0.1, "0.1"), (1, "1"), ("12.5", "12.5"), ("-3", "-3"), (None, None)])
def test_revenue_is_exact(said, kept):
    assert front().post(TRACES, {"revenue": said}).json["revenue"] == kept


@pytest.mark.parametrize(
    "said",
    [
        b'"x"',
        b'""',
        b'"NaN"',
        b'"Infinity"',
        b'"1e999999"',
        b"1e300",
        b'"0.0000000001"',
        b'"1.0000000000000000000000000000000000001"',
        b"1" + b"0" * 400,
        b"1" + b"0" * 5000,
    ],
)
def test_revenue_that_cannot_be_counted_is_422(said):
    got = front().post(TRACES, b'{"revenue":' + said + b"}")
    assert (got.status, got.json["code"]) == (422, "validation_failed")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (TRACES, b"{", 400),
        (TRACES, b"[]", 422),
        (TRACES, {"metadata": []}, 422),
        (TRACES, {"unknown": 1}, 422),
        (TRACES, {"revenue": True}, 422),
        (TRACES, {"metadata": {"x": "y" * 20_000}}, 422),
        (TRACES, b'{"metadata":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}", 400),
        (RUN, {}, 422),
        (RUN, {"trace_id": 5}, 422),
        (RUN, {"trace_id": "x", "input": 5}, 422),
        (RUN, {"trace_id": "x", "input": "hi"}, 404),
        (RUN, {"trace_id": "x", "input": "hi", "policy": "p"}, 422),
        (LOGS, {"trace_id": "x", "name": "n"}, 404),
        (LOGS, {"trace_id": "x"}, 422),
        (LOGS, b"null", 422),
    ],
)
def test_bad_bodies_are_told_why(path, body, status):
    got = front().post(path, body)
    assert got.status == status, got.body
    assert set(got.json) >= {"error", "code", "request_id"}


def test_a_block_is_a_result():
    held = front(engine=lambda _: Ruling(Effect.BLOCK, (), "no-secrets", "a key was found"))
    got = held.post(RUN, {"trace_id": trace(held), "input": "hi", "model": "m"})
    assert got.status == 200
    assert (got.json["status"], got.json["reason"], got.json["policy"], got.json["output"]) == (
        "blocked",
        "a key was found",
        "no-secrets",
        None,
    )
    assert got.json["step_id"] == held.house.record.step_id


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ('{"a": 1}', {"a": 1}),
        ("not json", "not json"),
        ("", {}),
        (None, {}),
        ({"a": 1}, {"a": 1}),
        ("[" * 50_000, "[" * 50_000),
    ],
)
def test_tool_calls_are_shown_with_their_arguments_whatever_they_are(said, shown):
    held = front(tool_answer(id="c1", function={"name": "f", "arguments": said}))
    got = held.post(RUN, {"trace_id": trace(held), "input": "hi", "model": "m"})
    assert got.json["status"] == "tool_calls_pending"
    assert got.json["tool_calls"] == [{"id": "c1", "name": "f", "arguments": shown}]


def test_a_repeated_creation_is_answered_once():
    held = front()
    headers = [(b"idempotency-key", b"k1")]
    one = held.post(TRACES, {}, headers=headers)
    assert held.post(TRACES, {}, headers=headers).json == one.json
    assert held.post(TRACES, {}).json["id"] != one.json["id"]
    conflict = held.post(TRACES, {"metadata": {"a": 1}}, headers=headers)
    assert (conflict.status, conflict.json["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", TRACES), ("POST", RUN), ("POST", LOGS), ("GET", "/api/v1/sdk/config")]
)
def test_every_page_wants_a_key(method, path):
    import asyncio

    got = asyncio.run(front().ask(method, path, {}, key=None))
    assert (got.status, got.json["code"]) == (401, "missing_key")


def test_the_sdk_is_told_what_its_project_can():
    assert front(features=("offline_testing",)).get("/api/v1/sdk/config").json["features"] == {"offline_testing": True}


def test_a_provider_that_fails_is_an_error_with_our_code():
    held = front(Answer(400, [b'{"error":{"message":"too long"}}']))
    got = held.post(RUN, {"trace_id": trace(held), "input": "hi", "model": "m"})
    assert (got.status, got.json["code"]) == (400, "upstream_refused")
    assert "too long" in got.json["error"]


SERVER = {"type": "mcp", "server_label": "docs", "server_url": "https://tools.test/mcp"}


def test_rounds_with_a_tool_server_are_one_answer():
    held = front(tool_answer(id="c1", type="function", function={"name": "search", "arguments": "{}"}),
                 Answer(200, [completion("found")]))  # fmt: skip
    held.servers.tools["docs"] = [tool("search")]
    done = held.post(RUN, {"trace_id": trace(held), "input": "hi", "model": "m", "tools": [SERVER]}).json
    assert (done["output"], done["rounds"], done["attempts"], done["approvals"]) == ("found", 2, 2, [])
    assert (done["cost"], done["usage"]["input"], done["usage"]["output"]) == ("0.000014", 6, 4)
    assert done["step_id"] == held.house.record.step_id


@pytest.mark.parametrize(("arguments", "shown"), [('{"a":1}', {"a": 1}), ("not JSON", "not JSON"), ("", {})])
def test_calls_that_wait_are_shown_decoded(arguments, shown):
    held = front(tool_answer(id="c1", type="function", function={"name": "search", "arguments": arguments}))
    held.servers.tools["docs"] = [tool("search")]
    tools = [SERVER | {"require_approval": "always"}]
    done = held.post(RUN, {"trace_id": trace(held), "input": "hi", "model": "m", "tools": tools}).json
    assert (done["status"], done["tool_calls"]) == ("approvals_pending", [])
    assert done["approvals"] == [{"id": "c1", "server_label": "docs", "name": "search", "arguments": shown}]


def test_a_tool_server_that_fails_is_an_error_that_is_not_repeated():
    held = front(tool_answer(id="c1", type="function", function={"name": "search", "arguments": "{}"}))
    held.servers.tools["docs"] = [tool("search")]
    held.servers.answers["search"] = ToolServerError("docs", "fell silent", code=Code.MCP_TIMEOUT, status=504)
    got = held.post(RUN, {"trace_id": trace(held), "input": "hi", "model": "m", "tools": [SERVER]})
    assert (got.status, got.json["code"]) == (504, "mcp_timeout")
    assert got.headers[b"x-should-retry"] == b"false"
    other = held.post(RUN, {"trace_id": trace(held), "input": "hi", "tools": [SERVER | {"server_label": "gone"}]})
    assert (other.status, other.json["code"], b"x-should-retry" in other.headers) == (502, "mcp_unreachable", False)


def test_a_blocked_call_of_a_tool_is_a_result():
    rule = RuleSpec(
        name="no-search", kind="agent-firewall", settings={"blocked_tools": ["search"]}, phases=(Phase.REQUEST,)
    )
    held = front(
        tool_answer(id="c1", type="function", function={"name": "docs__search", "arguments": "{}"}), rules=(rule,)
    )
    held.servers.tools["docs"] = [tool("search")]
    own = {"type": "function", "function": {"name": "other", "parameters": {}}}
    held.servers.tools["more"] = [tool("search")]
    tools = [SERVER, SERVER | {"server_label": "more"}, own]
    done = held.post(RUN, {"trace_id": trace(held), "input": "hi", "model": "m", "tools": tools}).json
    assert (done["status"], done["policy"], done["output"], done["approvals"]) == ("blocked", "no-search", None, [])
    assert held.servers.asked == []
