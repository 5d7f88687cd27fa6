import pytest

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.errors import Code, Refused
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.domain.routing import DataPolicy, DataTerms
from gatepost_gateway.pipeline.data_policy import unmet

from .fakes import Answer, House, ScriptedTransport, chat, completion, entry, run, snapshot_of


@pytest.mark.parametrize(
    ("demands", "terms", "met"),
    [
        (DataPolicy(), DataTerms(), True),
        (DataPolicy(zero_retention=True), DataTerms(zero_retention=True), True),
        (DataPolicy(zero_retention=True), DataTerms(zero_retention=False), False),
        (DataPolicy(zero_retention=True), DataTerms(), False),
        (DataPolicy(no_training=True), DataTerms(training=False), True),
        (DataPolicy(no_training=True), DataTerms(training=True), False),
        (DataPolicy(no_training=True), DataTerms(), False),
        (DataPolicy(regions=("eu", "us-east-1")), DataTerms(region="EU"), True),
        (DataPolicy(regions=("eu",)), DataTerms(region="eu-west-1"), True),
        (DataPolicy(regions=("eu-west-1",)), DataTerms(region="eu"), False),
        (DataPolicy(regions=("eu",)), DataTerms(region="europe"), False),
        (DataPolicy(regions=("eu",)), DataTerms(), False),
        (DataPolicy(private_only=True), DataTerms(), False),
        (DataPolicy(max_retention_days=30), DataTerms(), False),
        (DataPolicy(max_retention_days=30), DataTerms(retention_days=30), True),
        (DataPolicy(max_retention_days=30), DataTerms(retention_days=31), False),
        (DataPolicy(max_retention_days=0), DataTerms(zero_retention=True), True),
    ],
)
def test_what_is_not_declared_is_not_met(demands, terms, met):
    assert (unmet(demands, entry(data_terms=terms)) is None) is met


def test_private_entries_are_private():
    assert unmet(DataPolicy(private_only=True), entry(is_public=False)) is None


def house(*answers, **more):
    entries = [
        entry("us", data_terms=DataTerms(region="us")),
        entry("eu", data_terms=DataTerms(region="eu")),
        entry("eu-too", data_terms=DataTerms(region="eu-west-1")),
    ]
    policy = DataPolicy(regions=("eu",))
    more = {"fallbacks": {"us": ("eu",)}, "tiers": {"simple": ("us", "eu-too")}, "data_policy": policy, **more}
    return House(snapshot_of(*entries, **more), ScriptedTransport(*answers))


def test_candidates_and_fallbacks_that_may_not_have_the_data_are_left_out_and_named():
    held = house(Answer(200, [completion()]))
    run(held.call(chat(model="us")))
    record = held.record
    assert (record.model, record.route.model, record.route.passed_over) == ("eu", "eu", ("us: its region is us",))
    (decision,) = record.decisions
    assert (decision.kind, decision.effect, decision.reason) == (
        "data-routing-policy",
        Effect.ALLOW,
        "us: its region is us",
    )


def test_with_nothing_left_the_call_is_blocked_before_anything_is_sent():
    held = house(fallbacks={})
    with pytest.raises(Refused, match="us: its region is us") as caught:
        run(held.call(chat(model="us")))
    assert (caught.value.rule, caught.value.code) == ("data-routing-policy", Code.INPUT_BLOCKED)
    assert held.transport.asked == []
    assert held.record.decisions[0].effect is Effect.BLOCK


def test_a_tier_is_filtered_too():
    held = house(Answer(200, [completion()]))
    run(held.call(chat(model="tier:simple")))
    assert held.record.model == "eu-too"


def test_without_a_policy_nothing_is_decided():
    held = house(Answer(200, [completion()]), data_policy=None)
    run(held.call(chat(model="us")))
    assert (held.record.decisions, held.record.route.passed_over) == ((), ())


def ruled(*answers, **settings):
    rule = RuleSpec(name="only-eu", kind="data-routing-policy", settings=settings)
    return house(*answers, data_policy=None, rules=(rule,))


def test_a_rule_demands_as_a_project_does():
    held = ruled(Answer(200, [completion()]), regions=["eu"])
    run(held.call(chat(model="us")))
    assert (held.record.model, held.record.route.passed_over) == ("eu", ("us: its region is us",))
    said, left_out = held.record.decisions
    assert (said.rule, left_out.rule, left_out.reason) == ("only-eu", "only-eu", "us: its region is us")


def test_a_rule_that_leaves_nothing_blocks_in_its_own_name():
    held = ruled(max_retention_days=30)
    with pytest.raises(Refused, match="does not declare how long it keeps data") as caught:
        run(held.call(chat(model="us")))
    assert caught.value.rule == "only-eu"
    assert held.transport.asked == []
