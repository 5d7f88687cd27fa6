"""`language-validator`: the scripts that people and models may write in.

A script is told by its letters, surely and in linear time. Languages that share a script cannot be told apart so.
"""

from collections.abc import Sequence

from msgspec import Struct

from gatepost_gateway.detect.expressions import Expression
from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Leaf, Place
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.deciding import Reaction, check_share
from gatepost_gateway.policy.kinds.kind import Instance, Kind, Toolbox
from gatepost_gateway.policy.rules import Label, Reach, Rule, Vote

# The names of the Unicode standard, annex 24.
SCRIPTS = (
    *("Arabic", "Armenian", "Bengali", "Bopomofo", "Cherokee", "Cyrillic", "Devanagari", "Ethiopic", "Georgian"),
    *("Greek", "Gujarati", "Gurmukhi", "Han", "Hangul", "Hebrew", "Hiragana", "Kannada", "Katakana", "Khmer", "Lao"),
    *("Latin", "Malayalam", "Mongolian", "Myanmar", "Oriya", "Sinhala", "Syriac", "Tamil", "Telugu", "Thaana", "Thai"),
    *("Tibetan", "Yi"),
)
LANGUAGES = {
    "ja": ("Han", "Hiragana", "Katakana"),
    "ko": ("Hangul", "Han"),
    "el": ("Greek",),
    "he": ("Hebrew",),
    "hy": ("Armenian",),
    "ka": ("Georgian",),
    "km": ("Khmer",),
    "lo": ("Lao",),
    "my": ("Myanmar",),
    "si": ("Sinhala",),
    "ta": ("Tamil",),
    "te": ("Telugu",),
    "th": ("Thai",),
}
"""Languages that their script tells, all but alone in it."""


class LanguageSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Up to `tolerance` of a text's letters may be of other scripts: names, quotations. Texts of fewer than
    `min_letters` say too little.
    """

    allowed_scripts: tuple[str, ...] = ()
    denied_scripts: tuple[str, ...] = ()
    allowed_languages: tuple[str, ...] = ()
    tolerance: float = 0.1
    min_letters: int = 8
    action: Reaction = "block"
    message: str = ""
    places: tuple[Place, ...] = (Place.USER, Place.ASSISTANT)


class LanguageValidator:
    """Implements `CallRule`. `foreign` finds runs of letters that should not be there."""

    reach = Reach.WHOLE

    def __init__(self, instance: Instance, foreign: Expression) -> None:
        said: LanguageSettings = instance.settings
        self.label: Label = instance.label
        self.phases: frozenset[Phase] = instance.phases
        self._said = said
        self._foreign = foreign
        self._latin = foreign.search(b"Aa") is None
        self._effect = Effect.ALLOW if said.action == "alert" else Effect(said.action)

    def judge(self, facts: Facts) -> Vote | None:
        side = facts.request if facts.phase is Phase.REQUEST else facts.answer
        if not any(self._refuses(leaf) for leaf in side.leaves if leaf.place in self._said.places):
            return None
        return Vote(self._effect, self._said.message or "it is written in a script that is not allowed here", "script")

    def _refuses(self, leaf: Leaf) -> bool:
        if self._latin and leaf.text.isascii():
            return False
        data = leaf.text.encode("utf-8", "replace")
        run = self._foreign.search(data)
        if run is None:
            return False
        letters = sum(map(str.isalpha, leaf.text))
        if letters < self._said.min_letters:
            return False
        found, most = 0, self._said.tolerance * letters
        while run is not None and found <= most:
            found += len(data[run.start() : run.end()].decode())
            run = self._foreign.search(data, run.end())
        return found > most


def _check(key: str, names: Sequence[str], known: Sequence[str]) -> None:
    for number, name in enumerate(names):
        if name in known:
            continue
        words = f"`{name[:40]}` is not a script that is known: one of {', '.join(known)}"
        if key == "allowed_languages":
            words = f"`{name[:40]}` shares its script with other languages, which are not told apart: name the script"
        raise Unloadable((key, number), words)


def load(instance: Instance, toolbox: Toolbox) -> Rule:  # noqa: ARG001 - the shape of every kind
    said: LanguageSettings = instance.settings
    _check("allowed_scripts", said.allowed_scripts, SCRIPTS)
    _check("denied_scripts", said.denied_scripts, SCRIPTS)
    _check("allowed_languages", said.allowed_languages, tuple(LANGUAGES))
    check_share("tolerance", said.tolerance)
    allowed = {*said.allowed_scripts, *(name for one in said.allowed_languages for name in LANGUAGES[one])}
    if bool(allowed) == bool(said.denied_scripts):
        raise Unloadable((), "name either the scripts that are allowed or those that are denied")
    if allowed:
        # A letter of a script that is not named: not one of these, and no mark that several scripts share.
        classes = "".join(rf"\p{{{name}}}" for name in sorted(allowed))
        return LanguageValidator(instance, Expression(rf"[^\PL\p{{Common}}\p{{Inherited}}{classes}]+"))
    classes = "".join(rf"\p{{{name}}}" for name in said.denied_scripts)
    return LanguageValidator(instance, Expression(f"[{classes}]+"))


LANGUAGE_VALIDATOR = Kind("language-validator", LanguageSettings, load)
