"""`pii-detector`: personal data that has a form."""

from msgspec import Struct

from gatepost_gateway.detect import pii
from gatepost_gateway.detect.custom import custom
from gatepost_gateway.detect.expressions import PatternError
from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Detector, Place
from gatepost_gateway.policy.kinds.kind import Instance, Kind, Toolbox
from gatepost_gateway.policy.kinds.texts import Action, vote_of
from gatepost_gateway.policy.kinds.weighed import Weighed, check_kinds, check_style, check_threshold
from gatepost_gateway.policy.redaction_styles import RedactionStyle, replacing
from gatepost_gateway.policy.rules import Rule

CUSTOM = "CUSTOM"


class PiiSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`kinds` empty: all but those of the modes. `detect_patterns`: an operator's own, RE2's syntax."""

    action: Action = Action.REDACT
    kinds: tuple[str, ...] = ()
    healthcare_mode: bool = False
    pci_mode: bool = False
    detect_patterns: tuple[str, ...] = ()
    threshold: float = 0.7
    redaction: RedactionStyle = RedactionStyle()
    message: str = ""
    places: tuple[Place, ...] = ()


def load(instance: Instance, toolbox: Toolbox) -> Rule:
    said: PiiSettings = instance.settings
    check_threshold(said.threshold)
    check_style(said.redaction, (*pii.KINDS, CUSTOM))
    kinds = check_kinds("kinds", said.kinds, pii.KINDS) if said.kinds else frozenset(pii.GENERAL)
    kinds |= pii.HEALTHCARE if said.healthcare_mode else frozenset()
    kinds |= pii.PAYMENT if said.pci_mode else frozenset()
    detectors: list[Detector] = [toolbox.detector(("pii", kinds), lambda: pii.pii(kinds))]
    for number, source in enumerate(said.detect_patterns):
        try:
            custom("pii", CUSTOM, (source,))
        except PatternError as error:
            raise Unloadable(("detect_patterns", number), f"this pattern cannot be used: {error}") from None
    if said.detect_patterns:
        own = said.detect_patterns
        detectors.append(toolbox.detector(("pii-patterns", own), lambda: custom("pii", CUSTOM, own)))
    vote = vote_of(said.action, said.message or "it holds personal data", "pii", ("pii",))
    rule = Weighed(instance, detectors, vote, said.threshold)
    return rule.standing(said.places, replacing(said.redaction, toolbox.key))


PII_DETECTOR = Kind("pii-detector", PiiSettings, load)
