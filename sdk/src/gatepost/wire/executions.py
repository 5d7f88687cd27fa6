"""Governed calls: execute and its tool loop, custom events."""

from typing import Any, Optional, Union

from pydantic import Field

from .shape import Answer, Ask, JsonObject, Money


class ToolResult(Ask):
    """What the caller's tool gave back for one pending call."""

    tool_call_id: str
    name: Optional[str] = None
    content: str


class ExecutionRequest(Ask):
    """POST /api/v1/executions. Either `input`, or `parent_step_id` with `tool_results`."""

    trace_id: str
    input: Optional[Union[str, list[JsonObject]]] = None
    model: Optional[str] = None
    tools: Optional[list[JsonObject]] = None
    parent_step_id: Optional[str] = None
    tool_results: Optional[list[ToolResult]] = None
    max_tokens: Optional[int] = Field(default=None, ge=1)
    temperature: Optional[float] = None


class ToolCall(Answer):
    """A tool that the model wants to be run."""

    id: str
    name: str
    arguments: Any
    """The decoded mapping; the model's own text (`str`) where that is not a JSON object."""


class Usage(Answer):
    """Tokens in disjoint buckets: a token is counted in one of them only. `exact` is False for an estimate."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0
    """Part of `output`."""
    images: int = 0
    exact: bool = True


class Execution(Answer):
    """What a governed call came to. A block is an answer too: `status` "blocked", `reason`, no `output`."""

    trace_id: str
    step_id: Optional[str] = None
    output: Optional[str] = None
    model: Optional[str] = None
    status: Optional[str] = None
    """One of "tool_calls_pending", "blocked", "escalation_required" or None."""
    tool_calls: list[ToolCall] = []
    reason: Optional[str] = None
    usage: Optional[Usage] = None
    cost: Optional[Money] = None
    """Dollars; None where the price is unknown."""
    latency_ms: Optional[float] = None
    finish_reason: Optional[str] = None
    provider: Optional[str] = None
    attempts: Optional[int] = None
    """How many requests went out to providers."""
    fallback_used: Optional[bool] = None


class LogRequest(Ask):
    """POST /api/v1/logs: a custom event (a rating, an A/B label) as a step of a trace."""

    trace_id: str
    name: str
    data: Optional[dict[str, Any]] = None
    parent_step_id: Optional[str] = None


class LogRecorded(Answer):
    """The step that now holds the event."""

    step_id: str
    trace_id: str
