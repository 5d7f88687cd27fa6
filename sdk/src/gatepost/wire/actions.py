"""The action gate: what an agent is about to do."""

from typing import Any, Optional

from .shape import Answer, Ask


class ActionIdentity(Ask):
    """Who acts."""

    type: str = "agent"
    id: str


class ActionRequest(Ask):
    """POST /v1/execute."""

    capability: Optional[str] = None
    """What is to be done, like "billing.refund"."""
    payload: Any = None
    """With what."""
    stage: Optional[str] = None
    operation: Optional[str] = None
    session_id: Optional[str] = None
    env: Optional[str] = None


class ActionVerdict(Answer):
    """What the gate says."""

    outcome: str
    """One of "allow", "redact" or "deny"."""
    escalated: bool = False
    """A person must decide."""


class ActionDone(Answer):
    """POST /v1/execute: may it be done."""

    status: str
    """One of "success" or "blocked"."""
    decision: ActionVerdict
    trace_id: str
    payload: Any = None
    """What it may be done with, where policy redacts."""
    error: Optional[str] = None
    rule_id: Optional[str] = None
    reason: Optional[str] = None

    @property
    def allowed(self) -> bool:
        """True where it may be done, perhaps with another payload."""
        return self.status != "blocked"
