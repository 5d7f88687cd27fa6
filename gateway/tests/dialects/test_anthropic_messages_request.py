import msgspec
import pytest

from gatepost_gateway.dialects.anthropic_messages_request import read_request, write_request
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.conversation import (
    Conversation,
    Losses,
    Media,
    MediaKind,
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

from .kit import asked_in


def read(**body):
    return read_request(asked_in(DialectName.ANTHROPIC_MESSAGES, {"model": "m", "messages": [], **body}))


def write(model="claude-sonnet-4-5", max_output=64_000, stream=False, cap=None, **said):
    losses = Losses()
    conversation = Conversation(**{"messages": [Message(Role.USER, [Text(text="hi")])], **said})
    shape = Shape(model=model, max_output=max_output, stream=stream, cap=cap)
    return msgspec.json.decode(write_request(conversation, shape, losses)), losses.names


def test_every_member_is_read():
    one = read(
        system=[{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
        messages=[
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}, {"type": "text", "text": "x"}]},
            {"role": "assistant", "content": "y"},
        ],
        tools=[{"name": "go", "input_schema": {"type": "object"}, "strict": True, "defer_loading": True}],
        tool_choice={"type": "tool", "name": "go", "disable_parallel_tool_use": True},
        max_tokens=5,
        temperature=0.5,
        top_p=0.9,
        top_k=3,
        stop_sequences=["a"],
        metadata={"user_id": "u"},
        thinking={"type": "enabled", "budget_tokens": 2000, "display": "omitted"},
        output_config={"format": {"type": "json_schema", "schema": {"x": 1}}, "effort": "low", "task_budget": 1},
        container="c",
    )
    assert [message.role for message in one.messages] == [Role.SYSTEM, Role.TOOL, Role.USER, Role.ASSISTANT]
    assert one.messages[0].parts[0].cache is not None
    (tool,) = one.tools
    assert (tool.name, tool.strict, tool.extra) == ("go", True, {"defer_loading": True})
    assert (one.tool_choice, one.parallel_tools) == (ToolChoice(ToolMode.REQUIRED, "go"), False)
    assert (one.max_tokens, one.temperature, one.top_p, one.top_k, one.stop) == (5, 0.5, 0.9, 3, ["a"])
    assert (one.user, one.output) == ("u", OutputFormat(schema={"x": 1}))
    assert one.thinking == Thinking(on=True, shown=False, effort="low", budget=2000)
    assert one.extra == {"container": "c", "output_config.task_budget": 1}


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "robot", "content": "x"}]},
        {"messages": ["x"]},
        {"tools": {}},
        {"tool_choice": {"type": "maybe"}},
        {"output_config": {"format": {"type": "xml"}}},
        {"temperature": "hot"},
        {"top_k": 1.5},
    ],
)
def test_what_the_format_does_not_allow_is_named(body):
    with pytest.raises(Malformed):
        read(**body)


def test_nothing_is_sent_that_was_not_said_but_what_the_format_demands():
    body, lost = write()
    hello = {"role": "user", "content": [{"type": "text", "text": "hi"}]}
    assert body == {"model": "claude-sonnet-4-5", "max_tokens": 64_000, "messages": [hello]}
    assert lost == ()
    assert write(max_tokens=7)[0]["max_tokens"] == 7
    assert write(max_output=None)[0]["max_tokens"] == 4096
    assert write(cap=3)[0]["max_tokens"] == 3
    assert write(stream=True)[0]["stream"] is True


def test_results_stand_together_before_the_words_of_the_turn():
    call = ToolCall(id="t", name="go", arguments="{}")
    messages = [
        Message(Role.SYSTEM, [Text(text="s")]),
        Message(Role.USER, [Text(text="a")]),
        Message(Role.ASSISTANT, [call, ToolCall(id="u", name="go", arguments="{}")]),
        Message(Role.TOOL, [ToolResult(call_id="t", parts=[])]),
        Message(Role.USER, [Text(text="b")], name="bob"),
        Message(Role.TOOL, [ToolResult(call_id="u", parts=[Media(kind=MediaKind.IMAGE, url="u")])]),
        Message(Role.SYSTEM, [Text(text="late")]),
    ]
    body, lost = write(messages=messages)
    assert [one["text"] for one in body["system"]] == ["s", "late"]
    assert [one["role"] for one in body["messages"]] == ["user", "assistant", "user"]
    assert [one["type"] for one in body["messages"][2]["content"]] == ["tool_result", "tool_result", "text"]
    assert lost == ("messages.name", "messages.system_position")


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ({"tool_choice": ToolChoice(ToolMode.AUTO)}, {"type": "auto"}),
        ({"tool_choice": ToolChoice(ToolMode.NONE), "parallel_tools": False}, {"type": "none"}),
        ({"tool_choice": ToolChoice(ToolMode.REQUIRED)}, {"type": "any"}),
        ({"tool_choice": ToolChoice(ToolMode.REQUIRED, "go")}, {"type": "tool", "name": "go"}),
        ({"parallel_tools": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        ({"parallel_tools": True}, None),
        ({}, None),
    ],
)
def test_the_choice_of_a_tool(said, sent):
    body, _ = write(tools=[Tool(name="go", strict=True)], **said)
    assert body.get("tool_choice") == sent
    assert body["tools"] == [{"name": "go", "input_schema": {"type": "object", "properties": {}}, "strict": True}]
    assert "tool_choice" not in write(**said)[0]


@pytest.mark.parametrize(
    ("thinking", "model", "thinks", "effort", "lost"),
    [
        (Thinking(effort="none"), "claude-sonnet-4-5", None, None, ()),
        (Thinking(effort="low"), "claude-sonnet-4-5", {"type": "enabled", "budget_tokens": 2048}, None, ()),
        (Thinking(effort="high"), "claude-opus-4-7", {"type": "adaptive"}, "high", ()),
        (Thinking(effort="minimal"), "claude-sonnet-5", {"type": "adaptive"}, "low", ()),
        (Thinking(budget=3000), "claude-opus-4-6", {"type": "enabled", "budget_tokens": 3000}, None, ()),
        (Thinking(budget=3000), "claude-opus-4-7", {"type": "adaptive"}, "medium", ("thinking.budget_tokens",)),
        (Thinking(on=False), "claude-opus-4-7", {"type": "disabled"}, None, ()),
        (Thinking(on=True, extra={"display": 1}), "claude-opus-4-6", {"type": "adaptive"}, None, ("thinking.display",)),
    ],
)
def test_how_much_it_thinks(thinking, model, thinks, effort, lost):
    body, names = write(model=model, thinking=thinking)
    assert (body.get("thinking"), body.get("output_config", {}).get("effort")) == (thinks, effort)
    assert names == lost


def test_the_newest_models_take_no_settings_of_how_they_sample():
    body, lost = write(model="claude-sonnet-5", temperature=0.2, top_p=0.9, top_k=4)
    assert lost == ("temperature", "top_p", "top_k")
    assert not {"temperature", "top_p", "top_k"} & body.keys()
    assert write(model="claude-sonnet-5", temperature=1, top_p=1)[1] == ()


@pytest.mark.parametrize(
    ("later", "between"),
    [
        ([], True),
        ([Message(Role.ASSISTANT, [Text(text="y")])], True),
        ([Message(Role.USER, [Text(text="y")])], False),
        ([Message(Role.SYSTEM, [Text(text="y")])], False),
    ],
)
def test_the_system_speaks_between_the_turns_where_the_model_hears_it(later, between):
    messages = [Message(Role.USER, [Text(text="x")]), Message(Role.SYSTEM, [Text(text="late")]), *later]
    body, lost = write(model="claude-opus-4-8", messages=messages)
    assert (body["messages"][1:2] == [{"role": "system", "content": [{"type": "text", "text": "late"}]}]) is between
    assert ("messages.system_position" in lost) is not between
    assert write(model="claude-opus-4-7", messages=messages)[1] == ("messages.system_position",)


def test_files_of_its_own_store_and_texts_of_every_kind_are_documents():
    own = Media(kind=MediaKind.DOCUMENT, file_id="f", sealed_by=DialectName.ANTHROPIC_MESSAGES)
    others = Media(kind=MediaKind.DOCUMENT, file_id="f", sealed_by=DialectName.OPENAI_CHAT)
    table = Media(kind=MediaKind.DOCUMENT, mime="text/csv", data="YSxi", name="t.csv")
    body, lost = write(messages=[Message(Role.USER, [own, others, table])])
    assert body["messages"][0]["content"] == [
        {"type": "document", "source": {"type": "file", "file_id": "f"}},
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "a,b"},
            "title": "t.csv",
        },
    ]
    assert lost == ("messages.document.file_id",)


def test_thoughts_need_room_and_freedom():
    low = Thinking(effort="high")
    body, lost = write(thinking=low, max_tokens=1000)
    assert ("thinking" in body, lost) == (False, ("reasoning_effort",))
    body, lost = write(thinking=low, tools=[Tool(name="go")], tool_choice=ToolChoice(ToolMode.REQUIRED))
    assert ("thinking" in body, lost) == (False, ("reasoning_effort",))
    body, lost = write(thinking=low, max_tokens=5000, temperature=0.2, top_k=4)
    assert body["thinking"]["budget_tokens"] == 4999
    assert ("temperature" in body, "top_k" in body, lost) == (False, False, ("temperature", "top_k"))
    assert write(thinking=low, temperature=1)[0]["temperature"] == 1


def test_what_has_no_place_is_listed():
    body, lost = write(
        temperature=1.5,
        seed=1,
        presence_penalty=0.1,
        frequency_penalty=0.1,
        choices=2,
        output=OutputFormat(),
        tools=[Opaque(dialect=DialectName.OPENAI_CHAT, kind="custom", value={}), Tool(name="go", extra={"x": 1})],
        extra={"logprobs": True},
    )
    assert body["temperature"] == 1
    assert set(lost) == {
        "temperature",
        "seed",
        "presence_penalty",
        "frequency_penalty",
        "n",
        "response_format",
        "tools.custom",
        "tools.x",
        "logprobs",
    }
    schema = OutputFormat(schema={"type": "object"}, description="d")
    body, lost = write(output=schema)
    described = {"type": "object", "description": "d"}
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": described}}
    assert lost == ()
