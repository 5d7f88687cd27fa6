import pytest
from msgspec.structs import replace

from gatepost_gateway.domain.governance import Effect, Mode, Phase
from gatepost_gateway.domain.rego import RegoEntry
from gatepost_gateway.policy.rego.program import compile_program
from gatepost_gateway.policy.rego.rule import RegoRule
from gatepost_gateway.policy.rego.verdict import PolicyFailed
from gatepost_gateway.policy.rules import Reach
from tests.policy.rego.documents import facts_of, said

SOURCE = """package gatepost.policy
deny contains "blocked tool" if "drop" in input.tool_names
deny contains "slow" if {
    input.model == "slow"
    some i in numbers.range(1, 5000)
    some j in numbers.range(1, 5000)
    i * j < 0
}
"""


def entry_of(source: str = SOURCE, phase: Phase = Phase.REQUEST) -> RegoEntry:
    program = compile_program(source)
    reads = tuple(sorted((name,) for name in program.document.names))
    return RegoEntry("p/request", phase, source, program.packages, reads)


def rule_of(**changes) -> RegoRule:
    return RegoRule(replace(entry_of(), **changes), compile_program(SOURCE))


def test_a_rule_is_named_and_knows_its_stage():
    rule = rule_of(mode=Mode.OBSERVE)
    assert (rule.label.name, rule.label.kind, rule.label.mode) == ("p/request", "rego", Mode.OBSERVE)
    assert (rule.phases, rule.reach) == ({Phase.REQUEST}, Reach.NOTHING)
    assert rule_of(phase=Phase.RESPONSE).reach is Reach.WHOLE


def test_facts_to_a_verdict():
    rule = rule_of()
    tool = {"type": "function", "function": {"name": "DROP"}}
    document = rule.input(facts_of(said("x", tools=[tool])), None)
    assert document == {"tool_names": ["drop"], "model": "gpt"}
    assert rule.evaluate(document).effect is Effect.BLOCK
    assert rule.evaluate(rule.input(facts_of(said("x")), None)).effect is Effect.ALLOW


def test_a_slow_policy_leaves_the_loop_though_quick_evaluations_stand_between():
    rule = rule_of()
    tries = 0
    while not rule.away and tries < 10:
        tries += 1
        rule.evaluate({"model": "quick", "tool_names": []})
        with pytest.raises(PolicyFailed, match="deadline"):
            rule.evaluate({"model": "slow", "tool_names": []})
    assert rule.away
    assert tries < 6


def test_a_quick_policy_stays():
    rule = rule_of()
    for _ in range(200):
        rule.evaluate({"model": "quick", "tool_names": []})
    assert not rule.away


def test_more_time_than_the_loop_has_is_only_given_elsewhere():
    assert rule_of(seconds=0.2).away
    assert not rule_of().away
    assert RegoRule(entry_of(), None).away
