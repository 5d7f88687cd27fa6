"""E-mail addresses, phone numbers, IP addresses."""

import pytest

from gatepost_gateway.detect.patterns import PatternDetector
from gatepost_gateway.detect.pii.contact import PATTERNS

from ..cutting import placed

DETECTOR = PatternDetector("pii", PATTERNS)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("write to Jo.Doe+x@mail.example.co.uk.", "EMAIL", "Jo.Doe+x@mail.example.co.uk"),
        ("邮箱是jo@example.com，谢谢", "EMAIL", "jo@example.com"),
        ("an grüße@müller.example schreiben", "EMAIL", "grüße@müller.example"),
        ("пишите на иван@почта.рф", "EMAIL", "иван@почта.рф"),
        ("x@xn--d1acufc.xn--p1ai", "EMAIL", "x@xn--d1acufc.xn--p1ai"),
        ("ring +44 20 7946 0958 now", "PHONE", "+44 20 7946 0958"),
        ("at (212) 555-0187 ext 12.", "PHONE", "(212) 555-0187 ext 12"),
        ("212.555.0187", "PHONE", "212.555.0187"),
        ("01 42 68 53 00", "PHONE", "01 42 68 53 00"),
        ("call me: 555 0187", "PHONE", "555 0187"),
        ("電話は0312345678です", "PHONE", "0312345678"),
        ("from 192.0.2.17:8080", "IP", "192.0.2.17"),
        ("[2001:db8::8a2e:370:7334]", "IP", "2001:db8::8a2e:370:7334"),
        ("::ffff:192.0.2.1", "IP", "::ffff:192.0.2.1"),
    ],
)
def test_what_reaches_a_person_is_found(text, kind, value):
    assert (kind, value) in placed(DETECTOR, text)


@pytest.mark.parametrize(
    "text",
    [
        "jo@example, jo@.com, @decorator and odd@",
        "version 1.2.3.4 of it",
        "256.1.1.1 and 1.2.3.4.5",
        "std::vector<int> a::b; 12:34:56",
        "on 2024-10-12 and 12.10.2024 we met",
        "in 1999 2000 people came",
        "pi is 3.14159265358",
        "order 123456789",
        "aa:bb:cc:dd:ee:ff",
        "the book with ISBN 0-7653-1178-X",
        "call 01101111 01101110 0110",
    ],
)
def test_what_only_looks_like_it_is_not(text):
    assert placed(DETECTOR, text) == []
