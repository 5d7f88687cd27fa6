"""Payment cards and bank accounts. The numbers are the networks' and the registry's own examples."""

import pytest

from gatepost_gateway.detect.patterns import PatternDetector
from gatepost_gateway.detect.pii.payment import PATTERNS, luhn

from ..cutting import placed

DETECTOR = PatternDetector("pii", PATTERNS)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("it is 4111 1111 1111 1111.", "CARD", "4111 1111 1111 1111"),
        ("5105-1051-0510-5100", "CARD", "5105-1051-0510-5100"),
        ("3782 822463 10005", "CARD", "3782 822463 10005"),
        ("カード4111111111111111です", "CARD", "4111111111111111"),
        ("card 6304 0000 0000 0000", "CARD", "6304 0000 0000 0000"),
        ("pay to DE89 3704 0044 0532 0130 00 today", "IBAN", "DE89 3704 0044 0532 0130 00"),
        ("gb29nwbk60161331926819", "IBAN", "gb29nwbk60161331926819"),
    ],
)
def test_cards_and_accounts_are_found(text, kind, value):
    assert placed(DETECTOR, text) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "1748503543012",
        "0000 0000 0000 0000",
        "4111 1111-1111 1111",
        "x4111111111111111",
        "DE89 3704 0044 0532 0130 01",
        "AB12 3456 7890 1234 5678",
    ],
)
def test_what_fails_its_check_is_not(text):
    assert placed(DETECTOR, text) == []


def test_luhn():
    assert luhn("79927398713")
    assert not luhn("79927398710")
