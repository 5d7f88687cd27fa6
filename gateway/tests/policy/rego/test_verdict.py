import pytest

from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.domain.rego import PolicyFailed
from gatepost_gateway.policy.rego.verdict import LONGEST, Verdict, read_verdict, reasons_of

OWN = "gatepost.policy"


def read(phase=Phase.REQUEST, **documents):
    return read_verdict({f"gatepost/policy/{name}": said for name, said in documents.items()}, [OWN], phase)


def test_silence_allows():
    assert read() == Verdict(Effect.ALLOW)
    assert read(deny=[], redact_fields=[]) == Verdict(Effect.ALLOW)
    assert read(deny=False).effect is Effect.ALLOW


@pytest.mark.parametrize(
    ("deny", "reason"), [(["a", "b"], "a; b"), (True, "denied by policy"), ("x", "x"), ({"k": 1}, "k"), ([7], "7")]
)
def test_deny_in_every_form(deny, reason):
    assert read(deny=deny) == Verdict(Effect.BLOCK, reason)


def test_deny_beats_redaction():
    assert read(deny=["a"], redact_fields=["email"]).effect is Effect.BLOCK


def test_fields_are_kinds_of_findings():
    found = read(redact_fields=["email", "Credit_Card", "card", "ip"])
    assert found.effect is Effect.REDACT
    assert found.kinds == ("EMAIL", "CARD", "IP")


def test_a_field_that_nothing_can_find_is_a_failure_and_no_silence():
    with pytest.raises(PolicyFailed, match="passprt"):
        read(redact_fields=["passprt"])


@pytest.mark.parametrize(
    ("action", "effect"),
    [
        ("allow", Effect.ALLOW),
        ("block", Effect.BLOCK),
        ("block_response", Effect.BLOCK),
        ("escalate", Effect.ESCALATE),
        ("redact", Effect.REDACT),
        ("redact_response", Effect.REDACT),
    ],
)
def test_actions_of_a_decision(action, effect):
    found = read(decision={"action": action, "rule": "r1", "redact_fields": ["ssn"] if "redact" in action else []})
    assert (found.effect, found.rule) == (effect, "r1")


def test_a_decision_wins_over_the_sets():
    assert read(decision={"action": "allow"}, deny=["a"]).effect is Effect.ALLOW


def test_an_unknown_action_never_blocks_and_is_told():
    found = read(decision={"action": "explode", "rule": "r"})
    assert found.effect is Effect.ALLOW
    assert "explode" in found.reason


def test_escalation_at_the_response_stage_is_recorded_only():
    found = read(Phase.RESPONSE, decision={"action": "escalate"})
    assert found.effect is Effect.ALLOW
    assert "recorded only" in found.reason


def test_a_decision_must_be_an_object():
    with pytest.raises(PolicyFailed, match="not an object"):
        read(decision="block")


def test_the_strongest_package_wins_and_redactions_add_up():
    values = {
        "gatepost/policy/redact_fields": ["email"],
        "xenovia/policy/redact_fields": ["ssn"],
    }
    assert read_verdict(values, [OWN, "xenovia.policy"], Phase.REQUEST).kinds == ("EMAIL", "SSN")
    values["xenovia/policy/deny"] = ["no"]
    assert read_verdict(values, [OWN, "xenovia.policy"], Phase.REQUEST).effect is Effect.BLOCK


def test_reasons_are_bounded():
    assert len(read(deny=["x" * 1000, "y" * 1000]).reason) == LONGEST
    assert reasons_of(None) == []
