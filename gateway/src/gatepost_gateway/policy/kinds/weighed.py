"""Rules that do what an action says with findings that are sure enough."""

from collections.abc import Mapping, Sequence

from msgspec import structs

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Detector, Finding, Place
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.kinds.kind import Instance
from gatepost_gateway.policy.kinds.texts import Replace, gates_of
from gatepost_gateway.policy.redaction_styles import RedactionStyle
from gatepost_gateway.policy.rules import Vote


class Weighed:
    """Implements `TextRule`: what scores less than `threshold` stands, and is recorded."""

    def __init__(self, instance: Instance, detectors: Sequence[Detector], vote: Vote, threshold: float) -> None:
        self.label = instance.label
        self.phases = gates_of(instance, vote)
        self.places: frozenset[Place] = frozenset()
        self.detectors: tuple[Detector, ...] = tuple(detectors)
        self.reversible = vote.placeholder
        self._vote = structs.replace(vote, threshold=threshold)
        self._unsure = Vote(Effect.ALLOW, threshold=threshold)
        self._threshold = threshold
        self._replace: Replace = lambda finding, _: f"[{finding.kind}]"

    def standing(self, places: Sequence[Place], replace: Replace | None = None) -> "Weighed":
        """The same rule, in these places and with these words instead of what it redacts."""
        self.places = frozenset(places)
        self._replace = replace or self._replace
        return self

    def weigh(self, finding: Finding) -> Vote:
        return self._vote if finding.score >= self._threshold else self._unsure

    def replacement(self, finding: Finding, found: str) -> str:
        return self._replace(finding, found)


def check_threshold(threshold: float) -> None:
    """Raises Unloadable."""
    if not 0 < threshold <= 1:
        raise Unloadable(("threshold",), "`threshold` is more than 0 and at most 1")


def check_kinds(key: str, asked: Sequence[str], known: Sequence[str]) -> frozenset[str]:
    """The kinds that were asked for, all where none is named. Raises Unloadable for one that is not known."""
    for number, one in enumerate(asked):
        if one not in known:
            raise Unloadable((key, number), f"`{one[:40]}` is not a kind that is found: docs/detectors.md lists them")
    return frozenset(asked or known)


def check_style(style: RedactionStyle, known: Mapping[str, object] | Sequence[str]) -> None:
    """Raises Unloadable where a style asks for what is not done."""
    if not style.include_metadata:
        raise Unloadable(("redaction", "include_metadata"), "what was found is always recorded, masked and hashed")
    for kind in style.custom_markers:
        if kind not in known:
            raise Unloadable(("redaction", "custom_markers", kind), f"`{kind[:40]}` is not a kind that is found")
