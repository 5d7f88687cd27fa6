"""Votes of one rule add up: the strongest counts."""

import pytest

from gatepost_gateway.domain.findings import Finding, Leaf, Place
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.marks import MOST
from gatepost_gateway.policy.rules import Vote
from gatepost_gateway.policy.verdict import Tally, first_tier, least, risk_of
from tests.policy.kit import OBSERVE, Says


def tally(*votes: Vote) -> Tally:
    made = Tally(Says("s", None))
    for vote in votes:
        made.take(vote)
    return made


def test_the_strongest_gives_the_reason_and_the_first_of_equals() -> None:
    made = tally(Vote(Effect.REDACT, "a", "a"), Vote(Effect.BLOCK, "b", "b"), Vote(Effect.BLOCK, "c", "c"))
    assert (made.effect, made.reason, made.code) == (Effect.BLOCK, "b", "b")


def test_a_decision_shows_the_first_marks_and_counts_all() -> None:
    made = tally()
    for at in range(MOST + 4):
        made.note(b"k", Leaf(("a",), Place.USER, "x" * 100), Finding(at, at + 1, "X", "d"), "x", Vote(Effect.REDACT))
    made.nanos = 7_999
    said = made.decision("request")
    assert (len(said.marks), said.found, said.micros) == (MOST, MOST + 4, 7)


def test_a_failure_says_no_more_than_its_sort() -> None:
    made = tally(Vote(Effect.ALLOW))
    made.fail(ValueError("bob@example.org"))
    assert (made.effect, made.reason, made.code) == (Effect.BLOCK, "the rule failed (ValueError)", "policy_error")


def test_the_more_careful_tier_and_the_smaller_cap() -> None:
    assert first_tier("simple", "secure") == "secure"
    assert first_tier(None, "medium") == "medium"
    assert first_tier(None, None) is None
    assert least(5, None) == 5
    assert least(5, 3) == 3


@pytest.mark.parametrize(
    ("signals", "blocked", "risk"),
    [
        (["injection"], True, 0.65),
        (["pii"], False, 0.1),
        (["pii", "secret"], False, 0.35),
        ([], True, 0.4),
        (["injection", "secret", "pii"], True, 1.0),
    ],
)
def test_risk_adds_up(signals: list[str], blocked: bool, risk: float) -> None:
    assert risk_of([tally(Vote(Effect.REDACT, signals=tuple(signals)))], blocked=blocked) == risk


def test_what_was_only_observed_is_a_risk_too() -> None:
    made = Tally(Says("s", None, OBSERVE))
    made.take(Vote(Effect.BLOCK, signals=("secret",)))
    assert not made.enforced
    assert risk_of([made], blocked=False) == 0.25
    assert risk_of([tally(Vote(Effect.ALLOW))], blocked=False) == 0
