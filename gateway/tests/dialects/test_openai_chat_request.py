import msgspec
import pytest

from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.openai_chat_request import read_request, write_request
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.conversation import (
    Cache,
    Conversation,
    Losses,
    Media,
    MediaKind,
    Message,
    Opaque,
    OutputFormat,
    Reasoning,
    Refusal,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)

from .kit import asked_in

HELLO = Message(Role.USER, [Text(text="hi")])


def read(**body):
    return read_request(asked_in(DialectName.OPENAI_CHAT, {"model": "m", "messages": [], **body}))


def write(*, stream=False, thinks=False, echoes=False, cap=None, **said):
    losses = Losses()
    shape = Shape(model="gpt", stream=stream, thinks=thinks, echoes=echoes, cap=cap)
    raw = write_request(Conversation(**{"messages": [HELLO], **said}), shape, losses)
    return msgspec.json.decode(raw), losses.names


def test_messages_are_read():
    call = {"id": "t", "type": "function", "function": {"name": "go", "arguments": "{}"}}
    one = read(
        messages=[
            {"role": "developer", "content": "s", "name": "d"},
            {"role": "user", "content": [{"type": "text", "text": "x", "cache_control": {"ttl": "1h"}}]},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [call, {"type": "custom", "id": "c"}],
                "refusal": "no",
            },
            {"role": "tool", "tool_call_id": "t", "content": "r", "cache_control": {"type": "ephemeral"}},
            {"role": "assistant", "content": "y", "reasoning_content": "hm", "odd": 1},
        ]
    )
    assert [message.role for message in one.messages] == ["system", "user", "assistant", "tool", "assistant"]
    assert one.messages[0].name == "d"
    assert one.messages[1].parts[0].cache == Cache("1h")
    refusal, said, custom = one.messages[2].parts
    assert (refusal, said) == (Refusal(text="no"), ToolCall(id="t", name="go", arguments="{}"))
    assert custom.kind == "tool_calls.custom"
    assert one.messages[3].parts == [ToolResult(call_id="t", parts=[Text(text="r")], cache=Cache())]
    thought, text, odd = one.messages[4].parts
    assert (thought.text, text.text, odd.kind) == ("hm", "y", "odd")


def test_every_other_member_is_read():
    function = {"name": "go", "description": "d", "parameters": {"type": "object"}, "strict": False, "x": 1}
    one = read(
        tools=[{"type": "function", "function": function}, {"type": "web_search"}],
        tool_choice={"type": "function", "function": {"name": "go"}},
        parallel_tool_calls=False,
        max_completion_tokens=5,
        temperature=0.5,
        top_k=2,
        stop="a",
        seed=1,
        n=2,
        user="u",
        reasoning_effort="low",
        response_format={"type": "json_schema", "json_schema": {"name": "o", "schema": {"a": 1}, "strict": True}},
        logprobs=True,
    )
    tool, search = one.tools
    assert (tool.name, tool.schema, tool.strict, tool.extra) == ("go", {"type": "object"}, False, {"x": 1})
    assert search.kind == "web_search"
    assert (one.tool_choice, one.parallel_tools) == (ToolChoice(ToolMode.REQUIRED, "go"), False)
    assert (one.max_tokens, one.top_k, one.stop, one.seed, one.choices, one.user) == (5, 2, ["a"], 1, 2, "u")
    assert (one.thinking, one.output) == (Thinking(effort="low"), OutputFormat(schema={"a": 1}, name="o", strict=True))
    assert (one.extra, one.top_logprobs) == ({}, 0)
    assert read(response_format={"type": "text"}).output is None
    assert read(response_format={"type": "json_object"}).output == OutputFormat()
    assert [read(tool_choice=word).tool_choice.mode for word in ("auto", "none", "required", "any")] == [
        "auto",
        "none",
        "required",
        "required",
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "robot"}]},
        {"messages": ["x"]},
        {"messages": [{"role": "assistant", "tool_calls": [{"id": 1, "function": {}}]}]},
        {"tools": [1]},
        {"tool_choice": "perhaps"},
        {"tool_choice": {"type": "allowed_tools"}},
        {"response_format": {"type": "xml"}},
        {"seed": "x"},
    ],
)
def test_what_the_format_does_not_allow_is_named(body):
    with pytest.raises(Malformed):
        read(**body)


def test_nothing_is_sent_that_was_not_said():
    body, lost = write()
    assert body == {"model": "gpt", "messages": [{"role": "user", "content": "hi"}]}
    assert lost == ()
    assert write(max_tokens=7)[0]["max_completion_tokens"] == 7
    assert write(max_tokens=7, cap=3)[0]["max_completion_tokens"] == 3
    assert write(stream=True)[0]["stream_options"] == {"include_usage": True}
    # Servers refuse these without tools.
    assert "tool_choice" not in write(tool_choice=ToolChoice(ToolMode.AUTO), parallel_tools=False)[0]


def test_pictures_of_results_follow_in_a_message_of_the_user():
    picture = Media(kind=MediaKind.IMAGE, mime="image/png", data="AA")
    messages = [
        Message(Role.ASSISTANT, [ToolCall(id="t", name="go", arguments="{}")]),
        Message(Role.TOOL, [ToolResult(call_id="t", parts=[Text(text="x"), picture], failed=True)]),
        Message(Role.TOOL, [ToolResult(call_id="u", parts=[])]),
        HELLO,
    ]
    body, lost = write(messages=messages)
    assert [one["role"] for one in body["messages"]] == ["assistant", "tool", "tool", "user", "user"]
    assert body["messages"][0]["content"] is None
    assert body["messages"][3]["content"][0]["image_url"]["url"] == "data:image/png;base64,AA"
    assert lost == ("tool_result.is_error", "tool_result.media_position")
    assert [one["role"] for one in write(messages=messages[:2])[0]["messages"]] == ["assistant", "tool", "user"]


def test_thoughts_go_where_they_are_taken():
    thought = Reasoning(text="hm", signature="s", sealed_by=DialectName.ANTHROPIC_MESSAGES)
    messages = [Message(Role.ASSISTANT, [thought, Text(text="x"), Refusal(text="no")])]
    body, lost = write(messages=messages)
    assert body["messages"] == [{"role": "assistant", "content": "x", "refusal": "no"}]
    assert lost == ("messages.reasoning",)
    body, lost = write(messages=messages, echoes=True)
    assert body["messages"][0]["reasoning_content"] == "hm"
    assert body["messages"][0]["reasoning_details"][0]["format"] == "anthropic-claude-v1"
    assert lost == ()


@pytest.mark.parametrize(
    ("thinking", "thinks", "effort", "lost"),
    [
        (Thinking(effort="low"), True, "low", ()),
        (Thinking(effort="max"), True, "max", ()),
        (Thinking(on=True, shown=True), True, None, ("thinking.display",)),
        (Thinking(on=True, budget=1024), True, "low", ("thinking.budget_tokens",)),
        (Thinking(on=True, budget=8000), True, "medium", ("thinking.budget_tokens",)),
        (Thinking(on=True, budget=30_000), True, "high", ("thinking.budget_tokens",)),
        (Thinking(on=True), True, None, ()),
        (Thinking(on=False), False, None, ()),
        (Thinking(on=True, extra={"display": 1}), True, None, ("thinking.display",)),
        (Thinking(effort="low"), False, None, ("thinking",)),
    ],
)
def test_how_much_it_thinks(thinking, thinks, effort, lost):
    body, names = write(thinking=thinking, thinks=thinks)
    assert (body.get("reasoning_effort"), names) == (effort, lost)


def test_formats_tools_and_losses():
    schema = {"type": "object"}
    body, lost = write(
        tools=[
            Tool(name="go", schema=schema, cache=Cache(), extra={"x": 1}),
            Opaque(dialect="x", kind="bash", value=1),
        ],
        tool_choice=ToolChoice(ToolMode.REQUIRED, "go"),
        parallel_tools=False,
        output=OutputFormat(schema=schema),
        top_k=3,
        extra={"container": 1},
        messages=[Message(Role.USER, [Text(text="x", cache=Cache())], name="bob")],
    )
    assert body["tools"] == [{"type": "function", "function": {"name": "go", "parameters": schema}}]
    assert body["tool_choice"] == {"type": "function", "function": {"name": "go"}}
    assert body["parallel_tool_calls"] is False
    inner = {"name": "output", "schema": schema, "strict": True}
    assert body["response_format"] == {"type": "json_schema", "json_schema": inner}
    assert body["messages"][0]["name"] == "bob"
    assert set(lost) == {"cache_control", "tools.x", "tools.bash", "top_k", "container"}
    assert write(output=OutputFormat())[0]["response_format"] == {"type": "json_object"}


def test_how_much_to_think_as_openrouter_says_it():
    for said, effort, budget in (({"effort": "low"}, "low", None), ({"max_tokens": 2000}, None, 2000)):
        found = read_request(asked_in(DialectName.OPENAI_CHAT, reasoning=said))
        assert (found.thinking.effort, found.thinking.budget, found.extra) == (effort, budget, {})
    found = read_request(asked_in(DialectName.OPENAI_CHAT, reasoning={"exclude": True}))
    assert (found.thinking, found.extra) == (None, {"reasoning": {"exclude": True}})
