"""What `execute` gives back."""

from gatepost import ExecuteResult


def read(**body):
    return ExecuteResult.from_answer({"trace_id": "t", **body}, request_id="r")


def test_a_block_is_told_by_its_status_or_by_its_reason():
    assert read(status="blocked", reason="no").blocked
    assert read(reason="no").blocked
    assert not read(output="yes", reason="redacted").blocked
    assert not read(output="").blocked


def test_fields_of_a_newer_gateway_are_kept():
    result = read(output="x", grade="A", status="approval_pending")
    assert result["grade"] == "A"
    assert result.status == "approval_pending"
    assert not result.tool_calls_pending


def test_arguments_that_are_no_json_stay_text():
    (call,) = read(status="tool_calls_pending", tool_calls=[{"id": "1", "name": "f", "arguments": "{oops"}]).tool_calls
    assert call.arguments == "{oops"
    assert call["name"] == "f"


def test_the_raw_body_is_the_answer_and_does_not_clutter_prints():
    result = read(output="x")
    assert result.raw == {"trace_id": "t", "output": "x"}
    assert "raw" not in repr(result)
