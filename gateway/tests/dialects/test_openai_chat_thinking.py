import pytest

from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.openai_chat_thinking import read_thinking
from gatepost_gateway.domain.conversation import Thinking


@pytest.mark.parametrize(
    ("body", "said", "left"),
    [
        ({}, None, {}),
        ({"reasoning_effort": "low"}, Thinking(effort="low"), {"reasoning_effort"}),
        (
            {"reasoning": {"enabled": True, "effort": "high", "max_tokens": 9}},
            Thinking(on=True, effort="high", budget=9),
            {},
        ),
        ({"reasoning": {"effort": "high", "exclude": True}}, None, {"reasoning"}),
        ({"thinking": {"type": "enabled"}}, Thinking(on=True), {}),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 9}, "reasoning_effort": "high"},
            Thinking(on=True, effort="high", budget=9),
            {"reasoning_effort"},
        ),
        ({"thinking": {"type": "disabled"}}, Thinking(on=False), {}),
        (
            {"thinking": {"type": "enabled", "clear_thinking": True}},
            Thinking(on=True, extra={"clear_thinking": True}),
            {},
        ),
        ({"thinking": {"type": "odd"}}, None, {"thinking"}),
        ({"thinking": "yes"}, None, {"thinking"}),
        ({"enable_thinking": True, "thinking_budget": 9}, Thinking(on=True, budget=9), {}),
        ({"enable_thinking": False}, Thinking(on=False), {}),
    ],
)
def test_each_way_to_say_it_is_read_and_what_is_not_understood_stays(body, said, left):
    body = dict(body)
    assert read_thinking(body) == said
    assert body.keys() == set(left)


@pytest.mark.parametrize(
    "body",
    [{"reasoning_effort": 1}, {"enable_thinking": "yes"}, {"thinking": {"type": "enabled", "budget_tokens": "x"}}],
)
def test_what_is_wrong_is_named(body):
    with pytest.raises(Malformed, match=next(iter(body))):
        read_thinking(body)
