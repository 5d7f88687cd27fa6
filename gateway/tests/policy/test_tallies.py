"""Votes of all rules add up, whoever asks them."""

import pytest

from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.findings import Finding, Leaf, Place
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.rules import Rule, Vote
from gatepost_gateway.policy.tallies import Tallies
from tests.policy.kit import OBSERVE, Says, Words, answered, matching

LEAF = Leaf(("a",), Place.ASSISTANT, "bob")
FOUND = Finding(0, 3, "WHO", "d")


def tallies(*rules: Rule) -> Tallies:
    return Tallies(Phase.RESPONSE, enumerate(rules), b"k")


def test_the_strongest_enforced_verdict_counts_at_once():
    made = tallies(Says("a", None), Says("b", None, OBSERVE))
    made.take(1, Vote(Effect.BLOCK))
    assert made.effect is Effect.ALLOW
    made.take(0, Vote(Effect.ESCALATE, "ask"))
    made.take(0, Vote(Effect.REDACT))
    assert made.effect is Effect.ESCALATE
    ruling = made.ruling(dict)
    assert (ruling.effect, ruling.rule, ruling.reason) == (Effect.ESCALATE, "a", "ask")


def test_a_rule_that_fails_denies_and_one_that_cannot_read_refuses():
    broken = Says("a", RuntimeError("bob"))
    made = tallies(broken)
    assert made.ask(0, broken, answered("x")) == ()
    assert made.effect is Effect.BLOCK
    unreadable = Says("b", CallerError("no"))
    with pytest.raises(CallerError):
        tallies(unreadable).ask(0, unreadable, answered("x"))
    watching = Says("c", CallerError("no"), OBSERVE)
    made = tallies(watching)
    made.ask(0, watching, answered("x"))
    assert made.ruling(dict).decisions[0].not_run == "no"


def test_what_a_call_rule_wants_replaced():
    mail = matching("mail", "bob")
    rule = Says("a", Vote(Effect.REDACT, redact=(mail,)))
    made = tallies(rule)
    assert made.ask(0, rule, answered("bob")) == (mail,)
    assert made.redact(0, LEAF, FOUND) is not None
    assert tallies(Says("b", None, OBSERVE)).redact(0, LEAF, FOUND) is None


def test_a_repeated_finding_is_counted_once_and_replaced_each_time():
    made = tallies(Words("a", Effect.REDACT, ["bob"], mark="[a]"))
    for again in (False, True):
        wanted = made.weigh(0, LEAF, FOUND, "bob", again=again)
        assert wanted is not None
        assert (wanted.start, wanted.end, wanted.text) == (0, 3, "[a]")
    assert made.ruling(dict).decisions[0].found == 1


def test_time_is_added_up():
    made = tallies(Says("a", None))
    made.spend((0,), 1500)
    made.spend((0,), 1500)
    assert made.ruling(dict).decisions[0].micros == 3
