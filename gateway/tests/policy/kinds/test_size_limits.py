"""`size-limits`."""

import pytest

from gatepost_gateway.domain.chain import RuleSpec, Unloadable
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.policy.rules import Reach, reach_of
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import answered, asking, facts_of, tools


def test_a_long_request() -> None:
    assert judged(facts_of("x" * 40), "size-limits", max_input_chars=40).effect is Effect.ALLOW
    ruling = judged(facts_of("x" * 41), "size-limits", max_input_chars=40)
    assert (ruling.effect, ruling.code) == (Effect.BLOCK, "input_length_exceeded")
    assert ruling.reason == "the request has 41 characters, 40 are allowed"


def test_all_texts_together_and_each_alone() -> None:
    messages = [{"role": "user", "content": "x" * 10}, {"role": "tool", "tool_call_id": "c", "content": "y" * 30}]
    assert judged(asking(messages=messages), "size-limits", max_input_chars=39).effect is Effect.BLOCK
    assert judged(asking(messages=messages), "size-limits", max_text_chars=30).effect is Effect.ALLOW
    assert judged(asking(messages=messages), "size-limits", max_text_chars=29).effect is Effect.BLOCK


def test_a_large_body_and_many_tools() -> None:
    assert judged(asking(), "size-limits", max_body_bytes=10).effect is Effect.BLOCK
    assert (
        judged(asking(tools=tools("a", "b")), "size-limits", max_tools=1, action="escalate").effect is Effect.ESCALATE
    )
    assert judged(asking(tools=tools("a")), "size-limits", max_tools=1).effect is Effect.ALLOW


def test_a_long_answer() -> None:
    assert judged(answered("x" * 20), "size-limits", max_output_chars=20).effect is Effect.ALLOW
    assert judged(answered("x" * 21), "size-limits", max_output_chars=20).code == "output_length_exceeded"


def test_it_stands_only_where_it_has_a_limit() -> None:
    """Otherwise every stream would wait for a rule that says nothing."""
    loaded = load_rule(spec("size-limits", max_input_chars=9), Toolbox())
    assert (set(loaded.operations), reach_of(loaded.rule)) == ({Phase.REQUEST}, Reach.NOTHING)
    assert reach_of(load_rule(spec("size-limits", max_output_chars=9), Toolbox()).rule) is Reach.WHOLE
    asked = RuleSpec(name="r", kind="size-limits", phases=(Phase.RESPONSE,), settings={"max_input_chars": 9})
    with pytest.raises(Unloadable, match="nothing to look at at the response gate"):
        load_rule(asked, Toolbox())


@pytest.mark.parametrize("settings", [{}, {"max_input_chars": 0}, {"max_tools": -1}])
def test_without_a_limit_that_can_be_met_it_does_not_load(settings: dict[str, int]) -> None:
    with pytest.raises(Unloadable):
        load_rule(spec("size-limits", **settings), Toolbox())
