"""Regular expressions that an operator writes, in RE2's syntax."""

from collections.abc import Sequence

from gatepost_gateway.detect.expressions import Expression, PatternError
from gatepost_gateway.detect.patterns import Pattern, PatternDetector
from gatepost_gateway.detect.widths import width_of


def custom(name: str, kind: str, sources: Sequence[str]) -> PatternDetector:
    """Finds what `sources` match. With one that has no bound the detector's `span` is None. Raises PatternError for
    one that does not compile, or that matches nothing at all.
    """
    for source in sources:
        Expression(source)
        if width_of(source).least == 0 and Expression(f"^(?:{source})$").search(b""):
            raise PatternError(f"{source!r} matches the empty text, and so everywhere")
    return PatternDetector(name, [Pattern(kind, source) for source in sources])
