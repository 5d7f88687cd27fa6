"""Message requests and the canonical form, both directions.

Source: Anthropic's API reference, "Create a Message"; its guides "Tool use", "Extended thinking", "Adaptive thinking",
"Effort" and "Structured outputs" (`output_config.format`; `output_format` is its name from the beta).
"""

from typing import Any

from gatepost_gateway.dialects import claude_models
from gatepost_gateway.dialects.anthropic_messages_parts import HOME, read_blocks, read_cache, write_blocks, write_cache
from gatepost_gateway.dialects.members import (
    Malformed,
    as_flag,
    as_list,
    as_number,
    as_object,
    as_text,
    as_whole,
    encode,
    exactly,
    rest_of,
)
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import Asked
from gatepost_gateway.domain.conversation import (
    AnyPart,
    Conversation,
    Losses,
    Message,
    Opaque,
    OutputFormat,
    Role,
    Text,
    Thinking,
    Tool,
    ToolChoice,
    ToolMode,
    ToolResult,
)

DEFAULT_MAX_TOKENS = 4096
"""The format demands a cap; this one is sent where neither the caller nor the registry names any."""
_OURS = frozenset(
    {"model", "messages", "system", "stream", "max_tokens", "metadata", "stop_sequences", "temperature", "top_p"}
    | {"top_k", "tools", "tool_choice", "thinking", "output_config", "output_format"}
)
_MODES = {"auto": ToolMode.AUTO, "any": ToolMode.REQUIRED, "none": ToolMode.NONE, "tool": ToolMode.REQUIRED}
_CHOICES = {ToolMode.AUTO: "auto", ToolMode.REQUIRED: "any", ToolMode.NONE: "none"}
_DISPLAYS = {"summarized": True, "omitted": False}


def read_request(asked: Asked) -> Conversation:
    """Raises Malformed that names the member at fault."""
    body = {name: exactly(raw) for name, raw in asked.fields.items()}
    config = as_object(body.get("output_config") or {}, "output_config")
    choice, parallel = _read_choice(body.get("tool_choice"))
    extra = rest_of(body, _OURS) or {}
    extra |= {f"output_config.{name}": said for name, said in config.items() if name not in ("format", "effort")}
    messages: list[Message] = []
    if system := read_blocks(body.get("system"), "system"):
        messages.append(Message(Role.SYSTEM, system))
    for number, one in enumerate(body["messages"]):
        messages += _read_message(as_object(one, f"messages[{number}]"), f"messages[{number}]")
    return Conversation(
        messages=messages,
        tools=[_read_tool(as_object(one, "tools")) for one in as_list(body.get("tools"), "tools")],
        tool_choice=choice,
        parallel_tools=parallel,
        max_tokens=asked.max_output,
        temperature=as_number(body.get("temperature"), "temperature"),
        top_p=as_number(body.get("top_p"), "top_p"),
        top_k=as_whole(body.get("top_k"), "top_k"),
        stop=as_list(body.get("stop_sequences"), "stop_sequences") or None,
        output=_read_format(config.get("format") or body.get("output_format")),
        thinking=_read_thinking(body.get("thinking"), config.get("effort")),
        user=asked.user,
        extra=extra,
    )


def _read_message(said: dict[str, Any], where: str) -> list[Message]:
    """A turn; the results of tools in it become messages of their own."""
    parts = read_blocks(said.get("content"), f"{where}.content")
    match said.get("role"):
        case "assistant":
            return [Message(Role.ASSISTANT, parts)]
        case "system":
            return [Message(Role.SYSTEM, parts)]
        case "user":
            out: list[Message] = []
            for part in parts:
                role = Role.TOOL if isinstance(part, ToolResult) else Role.USER
                if not out or out[-1].role is not role:
                    out.append(Message(role, []))
                out[-1].parts.append(part)
            return out or [Message(Role.USER, [])]
        case _:
            raise Malformed(f"`{where}.role` is neither user nor assistant")


def _read_tool(said: dict[str, Any]) -> Tool | Opaque:
    kind = as_text(said.get("type"), "tools.type") or "custom"
    if kind != "custom":
        return Opaque(dialect=HOME, kind=kind, value=said)
    known = frozenset({"type", "name", "description", "input_schema", "strict", "cache_control"})
    return Tool(
        name=as_text(said.get("name"), "tools.name"),
        description=said.get("description"),
        schema=said.get("input_schema"),
        strict=as_flag(said.get("strict"), "tools.strict"),
        cache=read_cache(said.get("cache_control")),
        extra=rest_of(said, known),
    )


def _read_choice(said: Any) -> tuple[ToolChoice | None, bool | None]:
    """(the choice, whether calls may be parallel)."""
    if said is None:
        return None, None
    choice = as_object(said, "tool_choice")
    mode = _MODES.get(as_text(choice.get("type"), "tool_choice.type"))
    if mode is None:
        raise Malformed("`tool_choice.type` is neither auto, any, tool nor none")
    single = as_flag(choice.get("disable_parallel_tool_use"), "tool_choice.disable_parallel_tool_use")
    return ToolChoice(mode, choice.get("name")), None if single is None else not single


def _read_format(said: Any) -> OutputFormat | None:
    if said is None:
        return None
    wanted = as_object(said, "output_config.format")
    if wanted.get("type") != "json_schema":
        raise Malformed("`output_config.format.type` is not json_schema")
    return OutputFormat(schema=wanted.get("schema"))


def _read_thinking(said: Any, effort: Any) -> Thinking | None:
    word = as_text(effort, "output_config.effort") or None
    if said is None:
        return Thinking(effort=word) if word else None
    wanted = as_object(said, "thinking")
    shown = _DISPLAYS.get(str(wanted.get("display")))
    known = {"type", "budget_tokens"} if shown is None else {"type", "budget_tokens", "display"}
    return Thinking(
        on=wanted.get("type") != "disabled",
        effort=word,
        budget=as_whole(wanted.get("budget_tokens"), "thinking.budget_tokens"),
        shown=shown,
        extra=rest_of(wanted, frozenset(known)),
    )


def write_request(conversation: Conversation, shape: Shape, losses: Losses) -> bytes:
    """A request of this format from what a caller said in another one."""
    system, messages = _write_messages(conversation.messages, shape.model, losses)
    cap = shape.cap or conversation.max_tokens or shape.max_output or DEFAULT_MAX_TOKENS
    thought = claude_models.write_thinking(conversation, shape.model, cap, losses)
    tools = [tool for one in conversation.tools if (tool := _write_tool(one, losses)) is not None]
    said: dict[str, Any] = {
        "system": system,
        "stop_sequences": conversation.stop,
        "thinking": thought.get("thinking"),
        "output_config": _write_config(conversation.output, thought.get("effort"), losses),
        "tools": tools,
        "tool_choice": _write_choice(conversation) if tools else None,
        "metadata": {"user_id": conversation.user} if conversation.user else None,
    }
    thinks = "thinking" in thought
    said |= claude_models.write_sampling(conversation, shape.model, said, thinks=thinks, losses=losses)
    for name in ("seed", "presence_penalty", "frequency_penalty"):
        if getattr(conversation, name) is not None:
            losses.add(name)
    if conversation.choices is not None:
        losses.add("n")
    if conversation.top_logprobs is not None:
        losses.add("logprobs")
    losses.add(*conversation.lost())
    if shape.stream:
        said["stream"] = True
    body = {"model": shape.model, "max_tokens": cap, "messages": messages}
    return encode({**body, **{name: value for name, value in said.items() if value not in (None, [], {})}})


def _write_messages(
    messages: list[Message], model: str, losses: Losses
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(system, messages). Turns of one role in a row become one: results of tools must stand together."""
    system: list[AnyPart] = []
    turns: list[tuple[str, list[AnyPart]]] = []
    for number, message in enumerate(messages):
        if message.name is not None:
            losses.add("messages.name")
        if message.role is Role.SYSTEM:
            if turns and claude_models.hears_system(model) and _fits_between(messages, number, turns):
                turns.append(("system", list(message.parts)))
                continue
            if turns:
                losses.add("messages.system_position")
            system += message.parts
            continue
        role = "assistant" if message.role is Role.ASSISTANT else "user"
        if turns and turns[-1][0] == role:
            turns[-1][1].extend(message.parts)
        else:
            turns.append((role, list(message.parts)))
    written = [{"role": role, "content": write_blocks(_results_first(parts), losses)} for role, parts in turns]
    return write_blocks(system, losses), [turn for turn in written if turn["content"]]


def _fits_between(messages: list[Message], number: int, turns: list[tuple[str, list[AnyPart]]]) -> bool:
    """Whether a turn of the system may stand here: words alone, after the user and before the assistant or the end."""
    later = messages[number + 1 :]
    words = all(isinstance(part, Text) for part in messages[number].parts)
    return words and turns[-1][0] == "user" and (not later or later[0].role is Role.ASSISTANT)


def _results_first(parts: list[AnyPart]) -> list[AnyPart]:
    """The format wants the results of tools before anything else of the turn."""
    return sorted(parts, key=lambda part: not isinstance(part, ToolResult))


def _write_tool(tool: Tool | Opaque, losses: Losses) -> dict[str, Any] | None:
    if isinstance(tool, Opaque):
        if tool.dialect is HOME:
            return tool.value
        losses.add(f"tools.{tool.kind}")
        return None
    losses.add(*(f"tools.{name}" for name in tool.extra or ()))
    said: dict[str, Any] = {"name": tool.name, "input_schema": tool.schema or {"type": "object", "properties": {}}}
    if tool.description is not None:
        said["description"] = tool.description
    if tool.strict:
        said["strict"] = True
    if tool.cache is not None:
        said["cache_control"] = write_cache(tool.cache)
    return said


def _write_choice(conversation: Conversation) -> dict[str, Any] | None:
    choice = conversation.tool_choice
    if choice is None and conversation.parallel_tools is not False:
        return None
    said: dict[str, Any] = {"type": _CHOICES[choice.mode] if choice is not None else "auto"}
    if choice is not None and choice.name:
        said = {"type": "tool", "name": choice.name}
    if conversation.parallel_tools is not None and said["type"] != "none":
        said["disable_parallel_tool_use"] = not conversation.parallel_tools
    return said


def _write_config(output: OutputFormat | None, effort: str | None, losses: Losses) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if effort is not None:
        said["effort"] = effort
    if output is not None and output.schema is None:
        losses.add("response_format")
    elif output is not None:
        said["format"] = {"type": "json_schema", "schema": output.described(losses)}
    return said
