"""Personal data that has a form: found by pattern, proved by checksum, structure or the words beside it."""

from functools import cache

from gatepost_gateway.detect.patterns import PatternDetector
from gatepost_gateway.detect.pii import contact, dated, modes, national, payment

GENERAL_PATTERNS = (*contact.PATTERNS, *payment.PATTERNS, *national.PATTERNS, *dated.PATTERNS)
PATTERNS = (*GENERAL_PATTERNS, *modes.HEALTHCARE, *modes.PAYMENT)
GENERAL = tuple(dict.fromkeys(pattern.kind for pattern in GENERAL_PATTERNS))
"""What is looked for where nothing else is said."""
KINDS = tuple(dict.fromkeys(pattern.kind for pattern in PATTERNS))
"""Every kind that can be asked for."""
HEALTHCARE = frozenset({"US_NPI", "US_MBI", "UK_NHS", "AU_MEDICARE", "DE_HEALTH_INSURANCE"}).union(
    pattern.kind for pattern in modes.HEALTHCARE
)
PAYMENT = frozenset({"CARD", "IBAN"}).union(pattern.kind for pattern in modes.PAYMENT)


@cache
def pii(kinds: frozenset[str] = frozenset(GENERAL)) -> PatternDetector:
    """Finds these kinds. One for each set of kinds, shared by all rules."""
    return PatternDetector("pii", [pattern for pattern in PATTERNS if pattern.kind in kinds])
