import msgspec
import pytest

from gatepost_gateway.dialects.registry import CALLERS
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.pipeline.complexity import Traits, judge_complexity, points, tier_of, traits_of

TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}


def openai(*messages, **members):
    turns = [{"role": "user", "content": text} for text in (messages or ("hi",))]
    return CALLERS[DialectName.OPENAI_CHAT].read_asked(
        msgspec.json.encode({"model": "auto", "messages": turns, **members})
    )


def raw(**members):
    fields = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in members.items()}
    return Asked(Operation.CHAT, DialectName.GEMINI_GENERATE, "auto", stream=False, body=b"", fields=fields)


@pytest.mark.parametrize(
    ("asked", "tier", "score"),
    [
        (openai("What is the capital of France?"), "simple", 0),
        (openai("x" * 1999), "simple", 0),
        (openai("x" * 2000), "simple", 1),
        (openai("x" * 7999), "simple", 1),
        (openai("x" * 8000), "medium", 2),
        (openai("x" * 31_999), "medium", 2),
        (openai("x" * 32_000), "complex", 4),
        (openai("\u00e9" * 1000), "simple", 1),
        (openai(*["hi"] * 7), "simple", 0),
        (openai(*["hi"] * 8), "simple", 1),
        (openai(tools=[TOOL]), "simple", 1),
        (openai(tools=[TOOL] * 6), "medium", 2),
        (openai("Fix this:\n```py\nx = 1\n```"), "simple", 1),
        (openai("Fix this:\n```py\nx = 1\n```", tools=[TOOL]), "medium", 2),
        (openai(response_format={"type": "json_schema", "json_schema": {}}), "simple", 1),
        (openai(response_format={"type": "json_object"}), "simple", 0),
        (openai(reasoning_effort="high"), "medium", 3),
        (openai(reasoning_effort="minimal"), "simple", 0),
        (openai(reasoning_effort="high", tools=[TOOL]), "complex", 4),
    ],
)
def test_the_thresholds(asked, tier, score):
    assert judge_complexity(asked)[0] == tier
    assert sum(one for _, one in points(traits_of(asked))) == score


def test_the_words_say_what_counted():
    tier, why = judge_complexity(openai("x" * 9000, tools=[TOOL]))
    assert tier == "medium"
    assert why == "complexity 3: 9000 bytes of text (2) + 1 tools (1)"
    assert judge_complexity(openai("hi"))[1] == "complexity 0: a short text alone"


@pytest.mark.parametrize(
    ("fields", "traits"),
    [
        (
            {
                "system": "abc",
                "messages": [{"role": "user", "content": [{"type": "text", "text": "defg"}]}],
                "thinking": {"type": "enabled", "budget_tokens": 2000},
                "tools": [{"name": "f", "input_schema": {}}],
            },
            Traits(text=7, turns=1, tools=1, reasoning=True),
        ),
        ({"messages": [{"role": "user", "content": "a"}], "thinking": {"type": "disabled"}}, Traits(text=1, turns=1)),
        (
            {
                "systemInstruction": {"parts": [{"text": "ab"}]},
                "contents": [
                    {
                        "role": "user",
                        "parts": [{"text": "cd"}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}],
                    }
                ],
                "tools": [{"functionDeclarations": [{"name": "f"}, {"name": "g"}]}, {"googleSearch": {}}],
                "generationConfig": {"responseSchema": {"type": "OBJECT"}, "thinkingConfig": {"thinkingBudget": 1024}},
            },
            Traits(text=4, turns=1, tools=3, schema=True, reasoning=True),
        ),
        ({"contents": [], "generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}}, Traits()),
        (
            {
                "instructions": "ab",
                "input": "cde",
                "text": {"format": {"type": "json_schema", "schema": {}}},
                "reasoning": {"effort": "medium"},
            },
            Traits(text=5, turns=1, schema=True, reasoning=True),
        ),
        ({"prompt": "abc", "tools": "nonsense", "reasoning": "nonsense"}, Traits(text=3, turns=1)),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:AAAA"}}]}]},
            Traits(turns=1),
        ),
    ],
)
def test_every_format_is_read(fields, traits):
    assert traits_of(raw(**fields)) == traits


def test_pictures_count_once_and_their_bytes_do_not():
    url = "data:image/png;base64," + "A" * 50_000
    asked = openai()
    part = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}
    asked = CALLERS[DialectName.OPENAI_CHAT].read_asked(msgspec.json.encode({"model": "auto", "messages": [part]}))
    assert points(traits_of(asked)) == [("media", 1)]


def test_the_tiers_have_no_gaps():
    assert [tier_of(score) for score in range(6)] == ["simple", "simple", "medium", "medium", "complex", "complex"]


def test_json_that_is_nested_too_deeply_is_the_callers_fault():
    asked = raw()
    asked.fields["messages"] = msgspec.Raw(b"[" * 5000 + b"]" * 5000)
    with pytest.raises(CallerError, match="nested too deeply"):
        traits_of(asked)
