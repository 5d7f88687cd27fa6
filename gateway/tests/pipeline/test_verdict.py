from typing import Any

import pytest
from msgspec.structs import replace

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.errors import CallerError, Code, GatewayFault, Unauthenticated
from gatepost_gateway.domain.records import Escalated, Outcome, StepKind
from gatepost_gateway.pipeline.actions import ActionStage, action_body
from gatepost_gateway.pipeline.verdict import Verdicts

from .fakes import House, chat, daily, entry, run, snapshot_of
from .test_govern import rego


def word(action: str = "block", **more: Any) -> RuleSpec:
    return RuleSpec(name="no-titan", kind="keyword", settings={"terms": ["titan"], "action": action}, **more)


def house(*rules: RuleSpec, **more: Any) -> tuple[House, Verdicts]:
    one = House(snapshot_of(entry(), rules=rules, **more))
    return one, Verdicts(one.stages)


def checked(one: House, verdicts: Verdicts, body: Any, **more: Any):
    call = one.exchange.open(one.inbound(body))
    return run(verdicts.check(call, **more))


def test_a_check_is_a_recorded_step_and_asks_no_model():
    one, verdicts = house(word())
    judged = checked(one, verdicts, chat())
    assert judged.blocked is None
    assert not judged.violated()
    assert (one.record.kind, one.record.outcome, one.record.cost) == (StepKind.CHECK, Outcome.ANSWERED, None)
    assert one.transport.asked == []
    assert one.recorder.opened == []
    assert [decision.not_run for decision in one.record.decisions if decision.phase == "response"] == [
        "no model was called"
    ]


def test_a_check_says_no_without_an_error():
    one, verdicts = house(word())
    judged = checked(one, verdicts, chat("the titan project"))
    assert judged.blocked is not None
    assert judged.blocked.rule == "no-titan"
    assert judged.violated()
    assert one.record.outcome is Outcome.BLOCKED
    assert "titan project" not in str(one.record)


def test_what_is_escalated_in_a_check_waits_for_nobody():
    one, verdicts = house(word("escalate"))
    judged = checked(one, verdicts, chat("titan"))
    assert judged.blocked is not None
    assert judged.blocked.code is Code.ESCALATION_REQUIRED
    assert not [entry for entry in one.recorder.entries if isinstance(entry, Escalated)]


def test_a_check_with_a_bad_key_is_recorded_and_refused():
    one, verdicts = house()
    call = one.exchange.open(one.inbound(chat(), key="gp_none_0123456789abcdef"))
    with pytest.raises(Unauthenticated):
        run(verdicts.check(call))
    assert one.record.outcome is Outcome.REFUSED


def test_an_action_that_is_escalated_waits():
    one, verdicts = house(word("escalate"))
    body = action_body(ActionStage.TOOL_CALL, "mail.send", {"to": "titan"})
    inbound = replace(one.inbound(body), operation=Operation.ACTION)
    judged = run(verdicts.check(one.exchange.open(inbound), StepKind.TOOL_CALL, waits=True))
    (found,) = (entry for entry in one.recorder.entries if isinstance(entry, Escalated))
    assert judged.blocked is not None
    assert judged.blocked.escalation == found.id


def test_a_simulation_leaves_nothing_behind():
    one, verdicts = house(budgets=(daily(10**9),))
    said = run(verdicts.simulate(one.exchange.open(one.inbound(chat(max_tokens=10)))))
    assert said.route is not None
    assert said.route.model == "m"
    assert said.estimate is not None
    assert said.worst is not None
    assert 0 < said.estimate < said.worst
    assert one.recorder.entries == []
    assert one.ledger.open_holds() == 0


def test_a_simulation_of_what_is_blocked_has_no_route():
    one, verdicts = house(word())
    said = run(verdicts.simulate(one.exchange.open(one.inbound(chat("titan")))))
    assert said.judged.blocked is not None
    assert said.plan is None


def test_an_unknown_price_is_not_known_and_an_unknown_model_is_404():
    one = House(snapshot_of(entry(prices=None)))
    said = run(Verdicts(one.stages).simulate(one.exchange.open(one.inbound(chat()))))
    assert (said.estimate, said.worst) == (None, None)
    with pytest.raises(CallerError) as caught:
        run(Verdicts(one.stages).simulate(one.exchange.open(one.inbound(chat(model="nobody")))))
    assert caught.value.status == 404


def test_policies_in_rego_judge_checks_simulations_and_actions():
    policy = rego(
        'deny contains "no drops" if "drop" in input.tool_names\n'
        'deny contains "not there" if { input.provider == "openai"; input.messages[0].content == "leave" }\n'
        'deny contains "refund" if input.metadata.intent == "refund"'
    )
    one, verdicts = house(rego=(policy,))
    checks = {"hi": None, "leave": "not there"}
    for text, reason in checks.items():
        judged = checked(one, verdicts, chat(text))
        assert (judged.blocked.public if judged.blocked else None) == reason
        said = run(verdicts.simulate(one.exchange.open(one.inbound(chat(text)))))
        assert (said.judged.blocked is None) is (reason is None)
    assert checked(one, verdicts, chat("leave", model="nobody")).blocked is None
    action = replace(one.inbound({}), operation=Operation.ACTION)
    for name in ("drop", "list"):
        body = action_body(ActionStage.TOOL_CALL, name, {})
        judged = run(verdicts.check(one.exchange.open(replace(action, body=body)), StepKind.TOOL_CALL))
        assert (judged.blocked is not None) is (name == "drop")
    named = one.exchange.open(replace(one.inbound(chat()), metadata='{"intent":"refund"}'))
    assert run(verdicts.check(named)).blocked is not None
    assert one.record.route is None


def test_a_check_that_a_policy_gives_no_answer_on_is_not_let_through():
    one, verdicts = house(
        rego=(rego('decision := {"action": "allow"} if input.model\ndecision := {"action": "block"} if input.model'),)
    )
    with pytest.raises(GatewayFault, match="gave no answer"):
        checked(one, verdicts, chat())
    with pytest.raises(GatewayFault, match="gave no answer"):
        run(verdicts.simulate(one.exchange.open(one.inbound(chat()))))
