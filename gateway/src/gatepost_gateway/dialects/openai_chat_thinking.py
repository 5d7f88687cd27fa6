"""How much a chat completion's model is to think, in the words that callers have for it.

Source: OpenAI's API reference (`reasoning_effort`); OpenRouter, "Reasoning tokens" (`reasoning`); DeepSeek, "Thinking
mode", and Z.AI, "Thinking mode" (`thinking`); Alibaba, "Deep thinking" (`enable_thinking`, `thinking_budget`).
"""

from typing import Any, cast

from gatepost_gateway.dialects.members import as_flag, as_object, as_text, as_whole, rest_of
from gatepost_gateway.domain.conversation import Thinking

_REASONING = frozenset({"enabled", "effort", "max_tokens"})
_THINKING = frozenset({"type", "budget_tokens"})


def read_thinking(body: dict[str, Any]) -> Thinking | None:
    """Takes out of `body` each member that is wholly understood."""
    found = Thinking(effort=as_text(body.get("reasoning_effort"), "reasoning_effort") or None)
    _read_reasoning(body, found)
    _read_switch(body, found)
    said = (found.on, found.effort, found.budget)
    return found if any(one is not None for one in said) else None


def _read_reasoning(body: dict[str, Any], found: Thinking) -> None:
    said: Any = body.get("reasoning")
    if not isinstance(said, dict) or not said or not _REASONING.issuperset(cast("dict[str, Any]", said)):
        return
    wanted = cast("dict[str, Any]", body.pop("reasoning"))
    found.on = as_flag(wanted.get("enabled"), "reasoning.enabled")
    found.effort = found.effort or as_text(wanted.get("effort"), "reasoning.effort") or None
    found.budget = as_whole(wanted.get("max_tokens"), "reasoning.max_tokens")


def _read_switch(body: dict[str, Any], found: Thinking) -> None:
    """`thinking` with its type, or `enable_thinking`."""
    if isinstance(body.get("thinking"), dict):
        wanted = as_object(body["thinking"], "thinking")
        if wanted.get("type") in ("enabled", "disabled", "adaptive"):
            del body["thinking"]
            found.extra = rest_of(wanted, _THINKING)
            found.on = wanted["type"] != "disabled"
            found.budget = as_whole(wanted.get("budget_tokens"), "thinking.budget_tokens")
    if body.get("enable_thinking") is not None:
        found.on = as_flag(body.pop("enable_thinking"), "enable_thinking")
        if body.get("thinking_budget") is not None:
            found.budget = as_whole(body.pop("thinking_budget"), "thinking_budget")
