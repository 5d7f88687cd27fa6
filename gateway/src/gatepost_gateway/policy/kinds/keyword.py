"""`keyword`: terms that an operator lists."""

from enum import StrEnum

from msgspec import Struct

from gatepost_gateway.detect.keywords import keywords
from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Place
from gatepost_gateway.policy.kinds.kind import Instance, Kind, Toolbox
from gatepost_gateway.policy.kinds.texts import Action, Finder, vote_of
from gatepost_gateway.policy.rules import Rule

TERM = "TERM"


class Match(StrEnum):
    SUBSTRING = "substring"
    WHOLE_WORD = "whole_word"


class KeywordSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`places` empty: every text. `message` is told to the caller of a blocked call."""

    terms: tuple[str, ...]
    match: Match = Match.SUBSTRING
    action: Action = Action.BLOCK
    replacement: str = "[REDACTED]"
    message: str = ""
    places: tuple[Place, ...] = ()


def load(instance: Instance, toolbox: Toolbox) -> Rule:
    said: KeywordSettings = instance.settings
    if not said.terms:
        raise Unloadable(("terms",), "`terms` is empty: such a rule finds nothing")
    for number, term in enumerate(said.terms):
        if not term.strip():
            raise Unloadable(("terms", number), "a term is empty: it would be found everywhere")
    whole = said.match is Match.WHOLE_WORD
    detector = toolbox.detector(
        ("keyword", said.terms, whole), lambda: keywords("keyword", TERM, said.terms, whole_words=whole)
    )
    vote = vote_of(said.action, said.message or "it holds a term that is not allowed here", "keyword")
    return Finder(instance, detector, vote, lambda _, __: said.replacement, said.places)


KEYWORD = Kind("keyword", KeywordSettings, load)
