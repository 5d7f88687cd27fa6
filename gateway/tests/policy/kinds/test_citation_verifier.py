"""`citation-verifier`."""

from typing import Any

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect, Ruling
from gatepost_gateway.policy.kinds.citation_verifier import MOST
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.policy.rules import Reach, reach_of
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import asking, replying

SOURCE = "See https://example.com/report: the river rose by two metres in the night of the 3rd."
MESSAGES = [
    {"role": "user", "content": "How far did it rise?"},
    {"role": "tool", "tool_call_id": "c", "content": SOURCE},
]


def ruling(answer: str, **settings: Any) -> Ruling:
    return judged(replying(asking(messages=MESSAGES), answer), "citation-verifier", **settings)


def test_what_stands_in_the_sources() -> None:
    said = ruling("It says “the river rose  by two metres” (https://example.com/report).")
    assert (said.effect, said.decisions[0].reason) == (Effect.ALLOW, "2 of 2 citations stand in the sources")


def test_an_address_that_was_made_up() -> None:
    said = ruling("See https://example.com/report2.")
    assert (said.effect, said.code) == (Effect.BLOCK, "citation_unverified")
    assert said.reason == "0 of 1 citations stand in the sources"


def test_a_quotation_that_was_made_up() -> None:
    assert ruling('It says "the river rose by three metres".').effect is Effect.BLOCK


def test_a_share_may_be_enough() -> None:
    answer = "https://example.com/report and https://example.com/other"
    assert ruling(answer, min_groundedness=0.5).effect is Effect.ALLOW
    assert ruling(answer, min_groundedness=0.6).effect is Effect.BLOCK


def test_what_the_model_said_itself_is_no_source() -> None:
    history = [{"role": "assistant", "content": "https://made.up/x"}, {"role": "user", "content": "go on"}]
    facts = replying(asking(messages=history), "https://made.up/x")
    assert judged(facts, "citation-verifier").effect is Effect.BLOCK


def test_an_answer_that_cites_nothing() -> None:
    assert ruling("It rose.").effect is Effect.ALLOW
    assert ruling("It rose.", require_sources=True).code == "no_sources"
    action = {"unverified_action": "escalate"}
    assert ruling("It rose.", require_sources=True, output_action=action).effect is Effect.ESCALATE


def test_an_alert_is_recorded_only() -> None:
    said = ruling("https://made.up/x", output_action={"hallucination_action": "alert"})
    assert (said.effect, said.decisions[0].code) == (Effect.ALLOW, "citation_unverified")


def test_more_citations_than_are_looked_up() -> None:
    answer = " ".join(f"https://e.com/{number}" for number in range(MOST + 1))
    assert ruling(answer, min_groundedness=0).code == "unverified"


def test_it_must_see_the_whole_answer() -> None:
    assert reach_of(load_rule(spec("citation-verifier"), Toolbox()).rule) is Reach.WHOLE


@pytest.mark.parametrize(
    "settings",
    [
        {"min_groundedness": 2},
        {"extract_patterns": []},
        {"extract_patterns": ["books"]},
        {"sources": []},
        {"require_source_match": False},
        {"output_action": {"unverified_action": "rewrite"}},
    ],
)
def test_what_it_cannot_honour_does_not_load(settings: dict[str, Any]) -> None:
    with pytest.raises(Unloadable):
        load_rule(spec("citation-verifier", **settings), Toolbox())
