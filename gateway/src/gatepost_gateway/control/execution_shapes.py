"""The shapes of a governed call on a trace, for the description of the API."""

from typing import Any

from msgspec import Struct

from gatepost_gateway.control.story import UsageView


class ToolResult(Struct, frozen=True):
    tool_call_id: str
    name: str
    content: str


class Approval(Struct, frozen=True, omit_defaults=True):
    """The caller's word on a call that waits for it; `reason` is told to the model when it is a no."""

    id: str
    approve: bool
    reason: str | None = None


class ExecutionNew(Struct, frozen=True, omit_defaults=True):
    trace_id: str
    input: str | list[dict[str, Any]] | None = None
    model: str | None = None
    tools: list[dict[str, Any]] | None = None
    parent_step_id: str | None = None
    tool_results: list[ToolResult] | None = None
    approvals: list[Approval] | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    stream: bool = False
    """As server-sent events: `text` while it is made, then `result`, which is the same answer, or `error`."""


class ToolCall(Struct, frozen=True):
    """`arguments` is the raw text where it is not JSON."""

    id: str
    name: str
    arguments: dict[str, Any] | str


class PendingApproval(Struct, frozen=True):
    """A call of a tool server that waits for the caller's word."""

    id: str
    server_label: str
    name: str
    arguments: dict[str, Any] | str


class ExecutionDone(Struct, frozen=True):
    """`status` is `tool_calls_pending`, `approvals_pending`, `blocked` (with `reason`, without `output`) or null.

    `usage`, `cost` and `latency_ms` are those of all `rounds`, of which `step_id` is the last.
    """

    trace_id: str
    step_id: str
    output: str | None
    model: str | None
    status: str | None
    tool_calls: list[ToolCall]
    approvals: list[PendingApproval]
    usage: UsageView | None
    cost: str | None
    latency_ms: float
    finish_reason: str | None
    provider: str | None
    attempts: int
    """How many requests went out to providers."""
    fallback_used: bool
    rounds: int
    """Model calls: more than one where tool servers were used."""
    reason: str | None = None
