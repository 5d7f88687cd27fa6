"""`quality-scorer`."""

from typing import Any

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.policy.rules import Reach, reach_of
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import answered, asking, call, replying

TERMS = {"type": "required_terms", "config": {"terms": ["risk", "loss"]}}
REFUSAL = {"type": "no_refusal"}


def test_the_weighted_mean() -> None:
    facts = answered("There is risk.")
    ruling = judged(facts, "quality-scorer", assertions=[TERMS, REFUSAL])
    assert (ruling.effect, ruling.decisions[0].reason) == (
        Effect.ALLOW,
        "score 0.75: required_terms 0.50, no_refusal 1.00",
    )
    ruling = judged(facts, "quality-scorer", assertions=[TERMS, REFUSAL], weights={"required_terms": 3})
    assert (ruling.effect, ruling.code) == (Effect.BLOCK, "low_quality_output")


def test_a_check_of_its_own_threshold() -> None:
    strict = {**TERMS, "threshold": 0.6}
    assert judged(answered("risk"), "quality-scorer", assertions=[strict, REFUSAL]).effect is Effect.BLOCK


def test_the_least_of_length_and_sentences() -> None:
    said = {"min_output_chars": 10, "min_sentences": 2}
    assert judged(answered("One is. Two are."), "quality-scorer", **said).effect is Effect.ALLOW
    assert judged(answered("One is not two"), "quality-scorer", **said).effect is Effect.BLOCK


def test_what_becomes_of_a_bad_answer() -> None:
    bad = answered("I'm unable to say.")
    assert judged(bad, "quality-scorer", assertions=[REFUSAL], on_failure="escalate").effect is Effect.ESCALATE
    ruling = judged(bad, "quality-scorer", assertions=[REFUSAL], on_failure="alert")
    assert (ruling.effect, ruling.decisions[0].code) == (Effect.ALLOW, "low_quality_output")


def test_a_tool_call_without_words_is_no_bad_answer() -> None:
    facts = replying(asking(), None, call("look"))
    assert judged(facts, "quality-scorer", min_output_chars=10).effect is Effect.ALLOW


def test_it_must_see_the_whole_answer() -> None:
    assert reach_of(load_rule(spec("quality-scorer", min_sentences=1), Toolbox()).rule) is Reach.WHOLE


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({}, ()),
        ({"assertions": [REFUSAL], "on_failure": "retry"}, ("on_failure",)),
        ({"assertions": [REFUSAL], "on_failure": "fallback_message"}, ("on_failure",)),
        ({"assertions": [{"type": "model_graded"}]}, ("assertions", 0, "type")),
        ({"assertions": [{"type": "no_refusal", "threshold": 2}]}, ("assertions", 0, "threshold")),
        ({"assertions": [{"type": "no_refusal", "weight": -1}]}, ("assertions", 0, "weight")),
        ({"assertions": [{"type": "no_refusal", "enabled": False}]}, ()),
        ({"assertions": [REFUSAL], "weights": {"other": 1}}, ("weights", "other")),
        ({"assertions": [REFUSAL], "weights": {"no_refusal": 0}}, ("weights",)),
        ({"assertions": [REFUSAL], "thresholds": {"min_aggregate": 7}}, ("min_aggregate",)),
    ],
)
def test_what_it_cannot_honour_does_not_load(settings: dict[str, Any], path: tuple[str | int, ...]) -> None:
    with pytest.raises(Unloadable) as caught:
        load_rule(spec("quality-scorer", **settings), Toolbox())
    assert caught.value.path == path
