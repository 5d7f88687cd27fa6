"""What policy says of a question."""

from gatepost.wire import CheckResult, Simulation


def test_members_that_are_not_known_yet_are_kept():
    said = CheckResult.model_validate({"allowed": True, "trace_id": "t", "step_id": "s", "new": 1})
    assert (said.allowed, said.findings, said["new"]) == (True, [], 1)


def test_an_unknown_price_is_none():
    assert Simulation.model_validate({"status": "resolved", "allowed": True}).estimated_cost is None
