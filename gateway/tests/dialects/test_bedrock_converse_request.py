import json
from typing import Any

import pytest

from gatepost_gateway.dialects import translation
from gatepost_gateway.dialects.bedrock_converse_request import write_request
from gatepost_gateway.dialects.registry import BEDROCK_CONVERSE
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.conversation import (
    Cache,
    Conversation,
    Losses,
    Message,
    Opaque,
    OutputFormat,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from tests.dialects.gemini_kit import NAME, REQUESTS, asked, name_of
from tests.recordings import need

CLAUDE = Shape(model="us.anthropic.claude-sonnet-4-5-20250929-v1:0")
NOVA = Shape(model="us.amazon.nova-2-lite-v1:0")
LLAMA = Shape(model="meta.llama3-8b-instruct-v1:0")


def said(conversation: Conversation, shape: Shape = CLAUDE) -> tuple[dict[str, Any], tuple[str, ...]]:
    losses = Losses()
    return json.loads(write_request(conversation, shape, losses)), losses.names


def user(text: str = "hi") -> Message:
    return Message(Role.USER, [Text(text=text)])


def test_a_conversation_is_said_in_the_services_words_and_nothing_else() -> None:
    assert said(Conversation(messages=[user()])) == ({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}, ())
    full = Conversation(
        messages=[Message(Role.SYSTEM, [Text(text="be brief", cache=Cache("1h"))]), user()],
        max_tokens=9,
        temperature=0.5,
        top_p=0.9,
        stop=["x"],
        tools=[Tool(name="f", description="d", schema={"type": "object"}, strict=True, cache=Cache())],
        tool_choice=ToolChoice(ToolMode.REQUIRED),
        output=OutputFormat(schema={"type": "object"}, name="n"),
    )
    body, lost = said(full)
    assert lost == ()
    assert body["system"] == [{"text": "be brief"}, {"cachePoint": {"type": "default", "ttl": "1h"}}]
    assert body["inferenceConfig"] == {"maxTokens": 9, "temperature": 0.5, "topP": 0.9, "stopSequences": ["x"]}
    tool = {"name": "f", "description": "d", "inputSchema": {"json": {"type": "object"}}, "strict": True}
    assert body["toolConfig"] == {
        "tools": [{"toolSpec": tool}, {"cachePoint": {"type": "default"}}],
        "toolChoice": {"any": {}},
    }
    schema = {"schema": '{"type":"object"}', "name": "n"}
    assert body["outputConfig"] == {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}}
    assert said(full, Shape(model="m", cap=4))[0]["inferenceConfig"]["maxTokens"] == 4


def test_roles_take_turns() -> None:
    calls = [ToolCall(id=id, name="f", arguments="{}") for id in ("a", "b")]
    results = [Message(Role.TOOL, [ToolResult(call_id=id, parts=[Text(text=id)])]) for id in ("a", "b")]
    body, lost = said(Conversation(messages=[user(), Message(Role.ASSISTANT, [*calls]), *results, user("and?")]))
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert [next(iter(block)) for block in body["messages"][2]["content"]] == ["toolResult", "toolResult", "text"]
    # A history with calls needs its tools named, also where the caller sends none.
    assert [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"]] == ["f"]
    assert lost == ()


def test_choices_of_a_tool() -> None:
    def choice(mode: ToolMode, name: str | None = None) -> dict[str, Any]:
        tools: list[Tool | Opaque] = [Tool(name="f")]
        return said(Conversation(messages=[user()], tools=tools, tool_choice=ToolChoice(mode, name)))[0]

    assert choice(ToolMode.AUTO)["toolConfig"]["toolChoice"] == {"auto": {}}
    assert choice(ToolMode.REQUIRED, "f")["toolConfig"]["toolChoice"] == {"tool": {"name": "f"}}
    assert "toolConfig" not in choice(ToolMode.NONE)
    called = Message(Role.ASSISTANT, [ToolCall(id="a", name="f", arguments="{}")])
    kept = Conversation(messages=[user(), called], tools=[Tool(name="f")], tool_choice=ToolChoice(ToolMode.NONE))
    assert said(kept)[1] == ("tool_choice",)


@pytest.mark.parametrize(
    ("thinking", "shape", "want", "lost"),
    [
        (Thinking(on=True, budget=2000), CLAUDE, {"thinking": {"type": "enabled", "budget_tokens": 2000}}, ()),
        (Thinking(effort="low"), CLAUDE, {"thinking": {"type": "enabled", "budget_tokens": 2048}}, ()),
        (Thinking(effort="high"), NOVA, {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}, ()),
        (
            Thinking(budget=9),
            NOVA,
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}},
            ("thinking.budget_tokens",),
        ),
        (Thinking(on=False), CLAUDE, None, ()),
        (Thinking(effort="low"), LLAMA, None, ("thinking",)),
    ],
)
def test_thinking_is_said_as_the_model_takes_it(thinking: Thinking, shape: Shape, want: Any, lost: Any) -> None:
    body, names = said(Conversation(messages=[user()], thinking=thinking), shape)
    assert (body.get("additionalModelRequestFields"), names) == (want, lost)


def test_one_call_at_a_time_is_a_parameter_of_claude() -> None:
    tools: list[Any] = [Tool(name="f")]
    for choice in (None, ToolChoice(ToolMode.AUTO)):
        wanted = Conversation(messages=[user()], tools=tools, tool_choice=choice, parallel_tools=False)
        body, lost = said(wanted)
        single = {"type": "auto", "disable_parallel_tool_use": True}
        assert (body["additionalModelRequestFields"], lost) == ({"tool_choice": single}, ())
        assert "toolChoice" not in body["toolConfig"]
        assert said(wanted, NOVA)[1] == ("parallel_tool_calls",)
    assert "additionalModelRequestFields" not in said(Conversation(messages=[user()], tools=tools))[0]


def test_the_newest_claudes_choose_for_themselves() -> None:
    newest = Shape(model="us.anthropic.claude-opus-4-7-v1:0")
    asked = Conversation(
        messages=[user()], thinking=Thinking(on=True, effort="xhigh"), temperature=0.2, top_p=0.9, top_k=3
    )
    body, lost = said(asked, newest)
    thinking = {"type": "adaptive", "display": "summarized"}
    assert body["additionalModelRequestFields"] == {"thinking": thinking, "output_config": {"effort": "xhigh"}}
    assert ("inferenceConfig" in body, lost) == (False, ("temperature", "top_p", "top_k"))
    body, lost = said(Conversation(messages=[user()], thinking=Thinking(on=False)), newest)
    assert (body["additionalModelRequestFields"], lost) == ({"thinking": {"type": "disabled"}}, ())


def test_a_claude_that_thinks_takes_no_temperature() -> None:
    asked = Conversation(messages=[user()], thinking=Thinking(budget=2000), temperature=0.2, top_k=3, top_p=0.9)
    body, lost = said(asked)
    assert (body["inferenceConfig"], lost) == ({"topP": 0.9}, ("temperature", "top_k"))


def test_top_k_is_a_models_own_parameter() -> None:
    wanted = Conversation(messages=[user()], top_k=3)
    assert said(wanted)[0]["additionalModelRequestFields"] == {"top_k": 3}
    assert said(wanted, NOVA)[0]["additionalModelRequestFields"] == {"inferenceConfig": {"topK": 3}}
    assert said(wanted, LLAMA)[1] == ("top_k",)


@pytest.mark.parametrize(
    ("conversation", "lost"),
    [
        (Conversation(messages=[user()], seed=1), "seed"),
        (Conversation(messages=[user()], user="u"), "user"),
        (Conversation(messages=[user()], choices=2), "n"),
        (
            Conversation(
                messages=[user()],
                tools=[Tool(name="f")],
                tool_choice=ToolChoice(ToolMode.REQUIRED),
                parallel_tools=False,
            ),
            "parallel_tool_calls",
        ),
        (Conversation(messages=[user()], extra={"logprobs": True}), "logprobs"),
        (Conversation(messages=[user()], output=OutputFormat()), "response_format"),
        (Conversation(messages=[user(), Message(Role.SYSTEM, [Text(text="x")])]), "messages.system_position"),
        (Conversation(messages=[Message(Role.USER, [Text(text="a")], name="bob")]), "messages.name"),
        (
            Conversation(messages=[user()], tools=[Opaque(dialect=DialectName.OPENAI_CHAT, kind="web", value={})]),
            "tools.web",
        ),
    ],
)
def test_what_has_no_place_is_listed(conversation: Conversation, lost: str) -> None:
    assert said(conversation)[1] == (lost,)


@pytest.mark.parametrize("row", REQUESTS or [{"id": "absent"}], ids=name_of)
def test_a_recorded_gemini_request_reaches_bedrock(row: dict[str, Any]) -> None:
    need(NAME)
    request = asked(row["request"]["body"])
    body, _ = translation.write_request(request, BEDROCK_CONVERSE, CLAUDE)
    blocks = [block for message in json.loads(body)["messages"] for block in message["content"]]
    parts = [part for content in row["request"]["body"]["contents"] for part in content["parts"]]
    said_text = [part["text"] for part in parts if part.get("text") and not part.get("thought")]
    assert [block["text"] for block in blocks if "text" in block] == said_text
    calls = [block["toolUse"]["toolUseId"] for block in blocks if "toolUse" in block]
    results = [block["toolResult"]["toolUseId"] for block in blocks if "toolResult" in block]
    assert set(results) <= set(calls)
