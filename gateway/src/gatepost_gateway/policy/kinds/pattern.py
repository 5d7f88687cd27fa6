"""`pattern`: regular expressions that an operator writes, in RE2's syntax."""

from msgspec import Struct

from gatepost_gateway.detect.custom import custom
from gatepost_gateway.detect.expressions import PatternError
from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Place
from gatepost_gateway.policy.kinds.kind import Instance, Kind, Toolbox
from gatepost_gateway.policy.kinds.texts import Action, Finder, vote_of
from gatepost_gateway.policy.rules import Rule

PATTERN_FOUND = "PATTERN"


class PatternSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A pattern without a bound to its length (`a+`) makes a streamed call wait for the whole answer."""

    patterns: tuple[str, ...]
    action: Action = Action.BLOCK
    replacement: str = "[REDACTED]"
    message: str = ""
    places: tuple[Place, ...] = ()


def load(instance: Instance, toolbox: Toolbox) -> Rule:
    said: PatternSettings = instance.settings
    if not said.patterns:
        raise Unloadable(("patterns",), "`patterns` is empty: such a rule finds nothing")
    for number, source in enumerate(said.patterns):
        try:
            custom("pattern", PATTERN_FOUND, (source,))
        except PatternError as error:
            raise Unloadable(("patterns", number), f"this pattern cannot be used: {error}") from None
    detector = toolbox.detector(("pattern", said.patterns), lambda: custom("pattern", PATTERN_FOUND, said.patterns))
    vote = vote_of(said.action, said.message or "it holds a text that is not allowed here", "pattern")
    return Finder(instance, detector, vote, lambda _, __: said.replacement, said.places)


PATTERN = Kind("pattern", PatternSettings, load)
