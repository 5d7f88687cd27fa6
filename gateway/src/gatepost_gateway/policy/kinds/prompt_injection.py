"""`prompt-injection`: attempts to take the model over, in what users say and in what tools and documents bring."""

from types import MappingProxyType

from msgspec import Struct

from gatepost_gateway.detect.expressions import PatternError
from gatepost_gateway.detect.injection import injection
from gatepost_gateway.detect.injection.detector import InjectionDetector
from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Detector, Place
from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.policy.kinds.kind import EVERYTHING, Instance, Kind, Toolbox
from gatepost_gateway.policy.kinds.texts import EFFECTS, Action
from gatepost_gateway.policy.kinds.weighed import Weighed, check_threshold
from gatepost_gateway.policy.rules import Rule, Vote

_FROM_OUTSIDE = (Place.USER, Place.TOOL_RESULT, Place.TOOL, Place.DOCUMENT, Place.NAME, Place.OTHER)
"""Not what the operator says to the model, and not what the model said."""


class Detection(Struct, frozen=True, forbid_unknown_fields=True):
    """`attack_patterns`: an operator's own, RE2's syntax over lower case and single blanks."""

    attack_patterns: tuple[str, ...] = ()


class Encoding(Struct, frozen=True, forbid_unknown_fields=True):
    """Other readings of a text are always tried: there is no switching them off."""

    decode_base64: bool = True
    normalize_unicode: bool = True
    detect_homoglyphs: bool = True


class Response(Struct, frozen=True, forbid_unknown_fields=True):
    action: Action = Action.BLOCK
    message: str = ""


class InjectionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """From `threshold` on a text is taken for an attempt; `embedding_threshold` is another name for it."""

    threshold: float = 0.75
    embedding_threshold: float | None = None
    detection: Detection = Detection()
    encoding: Encoding = Encoding()
    response: Response = Response()
    places: tuple[Place, ...] = _FROM_OUTSIDE


def load(instance: Instance, toolbox: Toolbox) -> Rule:
    said: InjectionSettings = instance.settings
    threshold = said.threshold if said.embedding_threshold is None else said.embedding_threshold
    check_threshold(threshold)
    for name in said.encoding.__struct_fields__:
        if not getattr(said.encoding, name):
            raise Unloadable(("encoding", name), "other readings of a text are always tried")
    if said.response.action is Action.PLACEHOLDER:
        raise Unloadable(("response", "action"), "an attempt is nothing that an answer would bring back: say `redact`")
    vote = Vote(
        EFFECTS[said.response.action],
        said.response.message or "it tries to take the model over",
        "injection",
        ("injection",),
    )
    return Weighed(instance, (_detector(said, toolbox),), vote, threshold).standing(
        said.places, lambda _, __: "[PROMPT INJECTION]"
    )


def _detector(said: InjectionSettings, toolbox: Toolbox) -> Detector:
    own = said.detection.attack_patterns
    if not own:
        return injection()
    for number, source in enumerate(own):
        try:
            InjectionDetector((source,))
        except PatternError as error:
            path = ("detection", "attack_patterns", number)
            raise Unloadable(path, f"this pattern cannot be used: {error}") from None
    return toolbox.detector(("injection", own), lambda: InjectionDetector(own))


PROMPT_INJECTION = Kind("prompt-injection", InjectionSettings, load, MappingProxyType({Phase.REQUEST: EVERYTHING}))
