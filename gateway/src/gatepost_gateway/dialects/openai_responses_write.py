"""A Responses request from what a caller said in another format: for servers that speak nothing else.

Source: OpenAI's API reference, "Responses", create.
"""

from typing import Any

from gatepost_gateway.dialects.logprobs import INCLUDE
from gatepost_gateway.dialects.openai_chat import encode
from gatepost_gateway.dialects.openai_chat_parts import DETAIL, OPENAI, detail_of
from gatepost_gateway.dialects.openai_models import VERBOSITY, write_breakpoint, write_effort
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
        "input": [item for message in conversation.messages for item in _write_message(message, shape.model, losses)],
        "stream": True if shape.stream else None,
        "max_output_tokens": cap,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "user": conversation.user,
        "tools": tools or None,
        "tool_choice": _write_choice(conversation.tool_choice) if tools else None,
        "parallel_tool_calls": conversation.parallel_tools if tools else None,
        "text": _write_text(conversation) or None,
        "include": [INCLUDE] if conversation.top_logprobs is not None else None,
        "top_logprobs": conversation.top_logprobs or None,
        "reasoning": _write_thinking(conversation.thinking, shape, losses),
    }
    said |= {name: value for name, value in conversation.shared.items() if name != VERBOSITY}
    losses.add(*(name for name in _UNSAID if getattr(conversation, name) is not None), *conversation.extra)
    return encode({name: value for name, value in said.items() if value is not None})


def _write_message(message: Message, model: str, losses: Losses) -> list[dict[str, Any]]:
    if message.name:
        losses.add("messages.name")
    if message.role is Role.TOOL:
        return [_write_result(part, model, losses) for part in message.parts if isinstance(part, ToolResult)]
    if message.role is Role.ASSISTANT:
        return _write_turn(message.parts, losses)
    parts = [said for part in message.parts if (said := _write_part(part, model, losses)) is not None]
    return [{"role": message.role.value, "content": parts}] if parts else []


def _write_turn(parts: list[AnyPart], losses: Losses) -> list[dict[str, Any]]:
    """What an assistant said, thought and called, an item each, in order."""
    out: list[dict[str, Any]] = []
    thought = ""
    for part in parts:
        if part.cache is not None:
            losses.add("cache_control")
        losses.add(*(f"messages.{name}" for name in part.extra or ()))
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


def _write_part(part: AnyPart, model: str, losses: Losses) -> dict[str, Any] | None:
    losses.add(*(f"messages.{name}" for name in part.extra or () if name != DETAIL))
    said = _write_content(part, losses)
    if said is not None and not isinstance(part, Opaque):
        return said | write_breakpoint(part.cache, model, losses)
    if part.cache is not None:
        losses.add("cache_control")
    return said


def _write_content(part: AnyPart, losses: Losses) -> dict[str, Any] | None:
    match part:
        case Text():
            return {"type": "input_text", "text": part.text}
        case Media(file_id=str()) if part.sealed_by not in OPENAI:
            losses.add(f"messages.{part.kind.value}.file_id")
            return None
        case Media(kind=MediaKind.IMAGE):
            where = (
                {"file_id": part.file_id} if part.file_id else {"image_url": part.url or _data_url(part, "image/png")}
            )
            return {"type": "input_image", **where, **detail_of(part)}
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


def _write_result(result: ToolResult, model: str, losses: Losses) -> dict[str, Any]:
    if result.failed:
        losses.add("tool_result.is_error")
    losses.add(*(f"messages.{name}" for name in result.extra or ()))
    if result.cache is not None and result.parts:
        result.parts[-1].cache = result.parts[-1].cache or result.cache
    elif result.cache is not None:
        losses.add("cache_control")
    parts = [said for part in result.parts if (said := _write_part(part, model, losses)) is not None]
    alone = len(parts) == len(result.parts) == 1 and parts[0].keys() == {"type", "text"}
    output: Any = parts[0]["text"] if alone else parts or ""
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


def _write_text(conversation: Conversation) -> dict[str, Any]:
    output = conversation.output
    said = {"format": _write_format(output)} if output is not None else {}
    return said | {name: value for name, value in conversation.shared.items() if name == VERBOSITY}


def _write_format(output: OutputFormat) -> dict[str, Any]:
    if output.schema is None:
        return {"type": "json_object"}
    said = {"name": output.name or "output", "description": output.description, "schema": output.schema}
    said["strict"] = True if output.strict is None else output.strict
    return {"type": "json_schema", **{name: value for name, value in said.items() if value is not None}}


def _write_thinking(thinking: Thinking | None, shape: Shape, losses: Losses) -> dict[str, Any] | None:
    if thinking is None:
        return None
    effort = write_effort(thinking, shape.model, losses, thinks=shape.thinks)
    shown = shape.thinks and (thinking.on if thinking.shown is None else thinking.shown)
    return {**({"effort": effort} if effort else {}), **({"summary": "auto"} if shown else {})} or None
