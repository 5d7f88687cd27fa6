"""Personal data that has a form: found by pattern, proved by checksum, structure or the words beside it."""

from functools import cache

from gatepost_gateway.detect.patterns import PatternDetector
from gatepost_gateway.detect.pii import contact, dated, national, payment

PATTERNS = (*contact.PATTERNS, *payment.PATTERNS, *national.PATTERNS, *dated.PATTERNS)
KINDS = tuple(dict.fromkeys(pattern.kind for pattern in PATTERNS))
"""Every kind that can be asked for."""


@cache
def pii(kinds: frozenset[str] = frozenset(KINDS)) -> PatternDetector:
    """Finds these kinds. One for each set of kinds, shared by all rules."""
    return PatternDetector("pii", [pattern for pattern in PATTERNS if pattern.kind in kinds])
