"""`safety-filter`: phrases that ask for harm. It knows words, not intentions."""

from enum import StrEnum

from msgspec import Struct

from gatepost_gateway.detect.keywords import keywords
from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Place
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.kinds.kind import Instance, Kind, Toolbox
from gatepost_gateway.policy.kinds.weighed import Weighed
from gatepost_gateway.policy.rules import Rule, Vote

PHRASE = "PHRASE"
DEFAULTS = (
    "how to make a bomb",
    "how to build a bomb",
    "make a pipe bomb",
    "build an explosive device",
    "make napalm",
    "synthesize methamphetamine",
    "how to make meth",
    "synthesize nerve agent",
    "make sarin",
    "build a nuclear weapon",
    "weaponize anthrax",
    "how to kill myself",
    "how to commit suicide",
    "painless way to die",
    "how to hurt myself",
    "how to kill someone",
    "get away with murder",
    "hire a hitman",
    "write ransomware",
    "create a computer virus",
    "steal credit card numbers",
    "make counterfeit money",
    "child pornography",
    "sexual content with a minor",
    "how to groom a child",
)


class Mode(StrEnum):
    BLOCK = "block"
    ESCALATE = "escalate"


class SafetySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`block_if` takes the place of the phrases that come with it. `action`, or `mode`, says what becomes of a call."""

    action: Mode | None = None
    mode: Mode | None = None
    block_if: tuple[str, ...] = DEFAULTS
    message: str = ""
    places: tuple[Place, ...] = ()


def load(instance: Instance, toolbox: Toolbox) -> Rule:
    said: SafetySettings = instance.settings
    if not said.block_if:
        raise Unloadable(("block_if",), "`block_if` is empty: such a rule finds nothing")
    for number, phrase in enumerate(said.block_if):
        if not phrase.strip():
            raise Unloadable(("block_if", number), "a phrase is empty: it would be found everywhere")
    phrases = said.block_if
    detector = toolbox.detector(("safety", phrases), lambda: keywords("safety", PHRASE, phrases, whole_words=True))
    if said.action is not None and said.mode is not None and said.action is not said.mode:
        raise Unloadable(("action",), "`action` and `mode` are the same: say one of them")
    effect = Effect.ESCALATE if (said.action or said.mode) is Mode.ESCALATE else Effect.BLOCK
    vote = Vote(effect, said.message or "it asks for harm", "safety")
    return Weighed(instance, (detector,), vote, 0.5).standing(said.places)


SAFETY_FILTER = Kind("safety-filter", SafetySettings, load)
