"""generateContent requests and the canonical form, both directions.

Source: Gemini API reference, `GenerateContentRequest`, `GenerationConfig`, `Tool`, `ToolConfig`; "Gemini thinking"
(levels from Gemini 3 on, budgets before); "OpenAI compatibility" for what an effort means as a budget.
"""

import re
from typing import Any

from gatepost_gateway.dialects.gemini_generate import camel, parts_of
from gatepost_gateway.dialects.gemini_generate_parts import FOREIGN_SEAL, read_part, write_part
from gatepost_gateway.dialects.gemini_generate_schema import json_schema
from gatepost_gateway.dialects.members import (
    Malformed,
    as_flag,
    as_list,
    as_number,
    as_object,
    as_text,
    as_whole,
    exactly,
    rest_of,
)
from gatepost_gateway.dialects.openai_chat import encode
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import Asked, DialectName
from gatepost_gateway.domain.conversation import (
    AnyPart,
    Conversation,
    Losses,
    Message,
    Opaque,
    OutputFormat,
    Reasoning,
    Role,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)

HOME = DialectName.GEMINI_GENERATE
_BODY = frozenset({"contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "model"})
_CONFIG = frozenset(
    {"temperature", "topP", "topK", "candidateCount", "maxOutputTokens", "stopSequences", "seed", "presencePenalty"}
    | {"frequencyPenalty", "responseMimeType", "responseSchema", "responseJsonSchema", "thinkingConfig"}
    | {"responseModalities", "responseLogprobs", "logprobs"}
)
_MODES = {"AUTO": ToolMode.AUTO, "NONE": ToolMode.NONE, "ANY": ToolMode.REQUIRED, "VALIDATED": ToolMode.AUTO}
_LEVELS = re.compile(r"gemini-(?:[3-9]|\d\d)")
_BUDGETS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576, "max": 24576}
_LEVEL_OF = {"none": "minimal", "xhigh": "high", "max": "high"}


def read_request(asked: Asked) -> Conversation:
    """Raises Malformed that names the member at fault."""
    body = camel({name: exactly(raw) for name, raw in asked.fields.items()})
    config = camel(as_object(body.get("generationConfig") or {}, "generationConfig"))
    extra = {**(rest_of(body, _BODY) or {})}
    extra |= {f"generationConfig.{name}": value for name, value in (rest_of(config, _CONFIG) or {}).items()}
    if config.get("responseModalities") not in (None, [], ["TEXT"]):
        extra["generationConfig.responseModalities"] = config["responseModalities"]
    choice = _read_choice(camel(as_object(body.get("toolConfig") or {}, "toolConfig")), extra)
    return Conversation(
        messages=[*_read_system(body.get("systemInstruction")), *_read_contents(body["contents"])],
        tools=[tool for one in as_list(body.get("tools"), "tools") for tool in _read_tools(as_object(one, "tools"))],
        tool_choice=choice,
        max_tokens=asked.max_output,
        temperature=as_number(config.get("temperature"), "generationConfig.temperature"),
        top_p=as_number(config.get("topP"), "generationConfig.topP"),
        top_k=as_whole(config.get("topK"), "generationConfig.topK"),
        stop=[as_text(one, "stopSequences") for one in as_list(config.get("stopSequences"), "stopSequences")] or None,
        seed=as_whole(config.get("seed"), "generationConfig.seed"),
        presence_penalty=as_number(config.get("presencePenalty"), "generationConfig.presencePenalty"),
        frequency_penalty=as_number(config.get("frequencyPenalty"), "generationConfig.frequencyPenalty"),
        choices=asked.choices if asked.choices > 1 else None,
        top_logprobs=_read_odds(config),
        output=_read_format(config),
        thinking=_read_thinking(config.get("thinkingConfig")),
        extra=extra,
    )


def _read_system(said: Any) -> list[Message]:
    if said is None:
        return []
    if isinstance(said, str):
        said = {"parts": [{"text": said}]}
    parts = parts_of(as_object(said, "systemInstruction"), "systemInstruction")
    return [Message(Role.SYSTEM, [read_part(part, "") for part in parts])] if parts else []


def _read_contents(said: Any) -> list[Message]:
    """The turns. Calls without ids get one by their place, results without one that of the first open call."""
    messages: list[Message] = []
    waiting: list[tuple[str, str]] = []
    for number, one in enumerate(as_list(said, "contents")):
        content = camel(as_object(one, "contents"))
        model = content.get("role") == "model"
        parts = [read_part(part, f"call_{number}_{place}") for place, part in enumerate(parts_of(content, "contents"))]
        if model:
            waiting = [(part.id, part.name) for part in parts if isinstance(part, ToolCall)]
            messages.append(Message(Role.ASSISTANT, _whole_thoughts(parts)))
        else:
            _answer(parts, waiting)
            messages += _user_turns(parts)
    return messages


def _whole_thoughts(parts: list[AnyPart]) -> list[AnyPart]:
    """A client gives a streamed thought back in its pieces: another family's seal is good for all of them together."""
    out: list[AnyPart] = []
    for part in parts:
        if isinstance(part, Reasoning) and part.signature is not None and part.sealed_by is not HOME and not part.text:
            while out and isinstance(before := out[-1], Reasoning) and before.signature is before.sealed is None:
                part.text = before.text + part.text
                out.pop()
        out.append(part)
    return out


def _answer(parts: list[AnyPart], waiting: list[tuple[str, str]]) -> None:
    """Ties each result to the call that it answers, and takes that call off the list."""
    for part in parts:
        if not isinstance(part, ToolResult):
            continue
        named = [call for call in waiting if call[0] == part.call_id] or [
            call for call in waiting if call[1] == part.name
        ]
        if named:
            part.call_id = named[0][0]
            waiting.remove(named[0])


def _user_turns(parts: list[AnyPart]) -> list[Message]:
    """Results of tools stand in messages of their own; the order stays."""
    messages: list[Message] = []
    for part in parts:
        role = Role.TOOL if isinstance(part, ToolResult) else Role.USER
        if not messages or messages[-1].role is not role:
            messages.append(Message(role, []))
        messages[-1].parts.append(part)
    return messages


def _read_tools(said: dict[str, Any]) -> list[Tool | Opaque]:
    tools: list[Tool | Opaque] = []
    for name, value in camel(said).items():
        if name != "functionDeclarations":
            tools.append(Opaque(dialect=DialectName.GEMINI_GENERATE, kind=name, value={name: value}))
            continue
        declared = as_list(value, "tools.functionDeclarations")
        tools += [_read_tool(camel(as_object(one, "tools.functionDeclarations"))) for one in declared]
    return tools


def _read_tool(said: dict[str, Any]) -> Tool:
    schema = said.get("parametersJsonSchema")
    return Tool(
        name=as_text(said.get("name"), "functionDeclarations.name"),
        description=as_text(said.get("description"), "functionDeclarations.description") or None,
        schema=schema if schema is not None else json_schema(said.get("parameters")),
        extra=rest_of(said, frozenset({"name", "description", "parameters", "parametersJsonSchema"})),
    )


def _read_choice(config: dict[str, Any], extra: dict[str, Any]) -> ToolChoice | None:
    extra |= {f"toolConfig.{name}": value for name, value in config.items() if name != "functionCallingConfig"}
    said = camel(as_object(config.get("functionCallingConfig") or {}, "toolConfig.functionCallingConfig"))
    mode = as_text(said.get("mode"), "functionCallingConfig.mode")
    if not mode or mode == "MODE_UNSPECIFIED":
        return None
    if mode not in _MODES:
        raise Malformed("`functionCallingConfig.mode` is not a mode of the format")
    if mode == "VALIDATED":
        extra["toolConfig.functionCallingConfig.mode"] = mode
    names = as_list(said.get("allowedFunctionNames"), "functionCallingConfig.allowedFunctionNames")
    if len(names) > 1 or (names and mode != "ANY"):
        extra["toolConfig.functionCallingConfig.allowedFunctionNames"] = names
        return ToolChoice(_MODES[mode])
    return ToolChoice(_MODES[mode], as_text(names[0], "allowedFunctionNames") if names else None)


def _read_odds(config: dict[str, Any]) -> int | None:
    wanted = as_flag(config.get("responseLogprobs"), "generationConfig.responseLogprobs")
    return (as_whole(config.get("logprobs"), "generationConfig.logprobs") or 0) if wanted else None


def _read_format(config: dict[str, Any]) -> OutputFormat | None:
    if config.get("responseMimeType") != "application/json":
        return None
    schema = config.get("responseJsonSchema")
    return OutputFormat(schema=schema if schema is not None else json_schema(config.get("responseSchema")))


def _read_thinking(said: Any) -> Thinking | None:
    if not said:
        return None
    config = camel(as_object(said, "thinkingConfig"))
    budget = as_whole(config.get("thinkingBudget"), "thinkingConfig.thinkingBudget")
    shown = as_flag(config.get("includeThoughts"), "thinkingConfig.includeThoughts")
    return Thinking(
        on=False if budget == 0 else True if shown or budget is not None else None,
        effort=as_text(config.get("thinkingLevel"), "thinkingConfig.thinkingLevel").lower() or None,
        budget=budget if budget is not None and budget > 0 else None,
        extra=rest_of(config, frozenset({"thinkingBudget", "includeThoughts", "thinkingLevel"})),
    )


def write_request(conversation: Conversation, shape: Shape, losses: Losses) -> bytes:
    """A request of this format from what a caller said in another one."""
    system, contents = _write_messages(conversation.messages, shape, losses)
    body: dict[str, Any] = {"contents": contents}
    if system:
        body["systemInstruction"] = {"parts": system}
    if tools := _write_tools(conversation.tools, losses):
        body["tools"] = tools
        if (calling := _write_choice(conversation)) is not None:
            body["toolConfig"] = {"functionCallingConfig": calling}
        if conversation.parallel_tools is False:
            losses.add("parallel_tool_calls")
    if config := _write_config(conversation, shape, losses):
        body["generationConfig"] = config
    if conversation.user is not None:
        losses.add("user")
    losses.add(*conversation.lost())
    return encode(body)


def _write_messages(
    messages: list[Message], shape: Shape, losses: Losses
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(the system's parts, the contents). Results that follow each other answer one turn, and stand in one content."""
    system: list[dict[str, Any]] = []
    contents: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    before: Role | None = None
    for message in messages:
        if message.name is not None:
            losses.add("messages.name")
        kept = [part for part in message.parts if _keep_own_seal(part, losses)]
        parts = [said for part in kept if (said := write_part(part, losses, names)) is not None]
        if message.role is Role.SYSTEM:
            if contents:
                losses.add("messages.system_position")
            system += parts
            continue
        if message.role is Role.ASSISTANT and _LEVELS.match(shape.model):
            _seal(parts)
        if message.role is Role.TOOL and before is Role.TOOL:
            contents[-1]["parts"] += parts
        elif parts:
            contents.append({"role": "model" if message.role is Role.ASSISTANT else "user", "parts": parts})
            before = message.role
    return system, contents


def _keep_own_seal(part: AnyPart, losses: Losses) -> bool:
    """Another model's seal would be refused, and ciphertext in the place of a thought means nothing to this one."""
    if isinstance(part, Reasoning) and part.sealed is not None:
        losses.add("messages.reasoning.sealed")
        return False
    if part.signature is not None and part.sealed_by is not DialectName.GEMINI_GENERATE:
        losses.add("messages.signature")
        part.signature = None
    return True


def _seal(parts: list[dict[str, Any]]) -> None:
    """Gemini 3 wants a seal on the first call of each turn, also of turns that another model made."""
    calls = [part for part in parts if "functionCall" in part]
    if calls and "thoughtSignature" not in calls[0]:
        calls[0]["thoughtSignature"] = FOREIGN_SEAL


def _write_tools(tools: list[Tool | Opaque], losses: Losses) -> list[dict[str, Any]]:
    declared: list[dict[str, Any]] = []
    for tool in tools:
        if isinstance(tool, Opaque):
            losses.add(f"tools.{tool.kind}")
            continue
        if tool.cache is not None:
            losses.add("cache_control")
        losses.add(*(f"tools.{name}" for name in tool.extra or ()))
        said = {"name": tool.name, "description": tool.description, "parametersJsonSchema": tool.schema}
        declared.append({name: value for name, value in said.items() if value is not None})
    return [{"functionDeclarations": declared}] if declared else []


def _write_choice(conversation: Conversation) -> dict[str, Any] | None:
    """Where one tool is strict, calls of all of them are held to their schemas: `VALIDATED`. Forced ones always are."""
    choice = conversation.tool_choice
    strict = any(isinstance(tool, Tool) and tool.strict for tool in conversation.tools)
    if choice is None or choice.mode is ToolMode.AUTO:
        return {"mode": "VALIDATED"} if strict else {"mode": "AUTO"} if choice is not None else None
    named = {"allowedFunctionNames": [choice.name]} if choice.name else {}
    return {"mode": "NONE" if choice.mode is ToolMode.NONE else "ANY", **named}


def _write_config(conversation: Conversation, shape: Shape, losses: Losses) -> dict[str, Any]:
    said: dict[str, Any] = {
        "temperature": conversation.temperature,
        "topP": conversation.top_p,
        "topK": conversation.top_k,
        "maxOutputTokens": conversation.max_tokens if shape.cap is None else shape.cap,
        "stopSequences": conversation.stop,
        "seed": conversation.seed,
        "presencePenalty": conversation.presence_penalty,
        "frequencyPenalty": conversation.frequency_penalty,
        "candidateCount": conversation.choices,
        "responseLogprobs": True if conversation.top_logprobs is not None else None,
        "logprobs": conversation.top_logprobs or None,
    }
    if (output := conversation.output) is not None:
        said["responseMimeType"] = "application/json"
        said["responseJsonSchema"] = output.described(losses)
    if conversation.thinking is not None:
        said["thinkingConfig"] = _write_thinking(conversation.thinking, shape, losses) or None
    return {name: value for name, value in said.items() if value is not None}


def _write_thinking(thinking: Thinking, shape: Shape, losses: Losses) -> dict[str, Any]:
    losses.add(*(f"thinking.{name}" for name in thinking.extra or ()))
    if not shape.thinks:
        losses.add("thinking")
        return {}
    shown = thinking.on if thinking.shown is None else thinking.shown
    said: dict[str, Any] = {"includeThoughts": True} if shown else {}
    if thinking.budget is not None:
        said["thinkingBudget"] = thinking.budget
    elif thinking.on is False or thinking.effort is not None:
        effort = "none" if thinking.on is False else thinking.effort or "none"
        if _LEVELS.match(shape.model):
            said["thinkingLevel"] = _LEVEL_OF.get(effort, effort)
        else:
            said["thinkingBudget"] = _BUDGETS.get(effort, _BUDGETS["high"])
    return said
