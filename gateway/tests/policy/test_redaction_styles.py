"""What stands in place of what was found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.detect.pii import pii
from gatepost_gateway.detect.secrets import secrets
from gatepost_gateway.domain.findings import Finding, find_all
from gatepost_gateway.policy.redaction import Replacement, apply, edits_of
from gatepost_gateway.policy.redaction_styles import MarkerFormat, RedactionStyle, masked, replacing

EMAIL = Finding(0, 10, "EMAIL", "pii")


def test_each_style() -> None:
    assert replacing(RedactionStyle(), b"k")(EMAIL, "jo@ex.com") == "[EMAIL]"
    assert replacing(RedactionStyle(custom_markers={"EMAIL": "<mail>"}), b"k")(EMAIL, "jo@ex.com") == "<mail>"
    assert replacing(RedactionStyle(marker_format=MarkerFormat.MASK), b"k")(EMAIL, "4111-1111-1111-1111") == (
        "****-****-****-1111"
    )
    assert masked("secret-7") == "******-*"


def test_a_hash_is_the_same_for_the_same_and_another_with_another_key() -> None:
    style = RedactionStyle(marker_format=MarkerFormat.HASH)
    one, other = replacing(style, b"one"), replacing(style, b"two")
    assert one(EMAIL, "a") == one(EMAIL, "a") != other(EMAIL, "a")
    assert one(EMAIL, "a").startswith("[EMAIL:sha256:")
    assert len(one(EMAIL, "a")) == len("[EMAIL:sha256:]") + 12


@pytest.mark.parametrize(("found", "text"), [("jo@example.com", "[EMAIL]*******"), ("a@b.c", "*****")])
def test_a_length_is_kept(found: str, text: str) -> None:
    assert replacing(RedactionStyle(preserve_length=True), b"k")(EMAIL, found) == text


PIECES = st.sampled_from(
    [
        "jo@example.com",
        "4111 1111 1111 1111",
        "+44 20 7946 0958",
        " ",
        "日本",
        "é",
        "😀",
        "\n",
        "word ",
        "call ",
        "12",
        "password: s3cr3t!x",
        "078-05-1121",
        "-",
        "x",
        "born 12.3.1980 ",
        "GB29NWBK60161331926819",
        "10.1.2.3",
    ]
)


@given(st.lists(PIECES, max_size=10).map("".join), st.sampled_from(MarkerFormat), st.booleans())
def test_redacting_twice_is_redacting_once_and_neighbours_stay(text: str, form: MarkerFormat, kept: bool) -> None:
    replace = replacing(RedactionStyle(marker_format=form, preserve_length=kept), b"k")

    def redact(text: str) -> str:
        found = [one for detector in (pii(), secrets()) for one in find_all(detector, text)]
        wanted = [Replacement(one.start, -one.end, 0, replace(one, text[one.start : one.end])) for one in found]
        edits = edits_of(wanted)
        done = apply(text, edits)
        at, rest = 0, done
        for edit in edits:
            assert rest.startswith(text[at : edit.start])
            rest = rest[edit.start - at + len(edit.text) :]
            at = edit.end
        assert rest == text[at:]
        return done

    once = redact(text)
    assert redact(once) == once
