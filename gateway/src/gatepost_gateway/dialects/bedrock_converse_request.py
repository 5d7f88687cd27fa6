"""Requests of Bedrock's Converse API from the canonical form.

Source: Amazon Bedrock API reference, `Converse` (`messages`, `system`, `inferenceConfig`, `toolConfig`,
`outputConfig`, `additionalModelRequestFields`); Amazon Bedrock User Guide, the parameters of Anthropic Claude (`top_k`,
`thinking`, `output_config`, `tool_choice`) and of Amazon Nova (`inferenceConfig.topK`, `reasoningConfig`).
"""

from typing import Any

from gatepost_gateway.dialects import claude_models
from gatepost_gateway.dialects.bedrock_converse_parts import cache_point, write_blocks
from gatepost_gateway.dialects.openai_chat import encode
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.conversation import (
    Conversation,
    Losses,
    Message,
    Opaque,
    OutputFormat,
    Role,
    Thinking,
    Tool,
    ToolCall,
    ToolMode,
    ToolResult,
)

_UNSAID = ("seed", "presence_penalty", "frequency_penalty", "user")
_NO_CAP = 2**31
_ANY_OBJECT: dict[str, Any] = {"type": "object", "properties": {}}


def write_request(conversation: Conversation, shape: Shape, losses: Losses) -> bytes:
    """The model stands in the path, and whether to stream too."""
    system, messages = _write_messages(conversation.messages, shape.model, losses)
    more = _write_more(conversation, shape, losses)
    sampling = _write_sampling(conversation, shape.model, more, losses)
    config: dict[str, Any] = {
        "maxTokens": _cap(conversation, shape),
        "temperature": sampling.get("temperature"),
        "topP": sampling.get("top_p"),
        "stopSequences": conversation.stop,
    }
    said: dict[str, Any] = {
        "messages": messages,
        "system": system,
        "inferenceConfig": {name: value for name, value in config.items() if value is not None},
        "toolConfig": _write_tools(conversation, losses, single="tool_choice" in more),
        "outputConfig": _write_output(conversation.output, losses),
        "additionalModelRequestFields": more,
    }
    losses.add(*(name for name in _UNSAID if getattr(conversation, name) is not None))
    if conversation.choices is not None:
        losses.add("n")
    if conversation.top_logprobs is not None:
        losses.add("logprobs")
    if conversation.parallel_tools is False and conversation.tools and "tool_choice" not in more:
        losses.add("parallel_tool_calls")
    losses.add(*conversation.lost())
    return encode({name: value for name, value in said.items() if value or name == "messages"})


def _cap(conversation: Conversation, shape: Shape) -> int | None:
    return conversation.max_tokens if shape.cap is None else shape.cap


def _is_claude(model: str) -> bool:
    return "anthropic." in model


def _write_messages(
    messages: list[Message], model: str, losses: Losses
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(the system's blocks, the messages). Roles must take turns: what follows in one role stands in one message."""
    system: list[dict[str, Any]] = []
    out: list[dict[str, Any]] = []
    for message in messages:
        if message.name is not None:
            losses.add("messages.name")
        blocks = write_blocks(message.parts, model, losses)
        if message.role is Role.SYSTEM:
            if out:
                losses.add("messages.system_position")
            system += blocks
            continue
        role = "assistant" if message.role is Role.ASSISTANT else "user"
        if out and out[-1]["role"] == role:
            out[-1]["content"] += blocks
        elif blocks:
            out.append({"role": role, "content": blocks})
    return system, out


def _write_tools(conversation: Conversation, losses: Losses, *, single: bool) -> dict[str, Any] | None:
    """`single`: the choice is said among the model's own parameters, and must not be said twice."""
    choice = conversation.tool_choice
    parts = [part for message in conversation.messages for part in message.parts]
    called = dict.fromkeys(part.name for part in parts if isinstance(part, ToolCall))
    used = bool(called) or any(isinstance(part, ToolResult) for part in parts)
    if choice is not None and choice.mode is ToolMode.NONE:
        # There is no such word here. Without tools the model cannot call; a history with calls must name them.
        if not used:
            return None
        losses.add("tool_choice")
        choice = None
    tools = [said for tool in conversation.tools for said in _write_tool(tool, losses)]
    if not tools and used:
        tools = [tool for name in called or ("unknown",) for tool in _write_tool(Tool(name=name), losses)]
        choice = None
    if not tools:
        return None
    said: dict[str, Any] = {"tools": tools}
    if choice is not None and choice.name:
        said["toolChoice"] = {"tool": {"name": choice.name}}
    elif choice is not None and not single:
        said["toolChoice"] = {"any" if choice.mode is ToolMode.REQUIRED else "auto": {}}
    return said


def _write_tool(tool: Tool | Opaque, losses: Losses) -> list[dict[str, Any]]:
    if isinstance(tool, Opaque):
        losses.add(f"tools.{tool.kind}")
        return []
    losses.add(*(f"tools.{name}" for name in tool.extra or ()))
    said: dict[str, Any] = {"name": tool.name}
    if tool.description:
        said["description"] = tool.description
    said["inputSchema"] = {"json": tool.schema if tool.schema is not None else _ANY_OBJECT}
    if tool.strict is not None:
        said["strict"] = tool.strict
    return [{"toolSpec": said}, *([cache_point(tool.cache)] if tool.cache is not None else [])]


def _write_output(output: OutputFormat | None, losses: Losses) -> dict[str, Any] | None:
    if output is None:
        return None
    if output.schema is None:
        losses.add("response_format")
        return None
    # The schema is text here, not JSON.
    inner = {"schema": encode(output.schema).decode(), "name": output.name, "description": output.description}
    schema = {name: value for name, value in inner.items() if value is not None}
    return {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}}


def _write_sampling(
    conversation: Conversation, model: str, more: dict[str, Any], losses: Losses
) -> dict[str, float | None]:
    """`temperature` and `top_p`; `top_k` is a parameter of the model's own, and goes into `more`."""
    wanted: dict[str, Any] = {"temperature": conversation.temperature, "top_p": conversation.top_p}
    if _is_claude(model):
        thinks = more.get("thinking", {}).get("type") in ("enabled", "adaptive")
        return claude_models.write_sampling(conversation, model, more, thinks=thinks, losses=losses)
    if conversation.top_k is not None and "amazon.nova" in model:
        more["inferenceConfig"] = {"topK": conversation.top_k}
    elif conversation.top_k is not None:
        losses.add("top_k")
    return wanted


def _write_more(conversation: Conversation, shape: Shape, losses: Losses) -> dict[str, Any]:
    """What only a model's own parameters can say."""
    said: dict[str, Any] = {}
    claude, nova = _is_claude(shape.model), "amazon.nova" in shape.model
    if claude and _takes_single(conversation, shape.model):
        said["tool_choice"] = {"type": "auto", "disable_parallel_tool_use": True}
    if claude:
        said |= _write_claudes_thinking(conversation, shape, losses)
    elif conversation.thinking is not None:
        said |= _write_thinking(conversation.thinking, losses, nova=nova and "nova-2" in shape.model)
    return said


def _takes_single(conversation: Conversation, model: str) -> bool:
    """Whether one call at a time can be said: among the parameters of Claude 4.5 and later, where none is forced."""
    choice = conversation.tool_choice
    free = choice is None or choice.mode is ToolMode.AUTO
    wanted = conversation.parallel_tools is False and any(isinstance(tool, Tool) for tool in conversation.tools)
    return wanted and free and claude_models.version(model) >= (4, 5)


def _write_claudes_thinking(conversation: Conversation, shape: Shape, losses: Losses) -> dict[str, Any]:
    thought = claude_models.write_thinking(conversation, shape.model, _cap(conversation, shape) or _NO_CAP, losses)
    effort = {"output_config": {"effort": thought["effort"]}} if "effort" in thought else {}
    if "thinking" not in thought or (conversation.thinking is not None and conversation.thinking.on is False):
        # Models that do not think unless they are told to take no word against it.
        return {"thinking": thought["thinking"]} if thought and claude_models.chooses(shape.model) else {}
    return {"thinking": thought["thinking"], **effort}


def _write_thinking(thinking: Thinking, losses: Losses, *, nova: bool) -> dict[str, Any]:
    losses.add(*(f"thinking.{name}" for name in thinking.extra or ()))
    if thinking.on is False or thinking.effort == "none":
        return {}
    if nova:
        if thinking.budget is not None:
            losses.add("thinking.budget_tokens")
        effort = thinking.effort if thinking.effort in ("low", "medium", "high") else "medium"
        return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": effort}}
    losses.add("thinking")
    return {}
