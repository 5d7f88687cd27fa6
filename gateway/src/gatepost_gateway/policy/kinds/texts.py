"""Rules that do one thing with all that their detector finds."""

from collections.abc import Callable, Sequence
from enum import StrEnum

from gatepost_gateway.domain.findings import Detector, Finding, Place
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.kinds.kind import Instance
from gatepost_gateway.policy.rules import Label, Vote

Replace = Callable[[Finding, str], str]


class Action(StrEnum):
    """What becomes of a call in which something is found. ALERT only records.

    PLACEHOLDER: the provider gets a placeholder, and the caller what it stands for, wherever the answer repeats it.
    """

    BLOCK = "block"
    REDACT = "redact"
    PLACEHOLDER = "placeholder"
    ESCALATE = "escalate"
    ALERT = "alert"


EFFECTS = {
    Action.BLOCK: Effect.BLOCK,
    Action.REDACT: Effect.REDACT,
    Action.PLACEHOLDER: Effect.REDACT,
    Action.ESCALATE: Effect.ESCALATE,
    Action.ALERT: Effect.ALLOW,
}


def vote_of(action: Action, reason: str, code: str, signals: tuple[str, ...] = ()) -> Vote:
    """What a rule says of what it finds."""
    return Vote(EFFECTS[action], reason, code, signals, placeholder=action is Action.PLACEHOLDER)


def gates_of(instance: Instance, vote: Vote) -> frozenset[Phase]:
    """Where a rule stands: what an answer holds came from the provider, who needs no placeholder for it."""
    return instance.phases & {Phase.REQUEST} if vote.placeholder else instance.phases


class Finder:
    """Implements `TextRule`: every finding has the same weight."""

    def __init__(
        self, instance: Instance, detector: Detector, vote: Vote, replace: Replace, places: Sequence[Place] = ()
    ) -> None:
        self.label: Label = instance.label
        self.phases = gates_of(instance, vote)
        self.places: frozenset[Place] = frozenset(places)
        self.detectors: tuple[Detector, ...] = (detector,)
        self.reversible = vote.placeholder
        self._vote = vote
        self._replace = replace

    def weigh(self, finding: Finding) -> Vote:  # noqa: ARG002 - every finding has the same weight
        return self._vote

    def replacement(self, finding: Finding, found: str) -> str:
        return self._replace(finding, found)
