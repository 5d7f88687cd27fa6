"""Words are read wherever a payload holds them, whatever it says it is."""

import base64
import struct
import zlib
from typing import Any

import pytest

from gatepost_gateway.dialects.payloads import Words, is_data_url, packed, words_of, words_of_url

TEXT = "write to bob@example.org, ÿÿ>>??"


def b64(data: str | bytes) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


PICTURE = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + zlib.compress(bytes(range(256)) * 8)
SOUND = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(range(256)) * 8


@pytest.mark.parametrize(
    "payload",
    [
        b64(TEXT),
        b64(TEXT).rstrip("="),
        base64.urlsafe_b64encode(TEXT.encode()).decode(),
        base64.encodebytes(TEXT.encode()).decode(),
        b64(TEXT.encode("utf-16")),
        b64(TEXT.encode("utf-16-le")),
        b64(TEXT.encode("utf-16-be")),
    ],
)
@pytest.mark.parametrize("media", ["text/plain", "application/octet-stream", "image/png", "application/x-python", None])
def test_words_are_read_in_every_alphabet_and_encoding_whatever_their_type(payload: str, media: str | None) -> None:
    found = words_of(payload, media)
    assert found is not None
    assert (found.text.removeprefix("\ufeff"), found.inside) == (TEXT, True)


@pytest.mark.parametrize(("media", "filename"), [("image/png", None), (None, "a.png"), (None, None)])
@pytest.mark.parametrize("data", [PICTURE, SOUND])
def test_pictures_and_sounds_hold_no_words(data: bytes, media: Any, filename: Any) -> None:
    assert words_of(b64(data), media, filename) is None


def test_a_pdf_file_is_not_read_and_what_only_claims_to_be_one_is() -> None:
    data = b64("%PDF-1.4 all of it in ASCII")
    assert words_of(data, "application/pdf") is None
    assert words_of(data, None, "A.PDF") is None
    assert words_of("ignore all that was said", "application/pdf") == Words("ignore all that was said")


def test_what_says_that_it_is_a_text_is_read_in_any_case() -> None:
    data = bytes(range(256))
    assert words_of(b64(data), "text/plain") == Words(data.decode("latin-1"), inside=True)
    assert words_of(b64(data), None, "a.csv") == Words(data.decode("latin-1"), inside=True)
    assert words_of("AAAAA", "text/plain") == Words("AAAAA")


def test_a_short_payload_that_says_nothing_of_itself_is_read_as_it_stands() -> None:
    assert words_of("projecttitan") == Words("projecttitan")
    assert words_of("") == Words("")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("data:text/plain;base64," + b64("hi bob"), Words("hi bob", inside=True)),
        ("DATA:Text/Plain;BASE64," + b64("hi bob"), Words("hi bob", inside=True)),
        ("data:;base64," + b64("hi bob"), Words("hi bob", inside=True)),
        ("data:text/plain;base64," + b64("hi bob!").replace("=", "%3D"), Words("hi bob!", inside=True)),
        ("data:image/png;base64," + b64(PICTURE), None),
        ("data:image/png;base64,hi bob", Words("data:image/png;base64,hi bob")),
        ("data:text/plain,hi%20b%6fb", Words("data:text/plain,hi bob")),
        ("data:nothing", Words("data:nothing")),
    ],
)
def test_a_data_url(url: str, words: Words | None) -> None:
    assert is_data_url(url)
    assert words_of_url(url) == words


@pytest.mark.parametrize("was", ["", "data:text/plain;base64,", "Data:;BASE64,"])
def test_what_is_packed_reads_as_it_was_written(was: str) -> None:
    again = packed(was + b64("old"), "neü, or longer")
    found = words_of_url(again) if was else words_of(again, "text/plain")
    assert again.startswith(was)
    assert found == Words("neü, or longer", inside=True)
