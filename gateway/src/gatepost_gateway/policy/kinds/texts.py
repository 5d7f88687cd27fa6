"""Rules that do one thing with all that their detector finds."""

from collections.abc import Callable, Sequence
from enum import StrEnum

from gatepost_gateway.domain.findings import Detector, Finding, Place
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.kinds.kind import Instance
from gatepost_gateway.policy.rules import Label, Vote

Replace = Callable[[Finding, str], str]


class Action(StrEnum):
    """What becomes of a call in which something is found. ALERT only records."""

    BLOCK = "block"
    REDACT = "redact"
    ESCALATE = "escalate"
    ALERT = "alert"


EFFECTS = {
    Action.BLOCK: Effect.BLOCK,
    Action.REDACT: Effect.REDACT,
    Action.ESCALATE: Effect.ESCALATE,
    Action.ALERT: Effect.ALLOW,
}


class Finder:
    """Implements `TextRule`: every finding has the same weight."""

    def __init__(
        self, instance: Instance, detector: Detector, vote: Vote, replace: Replace, places: Sequence[Place] = ()
    ) -> None:
        self.label: Label = instance.label
        self.phases: frozenset[Phase] = instance.phases
        self.places: frozenset[Place] = frozenset(places)
        self.detectors: tuple[Detector, ...] = (detector,)
        self._vote = vote
        self._replace = replace

    def weigh(self, finding: Finding) -> Vote:  # noqa: ARG002 - every finding has the same weight
        return self._vote

    def replacement(self, finding: Finding, found: str) -> str:
        return self._replace(finding, found)
