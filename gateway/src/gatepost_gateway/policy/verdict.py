"""What one rule has said so far of one side of a call, added up to a decision."""

from gatepost_gateway.domain.findings import Finding, Leaf
from gatepost_gateway.domain.governance import Decision, Effect, Mark, Mode
from gatepost_gateway.domain.routing import DataPolicy
from gatepost_gateway.policy.marks import MOST, mark
from gatepost_gateway.policy.rules import Rule, Vote

STRENGTH = {Effect.ALLOW: 0, Effect.REDACT: 1, Effect.ESCALATE: 2, Effect.BLOCK: 3}
TIERS = ("secure", "complex", "medium", "simple")
"""Of several tiers that rules want, the first of these is taken."""
POLICY_ERROR = "policy_error"
_WEIGHTS = {"injection": 0.5, "secret": 0.25, "policy": 0.25, "pii": 0.1}
_BLOCKED = 0.15


class Tally:
    """One rule's votes. The strongest gives the reason; the first of equally strong ones."""

    __slots__ = (
        "code",
        "demands",
        "effect",
        "enforced",
        "found",
        "marks",
        "max_tokens",
        "nanos",
        "not_run",
        "rationale",
        "reason",
        "retention_days",
        "rule",
        "signals",
        "tier",
    )

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.enforced = rule.label.mode is Mode.ENFORCE
        self.nanos = 0
        """What it has taken so far."""
        self.effect = Effect.ALLOW
        self.reason: str | None = None
        self.code: str | None = None
        self.not_run: str | None = None
        self.rationale: str | None = None
        self.signals: set[str] = set()
        self.marks: list[Mark] = []
        self.found = 0
        self.tier: str | None = None
        self.max_tokens: int | None = None
        self.demands: DataPolicy | None = None
        self.retention_days: int | None = None

    def take(self, vote: Vote) -> None:
        if STRENGTH[vote.effect] > STRENGTH[self.effect] or (self.reason is None and vote.effect is self.effect):
            self.effect, self.reason, self.code = vote.effect, vote.reason or None, vote.code
        self.signals.update(vote.signals)
        if vote.tier is not None:
            self.tier = first_tier(self.tier, vote.tier)
        if vote.max_tokens is not None:
            self.max_tokens = least(self.max_tokens, vote.max_tokens)
        self.demands = vote.demands or self.demands
        self.rationale = vote.rationale or self.rationale
        self.retention_days = vote.retention_days or self.retention_days

    def note(self, key: bytes, leaf: Leaf, finding: Finding, found: str, vote: Vote) -> None:
        """Something was found; the record shows the first few."""
        self.found += 1
        if len(self.marks) < MOST:
            self.marks.append(mark(key, leaf, finding, found, vote))

    def fail(self, error: Exception) -> None:
        """A rule that fails denies. Its words may hold a caller's text, so that only the sort of error is said."""
        self.deny(f"the rule failed ({type(error).__name__})")

    def deny(self, reason: str) -> None:
        """Whatever was said before: the rule cannot be asked."""
        self.effect, self.code, self.reason = Effect.BLOCK, POLICY_ERROR, reason

    def decision(self, phase: str) -> Decision:
        label = self.rule.label
        return Decision(
            label.name,
            label.kind,
            phase,
            label.mode,
            None if self.not_run is not None else self.effect,
            self.nanos // 1000,
            self.reason,
            self.not_run,
            self.code,
            tuple(self.marks),
            self.found,
            tuple(sorted(self.signals)) if self.signals else (),
            self.rationale,
        )


def first_tier(one: str | None, other: str | None) -> str | None:
    """The more careful of two tiers."""
    known = [tier for tier in (one, other) if tier is not None]
    return min(known, key=lambda tier: TIERS.index(tier) if tier in TIERS else len(TIERS), default=None)


def least(one: int | None, other: int | None) -> int | None:
    return min((number for number in (one, other) if number is not None), default=None)


def risk_of(tallies: list[Tally], *, blocked: bool) -> float:
    """Injection .5, secret .25, another rule's word .25, personal data .1, a block .15; at most 1."""
    telling = [one for one in tallies if one.effect is not Effect.ALLOW or one.signals]
    if not telling:
        return 0.0
    signals: set[str] = set()
    for one in telling:
        signals |= (one.signals & _WEIGHTS.keys()) or {"policy"}
    score = sum(_WEIGHTS[signal] for signal in signals) + (_BLOCKED if blocked else 0.0)
    return round(min(1.0, score), 4)
