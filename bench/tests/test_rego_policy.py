import asyncio

from bench.rego_policy import RULES, facts, neighbours, rule_of


def test_the_rules_allow_the_prompt_that_is_measured():
    rule = rule_of(RULES)
    assert rule.judge(facts()) is None
    assert RULES.count("deny contains") == 30


def test_lateness_is_measured_in_order():
    late = asyncio.run(neighbours(None, 0.05))
    assert late == sorted(late)
