import pytest

from gatepost_gateway.domain.chain import RuleSpec

from ...pipeline.fakes import Answer, House, ScriptedTransport, completion, entry, snapshot_of
from ..fakes import Front

CHECKS, SIMULATE, TRACES = "/api/v1/checks", "/api/v1/simulate", "/api/v1/traces"
WORD = RuleSpec(name="no-titan", kind="keyword", settings={"terms": ["titan"]})
SCRUB = RuleSpec(name="scrub", kind="redactor")


def front(*rules, **more):
    more.setdefault("default_model", "m")
    return Front(House(snapshot_of(entry(), rules=rules, **more), ScriptedTransport(Answer(200, [completion()]))))


def test_a_check_belongs_to_its_trace():
    held = front(WORD)
    trace = held.post(TRACES, {}).json["id"]
    page = held.post(CHECKS, {"trace_id": trace, "input": "hello"})
    assert (page.status, page.json["allowed"], page.json["trace_id"]) == (200, True, trace)
    assert page.headers[b"x-gatepost-trace-id"].decode() == trace
    summary = held.post(f"{TRACES}/{trace}/complete").json
    assert summary["steps"] == 1


def test_a_check_without_a_trace_has_one_of_its_own():
    page = front().post(CHECKS, {"input": [{"role": "user", "content": "hello"}]}).json
    assert page["allowed"]
    assert page["trace_id"]
    assert page["checks"] == []


def test_findings_never_show_the_text():
    page = front(SCRUB).post(CHECKS, {"input": "mail ann@example.com"})
    assert [one["kind"] for one in page.json["findings"]] == ["EMAIL"]
    assert b"ann@example" not in page.body


def test_a_block_says_which_rule():
    page = front(WORD).post(CHECKS, {"input": "the titan"}).json
    assert (page["allowed"], page["policy_name"], page["code"]) == (False, "no-titan", "input_blocked")
    assert page["policy_violated"]
    assert [(one["rule"], one["verdict"], one["not_run"]) for one in page["checks"] if one["phase"] == "request"] == [
        ("no-titan", "block", None)
    ]


@pytest.mark.parametrize("path", [CHECKS, SIMULATE])
@pytest.mark.parametrize("body", [{}, {"input": 5}, {"input": "x", "colour": "red"}, b"nonsense"])
def test_a_bad_question_is_told(path, body):
    assert front().post(path, body).status == (400 if isinstance(body, bytes) else 422)


@pytest.mark.parametrize("path", [CHECKS, SIMULATE])
def test_a_question_needs_a_key(path):
    assert front().post(path, {"input": "x"}, key=None).status == 401


def test_another_projects_trace_is_404():
    assert front().post(CHECKS, {"input": "x", "trace_id": "01a1f9ec-bea7-75e5-9592-c8c32b602e97"}).status == 404


def test_a_simulation_is_resolved():
    held = front(WORD)
    page = held.post(SIMULATE, {"input": "hello", "max_tokens": 5}).json
    assert (page["status"], page["model"], page["provider"], page["source"]) == ("resolved", "m", "openai", "default")
    assert 0 < page["estimated_cost"] < page["worst_case_cost"]
    assert held.house.recorder.entries == []
    blocked = held.post(SIMULATE, {"input": "titan"}).json
    assert (blocked["status"], blocked["model"], blocked["policy_name"]) == ("blocked", None, "no-titan")
    assert held.post(SIMULATE, {"input": "x", "model": "nobody"}).status == 404
