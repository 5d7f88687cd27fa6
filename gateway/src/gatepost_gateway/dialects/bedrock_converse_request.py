"""Requests of Bedrock's Converse API from the canonical form.

Source: Amazon Bedrock API reference, `Converse` (`messages`, `system`, `inferenceConfig`, `toolConfig`,
`outputConfig`, `additionalModelRequestFields`); Amazon Bedrock User Guide, the parameters of Anthropic Claude (`top_k`,
`thinking`) and of Amazon Nova (`inferenceConfig.topK`, `reasoningConfig`).
"""

from typing import Any

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
_BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
_ANY_OBJECT: dict[str, Any] = {"type": "object", "properties": {}}


def write_request(conversation: Conversation, shape: Shape, losses: Losses) -> bytes:
    """The model stands in the path, and whether to stream too."""
    system, messages = _write_messages(conversation.messages, shape.model, losses)
    config: dict[str, Any] = {
        "maxTokens": conversation.max_tokens if shape.cap is None else shape.cap,
        "temperature": conversation.temperature,
        "topP": conversation.top_p,
        "stopSequences": conversation.stop,
    }
    said: dict[str, Any] = {
        "messages": messages,
        "system": system,
        "inferenceConfig": {name: value for name, value in config.items() if value is not None},
        "toolConfig": _write_tools(conversation, losses),
        "outputConfig": _write_output(conversation.output, losses),
        "additionalModelRequestFields": _write_more(conversation, shape, losses),
    }
    losses.add(*(name for name in _UNSAID if getattr(conversation, name) is not None))
    if conversation.choices is not None:
        losses.add("n")
    if conversation.parallel_tools is False and conversation.tools:
        losses.add("parallel_tool_calls")
    losses.add(*conversation.extra)
    return encode({name: value for name, value in said.items() if value or name == "messages"})


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


def _write_tools(conversation: Conversation, losses: Losses) -> dict[str, Any] | None:
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
    elif choice is not None:
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


def _write_more(conversation: Conversation, shape: Shape, losses: Losses) -> dict[str, Any]:
    """What only a model's own parameters can say."""
    said: dict[str, Any] = {}
    claude, nova = "anthropic." in shape.model, "amazon.nova" in shape.model
    if conversation.top_k is not None:
        if claude:
            said["top_k"] = conversation.top_k
        elif nova:
            said["inferenceConfig"] = {"topK": conversation.top_k}
        else:
            losses.add("top_k")
    if conversation.thinking is not None:
        thought = _write_thinking(conversation.thinking, losses, claude=claude, nova=nova and "nova-2" in shape.model)
        said |= thought
    return said


def _write_thinking(thinking: Thinking, losses: Losses, *, claude: bool, nova: bool) -> dict[str, Any]:
    losses.add(*(f"thinking.{name}" for name in thinking.extra or ()))
    if thinking.on is False or thinking.effort == "none":
        return {}
    if claude:
        budget = thinking.budget or _BUDGETS.get(thinking.effort or "medium", _BUDGETS["high"])
        return {"thinking": {"type": "enabled", "budget_tokens": budget}}
    if nova:
        if thinking.budget is not None:
            losses.add("thinking.budget_tokens")
        effort = thinking.effort if thinking.effort in ("low", "medium", "high") else "medium"
        return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": effort}}
    losses.add("thinking")
    return {}
