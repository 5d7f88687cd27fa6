"""The question of `execute` put to an OpenAI-compatible provider, when the gateway is away. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from ._calls import Call, Reply, messages
from ._settings import Fallback
from .errors import CircuitBreakerError
from .wire import headers as names

if TYPE_CHECKING:
    from .results import ExecuteResult

_PASSED_ON = ("tools", "max_tokens", "temperature")


@dataclass(frozen=True)
class Conversation:
    """What has been said, and the settings of the question, in OpenAI's shape."""

    said: tuple[Mapping[str, Any], ...]
    settings: Mapping[str, Any]


def begin(asked: Mapping[str, Any]) -> Conversation:
    """The conversation that a question opens. Its model is left behind: the provider has its own."""
    said = messages(asked.get("input"))
    opening = [{"role": "user", "content": said}] if isinstance(said, str) else said or []
    return Conversation(tuple(opening), {name: asked[name] for name in _PASSED_ON if asked.get(name) is not None})


def answered(conversation: Conversation, result: ExecuteResult) -> Conversation:
    """The conversation with the model's turn in it, as the provider wrote it."""
    return replace(conversation, said=(*conversation.said, _choice(result.raw)["message"]))


def resume(conversation: Conversation, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A question that carries the whole conversation: the gateway, when it is back, never saw its beginning."""
    results = [
        {"role": "tool", "tool_call_id": result["tool_call_id"], "content": result["content"]}
        for result in asked.get("tool_results") or ()
    ]
    rest = {name: value for name, value in asked.items() if name not in {"parent_step_id", "tool_results"}}
    new = messages(rest.pop("input", None))
    added = [{"role": "user", "content": new}] if isinstance(new, str) else new or []
    said = {name: value for name, value in rest.items() if value is not None}
    return {**conversation.settings, **said, "input": [*conversation.said, *results, *added]}


def ask(fallback: Fallback, conversation: Conversation, *, trace_id: str, step_id: str) -> Call[ExecuteResult]:
    """The call to the provider."""
    body = {"model": fallback.model, "messages": list(conversation.said), **conversation.settings}
    return Call(
        "POST",
        "/chat/completions",
        lambda reply: _read(reply, trace_id=trace_id, step_id=step_id),
        body=body,
        headers={names.AUTHORIZATION: f"Bearer {fallback.api_key}", "accept": "application/json"},
        trace_id=trace_id,
        unanswered=CircuitBreakerError,
        url=f"{fallback.url}/chat/completions",
    )


def _choice(body: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = body.get("choices")
    if not choices:
        raise ValueError("a chat completion without a choice")
    return choices[0]


def _read(reply: Reply, *, trace_id: str, step_id: str) -> ExecuteResult:
    from .results import ExecuteResult  # noqa: PLC0415 - loaded with the first answer, as all models are

    choice = _choice(reply.body)
    message: Mapping[str, Any] = choice["message"]
    calls: list[Mapping[str, Any]] = message.get("tool_calls") or []
    return ExecuteResult.model_validate(
        {
            "trace_id": trace_id,
            "step_id": step_id,
            "output": message.get("content"),
            "model": reply.body.get("model"),
            "status": "tool_calls_pending" if calls else None,
            "tool_calls": [_tool_call(call) for call in calls],
            "usage": _usage(reply.body.get("usage")),
            "finish_reason": choice.get("finish_reason"),
            "bypass": True,
            "raw": reply.body,
        }
    )


def _tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call["function"]
    return {"id": call["id"], "name": function["name"], "arguments": _decoded(function.get("arguments") or "{}")}


def _decoded(text: str) -> Any:
    """Arguments as a mapping; the model's own text where they are not one."""
    try:
        value: Any = json.loads(text)
    except ValueError:
        return text
    return cast("Any", value) if isinstance(value, dict) else text


def _usage(said: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """OpenAI counts cached tokens among the prompt's; our buckets are disjoint."""
    if not said:
        return None
    read: Mapping[str, Any] = said.get("prompt_tokens_details") or {}
    written: Mapping[str, Any] = said.get("completion_tokens_details") or {}
    cached: int = read.get("cached_tokens") or 0
    return {
        "input": (said.get("prompt_tokens") or 0) - cached,
        "output": said.get("completion_tokens") or 0,
        "cache_read": cached,
        "reasoning": written.get("reasoning_tokens") or 0,
    }
