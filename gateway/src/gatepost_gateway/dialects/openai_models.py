"""What a model of OpenAI's takes, by the version in its name: the same on every platform that serves it.

Source: OpenAI's guides "Reasoning models" (`none` turns thinking off, from GPT-5.1 on) and "Prompt caching"
(`prompt_cache_breakpoint` on parts of what the user, the system and tools say, from GPT-5.6 on).
"""

import re
from typing import Any

from gatepost_gateway.dialects.claude_models import effort_of
from gatepost_gateway.dialects.members import as_object, as_text, rest_of
from gatepost_gateway.domain.conversation import Cache, Losses, Thinking

_VERSION = re.compile(r"gpt-(\d{1,2})(?:\.(\d{1,2}))?(?![0-9])")
VERBOSITY = "verbosity"
"""It stands below `text` in a response's request."""
SHARED = frozenset(
    {"prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "safety_identifier", "service_tier"}
    | {VERBOSITY, "moderation"}
)
"""Members that chat completions and responses have in common."""
_EARLY = re.compile(r"(?:^|[/.:])o\d")
_SINCE = {"xhigh": (5, 2), "max": (5, 6)}
"""Efforts that came later than thinking, and with which model."""
EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})
BREAKPOINT = "prompt_cache_breakpoint"
_LONGEST = "12h"
"""How long a breakpoint may be kept beside the usual 30 minutes."""


def version(model: str) -> tuple[int, int]:
    """(0, 0) for a name that tells none."""
    found = _VERSION.search(model)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


def shared_of(body: dict[str, Any]) -> dict[str, Any]:
    """The members of a request that the other format has too."""
    return rest_of({name: body[name] for name in SHARED & body.keys()}, frozenset()) or {}


def write_effort(thinking: Thinking, model: str, losses: Losses, *, thinks: bool) -> str | None:
    """How hard to think, in these models' words; names in `losses` what they do not say."""
    off = thinking.on is False and thinking.effort in (None, "none")
    if off:
        if not thinks:
            return None
        if version(model) < (5, 1):
            losses.add("thinking")
            return None
        return "none"
    if not thinks:
        losses.add("thinking")
        return None
    losses.add(*(f"thinking.{name}" for name in thinking.extra or ()))
    if thinking.budget is not None:
        losses.add("thinking.budget_tokens")
    if thinking.effort is None:
        return effort_of(thinking.budget) if thinking.budget is not None else None
    if thinking.effort not in EFFORTS or _beyond(thinking.effort, model):
        losses.add("reasoning_effort")
        return "high"
    return thinking.effort


def _beyond(effort: str, model: str) -> bool:
    """Whether an effort is more than a model knows, by its name; of one whose name tells nothing it is not known."""
    known = version(model) if not _EARLY.search(model) else (1, 0)
    return known != (0, 0) and known < _SINCE.get(effort, (0, 0))


def read_breakpoint(said: dict[str, Any]) -> Cache | None:
    """A part's mark that everything up to it is worth keeping: for half an hour at least, which is 1h elsewhere."""
    if not said.get(BREAKPOINT):
        return None
    ttl = as_text(as_object(said[BREAKPOINT], BREAKPOINT).get("ttl"), f"{BREAKPOINT}.ttl")
    return Cache("1h" if ttl else None)


def write_breakpoint(cache: Cache | None, model: str, losses: Losses) -> dict[str, Any]:
    """The mark on a part, where the model reads it; it is kept at least as long as was wished."""
    if cache is None:
        return {}
    if version(model) < (5, 6):
        losses.add("cache_control")
        return {}
    return {BREAKPOINT: {"mode": "explicit", **({"ttl": _LONGEST} if cache.ttl not in (None, "5m") else {})}}
