import pytest

from gatepost_gateway.dialects import claude_models
from gatepost_gateway.domain.conversation import Conversation, Losses, Thinking, ToolChoice, ToolMode


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("claude-3-5-sonnet-20241022", (3, 5)),
        ("claude-opus-4-20250514", (4, 0)),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", (4, 5)),
        ("claude-haiku-4.5", (4, 5)),
        ("claude-opus-4-7", (4, 7)),
        ("claude-sonnet-5", (5, 0)),
        ("claude-opus-5-5", (5, 5)),
        ("global.anthropic.claude-fable-5-1", (5, 1)),
        ("gpt-5.6", (0, 0)),
        ("claude", (0, 0)),
    ],
)
def test_a_version_is_in_the_name(name, version):
    assert claude_models.version(name) == version


def test_what_each_version_takes():
    names = ["claude-sonnet-4-5", "claude-opus-4-6", "claude-opus-4-7", "claude-opus-4-8", "claude-sonnet-5", "odd"]
    assert [claude_models.chooses(name) for name in names] == [False, True, True, True, True, False]
    assert [claude_models.fixed(name) for name in names] == [False, False, True, True, True, False]
    assert [claude_models.hears_system(name) for name in names] == [False, False, False, True, True, False]


def thought(wanted, model, cap=64_000, **said):
    losses = Losses()
    one = Conversation(messages=[], thinking=wanted, **said)
    return claude_models.write_thinking(one, model, cap, losses), losses.names


@pytest.mark.parametrize(
    ("wanted", "model", "said", "lost"),
    [
        (None, "claude-opus-4-6", {}, ()),
        (Thinking(effort="none"), "claude-sonnet-5", {"thinking": {"type": "disabled"}}, ()),
        (Thinking(effort="none"), "claude-sonnet-4-5", {}, ()),
        (Thinking(on=False), "claude-sonnet-4-5", {"thinking": {"type": "disabled"}}, ()),
        (Thinking(effort="xhigh"), "claude-opus-4-6", {"thinking": {"type": "adaptive"}, "effort": "max"}, ()),
        (Thinking(effort="xhigh"), "claude-opus-4-7", {"thinking": {"type": "adaptive"}, "effort": "xhigh"}, ()),
        (
            Thinking(on=True),
            "claude-opus-4-7",
            {"thinking": {"type": "adaptive", "display": "summarized"}},
            (),
        ),
        (
            Thinking(on=True, shown=False),
            "claude-opus-4-7",
            {"thinking": {"type": "adaptive", "display": "omitted"}},
            (),
        ),
        (
            Thinking(budget=30_000),
            "claude-sonnet-5",
            {"thinking": {"type": "adaptive"}, "effort": "high"},
            ("thinking.budget_tokens",),
        ),
        (
            Thinking(budget=9_000, shown=True, extra={"odd": 1}),
            "claude-sonnet-4-5",
            {"thinking": {"type": "enabled", "budget_tokens": 9_000, "display": "summarized"}},
            ("thinking.odd",),
        ),
    ],
)
def test_how_much_it_thinks(wanted, model, said, lost):
    assert thought(wanted, model) == (said, lost)


def test_thoughts_need_room_and_freedom():
    forced = ToolChoice(ToolMode.REQUIRED)
    assert thought(Thinking(effort="low"), "claude-opus-4-7", tool_choice=forced) == ({}, ("reasoning_effort",))
    assert thought(Thinking(effort="low"), "claude-sonnet-4-5", cap=1000) == ({}, ("reasoning_effort",))
    assert thought(Thinking(effort="low"), "claude-opus-4-6", cap=1000)[1] == ()


@pytest.mark.parametrize(
    ("model", "thinks", "kept", "more", "lost"),
    [
        ("claude-sonnet-4-5", False, {"temperature": 1, "top_p": 0.9}, {"top_k": 3}, ("temperature",)),
        ("claude-sonnet-4-5", True, {"temperature": None, "top_p": 0.9}, {}, ("temperature", "top_k")),
        ("claude-opus-4-7", False, {}, {}, ("temperature", "top_p", "top_k")),
    ],
)
def test_how_it_samples(model, thinks, kept, more, lost):
    losses, beside = Losses(), {}
    said = Conversation(messages=[], temperature=1.5, top_p=0.9, top_k=3)
    assert claude_models.write_sampling(said, model, beside, thinks=thinks, losses=losses) == kept
    assert (beside, losses.names) == (more, lost)


def test_a_budget_has_its_nearest_effort():
    assert [claude_models.effort_of(budget) for budget in (1024, 2049, 8193)] == ["low", "medium", "high"]
