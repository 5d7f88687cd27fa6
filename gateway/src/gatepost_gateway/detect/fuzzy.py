"""Terms that somebody tried to hide: with signs between their letters, or digits that look like them."""

from collections.abc import Sequence

from gatepost_gateway.detect.expressions import PatternError, quoted
from gatepost_gateway.detect.keywords import is_word
from gatepost_gateway.detect.patterns import Found, Pattern, PatternDetector

_BETWEEN = r"[\s._*|-]{0,2}"
_LIKE = {
    "a": "a4@",
    "b": "b8",
    "e": "e3",
    "g": "g9",
    "i": "i1!|",
    "l": "l1|",
    "o": "o0",
    "s": "s5$",
    "t": "t7+",
    "z": "z2",
}


def fuzzy(name: str, kind: str, terms: Sequence[str]) -> PatternDetector:
    """Finds `terms` as whole words, in any of these disguises. Raises PatternError for a term without a letter."""
    if not all(any(map(str.isalnum, term)) for term in terms):
        raise PatternError("a term has no letter")
    return PatternDetector(name, [_pattern(kind, term) for term in terms])


def _pattern(kind: str, term: str) -> Pattern:
    marks = [_mark(mark) for mark in term.lower() if not mark.isspace()]
    return Pattern(kind, "(?i)" + _BETWEEN.join(marks), check=_apart, margin=1)


def _mark(mark: str) -> str:
    alike = _LIKE.get(mark)
    return f"[{alike}]" if alike else quoted(mark)


def _apart(found: Found) -> float:
    return 0.0 if is_word(found.before) or is_word(found.after) else 1.0
