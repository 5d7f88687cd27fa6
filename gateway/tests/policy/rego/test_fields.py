import pytest

from gatepost_gateway.detect.pii import KINDS
from gatepost_gateway.domain.findings import find_all
from gatepost_gateway.policy.rego.fields import FIELDS, detectors

TEXTS = {
    "EMAIL": "ann@example.com",
    "SSN": "536-22-8726",
    "PHONE": "+1 415 555 2671",
    "CARD": "4111 1111 1111 1111",
    "IP": "203.0.113.9",
    "URL": "https://example.com/a?b=c",
}


def test_every_word_means_something_that_can_be_found():
    assert set(FIELDS.values()) - {"URL"} <= set(KINDS)
    assert set(TEXTS) == set(FIELDS.values())


@pytest.mark.parametrize("kind", TEXTS)
def test_each_kind_is_found_and_nothing_else(kind: str):
    (detector,) = detectors((kind,))
    text = f"SSN, call or visit: {TEXTS[kind]} today"
    found = [(one.kind, text[one.start : one.end]) for one in find_all(detector, text)]
    assert found[0] == (kind, TEXTS[kind])
    assert {one for one, _ in found} == {kind}


def test_spans_are_bounded_so_that_streams_can_be_redacted():
    assert all(detector.span is not None for detector in detectors(tuple(TEXTS)))


def test_one_detector_for_each_set():
    assert detectors(("EMAIL", "IP")) is detectors(("EMAIL", "IP"))
    assert detectors(()) == ()
