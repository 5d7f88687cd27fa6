"""Questions to policy that call no model."""

from typing import Any, Optional, Union

from .shape import Answer, Ask


class Question(Ask):
    """POST /api/v1/checks and POST /api/v1/simulate. `trace_id` belongs to checks only."""

    input: Union[str, list[dict[str, Any]]]
    trace_id: Optional[str] = None
    parent_step_id: Optional[str] = None
    model: Optional[str] = None
    tools: Optional[list[dict[str, Any]]] = None
    metadata: Optional[dict[str, Any]] = None
    max_tokens: Optional[int] = None


class RuleVerdict(Answer):
    """What one rule said. `verdict` None: it did not run, and `not_run` says why."""

    rule: str
    kind: str
    phase: str
    mode: str
    verdict: Optional[str] = None
    reason: Optional[str] = None
    code: Optional[str] = None
    findings: int = 0
    latency_ms: float = 0.0
    not_run: Optional[str] = None


class Finding(Answer):
    """What a rule found, without the thing: characters `start` to `end` of the text at `path`."""

    rule: str
    kind: str
    place: str
    path: str
    start: int
    end: int
    masked: str
    digest: str
    effect: str


class CheckResult(Answer):
    """The request gate's word. `risk_score` is from 0 to 1."""

    allowed: bool
    trace_id: str
    step_id: str
    reason: Optional[str] = None
    code: Optional[str] = None
    policy_name: Optional[str] = None
    policy_violated: bool = False
    pii_detected: bool = False
    injection_attempt: bool = False
    secret_leaked: bool = False
    risk_score: float = 0.0
    findings: list[Finding] = []
    checks: list[RuleVerdict] = []


class Simulation(Answer):
    """Where a call would go, and what it would cost. Costs in dollars; None where a price is not known."""

    status: str
    """"resolved" or "blocked"."""
    allowed: bool
    reason: Optional[str] = None
    policy_name: Optional[str] = None
    model: Optional[str] = None
    provider: Optional[str] = None
    tier: Optional[str] = None
    source: Optional[str] = None
    rationale: Optional[str] = None
    fallbacks: list[str] = []
    estimated_cost: Optional[float] = None
    worst_case_cost: Optional[float] = None
    risk_score: float = 0.0
    decisions: list[RuleVerdict] = []
