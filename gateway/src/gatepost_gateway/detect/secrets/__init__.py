"""Secrets: keys and tokens by form, by structure, and by what they are called."""

from functools import cache

from gatepost_gateway.detect.patterns import PatternDetector
from gatepost_gateway.detect.secrets import assigned, formats, structures

PATTERNS = (*structures.PATTERNS, *formats.PATTERNS, *assigned.PATTERNS)
KINDS = tuple(dict.fromkeys(pattern.kind for pattern in PATTERNS))
"""Every kind that can be asked for."""


@cache
def secrets(kinds: frozenset[str] = frozenset(KINDS)) -> PatternDetector:
    """Finds these kinds. One for each set of kinds, shared by all rules."""
    return PatternDetector("secrets", [pattern for pattern in PATTERNS if pattern.kind in kinds], 4 << 20)
