"""Terms that an operator lists. Letters match in either case, by Unicode's simple folding."""

from collections.abc import Sequence

from gatepost_gateway.detect.expressions import PatternError, quoted
from gatepost_gateway.detect.patterns import Found, Pattern, PatternDetector


def keywords(name: str, kind: str, terms: Sequence[str], whole_words: bool) -> PatternDetector:
    """Finds `terms` anywhere, or only where neither end cuts a word in two. Raises PatternError for an empty term."""
    if not all(terms):
        raise PatternError("a term is empty")
    return PatternDetector(name, [_pattern(kind, term, whole_words) for term in terms])


def _pattern(kind: str, term: str, whole_word: bool) -> Pattern:
    source = "(?i)" + quoted(term)
    return Pattern(kind, source, check=_stands_alone, margin=1) if whole_word else Pattern(kind, source)


def _stands_alone(found: Found) -> float:
    text = found.text
    cut_before = is_word(text[:1]) and is_word(found.before)
    cut_after = is_word(text[-1:]) and is_word(found.after)
    return 0.0 if cut_before or cut_after else 1.0


def is_word(character: str) -> bool:
    """Whether a character is part of words, in any script."""
    return character.isalnum() or character == "_"
