"""What only some houses look for."""

import pytest

from gatepost_gateway.detect.patterns import PatternDetector
from gatepost_gateway.detect.pii import HEALTHCARE, KINDS, PAYMENT, modes

from ..cutting import placed

DETECTOR = PatternDetector("pii", (*modes.HEALTHCARE, *modes.PAYMENT))


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("patient id A1234567", "MEDICAL_RECORD", "A1234567"),
        ("security code: 1234", "CVV", "1234"),
        ("valid thru 09/28", "CARD_EXPIRY", "09/28"),
        (";4111111111111111=27121010000000000?", "CARD_TRACK", ";4111111111111111=27121010000000000?"),
    ],
)
def test_words_or_form_tell(text, kind, value):
    assert (kind, value) in placed(DETECTOR, text)


def test_without_them_it_is_a_number():
    assert placed(DETECTOR, "12 of 1234 on 09/28, order A1234567") == []


def test_every_kind_of_a_mode_is_known():
    assert set(KINDS) >= HEALTHCARE | PAYMENT
