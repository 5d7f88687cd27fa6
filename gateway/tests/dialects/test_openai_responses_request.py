import msgspec
import pytest

from gatepost_gateway.dialects import openai_responses, openai_responses_request
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.domain.conversation import (
    Message,
    Opaque,
    OutputFormat,
    Reasoning,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from gatepost_gateway.domain.errors import CallerError, Code

HOME = "openai_responses"


def read(**body):
    asked = openai_responses.read_asked(msgspec.json.encode({"model": "m", "input": "Hi", **body}))
    return openai_responses_request.read_request(asked)


def test_a_text_is_a_turn_of_the_user_below_the_instructions():
    assert read(instructions="Be kind.").messages == [
        Message(Role.SYSTEM, [Text(text="Be kind.")]),
        Message(Role.USER, [Text(text="Hi")]),
    ]
    assert read(instructions=[{"role": "developer", "content": "x"}]).messages[0].role is Role.SYSTEM


def test_what_an_assistant_says_and_calls_in_a_row_is_one_turn():
    messages = read(
        input=[
            {"role": "user", "content": "weather?"},
            {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "gemini_generate#call:sig"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Let me see."}]},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a":1}'},
            {"type": "function_call", "call_id": "c2", "name": "g", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "sun"},
            {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "rain"}]},
            {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "gA"},
            {"role": "assistant", "content": "Mixed."},
            {"type": "web_search_call", "id": "ws"},
        ]
    ).messages
    assert [message.role for message in messages] == ["user", "assistant", "tool", "tool", "assistant"]
    assert messages[1].parts == [
        Text(text="Let me see."),
        ToolCall(id="c1", name="f", arguments='{"a":1}', signature="sig", sealed_by="gemini_generate"),
        ToolCall(id="c2", name="g", arguments="{}"),
    ]
    assert messages[2].parts == [ToolResult(call_id="c1", parts=[Text(text="sun")])]
    assert messages[4].parts == [
        Reasoning(sealed="gA", sealed_by=HOME),
        Text(text="Mixed."),
        Opaque(dialect=HOME, kind="web_search_call", value={"type": "web_search_call", "id": "ws"}),
    ]


def test_settings_have_their_places():
    said = read(
        tools=[{"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}],
        tool_choice={"type": "function", "name": "f"},
        parallel_tool_calls=False,
        max_output_tokens=50,
        temperature=0.5,
        top_p=0.9,
        reasoning={"effort": "low", "summary": "auto"},
        text={"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}},
        user="u",
    )
    (tool,) = said.tools
    assert (tool.name, tool.description, tool.schema, tool.strict) == ("f", "d", {"type": "object"}, True)
    assert said.tool_choice == ToolChoice(ToolMode.REQUIRED, "f")
    assert (said.parallel_tools, said.max_tokens, said.temperature, said.top_p) == (False, 50, 0.5, 0.9)
    assert said.thinking == Thinking(on=True, effort="low")
    assert said.output == OutputFormat(schema={"type": "object"}, name="n", strict=True)
    assert (said.user, said.extra) == ("u", {})


@pytest.mark.parametrize(
    ("body", "lost"),
    [
        ({"store": False, "metadata": {"a": "b"}, "truncation": "disabled", "service_tier": "auto"}, set()),
        ({"include": ["reasoning.encrypted_content"], "text": {"format": {"type": "text"}}}, set()),
        ({"include": ["file_search_call.results"], "truncation": "auto"}, {"include", "truncation"}),
        ({"text": {"verbosity": "low"}, "prompt_cache_key": "k"}, {"verbosity", "prompt_cache_key"}),
        ({"brand_new": 1, "max_tool_calls": 3}, {"brand_new", "max_tool_calls"}),
        ({"tools": [{"type": "function", "name": "f"}], "tool_choice": {"type": "web_search"}}, {"tool_choice"}),
    ],
)
def test_what_another_provider_cannot_do_is_listed(body, lost):
    assert set(read(**body).lost()) == lost


def test_tools_that_came_later_are_tools():
    later = {"type": "additional_tools", "role": "developer", "tools": [{"type": "function", "name": "g"}]}
    said = read(tools=[{"type": "function", "name": "f"}], input=[{"role": "user", "content": "x"}, later])
    assert [getattr(tool, "name", None) for tool in said.tools] == ["f", "g"]
    assert (len(said.messages), said.lost()) == (1, ("messages.tools_position",))


def test_a_tool_of_the_providers_own_stays_what_it_is():
    said = read(tools=[{"type": "web_search", "filters": {}}])
    assert said.tools == [Opaque(dialect=HOME, kind="web_search", value={"type": "web_search", "filters": {}})]


@pytest.mark.parametrize(
    "body",
    [
        {"conversation": "conv_1"},
        {"previous_response_id": "resp_1"},
        {"prompt": {"id": "p"}},
        {"input": [{"type": "item_reference", "id": "msg_1"}]},
    ],
)
def test_what_stands_with_another_provider_is_refused(body):
    with pytest.raises(CallerError) as caught:
        read(**body)
    assert (caught.value.code, caught.value.status) == (Code.NOT_TRANSLATABLE, 422)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"input": [{"role": "ghost", "content": "x"}]}, r"input\[0\].role"),
        ({"input": [3]}, r"input\[0\]"),
        ({"tools": [{"type": "function", "name": "f"}], "tool_choice": "sometimes"}, "tool_choice"),
        ({"text": {"format": {"type": "xml"}}}, "text.format"),
        ({"reasoning": 3}, "reasoning"),
    ],
)
def test_what_is_wrong_is_named(body, words):
    with pytest.raises(Malformed, match=words):
        read(**body)
