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
from ._fake_tools import ROUNDS, Loop, Refused, Sorted, ToolServers, Wanted, decided

PROJECT = "test"
MODEL = "sandbox/echo"
COST = Decimal("0.000012")
_ANSWERED: dict[str, Any] = {"outcome": "answered", "status": 200}
_DENIED: dict[str, Any] = {"outcome": "refused", "status": 403, "error": "approval_denied"}


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


@dataclass
class _Trace:
    row: wire.Trace
    steps: list[wire.Step] = field(default_factory=list[wire.Step])
    loops: dict[str, Loop] = field(default_factory=dict[str, Loop])
    completed_at: datetime | None = None


class Book:
    """All traces of the fake gateway."""

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._opened = 0
        self._traces: dict[str, _Trace] = {}
        self._by_key: dict[str, str] = {}
        self.scripts: deque[Script] = deque()
        self.servers = ToolServers()
        self.broken: str | None = None
        """Why the last execution's stream broke."""

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
        loop = self._loop(trace, asked)
        told = [result.content for result in asked.tool_results or ()]
        told += self._approved(trace, asked, loop)
        parent = asked.parent_step_id
        for rounds in range(1, ROUNDS + 1):
            said = self.scripts.popleft() if self.scripts else Script(output=told[-1] if told else _echo(asked))
            step = self._run(trace, asked, parent, said)
            calls = self.servers.sort(said.tool_calls, loop.tools)
            told += self._uses(trace, step.id, [Wanted(offer, call.arguments) for offer, call in calls.now])
            if calls.status is not None:
                trace.loops[step.id] = Loop(loop.tools, calls)
            if calls.status is not None or not calls.now:
                return _execution(asked, step, said, calls, rounds)
            parent = step.id
        raise Refused(422, "tool_rounds_exceeded", f"the model asked for tools in {ROUNDS} rounds in a row")

    def _run(self, trace: _Trace, asked: wire.ExecutionRequest, parent: str | None, said: Script) -> wire.Step:
        """One model call."""
        self.broken = said.broken
        if said.refusal is not None:
            self._step(trace, "run", parent, outcome="failed", status=said.refusal.status)
            raise said.refusal
        if said.reason is not None:
            facts: dict[str, Any] = {"outcome": "blocked", "usage": wire.Usage(), "cost": Decimal(0)}
            return self._step(trace, "run", parent, status=200, **facts)
        facts = {"model": asked.model or MODEL, "usage": wire.Usage(input=8, output=4), "cost": COST}
        return self._step(trace, "run", parent, outcome="answered", status=200, **facts)

    def _uses(self, trace: _Trace, parent: str, wanted: list[Wanted]) -> list[str]:
        """The calls of servers' tools that one turn asks for, and what each brought: all go out before one is back."""
        made: list[tuple[Wanted, str]] = []
        for one in wanted:
            facts: dict[str, Any] = {"tool_calls": [one.offer.tool], "model_asked": f"mcp:{one.offer.server}"}
            facts.update(_DENIED if one.denied else _ANSWERED)
            made.append((one, self._step(trace, "tool_call", parent, **facts).id))
        return [one.denied or self._brought(trace, call, one) for one, call in made]

    def _brought(self, trace: _Trace, call: str, wanted: Wanted) -> str:
        """The result of a call that went out."""
        offer = wanted.offer
        brought = self.servers.call(offer.server, offer.tool, wanted.arguments)
        self._step(trace, "tool_result", call, tool_calls=[offer.tool], model_asked=f"mcp:{offer.server}", **_ANSWERED)
        return brought

    def _approved(self, trace: _Trace, asked: wire.ExecutionRequest, loop: Loop) -> list[str]:
        """What the calls that waited bring now. An approval is good for one execution."""
        words = {one.id: one for one in asked.approvals or ()}
        parent = asked.parent_step_id or ""
        if words:
            del trace.loops[parent]
        return self._uses(trace, parent, [decided(call, words[call.id]) for call in loop.calls.waiting])

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
        step = self._step(trace, "run", asked.parent_step_id, outcome="answered", status=200, **facts)
        return {**facts, "trace_id": asked.trace_id, "step_id": step.id, "latency_ms": 1.0}

    def _loop(self, trace: _Trace, asked: wire.ExecutionRequest) -> Loop:
        """What the execution goes on with. Raises Refused where that cannot be."""
        answers = asked.tool_results is not None or asked.approvals is not None
        if not answers and asked.input is None:
            raise Refused(422, "validation_failed", "`input` is missing")
        if answers and (asked.parent_step_id is None or asked.input is not None):
            raise Refused(422, "validation_failed", "answers go with `parent_step_id` and without `input`")
        parent = asked.parent_step_id
        if parent is not None and all(step.id != parent for step in trace.steps):
            raise Refused(404, "step_not_found", f"no step `{parent}` in this trace")
        if not answers:
            return Loop(asked.tools or ())
        loop = trace.loops.get(parent or "")
        if loop is None:
            raise Refused(404, "step_not_found", f"step `{parent}` does not wait for tool results or approvals")
        loop.check(asked)
        return loop

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


def _execution(
    asked: wire.ExecutionRequest, step: wire.Step, said: Script, calls: Sorted, rounds: int
) -> wire.Execution:
    blocked = said.reason is not None
    return wire.Execution(
        trace_id=asked.trace_id,
        step_id=step.id,
        output=said.output,
        model=step.model,
        status="blocked" if blocked else calls.status,
        tool_calls=list(calls.own),
        approvals=list(calls.waiting),
        reason=said.reason,
        usage=wire.Usage() if blocked else wire.Usage(input=8 * rounds, output=4 * rounds),
        cost=Decimal(0) if blocked else COST * rounds,
        latency_ms=float(rounds),
        finish_reason="tool_calls" if calls.status else None if blocked else "stop",
        rounds=rounds,
    )


def _echo(asked: wire.ExecutionRequest) -> str:
    """The last thing that was said to the model."""
    if isinstance(asked.input, str):
        return asked.input
    last: Mapping[str, Any] = asked.input[-1] if asked.input else {}
    return str(last.get("content", ""))


def now() -> datetime:
    """The moment that it is."""
    return datetime.fromtimestamp(time.time(), tz=timezone.utc)
