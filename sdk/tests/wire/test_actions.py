from gatepost import wire


def test_what_is_not_blocked_is_allowed():
    verdict = {"decision": {"outcome": "allow"}, "trace_id": "t"}
    assert wire.ActionDone.model_validate({"status": "success", **verdict}).allowed
    assert not wire.ActionDone.model_validate({"status": "blocked", **verdict}).allowed
