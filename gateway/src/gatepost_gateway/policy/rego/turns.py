"""A request as a policy sees it: OpenAI's messages and tools, whatever format the caller speaks.

`content` is always one text, so that a rule over it cannot be passed by saying the same in parts. The request as it was
sent is `input.request`.
"""

import json
from collections.abc import Iterable
from typing import Any, cast

from msgspec import Struct

from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.registry import CALLERS
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.conversation import (
    AnyPart,
    Conversation,
    Message,
    Opaque,
    Refusal,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.findings import Place
from gatepost_gateway.policy.facts import Facts

Turn = dict[str, Any]


class Turns(Struct, frozen=True):
    """What was said, and with which tools."""

    messages: list[Turn]
    tools: list[Turn]


def read_turns(facts: Facts, body: dict[str, Any]) -> Turns:
    """`body`: the caller's JSON. Raises CallerError (400) for a request that its own format does not allow."""
    asked = facts.asked
    chat = asked.operation in (Operation.CHAT, Operation.COUNT, Operation.ACTION)
    if chat and asked.dialect is DialectName.OPENAI_CHAT:
        return _openai(body)
    if chat and asked.dialect in CALLERS:
        return _canonical(asked)
    return Turns(list(_from_leaves(facts)), [])


def text_of(content: Any) -> str:
    """The text of a message's content: a string, or the texts of its parts, a line each."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(text for part in cast("list[Any]", content) if (text := text_of(part)))
    if isinstance(content, dict):
        part = cast("dict[str, Any]", content)
        for name in ("text", "refusal", "content"):
            if name in part:
                return text_of(part[name])
    return ""


_SAME_ROLE = {"developer": "system", "function": "tool"}


def _openai(body: dict[str, Any]) -> Turns:
    messages = [_openai_turn(one) for one in _objects(body.get("messages"))]
    tools = [_openai_tool(one) for one in _objects(body.get("tools"))]
    # The predecessor of `tools` still reaches models: https://platform.openai.com/docs/api-reference/chat/create
    tools += [{"type": "function", "function": one} for one in _objects(body.get("functions"))]
    return Turns(messages, tools)


def _objects(value: Any) -> Iterable[dict[str, Any]]:
    if not isinstance(value, list):
        return ()
    return (cast("dict[str, Any]", one) for one in cast("list[Any]", value) if isinstance(one, dict))


def _openai_turn(said: dict[str, Any]) -> Turn:
    role = said.get("role")
    turn: Turn = {"role": _SAME_ROLE.get(role, role) if isinstance(role, str) else "", "content": ""}
    content = said.get("content")
    turn["content"] = content if isinstance(content, str) else text_of(content)
    for name in ("name", "tool_call_id"):
        if isinstance(said.get(name), str):
            turn[name] = said[name]
    calls = [_openai_call(one) for one in _objects(said.get("tool_calls"))]
    if isinstance(said.get("function_call"), dict):
        calls.append(_call("", said["function_call"].get("name"), said["function_call"].get("arguments")))
    if calls:
        turn["tool_calls"] = calls
    return turn


def _openai_call(said: dict[str, Any]) -> Turn:
    called: Any = said.get("function") or said.get("custom")
    function = cast("dict[str, Any]", called) if isinstance(called, dict) else {}
    return _call(said.get("id"), function.get("name"), function.get("arguments", function.get("input")))


def _call(call_id: Any, name: Any, arguments: Any) -> Turn:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments) if arguments is not None else ""
    title = name if isinstance(name, str) else ""
    return {
        "id": call_id if isinstance(call_id, str) else "",
        "type": "function",
        "function": {"name": title, "arguments": text},
        "name": title,
        "arguments": text,
    }


def call_turn(call_id: str, name: str, arguments: str) -> Turn:
    """A tool call as OpenAI writes it, its name and its arguments at the top as well."""
    return _call(call_id, name, arguments)


def _openai_tool(said: dict[str, Any]) -> Turn:
    """Custom and built-in tools look like functions too, so that one rule over names meets them all."""
    if isinstance(said.get("function"), dict):
        return said
    inner: Any = said.get("custom")
    named = cast("dict[str, Any]", inner) if isinstance(inner, dict) else said
    return {**said, "function": {"name": named.get("name") or str(said.get("type", ""))}}


def _canonical(asked: Asked) -> Turns:
    try:
        said: Conversation = CALLERS[asked.dialect].read_request(asked)
    except Malformed as error:
        raise CallerError(f"the request body is not valid: {error}") from None
    return Turns([turn for one in said.messages for turn in _turns(one)], [_tool(one) for one in said.tools])


def _turns(message: Message) -> Iterable[Turn]:
    """One, or one for each result of a tool."""
    rest: list[AnyPart] = []
    for part in message.parts:
        if isinstance(part, ToolResult):
            named = {"name": part.name} if part.name else {}
            yield {"role": "tool", "content": _said(part), "tool_call_id": part.call_id, **named}
        else:
            rest.append(part)
    if rest or not message.parts:
        turn: Turn = {"role": message.role.value, "content": "\n".join(filter(None, map(_said, rest)))}
        if message.name:
            turn["name"] = message.name
        calls = [_call(part.id, part.name, part.arguments) for part in rest if isinstance(part, ToolCall)]
        if calls:
            turn["tool_calls"] = calls
        yield turn


def _said(part: AnyPart) -> str:
    if isinstance(part, Text | Refusal):
        return part.text
    if isinstance(part, ToolResult):
        return "\n".join(filter(None, map(_said, part.parts)))
    if isinstance(part, Opaque):
        return text_of(part.value)
    return ""


def _tool(tool: Tool | Opaque) -> Turn:
    if isinstance(tool, Opaque):
        return _openai_tool(
            {"type": tool.kind, **(cast("dict[str, Any]", tool.value) if isinstance(tool.value, dict) else {})}
        )
    function = {"name": tool.name, "description": tool.description, "parameters": tool.schema}
    return {"type": "function", "function": {name: said for name, said in function.items() if said is not None}}


_ROLES = {Place.SYSTEM: "system", Place.USER: "user", Place.ASSISTANT: "assistant", Place.TOOL_RESULT: "tool"}


def _from_leaves(facts: Facts) -> Iterable[Turn]:
    """Texts of a request that is no chat, such as what is to be embedded: a message each."""
    for leaf in facts.request.leaves:
        if leaf.place in _ROLES:
            yield {"role": _ROLES[leaf.place], "content": leaf.text}


def flat(value: Any) -> dict[str, Any]:
    """A nested value as one object: `messages.0.role`. What holds nothing stands as itself."""
    found: dict[str, Any] = {}
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        path, one = waiting.pop()
        inside = _members(one)
        if inside is None or (path and not inside):
            found[path] = one
        else:
            waiting.extend((f"{path}.{name}" if path else str(name), member) for name, member in inside)
    return found


def _members(value: Any) -> list[tuple[Any, Any]] | None:
    if isinstance(value, dict):
        return list(cast("dict[str, Any]", value).items())
    return list(enumerate(cast("list[Any]", value))) if isinstance(value, list) else None

