"""What only the words around it make personal."""

import pytest

from gatepost_gateway.detect.patterns import PatternDetector
from gatepost_gateway.detect.pii.dated import PATTERNS

from ..cutting import placed

DETECTOR = PatternDetector("pii", PATTERNS)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("my passport number is AB1234567", "PASSPORT", "AB1234567"),
        ("여권번호는 M123A4567입니다", "PASSPORT", "M123A4567"),
        ("Reisepass: C01X00T47", "PASSPORT", "C01X00T47"),
        ("born on 12 March 1980 in", "DOB", "12 March 1980"),
        ("DOB: 1980-03-12", "DOB", "1980-03-12"),
        ("March 12th, 1980 is my birthday", "DOB", "March 12th, 1980"),
        ("geboren am 12.3.80", "DOB", "12.3.80"),
        ("nació el 12 de marzo de 1980", "DOB", "12 de marzo de 1980"),
        ("родился 12 марта 1980", "DOB", "12 марта 1980"),
        ("生年月日は1980年3月12日です", "DOB", "1980年3月12日"),
    ],
)
def test_words_beside_it_make_it_personal(text, kind, value):
    assert placed(DETECTOR, text) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "order AB1234567",
        "the meeting on 12 March 1980",
        "born on 31.02.1980",
        "born on 99/99/1980",
        "my passport number",
    ],
)
def test_without_them_it_is_not(text):
    assert placed(DETECTOR, text) == []
