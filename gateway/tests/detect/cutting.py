"""Feeds a text to a detector in pieces, as a stream gate does."""

from collections.abc import Iterable

from gatepost_gateway.domain.findings import Detector, Finding, find_all


def found_in_pieces(detector: Detector, text: str, cuts: Iterable[int]) -> list[Finding]:
    """What is found when `text` grows from cut to cut. Only `span` characters before `settled` are shown again."""
    scan, found = detector.begin(), list[Finding]()
    ends = [*sorted({min(cut, len(text)) for cut in cuts}), len(text)]
    for number, end in enumerate(ends):
        base = 0 if detector.span is None else max(0, scan.settled - detector.span)
        before = scan.settled
        ended = number == len(ends) - 1
        fresh = list(scan.feed(text[base:end], base, ended=ended))
        assert before <= scan.settled <= end
        assert detector.span is None or scan.settled >= end - detector.span
        assert all(one.start >= before for one in fresh)
        assert ended or all(one.start < scan.settled for one in fresh)
        found += fresh
    assert found == sorted(found)
    return found


def placed(detector: Detector, text: str) -> list[tuple[str, str]]:
    """Kind and text of what is found."""
    return [(one.kind, text[one.start : one.end]) for one in find_all(detector, text)]
