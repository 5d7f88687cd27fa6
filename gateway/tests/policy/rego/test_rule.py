import asyncio
import json

import pytest
from msgspec.structs import replace

from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.governance import Effect, Mode, Phase
from gatepost_gateway.domain.rego import PolicyFailed, RegoEntry
from gatepost_gateway.domain.snapshot import ProviderKind
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.rego.program import compile_program
from gatepost_gateway.policy.rego.rule import RegoRule
from gatepost_gateway.policy.rules import CallRule, NotRun, Reach
from tests.policy.rego.documents import ENTRY, answered, facts_of, said

SOURCE = """package gatepost.policy
deny contains "blocked tool" if "drop" in input.tool_names
deny contains "slow" if {
    input.model == "slow"
    some i in numbers.range(1, 5000)
    some j in numbers.range(1, 5000)
    i * j < 0
}
decision := {"action": "block", "rule": "no_azure"} if input.provider == "azure"
decision := {"action": "allow"} if input.model == "both"
decision := {"action": "block"} if input.model == "both"
redact_fields contains "email" if input.model == "scrub"
"""
DROP = {"type": "function", "function": {"name": "DROP"}}


def entry_of(source: str = SOURCE, phase: Phase = Phase.REQUEST) -> RegoEntry:
    program = compile_program(source)
    return RegoEntry("p/request", phase, source, program.packages, tuple(sorted(program.reads)))


def rule_of(**changes) -> RegoRule:
    return RegoRule(replace(entry_of(), **changes), compile_program(SOURCE))


class Elsewhere:
    """An evaluator that answers what it was told to."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.asked: list[dict] = []

    async def evaluate(self, entry: RegoEntry, document: bytes) -> bytes:
        self.asked.append(json.loads(document))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def prepare(self, entry: RegoEntry) -> None:
        raise AssertionError(entry)


def test_a_rule_is_named_and_knows_its_stage():
    rule = rule_of(mode=Mode.OBSERVE)
    assert isinstance(rule, CallRule)
    assert (rule.label.name, rule.label.kind, rule.label.mode) == ("p/request", "rego", Mode.OBSERVE)
    assert (rule.phases, rule.reach) == ({Phase.REQUEST}, Reach.NOTHING)
    assert rule_of(phase=Phase.RESPONSE).reach is Reach.WHOLE


def test_facts_to_a_vote():
    rule = rule_of()
    assert rule.judge(facts_of(said("x"))) is None
    vote = rule.judge(facts_of(said("x", tools=[DROP])))
    assert vote is not None
    assert (vote.effect, vote.reason) == (Effect.BLOCK, "blocked tool")


def test_the_target_is_seen_and_the_policys_own_rule_is_kept():
    facts = facts_of(said("x"))
    facts.target = replace(ENTRY, provider=ProviderKind.AZURE)
    vote = rule_of().judge(facts)
    assert vote is not None
    assert (vote.effect, vote.code) == (Effect.BLOCK, "no_azure")


def test_fields_are_redacted_by_the_engine():
    facts = facts_of(said("write to ann@example.com", model="scrub"))
    ruling = Engine([rule_of()], b"key").judge(facts)
    assert ruling.effect is Effect.REDACT
    assert list(ruling.changes.values()) == ["write to [EMAIL]"]


def test_a_request_that_no_policy_judged_is_never_sent():
    with pytest.raises(GatewayFault) as caught:
        rule_of().judge(facts_of(said("x", model="both")))
    assert (caught.value.code, caught.value.status) == (Code.POLICY_UNAVAILABLE, 503)
    assert "multiple outputs" in (caught.value.hint or "")


def test_an_answer_may_pass_unjudged_where_that_is_wanted_and_is_recorded_as_not_judged():
    rule = rule_of(phase=Phase.RESPONSE, fails_open=True)
    facts = answered(facts_of(said("x", model="both")), {"choices": []})
    with pytest.raises(NotRun, match="gave no answer"):
        rule.judge(facts)
    (decision,) = Engine([rule], b"key").judge(facts).decisions
    assert decision.effect is None
    assert "gave no answer" in (decision.not_run or "")


def test_a_policy_that_only_observes_and_fails_is_recorded_as_not_run():
    ruling = Engine([rule_of(mode=Mode.OBSERVE)], b"key").judge(facts_of(said("x", model="both")))
    assert ruling.effect is Effect.ALLOW
    assert ruling.decisions[0].not_run is not None


def test_a_slow_policy_leaves_the_loop_though_quick_evaluations_stand_between():
    rule = rule_of()
    tries = 0
    while not rule.away and tries < 100:
        tries += 1
        assert rule.judge(facts_of(said("x", model="quick"))) is None
        with pytest.raises(GatewayFault):
            rule.judge(facts_of(said("x", model="slow")))
    assert rule.away


def test_a_policy_that_takes_all_its_time_once_leaves_the_loop_at_once():
    def once() -> bool:
        rule = rule_of()
        with pytest.raises(GatewayFault):
            rule.judge(facts_of(said("x", model="slow")))
        return rule.away

    # On a busy machine its time may pass without its having had the processor.
    assert any(once() for _ in range(100))


def test_a_quick_policy_stays():
    rule = rule_of()
    for _ in range(200):
        rule.judge(facts_of(said("x")))
    assert not rule.away


def test_more_time_than_the_loop_has_is_only_given_elsewhere():
    assert rule_of(seconds=0.2).away
    assert not rule_of().away
    assert RegoRule(entry_of(), None).away


def test_what_was_found_elsewhere_counts():
    rule = RegoRule(entry_of(), None)
    elsewhere = Elsewhere(b'{"gatepost/policy/deny":["no"]}', PolicyFailed("too late"))
    facts = facts_of(said("x"))
    asyncio.run(rule.prepare(facts, elsewhere))
    vote = rule.judge(facts)
    assert vote is not None
    assert vote.reason == "no"
    assert elsewhere.asked == [{"model": "gpt", "tool_names": []}]
    asyncio.run(rule.prepare(facts, elsewhere))
    with pytest.raises(GatewayFault, match="gave no answer"):
        rule.judge(facts)
