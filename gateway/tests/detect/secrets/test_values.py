"""Whether a text is a secret itself."""

import pytest

from gatepost_gateway.detect.secrets.values import entropy, is_identity, is_name, is_random, pieces, stands_in

from .made import base62, hexed


def test_entropy_is_in_bits_a_character():
    assert entropy("") == 0.0
    assert entropy("aaaa") == 0.0
    assert entropy("abcd") == 2.0


@pytest.mark.parametrize(
    "text",
    [
        "xxxxxxxxxx",
        "${TOKEN}",
        "<your key>",
        "your_key_1234",
        "[REDACTED]",
        "changeme123",
        "xoxp-1-####",
        "AKIAIOSFODNN7EXAMPLE",
        "0000000000",
    ],
)
def test_what_stands_where_a_secret_would(text):
    assert stands_in(text)


def test_a_name_is_in_pieces_that_could_be_words():
    assert pieces("keyVaultToStore") == ["key", "Vault", "To", "Store"]
    assert all(map(is_name, ("ultraPictureBox1", "X25519.secret_length", "jjwt-jackson-0.11.2", "12345")))
    assert not any(map(is_name, (base62(32), hexed(32))))


def test_what_is_random():
    assert all(map(is_random, (base62(20), hexed(32), "123456789012345678", "DjuyBenwJrtpvxdFCzAphcqc")))
    assert not any(
        map(
            is_random,
            ("short1", "accessTokenProvider", "DefaultAccessTokenProvider", "x64-uwp=fail", "aaaaaaaaaaaaaaaaaaaa"),
        )
    )


def test_what_programs_call_things_by():
    assert is_identity("123e4567-e89b-12d3-a456-426614174000")
    assert is_identity(hexed(40))
    assert not is_identity(base62(40))
