"""What is called a secret where it stands."""

import pytest

from gatepost_gateway.detect.patterns import PatternDetector
from gatepost_gateway.detect.secrets.assigned import PATTERNS

from ..cutting import placed
from .made import base62, hexed

DETECTOR = PatternDetector("secrets", PATTERNS)
KEY, HEX = base62(32), hexed(32)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f'api_key = "{KEY}"', KEY),
        (f"ACME_CLIENT_SECRET={KEY}", KEY),
        (f"Authorization: Bearer {KEY}", KEY),
        (f'{{"token": "{HEX}"}}', HEX),
        (f"datadog {HEX}", HEX),
        (f"FOO_SETTING: {KEY}", KEY),
        ("password = hunter2!", "hunter2!"),
        ("login me\n  password s3cr3t99", "s3cr3t99"),
        (f"curl -u me:{KEY} https://x", KEY),
        ("Authorization: Basic dXNlcjpwYXNzd29yZDE=", "dXNlcjpwYXNzd29yZDE="),
        (f'setting = "{KEY}"', KEY),
        ('"AdminPassword" : "theoldoaktree"', "theoldoaktree"),
        ("user = Aladdin\n# and\npassword = open_sesame\n", "open_sesame"),
        ("REACT_APP_GUEST_PASSWORD=wanderlust    # a comment", "wanderlust"),
        ("FOO=1\nDB_PASS=wanderlust\nBAR=2", "wanderlust"),
        ('$user = "mg1"; $password = "goodspec";', "goodspec"),
    ],
)
def test_what_is_called_a_secret_is_found(text, value):
    assert value in [found for _, found in placed(DETECTOR, text)]


@pytest.mark.parametrize(
    "text",
    [
        f"public_key = {KEY}",
        f"commit {hexed(40)}",
        f"sha256: {hexed(64)}",
        "token_count = 1024",
        "api_key = os.environ['API_KEY']",
        "password = getpass()",
        'password: "${DB_PASSWORD}"',
        "accessTokenProvider = DefaultAccessTokenProvider",
        "credentialsId: '29f63271-dc2f-4734-8221-5b31b5169bac'",
        "the secret of a good cake is butter and patience",
        "my password is very long",
        "key: value",
        f"exposures = {KEY}",
        f'MaxKeyframeDistance, "{HEX}"',
        f"use my-api-key-{KEY.lower()}",
        "of basic characteristics",
        '"password": "Passwort"',
        'passwordVariable: "PASSWORD"',
        "user=user, password=password)",
        "DB_PASSWORD=changeme",
        "DB_PASSWORD=smtp_password",
        "DB_PASSWORD=file",
        "DB_PASSWORD=getpass.getpass()",
        'cloudant_password = "a-fake-tooshort-key"',
        "username = request.name\npassword = request.secret\n",
        "def login(user: str, password: string):",
    ],
)
def test_what_is_not_is_left(text):
    assert placed(DETECTOR, text) == []
