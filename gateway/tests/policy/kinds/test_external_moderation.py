"""`external-moderation`: what is asked, and what the answers mean."""

import json
from typing import Any

import pytest

from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.governance import Effect, Phase, Ruling
from gatepost_gateway.domain.review import NoVerdict
from tests.policy.kinds.making import engine, spec
from tests.policy.kit import answered, facts_of

URL = "https://judge.test/v1/moderations"


def asked(answer: Any, *more: Any, text: str = "hello", **settings: Any) -> tuple[Any, Ruling]:
    """What the judge was asked, and the ruling after its answer."""
    facts = facts_of(text)
    steps = engine(spec("external-moderation", endpoint=URL, **settings), *more).judging(facts)
    body = None
    while True:
        try:
            inquiries = next(steps)
        except StopIteration as done:
            return body, done.value
        if inquiries:
            body = json.loads(inquiries[0].body)
            facts.elsewhere[inquiries[0].key] = answer if isinstance(answer, NoVerdict) else json.dumps(answer).encode()


def test_texts_go_out_and_a_flag_blocks() -> None:
    body, ruling = asked({"results": [{"flagged": True, "categories": {"violence": True}}]}, model="omni")
    assert body == {"model": "omni", "input": ["hello"]}
    assert (ruling.effect, ruling.reason, ruling.code) == (
        Effect.BLOCK,
        "moderation flags it: violence",
        "flagged",
    )


def test_what_is_not_flagged_passes() -> None:
    _, ruling = asked({"flagged": False})
    (decision,) = ruling.decisions
    assert (ruling.effect, decision.effect, decision.not_run) == (Effect.ALLOW, Effect.ALLOW, None)


@pytest.mark.parametrize(
    ("settings", "flagged"),
    [
        ({"categories": ["hate"]}, False),
        ({"categories": ["violence"]}, True),
        ({"threshold": 0.6}, True),
        ({"threshold": 0.9}, False),
        ({"threshold": 0.6, "categories": ["hate"]}, False),
    ],
)
def test_categories_and_scores_may_decide(settings: Any, flagged: bool) -> None:
    said = {"flagged": True, "categories": {"violence": True, "hate": False}}
    said["category_scores"] = {"violence": 0.8, "hate": 0.1}
    assert (asked({"results": [said]}, **settings)[1].effect is Effect.BLOCK) is flagged


def test_a_flag_without_a_category_counts_whatever_categories_count() -> None:
    assert asked({"flagged": True}, categories=["hate"])[1].effect is Effect.BLOCK


@pytest.mark.parametrize(("action", "effect"), [("escalate", Effect.ESCALATE), ("alert", Effect.ALLOW)])
def test_the_action_is_what_becomes_of_it(action: str, effect: Effect) -> None:
    ruling = asked({"flagged": True}, action=action)[1]
    assert (ruling.effect, ruling.decisions[0].code) == (effect, "flagged")


def test_the_judge_reads_what_the_other_rules_left() -> None:
    scrub = spec("redactor", action="placeholder")
    body, ruling = asked({"flagged": False}, scrub, text="mail bob@example.org")
    assert body == {"input": ["mail [EMAIL_1]"]}
    assert ruling.effect is Effect.REDACT


def test_nobody_is_asked_about_what_is_blocked_already() -> None:
    body, ruling = asked({"flagged": False}, spec("keyword", terms=["titan"]), text="titan")
    assert body is None
    assert [one.not_run for one in ruling.decisions] == ["another rule had blocked it", None]


def test_without_a_verdict_the_declared_thing_happens() -> None:
    why = NoVerdict("it took longer than 2 s")
    blocked = asked(why)[1]
    assert (blocked.effect, blocked.reason, blocked.code) == (Effect.BLOCK, "the judge gave no verdict", "not_reviewed")
    assert blocked.decisions[0].rationale == "the judge gave no verdict: it took longer than 2 s"
    passed = asked(why, on_failure="allow")[1]
    assert (passed.effect, passed.decisions[0].effect) == (Effect.ALLOW, None)
    assert passed.decisions[0].not_run == "the judge gave no verdict: it took longer than 2 s"
    with pytest.raises(GatewayFault) as caught:
        asked(why, on_failure="raise")
    assert (caught.value.code, caught.value.status) == (Code.POLICY_UNAVAILABLE, 503)


def test_texts_that_are_too_long_are_not_asked_about() -> None:
    body, ruling = asked({"flagged": False}, text="a" * 11, max_chars=10)
    assert body is None
    assert ruling.code == "not_reviewed"


def test_nothing_to_read_is_nothing_to_ask() -> None:
    body, ruling = asked({"flagged": True}, places=["document"])
    assert body is None
    assert (ruling.effect, ruling.decisions[0].not_run) == (Effect.ALLOW, None)


def test_where_nobody_answers_at_all_it_is_no_verdict() -> None:
    ruling = engine(spec("external-moderation", endpoint=URL, on_failure="allow")).judge(answered("hi"))
    assert ruling.decisions[0].not_run == "the judge gave no verdict: no judge is asked here"
    assert ruling.decisions[0].phase == Phase.RESPONSE
