import pytest

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.records import Escalated, StepKind

from ...pipeline.fakes import House, entry, snapshot_of
from ..fakes import Front

PATH = "/v1/execute"
TOOLS = RuleSpec(name="tools", kind="agent-firewall", settings={"blocked_tools": ["delete_*"]})
SCRUB = RuleSpec(name="scrub", kind="redactor")
MODELS = RuleSpec(name="models", kind="model-allowlist", settings={"models": ["gpt-*"]})
ASKS = RuleSpec(name="asks", kind="keyword", settings={"terms": ["launch"], "action": "escalate"})
SESSION = "3f0e6f9c-2a64-4a0e-9a63-000000000001"


def front(*rules):
    return Front(House(snapshot_of(entry(), rules=rules)))


def test_what_no_rule_minds_is_allowed_and_recorded():
    held = front(TOOLS)
    got = held.post(PATH, {"capability": "mail.send", "payload": {"to": "a"}})
    assert got.json == {
        "status": "success",
        "decision": {"outcome": "allow"},
        "trace_id": got.headers[b"x-gatepost-trace-id"].decode(),
    }
    record = held.house.record
    assert (record.kind, record.tool_calls, record.surface) == (StepKind.TOOL_CALL, ("mail.send",), "actions")


def test_each_generation_hears_no_in_its_own_words():
    held = front(TOOLS)
    old = held.post(PATH, {"capability": "delete_user", "payload": {}}).json
    assert (old["status"], old["rule_id"]) == ("blocked", "tools")
    new = held.post(PATH, {"stage": "tool_call", "operation": "delete_user", "payload": {}})
    assert new.status == 200
    assert set(new.json) == {"status", "decision", "trace_id", "error"}
    assert new.json["decision"] == {"outcome": "deny", "escalated": False}


@pytest.mark.parametrize("stage", ["tool_call", "tool_result", "model_request", "model_response", "memory_write"])
def test_a_redacted_payload_comes_back(stage):
    said = {"stage": stage, "operation": "mail.read", "payload": {"from": "ann@example.com", "n": 2}}
    page = front(SCRUB).post(PATH, said).json
    assert page["decision"] == {"outcome": "redact"}
    assert page["payload"] == {"from": "[EMAIL]", "n": 2}


def test_rules_about_models_have_nothing_to_look_at():
    held = front(MODELS)
    assert held.post(PATH, {"capability": "f", "payload": {}}).json["status"] == "success"
    assert "nothing for it to look at" in (held.house.record.decisions[0].not_run or "")


def test_what_is_escalated_is_denied_and_waits():
    held = front(ASKS)
    page = held.post(PATH, {"stage": "tool_call", "operation": "rocket", "payload": "launch"}).json
    assert page["decision"] == {"outcome": "deny", "escalated": True}
    assert [type(one) for one in held.house.recorder.entries if isinstance(one, Escalated)] == [Escalated]


def test_sessions_of_both_generations():
    held = front()
    new = held.post(PATH, {"stage": "tool_call", "operation": "f", "payload": {}, "session_id": SESSION})
    assert new.headers[b"x-gatepost-session-id"].decode() == SESSION
    old = [held.post(PATH, {"capability": "f", "payload": {}, "session_id": "sess_0a"}) for _ in range(2)]
    assert old[0].headers[b"x-gatepost-session-id"] == old[1].headers[b"x-gatepost-session-id"]


def test_who_and_where_are_properties():
    held = front()
    held.post(PATH, {"capability": "f", "payload": {}, "env": "prod", "identity": {"type": "agent", "id": "a1"}})
    assert held.house.record.properties == {"env": "prod", "identity": "a1"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"nonsense", 400),
        ({"payload": {}}, 422),
        ({"stage": "tool_call", "payload": {}}, 422),
        ({"stage": "dance", "operation": "f"}, 422),
        ({"capability": ""}, 422),
        ({"capability": "x" * 300}, 422),
        ({"stage": "tool_call", "operation": "f", "session_id": "sess_0a"}, 422),
    ],
)
def test_a_bad_question_is_told(body, status):
    assert front().post(PATH, body).status == status


def test_an_action_needs_a_key():
    assert front().post(PATH, {"capability": "f"}, key=None).status == 401
