"""Governed calls: execute and its tool loop, custom events."""

from typing import Any, Optional, Union

from pydantic import Field

from .shape import Answer, Ask, JsonObject, Money


class ToolResult(Ask):
    """What the caller's tool gave back for one pending call."""

    tool_call_id: str
    name: Optional[str] = None
    content: str


class Approval(Ask):
    """The word on a pending call of a tool server. `reason` is told to the model when it is a no."""

    id: str
    approve: bool
    reason: Optional[str] = None


class ExecutionRequest(Ask):
    """POST /api/v1/executions. Either `input`, or `parent_step_id` with `tool_results`, `approvals` or both."""

    trace_id: str
    input: Optional[Union[str, list[JsonObject]]] = None
    model: Optional[str] = None
    tools: Optional[list[JsonObject]] = None
    parent_step_id: Optional[str] = None
    tool_results: Optional[list[ToolResult]] = None
    approvals: Optional[list[Approval]] = None
    max_tokens: Optional[int] = Field(default=None, ge=1)
    temperature: Optional[float] = None
    stream: Optional[bool] = None


class ToolCall(Answer):
    """A tool that the model wants to be run."""

    id: str
    name: str
    arguments: Any
    """The decoded mapping; the model's own text (`str`) where that is not a JSON object."""


class PendingApproval(Answer):
    """A call of a tool server that waits for an approval."""

    id: str
    server_label: str
    name: str
    """The server's own name of the tool."""
    arguments: Any
    """As in `ToolCall`."""


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
    """One of "tool_calls_pending", "approvals_pending", "blocked", "escalation_required" or None."""
    tool_calls: list[ToolCall] = []
    approvals: list[PendingApproval] = []
    """Calls of tool servers that wait for an approval; there may be some beside `tool_calls`."""
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
    rounds: Optional[int] = None
    """Model calls: more than one where tool servers were used. `usage`, `cost` and `latency_ms` are of all of them."""


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
