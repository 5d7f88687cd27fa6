"""Terms that an operator lists. Letters match in either case, by Unicode's simple folding, ß as ss too, however their
accents are written; a blank matches any blank.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from gatepost_gateway.detect.expressions import PatternError, quoted
from gatepost_gateway.detect.patterns import Found, Pattern, PatternDetector

_BLANK = "[\\s\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_UNITS = re.compile(r"ss|.", re.DOTALL | re.IGNORECASE)


def keywords(name: str, kind: str, terms: Sequence[str], whole_words: bool) -> PatternDetector:
    """Finds `terms` anywhere, or only where neither end cuts a word in two. Raises PatternError for an empty term."""
    if not all(terms):
        raise PatternError("a term is empty")
    return PatternDetector(name, [_pattern(kind, term, whole_words) for term in terms])


def _pattern(kind: str, term: str, whole_word: bool) -> Pattern:
    source = "(?i)" + quoted(term)
    if not term.isascii() or " " in term or "ss" in term.lower():
        source = "(?i)" + "".join(map(_unit, _UNITS.findall(unicodedata.normalize("NFC", term))))
    return Pattern(kind, source, check=_stands_alone, margin=1) if whole_word else Pattern(kind, source)


def _unit(unit: str) -> str:
    """A character, however it may be written."""
    if unit.isspace():
        return _BLANK
    forms = dict.fromkeys((unit, *_written(unit)))
    return quoted(unit) if len(forms) == 1 else f"(?:{'|'.join(map(quoted, forms))})"


def _written(unit: str) -> Iterator[str]:
    if unit.lower() == "ss":
        yield "ß"
        return
    if unit.casefold() == "ss":
        yield "ss"
    apart = unicodedata.normalize("NFD", unit)
    yield apart
    for count in range(2, len(apart)):
        # A letter with two accents, of which one stands apart.
        yield unicodedata.normalize("NFC", apart[:count]) + apart[count:]


def _stands_alone(found: Found) -> float:
    text = found.text
    cut_before = is_word(text[:1]) and is_word(found.before)
    cut_after = is_word(text[-1:]) and is_word(found.after)
    return 0.0 if cut_before or cut_after else 1.0


def is_word(character: str) -> bool:
    """Whether a character is part of words, in any script; what stands on one by itself, such as an accent, is too."""
    return character.isalnum() or character == "_" or unicodedata.category(character or " ")[0] == "M"
