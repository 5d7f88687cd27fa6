"""Regular expressions that an operator writes."""

import pytest

from gatepost_gateway.detect.custom import custom
from gatepost_gateway.detect.expressions import PatternError

from .cutting import placed


def test_what_a_pattern_matches_is_found():
    detector = custom("tickets", "TICKET", [r"(?i)\bacme-\d{1,6}\b"])
    assert detector.span == 12
    assert placed(detector, "see ACME-42 and acme-7x") == [("TICKET", "ACME-42")]


def test_a_pattern_without_a_bound_needs_whole_texts():
    assert custom("tickets", "TICKET", [r"a\d+"]).span is None


@pytest.mark.parametrize("source", ["(", r"(?=a)", r"a\1"])
def test_what_re2_does_not_know_is_refused(source):
    with pytest.raises(PatternError):
        custom("tickets", "TICKET", [source])


@pytest.mark.parametrize("source", ["a*", "(x|)", "a?b?"])
def test_what_matches_nothing_at_all_is_refused(source):
    with pytest.raises(PatternError, match="empty"):
        custom("tickets", "TICKET", [source])
