"""The books of the fake gateway: traces, steps, and what executions come to. No HTTP."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from . import wire

PROJECT = "test"
MODEL = "sandbox/echo"
COST = Decimal("0.000012")


class Refused(Exception):
    """The gateway says no."""

    def __init__(self, status: int, code: str, error: str, **more: Any) -> None:
        super().__init__(error)
        self.status = status
        self.body: dict[str, Any] = {"error": error, "code": code, **more}


@dataclass(frozen=True)
class Script:
    """What one execution comes to."""

    output: str | None = None
    reason: str | None = None
    tool_calls: tuple[wire.ToolCall, ...] = ()
    refusal: Refused | None = None
    broken: str | None = None
    """Why a stream breaks after `output`."""
    payload: Any = None
    """What an action may be done with."""

    @property
    def status(self) -> str | None:
        """The status of the execution."""
        if self.reason is not None:
            return "blocked"
        return "tool_calls_pending" if self.tool_calls else None


@dataclass
class _Trace:
    row: wire.Trace
    steps: list[wire.Step] = field(default_factory=list[wire.Step])
    pending: dict[str, frozenset[str]] = field(default_factory=dict[str, "frozenset[str]"])
    completed_at: datetime | None = None


class Book:
    """All traces of the fake gateway."""

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._opened = 0
        self._traces: dict[str, _Trace] = {}
        self._by_key: dict[str, str] = {}
        self.scripts: deque[Script] = deque()

    def next_script(self) -> Script:
        """What was told to happen next; nothing in particular where nothing was."""
        return self.scripts.popleft() if self.scripts else Script()

    def open(self, asked: wire.TraceCreate, key: str | None) -> wire.Trace:
        """Open a trace; a repeated idempotency key gets the trace that it opened first."""
        known = self._by_key.get(key or "")
        if known is not None:
            return self._traces[known].row
        self._opened += 1
        name = f"trace-{self._opened}"
        row = wire.Trace(id=name, metadata=asked.metadata, revenue=asked.revenue, created_at=now())
        self._traces[name] = _Trace(row)
        if key:
            self._by_key[key] = name
        if self._most is not None and len(self._traces) > self._most:
            gone = next(iter(self._traces))
            del self._traces[gone]
            self._by_key = {key: name for key, name in self._by_key.items() if name != gone}
        return row

    def complete(self, trace_id: str) -> wire.TraceSummary:
        """Seal a trace."""
        trace = self._unsealed(trace_id)
        trace.completed_at = now()
        cost = _cost(trace)
        revenue = trace.row.revenue
        return wire.TraceSummary(
            id=trace_id,
            total_cost=cost,
            total_latency_ms=float(len(trace.steps)),
            revenue=revenue,
            gross_margin=None if revenue is None else revenue - cost,
            steps=len(trace.steps),
            completed_at=trace.completed_at,
        )

    def show(self, trace_id: str) -> wire.TraceDetail:
        """A trace with its steps."""
        trace = self._known(trace_id)
        revenue, steps = trace.row.revenue, trace.steps
        margin = revenue - _cost(trace) if revenue is not None and trace.completed_at else None
        facts: dict[str, Any] = {**_facts(trace), "steps": steps, "step_count": len(steps)}
        return wire.TraceDetail(**facts, gross_margin=margin, completed_at=trace.completed_at)

    def rows(self) -> list[wire.TraceRow]:
        """All traces, newest first."""
        return [wire.TraceRow(**_facts(trace), steps=len(trace.steps)) for trace in reversed(self._traces.values())]

    def log(self, asked: wire.LogRequest) -> wire.LogRecorded:
        """Record a custom event."""
        trace = self._unsealed(asked.trace_id)
        step = self._step(trace, "log", asked.parent_step_id, name=asked.name, data=asked.data or {})
        return wire.LogRecorded(step_id=step.id, trace_id=asked.trace_id)

    def execute(self, asked: wire.ExecutionRequest) -> wire.Execution:
        """Record a governed call that comes to what the next script says; without one, to its own input."""
        trace = self._unsealed(asked.trace_id)
        self._check(trace, asked)
        said = self.scripts.popleft() if self.scripts else Script(output=_echo(asked))
        if said.refusal is not None:
            self._step(trace, "execution", asked.parent_step_id, outcome="failed", status=said.refusal.status)
            raise said.refusal
        facts: dict[str, Any] = {"model": asked.model or MODEL, "usage": wire.Usage(input=8, output=4), "cost": COST}
        if said.reason is not None:
            facts = {"model": None, "usage": wire.Usage(), "cost": Decimal(0)}
        outcome = "answered" if said.reason is None else "blocked"
        step = self._step(trace, "execution", asked.parent_step_id, outcome=outcome, status=200, **facts)
        trace.pending[step.id] = frozenset(call.id for call in said.tool_calls)
        return wire.Execution(
            trace_id=asked.trace_id,
            step_id=step.id,
            output=said.output,
            status=said.status,
            tool_calls=list(said.tool_calls),
            reason=said.reason,
            latency_ms=1.0,
            finish_reason="tool_calls" if said.tool_calls else None if said.reason else "stop",
            **facts,
        )

    def embed(self, asked: wire.EmbeddingRequest) -> wire.EmbeddingResult:
        """Record vectors that say nothing: a text's has its length in it."""
        texts = [asked.input] if isinstance(asked.input, str) else asked.input
        if not texts or not all(texts):
            raise Refused(422, "validation_failed", "`input` is empty")
        size = asked.dimensions or 8
        tokens = sum(len(text.split()) for text in texts)
        vectors = [[float(len(text)), *[0.0] * (size - 1)] for text in texts]
        facts = self._made(asked, wire.Usage(input=tokens))
        return wire.EmbeddingResult(**facts, embeddings=vectors, usage_tokens=tokens)

    def draw(self, asked: wire.ImageRequest) -> wire.ImageResult:
        """Record pictures that show nothing."""
        count = asked.n or 1
        facts = self._made(asked, wire.Usage(images=count))
        return wire.ImageResult(**facts, images=[wire.Image(b64_json="iVBORw0KGgo=") for _ in range(count)])

    def check(self, asked: wire.Question) -> wire.CheckResult:
        """Record that the next script's policy would say no; without one, that all is well."""
        trace = self._unsealed(asked.trace_id or "")
        said = self.next_script()
        if said.refusal is not None:
            raise said.refusal
        allowed = said.reason is None
        outcome = "answered" if allowed else "blocked"
        step = self._step(trace, "check", asked.parent_step_id, outcome=outcome, status=200)
        return wire.CheckResult(
            allowed=allowed, trace_id=trace.row.id, step_id=step.id, reason=said.reason, policy_violated=not allowed
        )

    def act(self, capability: str) -> wire.ActionDone:
        """What the next script's policy would say of an action; without one, that it may be done."""
        said = self.next_script()
        self._opened += 1
        name = f"trace-{self._opened}"
        if said.refusal is not None:
            raise said.refusal
        if said.reason is None:
            outcome = "allow" if said.payload is None else "redact"
            verdict = wire.ActionVerdict(outcome=outcome)
            return wire.ActionDone(status="success", decision=verdict, trace_id=name, payload=said.payload)
        return wire.ActionDone(
            status="blocked",
            decision=wire.ActionVerdict(outcome="deny"),
            trace_id=name,
            error=f"`{capability}` is blocked by policy",
            rule_id="test",
            reason=said.reason,
        )

    def simulate(self, asked: wire.Question) -> wire.Simulation:
        """What the next script's policy would say; without one, that the call would go on."""
        said = self.next_script()
        if said.reason is not None:
            return wire.Simulation(status="blocked", allowed=False, reason=said.reason)
        model, cost = asked.model or MODEL, float(COST)
        return wire.Simulation(
            status="resolved", allowed=True, model=model, source="explicit", estimated_cost=cost, worst_case_cost=cost
        )

    def _made(self, asked: wire.EmbeddingRequest | wire.ImageRequest, usage: wire.Usage) -> dict[str, Any]:
        trace = self._unsealed(asked.trace_id)
        facts: dict[str, Any] = {"model": asked.model, "usage": usage, "cost": COST}
        step = self._step(trace, "execution", asked.parent_step_id, outcome="answered", status=200, **facts)
        return {**facts, "trace_id": asked.trace_id, "step_id": step.id, "latency_ms": 1.0}

    def _check(self, trace: _Trace, asked: wire.ExecutionRequest) -> None:
        """The laws of the tool loop."""
        if asked.parent_step_id is None:
            if asked.input is None:
                raise Refused(422, "validation_failed", "`input` is missing")
            return
        if all(step.id != asked.parent_step_id for step in trace.steps):
            raise Refused(404, "step_not_found", f"no step `{asked.parent_step_id}` in this trace")
        wanted = trace.pending.get(asked.parent_step_id, frozenset[str]())
        given = frozenset(result.tool_call_id for result in asked.tool_results or ())
        if wanted != given:
            odd = ", ".join(f"`{name}`" for name in sorted(wanted ^ given))
            raise Refused(422, "validation_failed", f"tool results and pending calls differ in {odd}")

    def _step(self, trace: _Trace, kind: str, parent: str | None, **facts: Any) -> wire.Step:
        name = f"{trace.row.id}-step-{len(trace.steps) + 1}"
        step = wire.Step(id=name, kind=kind, parent_step_id=parent, created_at=now(), latency_ms=1.0, **facts)
        trace.steps.append(step)
        return step

    def _known(self, trace_id: str) -> _Trace:
        trace = self._traces.get(trace_id)
        if trace is None:
            raise Refused(404, "trace_not_found", f"no trace `{trace_id}` in this project")
        return trace

    def _unsealed(self, trace_id: str) -> _Trace:
        trace = self._known(trace_id)
        if trace.completed_at is not None:
            raise Refused(409, "trace_sealed", f"trace `{trace_id}` is completed", hint="open a new trace")
        return trace


def _facts(trace: _Trace) -> dict[str, Any]:
    row, user = trace.row, trace.row.metadata.get("user_id")
    models = [step.model for step in trace.steps if step.model]
    return {
        "id": row.id,
        "status": "completed" if trace.completed_at else "open",
        "created_at": row.created_at,
        "project": PROJECT,
        "metadata": row.metadata,
        "revenue": row.revenue,
        "total_cost": _cost(trace),
        "total_latency_ms": float(len(trace.steps)),
        "models": sorted(set(models)),
        "outcome": next((step.outcome for step in reversed(trace.steps) if step.outcome), None),
        "user": None if user is None else str(user),
    }


def _cost(trace: _Trace) -> Decimal:
    return sum((step.cost or Decimal(0) for step in trace.steps), Decimal(0))


def _echo(asked: wire.ExecutionRequest) -> str:
    """The last thing that was said to the model."""
    if asked.tool_results:
        return asked.tool_results[-1].content
    if isinstance(asked.input, str):
        return asked.input
    last: Mapping[str, Any] = asked.input[-1] if asked.input else {}
    return str(last.get("content", ""))


def now() -> datetime:
    """The moment that it is."""
    return datetime.fromtimestamp(time.time(), tz=timezone.utc)
