import json
from typing import Any

import pytest

from gatepost_gateway.dialects import translation
from gatepost_gateway.dialects.gemini_generate_parts import FOREIGN_SEAL
from gatepost_gateway.dialects.gemini_generate_request import read_request, write_request
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.registry import CALLERS, GEMINI_GENERATE, OPENAI_CHAT
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.conversation import (
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

SHAPE = Shape(model="gemini-2.5-flash", thinks=True)


def said(conversation: Conversation, shape: Shape = SHAPE) -> tuple[dict[str, Any], tuple[str, ...]]:
    losses = Losses()
    return json.loads(write_request(conversation, shape, losses)), losses.names


def read(**body: Any) -> Conversation:
    return read_request(asked({"contents": [], **body}))


def user(text: str = "hi") -> Message:
    return Message(Role.USER, [Text(text=text)])


@pytest.mark.parametrize("row", REQUESTS or [{"id": "absent"}], ids=name_of)
def test_a_recorded_request_means_the_same_when_written_again(row: dict[str, Any]) -> None:
    """Read, written in the canonical way, read again: the same meaning; what only this format knows is listed."""
    need(NAME)
    first = read_request(asked(row["request"]["body"]))
    own = [tool for tool in first.tools if isinstance(tool, Opaque)]
    if own:
        first.tools = [tool for tool in first.tools if not isinstance(tool, Opaque)]
        if not first.tools:
            first.tool_choice = None
    first.max_tokens = asked(row["request"]["body"]).max_output
    extra, first.extra = first.extra, {}
    levels = first.thinking is not None and first.thinking.effort is not None
    body, lost = said(first, Shape(model="gemini-3-pro" if levels else "gemini-2.5-pro", thinks=True))
    again = read_request(asked(body))
    assert set(lost) <= {"messages.document.name", "messages.signature"}
    assert [tool.name for tool in again.tools if isinstance(tool, Tool)] == [
        tool.name for tool in first.tools if isinstance(tool, Tool)
    ]
    assert [texts(message) for message in again.messages] == [texts(message) for message in first.messages]
    assert (again.output, again.thinking, again.tool_choice) == (first.output, first.thinking, first.tool_choice)
    assert set(extra) <= {
        "cachedContent",
        "safetySettings",
        "toolConfig.functionCallingConfig.mode",
        "toolConfig.includeServerSideToolInvocations",
    }


def words(part: Any) -> str:
    return getattr(part, "text", "") or getattr(part, "arguments", "")


def texts(message: Message) -> list[Any]:
    return [message.role, *(words(part) for part in message.parts)]


@pytest.mark.parametrize("row", REQUESTS or [{"id": "absent"}], ids=name_of)
def test_a_recorded_request_is_carried_through_openai_and_back(row: dict[str, Any]) -> None:
    need(NAME)
    first = read_request(asked(row["request"]["body"]))
    there, _ = translation.write_request(asked(row["request"]["body"]), OPENAI_CHAT, Shape(model="gpt", thinks=True))
    middle = asked(there, DialectName.OPENAI_CHAT)
    back = CALLERS[DialectName.OPENAI_CHAT].read_request(middle)
    flat = [part for message in first.messages for part in message.parts]
    found = [part for message in back.messages for part in message.parts]
    for kind in (Text, ToolCall):
        mine = [words(part) for part in flat if isinstance(part, kind)]
        theirs = [words(part) for part in found if isinstance(part, kind)]
        assert "".join(map(str, mine)) == "".join(map(str, theirs))
    assert [part.call_id for part in flat if isinstance(part, ToolResult)] == [
        part.call_id for part in found if isinstance(part, ToolResult)
    ]
    assert (back.max_tokens, back.temperature, back.stop, back.seed) == (
        first.max_tokens,
        first.temperature,
        first.stop,
        first.seed,
    )
    again, _ = translation.write_request(middle, GEMINI_GENERATE, SHAPE)
    assert json.loads(again)["contents"]


def test_results_of_one_turn_stand_in_one_content_with_their_names() -> None:
    calls = [ToolCall(id=id, name=name, arguments="{}") for id, name in (("a", "f"), ("b", "g"))]
    results = [Message(Role.TOOL, [ToolResult(call_id=id, parts=[Text(text=id)])]) for id in ("a", "b")]
    body, lost = said(Conversation(messages=[user(), Message(Role.ASSISTANT, [*calls]), *results]))
    assert lost == ()
    assert [content["role"] for content in body["contents"]] == ["user", "model", "user"]
    assert [part["functionResponse"]["name"] for part in body["contents"][2]["parts"]] == ["f", "g"]


def test_results_without_ids_answer_the_calls_in_order() -> None:
    conversation = read(
        contents=[
            {"role": "model", "parts": [{"functionCall": {"name": "f"}}, {"functionCall": {"name": "f"}}]},
            {
                "role": "user",
                "parts": [
                    {"functionResponse": {"name": "f", "response": {"result": "1"}}},
                    {"functionResponse": {"name": "f", "response": {"result": "2"}}},
                    {"text": "and?"},
                ],
            },
        ]
    )
    model, tool, last = conversation.messages
    ids = [part.id for part in model.parts if isinstance(part, ToolCall)]
    assert len(set(ids)) == 2
    assert [part.call_id for part in tool.parts if isinstance(part, ToolResult)] == ids
    assert last == user("and?")


def test_gemini_3_gets_a_seal_on_a_call_that_has_none() -> None:
    call = ToolCall(id="a", name="f", arguments="{}", signature="foreign", sealed_by=DialectName.ANTHROPIC_MESSAGES)
    turn = Conversation(messages=[user(), Message(Role.ASSISTANT, [call])])
    body, lost = said(turn, Shape(model="gemini-3-pro"))
    assert body["contents"][1]["parts"][0]["thoughtSignature"] == FOREIGN_SEAL
    assert lost == ("messages.signature",)
    assert "thoughtSignature" not in said(turn)[0]["contents"][1]["parts"][0]


def test_the_system_stands_apart() -> None:
    body, lost = said(Conversation(messages=[Message(Role.SYSTEM, [Text(text="be brief")]), user()]))
    assert body == {
        "systemInstruction": {"parts": [{"text": "be brief"}]},
        "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
    }
    assert lost == ()
    assert said(Conversation(messages=[user(), Message(Role.SYSTEM, [Text(text="x")])]))[1] == (
        "messages.system_position",
    )
    assert read(systemInstruction="be brief", contents=[{"parts": {"text": "hi"}}]).messages == [
        Message(Role.SYSTEM, [Text(text="be brief")]),
        user(),
    ]


def test_settings_have_their_names_and_nothing_is_sent_that_was_not_said() -> None:
    assert said(Conversation(messages=[user()]))[0].keys() == {"contents"}
    full = Conversation(
        messages=[user()],
        max_tokens=9,
        temperature=0.5,
        top_p=0.9,
        top_k=3,
        stop=["x"],
        seed=1,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        choices=2,
        output=OutputFormat(schema={"type": "object"}),
        tools=[Tool(name="f", description="d", schema={"type": "object"})],
        tool_choice=ToolChoice(ToolMode.REQUIRED, "f"),
    )
    body, lost = said(full)
    assert lost == ()
    again = read_request(asked(body))
    assert again == full
    assert said(full, Shape(model="m", cap=5))[0]["generationConfig"]["maxOutputTokens"] == 5


@pytest.mark.parametrize(
    ("thinking", "model", "want"),
    [
        (Thinking(effort="low"), "gemini-2.5-pro", {"thinkingBudget": 1024}),
        (Thinking(effort="max"), "gemini-2.5-pro", {"thinkingBudget": 24576}),
        (Thinking(on=False), "gemini-2.5-flash", {"thinkingBudget": 0}),
        (Thinking(on=True, budget=99), "gemini-3-pro", {"includeThoughts": True, "thinkingBudget": 99}),
        (Thinking(effort="max"), "gemini-3-pro", {"thinkingLevel": "high"}),
        (Thinking(effort="medium"), "gemini-3-pro", {"thinkingLevel": "medium"}),
    ],
)
def test_thinking_is_said_as_the_model_takes_it(thinking: Thinking, model: str, want: dict[str, Any]) -> None:
    body, _ = said(Conversation(messages=[user()], thinking=thinking), Shape(model=model, thinks=True))
    assert body["generationConfig"]["thinkingConfig"] == want


@pytest.mark.parametrize(
    ("conversation", "lost"),
    [
        (Conversation(messages=[user()], thinking=Thinking(effort="low")), "thinking"),
        (Conversation(messages=[user()], user="u"), "user"),
        (Conversation(messages=[user()], tools=[Tool(name="f")], parallel_tools=False), "parallel_tool_calls"),
        (Conversation(messages=[user()], extra={"logprobs": True}), "logprobs"),
        (Conversation(messages=[user()], output=OutputFormat(description="d")), "response_format.description"),
        (
            Conversation(messages=[user()], tools=[Opaque(dialect=DialectName.OPENAI_CHAT, kind="web", value={})]),
            "tools.web",
        ),
        (Conversation(messages=[Message(Role.USER, [Text(text="a")], name="bob")]), "messages.name"),
    ],
)
def test_what_has_no_place_is_listed(conversation: Conversation, lost: str) -> None:
    assert said(conversation, Shape(model="gemini-2.0-flash"))[1] == (lost,)


@pytest.mark.parametrize(
    ("strict", "choice", "mode"),
    [
        (True, None, "VALIDATED"),
        (True, ToolMode.AUTO, "VALIDATED"),
        (True, ToolMode.REQUIRED, "ANY"),
        (True, ToolMode.NONE, "NONE"),
        (False, ToolMode.AUTO, "AUTO"),
        (None, None, None),
    ],
)
def test_strict_tools_are_called_by_their_schemas(
    strict: bool | None, choice: ToolMode | None, mode: str | None
) -> None:
    asks = Conversation(
        messages=[user()],
        tools=[Tool(name="f"), Tool(name="g", strict=strict)],
        tool_choice=ToolChoice(choice) if choice is not None else None,
    )
    body, lost = said(asks, Shape(model="gemini-2.5-flash"))
    assert lost == ()
    assert body.get("toolConfig") == ({"functionCallingConfig": {"mode": mode}} if mode is not None else None)


def test_modes_of_calling_are_read() -> None:
    def choice(**config: Any) -> Conversation:
        return read(toolConfig={"functionCallingConfig": config})

    assert choice(mode="ANY", allowedFunctionNames=["f"]).tool_choice == ToolChoice(ToolMode.REQUIRED, "f")
    assert choice(mode="NONE").tool_choice == ToolChoice(ToolMode.NONE)
    assert choice().tool_choice is None
    several = choice(mode="ANY", allowed_function_names=["f", "g"])
    assert several.tool_choice == ToolChoice(ToolMode.REQUIRED)
    assert list(several.extra) == ["toolConfig.functionCallingConfig.allowedFunctionNames"]
    assert list(choice(mode="VALIDATED").extra) == ["toolConfig.functionCallingConfig.mode"]
    with pytest.raises(Malformed):
        choice(mode="WHATEVER")


def test_what_only_this_format_knows_is_kept_by_name() -> None:
    conversation = read(
        safetySettings=[{"category": "X"}],
        generationConfig={
            "responseModalities": ["IMAGE"],
            "mediaResolution": "LOW",
            "thinkingConfig": {"thinkingBudget": -1},
        },
        tools=[{"googleSearch": {}, "function_declarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}],
    )
    assert set(conversation.extra) == {
        "safetySettings",
        "generationConfig.responseModalities",
        "generationConfig.mediaResolution",
    }
    assert conversation.thinking == Thinking(on=True)
    assert [tool.kind if isinstance(tool, Opaque) else tool.schema for tool in conversation.tools] == [
        "googleSearch",
        {"type": "object"},
    ]
