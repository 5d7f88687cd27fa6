"""Secrets that are known by their structure."""

from base64 import urlsafe_b64encode

import pytest

from gatepost_gateway.detect.patterns import PatternDetector
from gatepost_gateway.detect.secrets.structures import PATTERNS

from ..cutting import placed
from .made import base62

DETECTOR = PatternDetector("secrets", PATTERNS)
HEADER = urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
TOKEN = f"{HEADER}.{base62(300)}.{base62(43)}"
BEGIN, END = "-----BEGIN RSA PRIVATE " + "KEY-----", "-----END RSA PRIVATE " + "KEY-----"


def test_a_signed_token_is_found_whole():
    assert placed(DETECTOR, f"Bearer {TOKEN} ok") == [("JWT", TOKEN)]
    assert placed(DETECTOR, "eyJhbGciOiJub3QganNvbg.abcdef.abcdef") == []
    claims = urlsafe_b64encode(b'{"sub":"1234567890"}').decode().rstrip("=")
    assert placed(DETECTOR, f"{claims}.{base62(43)}") == []


def test_a_key_goes_to_its_end_or_as_far_as_can_be_seen():
    key = f"{BEGIN}\n{base62(64)}\n{base62(64)}\n{END}"
    assert placed(DETECTOR, f"here: {key}\nthanks") == [("PRIVATE_KEY", key)]
    cut = f"{BEGIN}\n{base62(64)}"
    assert placed(DETECTOR, cut) == [("PRIVATE_KEY", cut)]
    assert placed(DETECTOR, "-----BEGIN PUBLIC KEY-----\nabc") == []


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("postgres://app:s3cr3t-w0rd@db.example.com:5432/x", "CONNECTION_PASSWORD", "s3cr3t-w0rd"),
        ("Server=db;Database=x;User Id=app;Password=s3cr3t;", "CONNECTION_PASSWORD", "s3cr3t"),
        ("db.example.com:5432:*:app:s3cr3t-w0rd", "CONNECTION_PASSWORD", "s3cr3t-w0rd"),
        ("it runs on 10.1.2.3:8080", "PRIVATE_ADDRESS", "10.1.2.3"),
        ("see https://build.ci.internal:8443/job", "INTERNAL_ENDPOINT", "https://build.ci.internal:8443"),
        ('"type": "service_account"', "GOOGLE_SERVICE_ACCOUNT", '"type": "service_account"'),
    ],
)
def test_structures(text, kind, value):
    assert placed(DETECTOR, text) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "amqp://user:*****@example.com",
        "amqps://user:$password@host",
        "https://example.com:8080/a@b",
        "127.0.0.1 and 8.8.8.8",
        "1.10.1.2.3",
        "http://example.com/internal",
        "at 12:34:56:78:90 in 2001:db8:85a3:1000:20aa:8a2e:370:7334",
    ],
)
def test_what_only_looks_like_it_is_not(text):
    assert placed(DETECTOR, text) == []
