"""`dlp-filter`: what must not leave the house: an operator's terms and patterns, and what is sensitive anywhere."""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from gatepost_gateway.detect.custom import custom
from gatepost_gateway.detect.expressions import PatternError
from gatepost_gateway.detect.fuzzy import fuzzy
from gatepost_gateway.detect.keywords import keywords
from gatepost_gateway.detect.pii import pii
from gatepost_gateway.detect.secrets import secrets
from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Detector, Place
from gatepost_gateway.policy.kinds.kind import Instance, Kind, Toolbox
from gatepost_gateway.policy.kinds.texts import Action, vote_of
from gatepost_gateway.policy.kinds.weighed import Weighed
from gatepost_gateway.policy.rules import Rule

TERM, PATTERN, MARKING = "TERM", "PATTERN", "MARKING"
_IDENTITY = frozenset({"CARD", "IBAN", "SSN", "SIN", "PASSPORT"})
_MARKINGS = (
    "strictly confidential",
    "company confidential",
    "confidential and proprietary",
    "internal use only",
    "for internal use",
    "do not distribute",
    "not for distribution",
    "trade secret",
    "attorney-client privileged",
    "attorney client privilege",
    "streng vertraulich",
    "nur für den internen gebrauch",
    "strictement confidentiel",
    "estrictamente confidencial",
    "社外秘",
    "机密",
)


class Sensitivity(StrEnum):
    """What is looked for beside the operator's own: nothing; secrets and numbers of payment and identity; and
    markings of confidential papers.
    """

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class DlpSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`fuzzy_matching`: terms also with signs between their letters, or digits that look like them."""

    sensitivity_level: Sensitivity = Sensitivity.MEDIUM
    detect_patterns: tuple[str, ...] = ()
    blocked_terms: tuple[str, ...] = ()
    fuzzy_matching: bool = False
    action: Action = Action.REDACT
    message: str = ""
    places: tuple[Place, ...] = ()


def load(instance: Instance, toolbox: Toolbox) -> Rule:
    said: DlpSettings = instance.settings
    detectors = [*_own(said, toolbox), *_given(said.sensitivity_level, toolbox)]
    if not detectors:
        raise Unloadable(("blocked_terms",), "no term, no pattern, and a level at which nothing else is looked for")
    vote = vote_of(said.action, said.message or "it holds what must not leave", "dlp")
    return Weighed(instance, detectors, vote, 0.7).standing(said.places)


def _own(said: DlpSettings, toolbox: Toolbox) -> Sequence[Detector]:
    detectors: list[Detector] = []
    for number, source in enumerate(said.detect_patterns):
        try:
            custom("dlp", PATTERN, (source,))
        except PatternError as error:
            raise Unloadable(("detect_patterns", number), f"this pattern cannot be used: {error}") from None
    for number, term in enumerate(said.blocked_terms):
        if not any(map(str.isalnum, term)):
            raise Unloadable(("blocked_terms", number), "a term has no letter: it would be found everywhere")
    patterns, terms = said.detect_patterns, said.blocked_terms
    if patterns:
        detectors.append(toolbox.detector(("dlp-patterns", patterns), lambda: custom("dlp", PATTERN, patterns)))
    if terms and said.fuzzy_matching:
        detectors.append(toolbox.detector(("dlp-fuzzy", terms), lambda: fuzzy("dlp", TERM, terms)))
    elif terms:
        detectors.append(toolbox.detector(("dlp", terms), lambda: keywords("dlp", TERM, terms, whole_words=True)))
    return detectors


def _given(level: Sensitivity, toolbox: Toolbox) -> Sequence[Detector]:
    if level is Sensitivity.LOW:
        return ()
    detectors: list[Detector] = [secrets(), toolbox.detector(("pii", _IDENTITY), lambda: pii(_IDENTITY))]
    if level is Sensitivity.HIGH:
        detectors.append(
            toolbox.detector("dlp-markings", lambda: keywords("dlp", MARKING, _MARKINGS, whole_words=False))
        )
    return detectors


DLP_FILTER = Kind("dlp-filter", DlpSettings, load)
