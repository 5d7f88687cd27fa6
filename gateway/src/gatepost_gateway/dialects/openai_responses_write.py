"""A Responses request from what a caller said in another format: for servers that speak nothing else.

Source: OpenAI's API reference, "Responses", create.
"""

from typing import Any

from gatepost_gateway.dialects.openai_chat import encode
from gatepost_gateway.dialects.openai_responses_items import HOME, NAMELESS
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.conversation import (
    AnyPart,
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
    ToolResult,
)

_UNSAID = ("top_k", "seed", "presence_penalty", "frequency_penalty", "stop", "choices")
"""What the canonical form knows and this format does not."""


def write_request(conversation: Conversation, shape: Shape, losses: Losses) -> bytes:
    """Names in `losses` what has no place here."""
    cap = conversation.max_tokens if shape.cap is None else shape.cap
    tools = [tool for one in conversation.tools if (tool := _write_tool(one, losses)) is not None]
    said: dict[str, Any] = {
        "model": shape.model,
        "input": [item for message in conversation.messages for item in _write_message(message, losses)],
        "stream": True if shape.stream else None,
        "max_output_tokens": cap,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "user": conversation.user,
        "tools": tools or None,
        "tool_choice": _write_choice(conversation.tool_choice) if tools else None,
        "parallel_tool_calls": conversation.parallel_tools if tools else None,
        "text": {"format": _write_format(conversation.output)} if conversation.output is not None else None,
        "reasoning": _write_thinking(conversation.thinking, shape, losses),
    }
    losses.add(*(name for name in _UNSAID if getattr(conversation, name) is not None), *conversation.extra)
    return encode({name: value for name, value in said.items() if value is not None})


def _write_message(message: Message, losses: Losses) -> list[dict[str, Any]]:
    if message.name:
        losses.add("messages.name")
    for part in message.parts:
        _note_lost(part, losses)
    if message.role is Role.TOOL:
        return [_write_result(part, losses) for part in message.parts if isinstance(part, ToolResult)]
    if message.role is Role.ASSISTANT:
        return _write_turn(message.parts, losses)
    parts = [said for part in message.parts if (said := _write_part(part, losses)) is not None]
    return [{"role": message.role.value, "content": parts}] if parts else []


def _note_lost(part: AnyPart, losses: Losses) -> None:
    if part.cache is not None:
        losses.add("cache_control")
    losses.add(*(f"messages.{name}" for name in part.extra or ()))


def _write_turn(parts: list[AnyPart], losses: Losses) -> list[dict[str, Any]]:
    """What an assistant said, thought and called, an item each, in order."""
    out: list[dict[str, Any]] = []
    thought = ""
    for part in parts:
        match part:
            case Text() | Refusal():
                kind, member = ("output_text", "text") if isinstance(part, Text) else ("refusal", "refusal")
                out.append({"role": "assistant", "content": [{"type": kind, member: part.text}]})
            case ToolCall():
                if part.signature is not None:
                    losses.add("messages.signature")
                said = {"call_id": part.id, "name": part.name, "arguments": part.arguments}
                out.append({"type": "function_call", **said})
            case Reasoning(sealed=str(), sealed_by=owner) if owner is HOME:
                summary = [{"type": "summary_text", "text": thought}] if thought else []
                out.append({"type": "reasoning", "summary": summary, "encrypted_content": part.sealed})
                thought = ""
            case Reasoning(text=text, signature=None, sealed=None) if text:
                thought = text
            case Reasoning():
                losses.add("messages.reasoning")
            case Opaque(dialect=owner, value=value) if owner is HOME:
                out.append(value)
            case _:
                losses.add(f"messages.{_name(part)}")
    if thought:
        losses.add("messages.reasoning")
    return out


def _name(part: AnyPart) -> str:
    return part.kind.value if isinstance(part, Media) else part.kind if isinstance(part, Opaque) else "part"


def _write_part(part: AnyPart, losses: Losses) -> dict[str, Any] | None:
    match part:
        case Text():
            return {"type": "input_text", "text": part.text}
        case Media(kind=MediaKind.IMAGE):
            where = (
                {"file_id": part.file_id} if part.file_id else {"image_url": part.url or _data_url(part, "image/png")}
            )
            return {"type": "input_image", **where}
        case Media(kind=MediaKind.DOCUMENT):
            return {"type": "input_file", **_write_file(part)}
        case Opaque(dialect=owner, value=value) if owner is HOME:
            return value
        case _:
            losses.add(f"messages.{_name(part)}")
            return None


def _write_file(part: Media) -> dict[str, Any]:
    named = {} if part.name is None else {"filename": part.name}
    if part.file_id is not None:
        return {"file_id": part.file_id, **named}
    if part.url is not None:
        return {"file_url": part.url, **named}
    return {"filename": part.name or NAMELESS, "file_data": _data_url(part, "application/pdf")}


def _data_url(part: Media, usual: str) -> str:
    return f"data:{part.mime or usual};base64,{part.data}"


def _write_result(result: ToolResult, losses: Losses) -> dict[str, Any]:
    if result.failed:
        losses.add("tool_result.is_error")
    texts = [part.text for part in result.parts if isinstance(part, Text)]
    output: Any = texts[0] if len(texts) == len(result.parts) == 1 else None
    if output is None:
        output = [said for part in result.parts if (said := _write_part(part, losses)) is not None] or ""
    return {"type": "function_call_output", "call_id": result.call_id, "output": output}


def _write_tool(tool: Tool | Opaque, losses: Losses) -> dict[str, Any] | None:
    if isinstance(tool, Opaque):
        if tool.dialect is HOME:
            return tool.value
        losses.add(f"tools.{tool.kind}")
        return None
    if tool.cache is not None:
        losses.add("cache_control")
    losses.add(*(f"tools.{name}" for name in tool.extra or ()))
    said = {"type": "function", "name": tool.name, "description": tool.description, "parameters": tool.schema}
    # Where nothing is said, this format holds calls to the schema and others do not.
    return {**{name: value for name, value in said.items() if value is not None}, "strict": tool.strict or False}


def _write_choice(choice: ToolChoice | None) -> Any:
    if choice is None:
        return None
    return {"type": "function", "name": choice.name} if choice.name else choice.mode.value


def _write_format(output: OutputFormat | None) -> dict[str, Any]:
    if output is None or output.schema is None:
        return {"type": "json_object"}
    said = {"name": output.name or "output", "description": output.description, "schema": output.schema}
    said["strict"] = True if output.strict is None else output.strict
    return {"type": "json_schema", **{name: value for name, value in said.items() if value is not None}}


def _write_thinking(thinking: Thinking | None, shape: Shape, losses: Losses) -> dict[str, Any] | None:
    if thinking is None or (thinking.on is False and thinking.effort is None):
        return None
    if not shape.thinks:
        losses.add("thinking")
        return None
    if thinking.budget is not None:
        losses.add("thinking.budget_tokens")
    losses.add(*(f"thinking.{name}" for name in thinking.extra or ()))
    effort = thinking.effort or _effort_of(thinking.budget)
    shown = {"summary": "auto"} if thinking.on else {}
    return {**({"effort": effort} if effort else {}), **shown} or None


def _effort_of(budget: int | None) -> str | None:
    if budget is None:
        return None
    return "low" if budget <= 2048 else "medium" if budget <= 8192 else "high"
