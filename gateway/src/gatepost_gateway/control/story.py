"""Traces and steps as the API shows them."""

from typing import Any

import msgspec
from msgspec import Struct, field

from gatepost_gateway.control.models import image_price, per_1k
from gatepost_gateway.domain.clock import iso
from gatepost_gateway.domain.governance import Decision, Mark
from gatepost_gateway.domain.money import Prices, usd
from gatepost_gateway.domain.records import Attempt, Closed, Logged
from gatepost_gateway.domain.routing import Route
from gatepost_gateway.storage.rows import TraceDetail, TraceRow


class UsageView(Struct, frozen=True):
    """Tokens in disjoint buckets; `reasoning` is a part of `output`."""

    input: int
    output: int
    cache_read: int
    cache_write: int
    reasoning: int
    images: int
    exact: bool


class PricesView(Struct, frozen=True):
    """Dollars per thousand tokens, as they were when the call was made."""

    input_cost_per_1k: str
    output_cost_per_1k: str
    cache_read_cost_per_1k: str | None
    cache_write_cost_per_1k: str | None
    image_cost: str | None


class AttemptView(Struct, frozen=True):
    model: str
    provider: str
    latency_ms: float
    status: int | None
    error: str | None
    detail: str | None
    request_id: str | None


class RouteView(Struct, frozen=True):
    """Which model was chosen first, by whom or what, and why. `passed_over`: what was left out, with the reason."""

    model: str
    tier: str | None
    source: str
    strategy: str | None
    rationale: str
    passed_over: list[str]


class MarkView(Struct, frozen=True):
    """One thing that a rule found: characters `start` to `end` of the text at `path`, masked, and its keyed hash."""

    place: str
    path: str
    start: int
    end: int
    kind: str
    masked: str
    digest: str
    effect: str
    score: float
    threshold: float | None


class DecisionView(Struct, frozen=True):
    """What a rule said, or why it did not. `marks` are the first of the `found` things."""

    rule: str
    kind: str
    phase: str
    mode: str
    effect: str | None
    latency_ms: float
    reason: str | None
    not_run: str | None
    code: str | None
    found: int
    marks: list[MarkView]
    signals: list[str]
    rationale: str | None


class ClaimView(Struct, frozen=True):
    """What was set aside of one budget."""

    limit_id: str
    limit: str
    held: str


class ToolView(Struct, frozen=True):
    """`step_type` is `tool_call`, with the arguments as text, or `tool_result`; `cut`: there was more."""

    step_type: str
    call_id: str
    tool_name: str
    text: str
    cut: bool
    status: str


class StepView(Struct, frozen=True, kw_only=True):
    """A governed call, or a custom event (`name` and `data`)."""

    id: str
    trace_id: str
    kind: str
    parent_step_id: str | None = None
    surface: str | None = None
    operation: str | None = None
    created_at: str
    project: str | None = None
    model_asked: str | None = None
    model: str | None = None
    provider: str | None = None
    stream: bool | None = None
    outcome: str | None = None
    status: int | None = None
    error: str | None = None
    message: str | None = None
    usage: UsageView | None = None
    prices: PricesView | None = None
    cost: str | None = None
    estimated: bool | None = None
    cached: bool | None = None
    saved: str | None = None
    held: str | None = None
    settled: str | None = None
    claims: list[ClaimView] = field(default_factory=list[ClaimView])
    latency_ms: float | None = None
    first_token_ms: float | None = None
    attempts: list[AttemptView] = field(default_factory=list[AttemptView])
    decisions: list[DecisionView] = field(default_factory=list[DecisionView])
    finish_reasons: list[str] = field(default_factory=list[str])
    upstream_id: str | None = None
    tool_calls: list[str] = field(default_factory=list[str])
    tools: list[ToolView] = field(default_factory=list[ToolView])
    """What tools were asked and answered, where the proxy records it."""
    request: Any = None
    answer: Any = None
    body_notes: list[str] = field(default_factory=list[str])
    proxy: str | None = None
    session_id: str | None = None
    turn: int | None = None
    session_path: str | None = None
    properties: dict[str, str] = field(default_factory=dict[str, str])
    user: str | None = None
    key_id: str | None = None
    request_id: str | None = None
    request_source: str | None = None
    correlation_id: str | None = None
    parent_trace_id: str | None = None
    flow_id: str | None = None
    config_version: int | None = None
    warnings: list[str] = field(default_factory=list[str])
    lossy: list[str] = field(default_factory=list[str])
    route: RouteView | None = None
    fallback_used: bool | None = None
    """Another model answered, or failed last, than the one that was chosen first."""
    risk_score: float | None = None
    """From 0 to 1: what the rules found in the call, enforced or not."""
    name: str | None = None
    data: dict[str, Any] | None = None


class TraceLine(Struct, frozen=True, kw_only=True):
    """A trace in a list."""

    id: str
    status: str
    created_at: str
    project: str | None
    metadata: dict[str, Any]
    revenue: str | None
    steps: int
    unpriced_steps: int
    total_cost: str | None
    total_latency_ms: float
    models: list[str]
    outcome: str | None
    session_id: str | None
    user: str | None


class TraceView(Struct, frozen=True, kw_only=True):
    """A whole trace: `steps` in the order of their time, `step_count` how many there are."""

    id: str
    status: str
    created_at: str
    completed_at: str | None
    project: str | None
    metadata: dict[str, Any]
    revenue: str | None
    steps: list[StepView]
    step_count: int
    unpriced_steps: int
    total_cost: str | None
    total_latency_ms: float
    gross_margin: str | None
    models: list[str]
    outcome: str | None
    session_id: str | None
    user: str | None


class TracePage(Struct, frozen=True):
    items: list[TraceLine]
    next_cursor: str | None


class SessionView(Struct, frozen=True):
    """The calls of a session in the order of their turns."""

    id: str
    project: str | None
    turns: list[StepView]


def millis(micros: int) -> float:
    return micros / 1000


def line(row: TraceRow) -> TraceLine:
    """A trace in a list."""
    return TraceLine(**_facts(row), steps=row.steps)


def whole(detail: TraceDetail) -> TraceView:
    """A trace with its steps."""
    row = detail.row
    known = row.revenue is not None and not row.unpriced
    return TraceView(
        **_facts(row),
        completed_at=_completed(detail),
        gross_margin=usd((row.revenue or 0) - row.cost) if known else None,
        steps=[step(one) for one in detail.steps],
        step_count=row.steps,
    )


def _facts(row: TraceRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "status": "completed" if row.completed else "open",
        "created_at": iso(row.at),
        "project": row.project,
        "metadata": msgspec.json.decode(row.metadata),
        "revenue": usd(row.revenue) if row.revenue is not None else None,
        "unpriced_steps": row.unpriced,
        # The known costs; where not one is known, there is no sum.
        "total_cost": None if row.unpriced and row.unpriced == row.steps else usd(row.cost),
        "total_latency_ms": millis(row.micros),
        "models": list(row.models),
        "outcome": row.outcome.value if row.outcome is not None else None,
        "session_id": row.session_id,
        "user": row.user,
    }


def _completed(detail: TraceDetail) -> str | None:
    """When it was sealed; a trace of one call ends with that call."""
    row = detail.row
    if row.sealed_at is not None:
        return iso(row.sealed_at)
    return iso(row.at + row.micros) if row.implicit else None


def step(one: Closed | Logged) -> StepView:
    """A step of either kind."""
    if isinstance(one, Logged):
        return StepView(
            id=one.step_id,
            trace_id=one.trace_id,
            kind="log",
            parent_step_id=one.parent_step_id,
            created_at=iso(one.at),
            project=one.project,
            key_id=one.key_id,
            request_id=one.request_id,
            name=one.name,
            data=msgspec.json.decode(one.data),
        )
    return StepView(**_what(one), **_money(one), **_context(one))


def _what(one: Closed) -> dict[str, Any]:
    return {
        "id": one.step_id,
        "trace_id": one.trace_id,
        "kind": one.kind.value,
        "parent_step_id": one.parent_step_id,
        "surface": one.surface,
        "operation": one.operation,
        "created_at": iso(one.at),
        "project": one.project,
        "model_asked": one.model_asked,
        "model": one.model,
        "provider": one.provider,
        "stream": one.stream,
        "outcome": one.outcome.value,
        "status": one.status,
        "error": one.error,
        "message": one.message,
        "latency_ms": millis(one.micros),
        "first_token_ms": millis(one.first_micros) if one.first_micros is not None else None,
        "attempts": [_attempt(attempt) for attempt in one.attempts],
        "decisions": [_decision(decision) for decision in one.decisions],
        "risk_score": one.risk if one.decisions else None,
        "finish_reasons": list(one.finish),
        "upstream_id": one.upstream_id,
        "tool_calls": list(one.tool_calls),
        "config_version": one.config_version,
        "warnings": list(one.warnings),
        "lossy": list(one.lossy),
        "route": _route(one.route) if one.route is not None else None,
        "fallback_used": one.route is not None and one.model is not None and one.route.model != one.model,
    }


def _money(one: Closed) -> dict[str, Any]:
    return {
        "usage": UsageView(**msgspec.structs.asdict(one.usage)),
        "prices": _prices(one.prices) if one.prices is not None else None,
        "cost": usd(one.cost) if one.cost is not None else None,
        "estimated": one.estimated,
        "cached": one.cached,
        "saved": usd(one.saved) if one.saved is not None else None,
        "held": usd(one.held),
        "settled": usd(one.settled),
        "claims": [ClaimView(claim.account, usd(claim.limit), usd(claim.amount)) for claim in one.claims],
    }


def _context(one: Closed) -> dict[str, Any]:
    return {
        "proxy": one.proxy,
        "session_id": one.session_id,
        "turn": one.turn,
        "session_path": one.session_path,
        "properties": one.properties or {},
        "user": one.user,
        "key_id": one.key_id,
        "request_id": one.request_id,
        "request_source": one.request_source,
        "correlation_id": one.correlation_id,
        "parent_trace_id": one.parent_trace_id,
        "flow_id": one.flow_id,
    }


def _prices(said: Prices) -> PricesView:
    return PricesView(
        per_1k(said.input) or "0",
        per_1k(said.output) or "0",
        per_1k(said.cache_read),
        per_1k(said.cache_write),
        image_price(said),
    )


def _attempt(one: Attempt) -> AttemptView:
    return AttemptView(one.model, one.provider, millis(one.micros), one.status, one.error, one.detail, one.request_id)


def _route(one: Route) -> RouteView:
    return RouteView(one.model, one.tier, one.source.value, one.strategy, one.rationale, list(one.passed_over))


def _decision(one: Decision) -> DecisionView:
    return DecisionView(
        one.rule,
        one.kind,
        one.phase,
        one.mode.value,
        one.effect.value if one.effect is not None else None,
        millis(one.micros),
        one.reason,
        one.not_run,
        one.code,
        one.found,
        [_mark(mark) for mark in one.marks],
        list(one.signals),
        one.rationale,
    )


def _mark(one: Mark) -> MarkView:
    said = (one.kind, one.masked, one.digest, one.effect.value, one.score, one.threshold)
    return MarkView(one.place, one.path, one.start, one.end, *said)
