"""What a Claude model takes, by the version in its name: the same on every platform that serves it.

Source: Anthropic, "Adaptive thinking" and "Extended thinking" (from 4.6 on a model chooses its own budget and takes an
effort; from 4.7 on it refuses a budget), the migration guide to Opus 4.7 (no `temperature`, `top_p`, `top_k`; thoughts
are shown only where `display` asks for them), "Mid-conversation system messages" (from 4.8 on).
"""

import re
from typing import Any

from gatepost_gateway.domain.conversation import Conversation, Losses, Thinking, ToolMode

LEAST_BUDGET = 1024
"""The smallest thinking budget that the format allows."""
_VERSION = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?![0-9])")
_BUDGETS = {"minimal": LEAST_BUDGET, "low": 2048, "medium": 8192, "high": 16_384, "xhigh": 32_768, "max": 32_768}
_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "max", "max": "max"}


def version(model: str) -> tuple[int, int]:
    """(0, 0) for a name that tells none."""
    found = _VERSION.search(model)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


def chooses(model: str) -> bool:
    """Whether the model chooses its own budget, and takes an effort."""
    return version(model) >= (4, 6)


def fixed(model: str) -> bool:
    """Whether the model takes neither a budget nor a setting of how it samples."""
    return version(model) >= (4, 7)


def write_sampling(
    conversation: Conversation, model: str, more: dict[str, Any], *, thinks: bool, losses: Losses
) -> dict[str, float | None]:
    """`temperature` and `top_p`, where the model takes them; `top_k` goes into `more`.

    A model that thinks takes no top_k and no temperature but 1, which is the highest here; the newest take none at all.
    """
    temperature, top_p, top_k = conversation.temperature, conversation.top_p, conversation.top_k
    fixed_ways = fixed(model)
    if temperature is not None and (temperature > 1 or ((thinks or fixed_ways) and temperature != 1)):
        losses.add("temperature")
    if fixed_ways and top_p not in (None, 1):
        losses.add("top_p")
    if top_k is not None and (thinks or fixed_ways):
        losses.add("top_k")
    elif top_k is not None:
        more["top_k"] = top_k
    if fixed_ways:
        return {}
    takes = temperature is not None and (not thinks or temperature == 1)
    return {"temperature": min(temperature, 1) if takes and temperature is not None else None, "top_p": top_p}


def hears_system(model: str) -> bool:
    """Whether the model takes a turn of the system between other turns."""
    return version(model) >= (4, 8)


def write_thinking(conversation: Conversation, model: str, cap: int, losses: Losses) -> dict[str, Any]:
    """`thinking` and `output_config.effort`, as `effort`: each only where it is said."""
    wanted = conversation.thinking
    if wanted is None:
        return {}
    losses.add(*(f"thinking.{name}" for name in wanted.extra or ()))
    shown = _display(wanted, model)
    if wanted.on is False or wanted.effort == "none":
        # A model that chooses for itself thinks unless it is told not to; an older one does not unless it is told to.
        return {"thinking": {"type": "disabled"}} if wanted.on is False or chooses(model) else {}
    forced = conversation.tool_choice is not None and conversation.tool_choice.mode is ToolMode.REQUIRED
    adaptive = chooses(model) and (wanted.budget is None or fixed(model))
    if forced or (cap <= LEAST_BUDGET and not adaptive):
        # A forced tool or a small cap leaves no room for thoughts.
        losses.add("reasoning_effort")
        return {}
    if adaptive:
        effort = _effort(wanted, model, losses)
        return {"thinking": {"type": "adaptive", **shown}, **({"effort": effort} if effort else {})}
    budget = wanted.budget or _BUDGETS.get(wanted.effort or "", LEAST_BUDGET)
    return {"thinking": {"type": "enabled", "budget_tokens": min(budget, cap - 1), **shown}}


def _display(wanted: Thinking, model: str) -> dict[str, str]:
    """Whether thoughts are shown: as it was said, or as a caller wants it of a model that has to be asked."""
    if wanted.shown is not None:
        return {"display": "summarized" if wanted.shown else "omitted"}
    return {"display": "summarized"} if wanted.on and fixed(model) else {}


def _effort(wanted: Thinking, model: str, losses: Losses) -> str | None:
    if wanted.effort is not None:
        if wanted.effort == "xhigh" and fixed(model):
            return "xhigh"
        return _EFFORTS.get(wanted.effort, wanted.effort)
    if wanted.budget is None:
        return None
    losses.add("thinking.budget_tokens")
    return effort_of(wanted.budget)


def effort_of(budget: int) -> str:
    """The effort that is nearest to a budget in tokens, for what takes no budgets."""
    return "low" if budget <= 2048 else "medium" if budget <= 8192 else "high"
