"""Traces and their steps, as the data plane creates them and the control plane shows them."""

from datetime import datetime
from typing import Any, Optional

from .executions import Usage
from .shape import Answer, Ask, JsonObject, Money


class TraceCreate(Ask):
    """POST /api/v1/traces."""

    metadata: JsonObject = {}
    revenue: Optional[Money] = None
    """Dollars that this piece of work earns."""


class Trace(Answer):
    """A trace as it is opened: one piece of work, to which governed calls are bound."""

    id: str
    status: str = "open"
    metadata: JsonObject = {}
    revenue: Optional[Money] = None
    created_at: Optional[datetime] = None


class TraceSummary(Answer):
    """What a trace came to when it was sealed."""

    id: str
    status: str = "completed"
    total_cost: Optional[Money] = None
    """Dollars; the priced steps only, see `unpriced_steps`."""
    total_latency_ms: float = 0.0
    revenue: Optional[Money] = None
    gross_margin: Optional[Money] = None
    """Dollars: revenue minus cost; None without a revenue or where a price is unknown."""
    steps: int = 0
    unpriced_steps: int = 0
    completed_at: Optional[datetime] = None


class Attempt(Answer):
    """One try at one upstream target."""

    model: Optional[str] = None
    provider: Optional[str] = None
    latency_ms: Optional[float] = None
    status: Optional[int] = None
    """The provider's own HTTP status; None where it never answered."""
    error: Optional[str] = None
    detail: Optional[str] = None
    request_id: Optional[str] = None


class Route(Answer):
    """Which model was chosen first, by whom or what, and why."""

    model: str
    tier: Optional[str] = None
    source: str
    """One of "explicit", "auto", "tier", "forced", "default", "pinned"."""
    strategy: Optional[str] = None
    rationale: str
    passed_over: list[str] = []


class Mark(Answer):
    """One thing that a rule found: where it stands, masked, and its keyed hash."""

    place: str
    path: str
    start: int
    end: int
    kind: str
    masked: str
    digest: str
    effect: str
    score: float = 1.0
    threshold: Optional[float] = None


class Decision(Answer):
    """What one rule said about one call."""

    rule: str
    kind: str
    phase: str
    mode: str
    effect: Optional[str] = None
    latency_ms: Optional[float] = None
    reason: Optional[str] = None
    not_run: Optional[Any] = None
    """Why the rule did not run; a rule that did not run never counts as passed."""
    code: Optional[str] = None
    """The reason in one word."""
    found: int = 0
    """How many things the rule found; `marks` shows the first of them."""
    marks: list[Mark] = []
    signals: list[str] = []
    rationale: Optional[str] = None
    """A judge's reasons, masked, or why there are none."""


class Step(Answer):
    """One recorded step of a trace: a model call, or a custom event (`name` and `data`)."""

    id: str
    kind: str
    parent_step_id: Optional[str] = None
    surface: Optional[str] = None
    operation: Optional[str] = None
    created_at: Optional[datetime] = None
    model_asked: Optional[str] = None
    model: Optional[str] = None
    provider: Optional[str] = None
    stream: Optional[bool] = None
    outcome: Optional[str] = None
    status: Optional[int] = None
    error: Optional[str] = None
    message: Optional[str] = None
    usage: Optional[Usage] = None
    cost: Optional[Money] = None
    estimated: Optional[bool] = None
    cached: Optional[bool] = None
    """The answer was an earlier one, and cost nothing; `saved` is what it would have cost."""
    saved: Optional[Money] = None
    held: Optional[Money] = None
    latency_ms: Optional[float] = None
    first_token_ms: Optional[float] = None
    attempts: list[Attempt] = []
    decisions: list[Decision] = []
    risk_score: Optional[float] = None
    """From 0 to 1: what the rules found in the call."""
    finish_reasons: list[Optional[str]] = []
    upstream_id: Optional[str] = None
    tool_calls: list[str] = []
    """The names of the tools that the model called."""
    session_id: Optional[str] = None
    turn: Optional[int] = None
    session_path: Optional[str] = None
    properties: dict[str, str] = {}
    user: Optional[str] = None
    key_id: Optional[str] = None
    request_id: Optional[str] = None
    request_source: Optional[str] = None
    correlation_id: Optional[str] = None
    parent_trace_id: Optional[str] = None
    flow_id: Optional[str] = None
    config_version: Optional[int] = None
    warnings: list[str] = []
    lossy: list[str] = []
    route: Optional[Route] = None
    fallback_used: Optional[bool] = None
    """Another model answered, or failed last, than the one that was chosen first."""
    name: Optional[str] = None
    data: Optional[JsonObject] = None


class _TraceFacts(Answer):
    """What a row and a whole trace have in common."""

    id: str
    status: str
    """Either "open" or "completed"."""
    created_at: datetime
    project: Optional[str] = None
    metadata: JsonObject = {}
    revenue: Optional[Money] = None
    total_cost: Optional[Money] = None
    total_latency_ms: float = 0.0
    models: list[str] = []
    outcome: Optional[str] = None
    """Of the last step."""
    session_id: Optional[str] = None
    user: Optional[str] = None


class TraceRow(_TraceFacts):
    """A trace in a list; `steps` is how many it has."""

    steps: int = 0


class TraceDetail(_TraceFacts):
    """A whole trace: `steps` in order, `step_count` how many."""

    steps: list[Step] = []
    step_count: int = 0
    gross_margin: Optional[Money] = None
    completed_at: Optional[datetime] = None


class TracePage(Answer):
    """One page of traces; `next_cursor` is None on the last."""

    items: list[TraceRow]
    next_cursor: Optional[str] = None


class Turn(Step):
    """A step in a session, with the trace that it belongs to."""

    trace_id: str


class Session(Answer):
    """GET /api/v1/sessions/{id}: the turns of a conversation in order."""

    id: str
    project: Optional[str] = None
    turns: list[Turn]
