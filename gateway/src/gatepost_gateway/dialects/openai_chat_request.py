"""Chat completion requests and the canonical form, both directions.

Source: OpenAI's API reference, "Create chat completion". Beyond it, as compatible servers document them:
`cache_control` on parts (OpenRouter, "Prompt caching"), `reasoning_content` (DeepSeek, "Thinking mode") and
`reasoning_details` (OpenRouter, "Reasoning tokens") on messages, with which a client gives back sealed thoughts.
"""

from typing import Any

from gatepost_gateway.dialects.members import (
    Malformed,
    as_flag,
    as_list,
    as_number,
    as_object,
    as_text,
    as_whole,
    decoded,
    rest_of,
)
from gatepost_gateway.dialects.openai_chat import encode
from gatepost_gateway.dialects.openai_chat_parts import (
    read_call_seal,
    read_parts,
    read_thoughts,
    seal_text,
    write_parts,
    write_thoughts,
)
from gatepost_gateway.dialects.openai_chat_thinking import read_thinking
from gatepost_gateway.dialects.openai_models import SHARED, shared_of, write_effort
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import Asked, DialectName
from gatepost_gateway.domain.conversation import (
    AnyPart,
    Cache,
    Conversation,
    Losses,
    Media,
    Message,
    Opaque,
    OutputFormat,
    Reasoning,
    Refusal,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)

_ROLES = {"system": Role.SYSTEM, "developer": Role.SYSTEM, "user": Role.USER, "assistant": Role.ASSISTANT}
_NUMBERS = ("temperature", "top_p", "presence_penalty", "frequency_penalty")
_OURS = frozenset(
    {
        "model",
        "messages",
        "stream",
        "stream_options",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "max_tokens",
        "max_completion_tokens",
        "top_k",
        "stop",
        "seed",
        "n",
        "response_format",
        "logprobs",
        "top_logprobs",
        "reasoning_effort",
        "user",
        *_NUMBERS,
    }
)
_MESSAGE = frozenset(
    {"role", "content", "name", "tool_calls", "tool_call_id", "refusal", "reasoning_content", "reasoning"}
    | {"reasoning_details", "cache_control", "extra_content"}
)


def read_request(asked: Asked) -> Conversation:
    """Raises Malformed that names the member at fault."""
    body = {name: decoded(raw) for name, raw in asked.fields.items()}
    thinking = read_thinking(body)
    stop = body.get("stop")
    return Conversation(
        messages=[
            _read_message(as_object(one, f"messages[{number}]"), number) for number, one in enumerate(body["messages"])
        ],
        tools=[_read_tool(as_object(one, "tools")) for one in as_list(body.get("tools"), "tools")],
        tool_choice=_read_choice(body.get("tool_choice")),
        parallel_tools=as_flag(body.get("parallel_tool_calls"), "parallel_tool_calls"),
        max_tokens=asked.max_output,
        top_k=as_whole(body.get("top_k"), "top_k"),
        stop=[stop] if isinstance(stop, str) else as_list(stop, "stop") or None,
        seed=as_whole(body.get("seed"), "seed"),
        choices=asked.choices if asked.choices > 1 else None,
        top_logprobs=(as_whole(body.get("top_logprobs"), "top_logprobs") or 0) if body.get("logprobs") else None,
        output=_read_format(body.get("response_format")),
        thinking=thinking,
        user=asked.user,
        extra=rest_of(body, _OURS | SHARED) or {},
        shared=shared_of(body),
        **{name: as_number(body.get(name), name) for name in _NUMBERS},
    )


def _read_message(said: dict[str, Any], number: int) -> Message:
    where = f"messages[{number}]"
    role, content = said.get("role"), said.get("content")
    cache = read_cache(said.get("cache_control"))
    if role == "tool":
        parts: list[AnyPart] = [
            ToolResult(
                call_id=as_text(said.get("tool_call_id"), f"{where}.tool_call_id"),
                parts=[part for part in read_parts(content, where) if isinstance(part, Text | Media | Opaque)],
                cache=cache,
            )
        ]
        return Message(Role.TOOL, parts)
    if not isinstance(role, str) or role not in _ROLES:
        raise Malformed(f"`{where}.role` is not a role of the format")
    parts = [*read_thoughts(said), *read_parts(content, where)]
    seal_text(said, parts)
    if refusal := said.get("refusal"):
        parts.append(Refusal(text=as_text(refusal, f"{where}.refusal")))
    parts += [read_call(as_object(one, where), where) for one in as_list(said.get("tool_calls"), f"{where}.tool_calls")]
    parts += [
        Opaque(dialect=DialectName.OPENAI_CHAT, kind=name, value=value)
        for name, value in (rest_of(said, _MESSAGE) or {}).items()
        if (name, value) != ("prefix", False)
    ]
    if cache is not None and parts:
        parts[-1].cache = cache
    return Message(_ROLES[role], parts, name=as_text(said.get("name"), f"{where}.name") or None)


def read_cache(said: Any) -> Cache | None:
    """`cache_control`, where a caller marks what to keep."""
    return Cache(as_text(as_object(said, "cache_control").get("ttl"), "cache_control.ttl") or None) if said else None


def read_call(said: dict[str, Any], where: str) -> AnyPart:
    """One of `tool_calls`; a custom tool's call has no JSON arguments and stays as it is."""
    if said.get("type") == "custom":
        return Opaque(dialect=DialectName.OPENAI_CHAT, kind="tool_calls.custom", value=said)
    function = as_object(said.get("function"), f"{where}.tool_calls.function")
    seal = read_call_seal(said)
    return ToolCall(
        signature=seal,
        sealed_by=DialectName.GEMINI_GENERATE if seal is not None else None,
        id=as_text(said.get("id"), f"{where}.tool_calls.id"),
        name=as_text(function.get("name"), f"{where}.tool_calls.function.name"),
        arguments=as_text(function.get("arguments"), f"{where}.tool_calls.function.arguments"),
        extra=rest_of(said, frozenset({"id", "type", "index", "function", "extra_content"})),
    )


def _read_tool(said: dict[str, Any]) -> Tool | Opaque:
    kind = as_text(said.get("type"), "tools.type") or "function"
    if kind != "function" or "function" not in said:
        return Opaque(dialect=DialectName.OPENAI_CHAT, kind=kind, value=said)
    function = as_object(said["function"], "tools.function")
    return Tool(
        name=as_text(function.get("name"), "tools.function.name"),
        description=function.get("description"),
        schema=function.get("parameters"),
        strict=as_flag(function.get("strict"), "tools.function.strict"),
        cache=read_cache(said.get("cache_control") or function.get("cache_control")),
        extra=rest_of(function, frozenset({"name", "description", "parameters", "strict", "cache_control"})),
    )


def _read_choice(said: Any) -> ToolChoice | None:
    if said is None:
        return None
    if isinstance(said, str):
        try:
            return ToolChoice(ToolMode(said if said != "any" else "required"))
        except ValueError:
            raise Malformed("`tool_choice` is neither auto, none, required nor a tool") from None
    choice = as_object(said, "tool_choice")
    named = as_object(choice.get("function"), "tool_choice.function") if choice.get("type") == "function" else None
    if named is None:
        raise Malformed(f"`tool_choice` of type `{choice.get('type')}` has no equal in the target's format")
    return ToolChoice(ToolMode.REQUIRED, as_text(named.get("name"), "tool_choice.function.name"))


def _read_format(said: Any) -> OutputFormat | None:
    if said is None:
        return None
    wanted = as_object(said, "response_format")
    match wanted.get("type"):
        case "text":
            return None
        case "json_object":
            return OutputFormat()
        case "json_schema":
            inner = as_object(wanted.get("json_schema"), "response_format.json_schema")
            return OutputFormat(
                schema=as_object(inner.get("schema") or {}, "response_format.json_schema.schema"),
                name=inner.get("name"),
                description=inner.get("description"),
                strict=as_flag(inner.get("strict"), "response_format.json_schema.strict"),
            )
        case _:
            raise Malformed("`response_format.type` is neither text, json_object nor json_schema")


def write_request(conversation: Conversation, shape: Shape, losses: Losses) -> bytes:
    """A request of this format from what a caller said in another one."""
    body: dict[str, Any] = {"model": shape.model, "messages": _write_messages(conversation.messages, shape, losses)}
    cap = conversation.max_tokens if shape.cap is None else shape.cap
    thinking = conversation.thinking
    if thinking is not None and thinking.shown:
        losses.add("thinking.display")
    said: dict[str, Any] = {
        shape.cap_field: cap,
        **{name: getattr(conversation, name) for name in _NUMBERS},
        "seed": conversation.seed,
        "n": conversation.choices,
        "logprobs": True if conversation.top_logprobs is not None else None,
        "top_logprobs": conversation.top_logprobs or None,
        "stop": conversation.stop,
        "user": conversation.user,
        "tools": [tool for one in conversation.tools if (tool := _write_tool(one, losses)) is not None] or None,
        "response_format": _write_format(conversation.output),
        "reasoning_effort": write_effort(thinking, shape.model, losses, thinks=shape.thinks) if thinking else None,
    }
    if said["tools"]:
        # Without tools neither means anything, and servers refuse them.
        said["tool_choice"] = _write_choice(conversation.tool_choice)
        said["parallel_tool_calls"] = conversation.parallel_tools
    if conversation.top_k is not None:
        losses.add("top_k")
    said |= conversation.shared
    losses.add(*conversation.extra)
    if shape.stream:
        said["stream"], said["stream_options"] = True, {"include_usage": True}
    return encode({**body, **{name: value for name, value in said.items() if value is not None}})


def _write_messages(messages: list[Message], shape: Shape, losses: Losses) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    beside: list[Media] = []
    for message in messages:
        if message.role is not Role.TOOL and beside:
            out.append({"role": "user", "content": write_parts(list(beside), shape.model, losses)})
            beside.clear()
        if message.role is Role.TOOL:
            results = [part for part in message.parts if isinstance(part, ToolResult)]
            out += [_write_result(part, beside, shape.model, losses) for part in results]
        else:
            out.append(_write_message(message, shape, losses))
    if beside:
        out.append({"role": "user", "content": write_parts(list(beside), shape.model, losses)})
    return out


def _write_message(message: Message, shape: Shape, losses: Losses) -> dict[str, Any]:
    said: dict[str, Any] = {"role": message.role.value}
    if message.name:
        said["name"] = message.name
    thoughts = [part for part in message.parts if isinstance(part, Reasoning)]
    calls = [part for part in message.parts if isinstance(part, ToolCall)]
    refusals = [part.text for part in message.parts if isinstance(part, Refusal)]
    rest: list[AnyPart] = [part for part in message.parts if not isinstance(part, Reasoning | ToolCall | Refusal)]
    # The marks of what to keep are read on everything but the model's own words.
    content = write_parts(rest, "" if message.role is Role.ASSISTANT else shape.model, losses)
    said["content"] = content if content or not (calls or refusals) else None
    if thoughts and shape.echoes:
        said |= write_thoughts(thoughts)
    elif thoughts:
        losses.add("messages.reasoning")
    if refusals:
        said["refusal"] = "".join(refusals)
    if calls:
        said["tool_calls"] = [write_call(call, losses) for call in calls]
    return said


def write_call(call: ToolCall, losses: Losses) -> dict[str, Any]:
    """One of `tool_calls`."""
    lost_of(call, losses)
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def lost_of(part: AnyPart, losses: Losses) -> None:
    """What a part has beside itself and this format has no place for."""
    if part.cache is not None:
        losses.add("cache_control")
    if part.extra:
        losses.add(*(f"messages.{name}" for name in part.extra))
    if part.signature is not None:
        losses.add("messages.signature")


def _write_result(result: ToolResult, beside: list[Media], model: str, losses: Losses) -> dict[str, Any]:
    """A tool's message holds text only: pictures follow in a message of the user, right after the results."""
    if result.failed:
        losses.add("tool_result.is_error")
    media = [part for part in result.parts if isinstance(part, Media)]
    if media:
        losses.add("tool_result.media_position")
        beside += media
    texts: list[AnyPart] = [part for part in result.parts if not isinstance(part, Media)]
    if result.cache is not None and texts:
        texts[-1].cache, result.cache = texts[-1].cache or result.cache, None
    lost_of(result, losses)
    return {"role": "tool", "tool_call_id": result.call_id, "content": write_parts(texts, model, losses)}


def _write_tool(tool: Tool | Opaque, losses: Losses) -> dict[str, Any] | None:
    if isinstance(tool, Opaque):
        losses.add(f"tools.{tool.kind}")
        return None
    if tool.cache is not None:
        losses.add("cache_control")
    losses.add(*(f"tools.{name}" for name in tool.extra or ()))
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.schema,
        "strict": tool.strict,
    }
    return {"type": "function", "function": {name: value for name, value in function.items() if value is not None}}


def _write_choice(choice: ToolChoice | None) -> Any:
    if choice is None:
        return None
    return {"type": "function", "function": {"name": choice.name}} if choice.name else choice.mode.value


def _write_format(output: OutputFormat | None) -> dict[str, Any] | None:
    if output is None:
        return None
    if output.schema is None:
        return {"type": "json_object"}
    inner = {"name": output.name or "output", "description": output.description, "schema": output.schema}
    # A format without a switch for it holds the model to the schema always.
    inner["strict"] = True if output.strict is None else output.strict
    return {"type": "json_schema", "json_schema": {name: value for name, value in inner.items() if value is not None}}
