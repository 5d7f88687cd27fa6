"""Which tools a conversation used just now: calls in an answer, results in a request, with what was said to each.

A result carries the id of its call, and the call stands in the same request: so its name is known without any memory.
"""

from collections.abc import Iterable
from typing import Any, cast

import msgspec

from gatepost_gateway.domain.chat import Asked, DialectName
from gatepost_gateway.domain.records import ToolPart, ToolUse

LONGEST = 8192
"""Characters of arguments or of a result that are kept."""
MOST = 64
"""Calls, and results, of one step that are kept."""
Json = dict[str, Any]
_WRONG = (AttributeError, TypeError, ValueError, LookupError, RecursionError)
_encode = msgspec.json.Encoder().encode


def calls_of(dialect: DialectName, body: bytes) -> list[ToolUse]:
    """The calls of a whole answer's first choice; what is not of the format has none."""
    try:
        return [_call(*said) for said in _said(dialect, msgspec.json.decode(body))][:MOST]
    except _WRONG:
        return []


def streamed_calls(said: Iterable[tuple[str, str, str]]) -> list[ToolUse]:
    """The calls of a stream, each (id, name, arguments)."""
    return [_call(*one) for one in said][:MOST]


def results_of(asked: Asked) -> list[ToolUse]:
    """The results that a request brings, those behind the last turn of the model."""
    try:
        match asked.dialect:
            case DialectName.OPENAI_CHAT:
                found = _openai_results(msgspec.json.decode(asked.fields["messages"]))
            case DialectName.ANTHROPIC_MESSAGES:
                found = _anthropic_results(msgspec.json.decode(asked.fields["messages"]))
            case DialectName.GEMINI_GENERATE:
                found = _gemini_results(msgspec.json.decode(asked.fields["contents"]))
            case DialectName.OPENAI_RESPONSES:
                found = _responses_results(msgspec.json.decode(asked.fields["input"]))
            case _:
                found = []
    except _WRONG:
        return []
    return found[:MOST]


def _said(dialect: DialectName, reply: Json) -> Iterable[tuple[str, str, Any]]:
    match dialect:
        case DialectName.OPENAI_CHAT:
            calls: list[Json] = reply["choices"][0]["message"].get("tool_calls") or []
            return [(one.get("id", ""), one["function"]["name"], one["function"]["arguments"]) for one in calls]
        case DialectName.ANTHROPIC_MESSAGES:
            blocks: list[Json] = reply["content"]
            return [(one["id"], one["name"], one["input"]) for one in blocks if one["type"] == "tool_use"]
        case DialectName.GEMINI_GENERATE:
            parts: list[Json] = reply["candidates"][0]["content"]["parts"]
            found = [one["functionCall"] for one in parts if "functionCall" in one]
            return [(one.get("id", ""), one["name"], one.get("args", {})) for one in found]
        case DialectName.OPENAI_RESPONSES:
            items: list[Json] = [item for item in reply["output"] if item["type"] == "function_call"]
            return [(item["call_id"], item["name"], item["arguments"]) for item in items]
        case _:
            return []


def _call(call_id: str, name: str, arguments: Any) -> ToolUse:
    return _use(ToolPart.CALL, call_id, name, arguments)


def _result(call_id: str, name: str, content: Any, *, failed: bool = False) -> ToolUse:
    return _use(ToolPart.RESULT, call_id, name, content, failed=failed)


def _use(part: ToolPart, call_id: str, name: str, said: Any, *, failed: bool = False) -> ToolUse:
    text = said if isinstance(said, str) else _encode(said).decode()
    return ToolUse(part, call_id[:200], name[:200], text[:LONGEST], whole=len(text) <= LONGEST, failed=failed)


def _behind(messages: list[Json], role: str) -> tuple[Json, list[Json]]:
    """The model's last turn, and what follows it."""
    last = max((number for number, one in enumerate(messages) if one.get("role") == role), default=-1)
    return (messages[last], messages[last + 1 :]) if last >= 0 else ({}, [])


def _openai_results(messages: list[Json]) -> list[ToolUse]:
    turn, after = _behind(messages, "assistant")
    names = {one.get("id"): one["function"]["name"] for one in turn.get("tool_calls") or ()}
    results = [one for one in after if one.get("role") == "tool"]
    return [_result(one["tool_call_id"], names.get(one["tool_call_id"], ""), one["content"]) for one in results]


def _anthropic_results(messages: list[Json]) -> list[ToolUse]:
    turn, after = _behind(messages, "assistant")
    blocks = cast("list[Json]", turn.get("content")) if isinstance(turn.get("content"), list) else []
    names = {one["id"]: one["name"] for one in blocks if one.get("type") == "tool_use"}
    found: list[ToolUse] = []
    for message in after:
        content = message["content"]
        for block in cast("list[Json]", content) if isinstance(content, list) else ():
            if block.get("type") == "tool_result":
                call_id = block["tool_use_id"]
                failed = bool(block.get("is_error"))
                found.append(_result(call_id, names.get(call_id, ""), block.get("content") or "", failed=failed))
    return found


def _gemini_results(contents: list[Json]) -> list[ToolUse]:
    _, after = _behind(contents, "model")
    parts = [part for content in after for part in content.get("parts") or ()]
    results: list[Json] = [part["functionResponse"] for part in parts if "functionResponse" in part]
    return [_result(one.get("id", ""), one["name"], one.get("response") or {}) for one in results]


def _responses_results(items: list[Json]) -> list[ToolUse]:
    names = {item["call_id"]: item["name"] for item in items if item.get("type") == "function_call"}
    calls = [number for number, item in enumerate(items) if item.get("type") == "function_call"]
    after = items[calls[-1] + 1 :] if calls else items
    results = [item for item in after if item.get("type") == "function_call_output"]
    return [_result(item["call_id"], names.get(item["call_id"], ""), item["output"]) for item in results]
