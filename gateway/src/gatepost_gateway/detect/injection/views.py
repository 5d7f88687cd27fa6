"""A text as a model may read it: without what hides words, and one layer of encoding undone.

Every view is bounded: it is at most as long as its source, and so many pieces are decoded.
"""

import binascii
import codecs
import html
import re
import unicodedata
from base64 import b64decode
from collections.abc import Callable, Container, Iterable, Iterator
from itertools import islice
from urllib.parse import unquote

from gatepost_gateway.detect.injection import ciphers

_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһӏкмтвнАВЕКМНОРСТУХІЈЅαοειυνρτκηχΑΒΕΖΗΙΚΜΝΟΡΤΥΧɑɡıʟᴏɪ",
    "aeopcyxijsdhlkmtbhABEKMHOPCTYXIJSaoeiuvptknxABEZHIKMNOPTYXagiloi",
)
_LEET = str.maketrans("013457@$!", "oieastasi")
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]"
)
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")
_SPACED = re.compile(r"(?<![^\W\d_])(?:[^\W\d_][ .*_\-|]{1,3}){5,}[^\W\d_](?![^\W\d_])")
_LATIN = re.compile("[A-Za-z]")
_FOREIGN = re.compile("[\u0370-\u052f\u0251\u0261\u0131\u1d00-\u1d25\u029f\u026a]")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,20000}={0,2}(?![A-Za-z0-9+/=])")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ ,:]?){12,10000}(?![0-9A-Fa-f])")
_BINARY = re.compile(r"(?:[01]{8}\s?){8,5000}")
_ESCAPE = re.compile(r"\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}")
_MOST_PIECES = 32
SENTENCE = "\u2039hidden sentence\u203a"
"""Stands before what was decoded and reads like something somebody says."""


def folded(text: str) -> str:
    """Compatibility forms folded, hidden characters gone, lower case."""
    if text.isascii():
        return text.lower()
    return _HIDDEN.sub("", unicodedata.normalize("NFKC", text)).casefold()


def plain(text: str) -> str:
    """Folded, and runs of blanks one blank."""
    text = folded(text)
    for blank in "\n\r\t\u00a0\u3000":
        text = text.replace(blank, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text.strip()


BLANKS = "  "
"""What `folded_ascii` leaves, and `plain` does not."""


def folded_ascii(text: str) -> bytes:
    """What `plain` makes of a text in ASCII, but for runs of blanks: to look for them takes longer than the rest."""
    data = text.encode().lower()
    for blank in (b"\n", b"\r", b"\t"):
        data = data.replace(blank, b" ")
    return data.strip()


TRIGGERS = (
    r"[a-z][013457@$!][a-z]",
    r"(?:\pL[ .*_|-]{1,3}){5}\pL",
    "%[0-9a-f]{2}",
    r"&(?:#[0-9x]|[a-z]{2,6};)",
    r"\\[ux][0-9a-f]{2}",
    ciphers.ROTATED,
    "[a-z0-9+/_-]{16}",
    "(?:[0-9a-f]{2}[ ,:]?){12}",
    r"(?:[01]{8}\s?){8}",
    ciphers.SHIFTED,
    ciphers.BACKWARDS,
    ciphers.MORSE,
    ciphers.NUMBERS,
    ciphers.BROKEN,
)
"""What must be in a folded text for each of READINGS to differ from it."""


def _hidden_readings(text: str) -> Iterator[str]:
    """What only a text beyond ASCII can hide."""
    if _FOREIGN.search(text) and _LATIN.search(text):
        yield _HIDDEN.sub("", text).translate(_LOOKALIKES)
    for tags in _TAGS.findall(text)[:_MOST_PIECES]:
        yield "".join(chr(ord(mark) - 0xE0000) for mark in tags)


def readings(text: str, triggers: Container[int]) -> Iterator[str]:
    """Every reading that differs from `text`, of those whose trigger was met."""
    if not text.isascii():
        yield from _hidden_readings(text)
    for number, read in enumerate(_READINGS):
        if number in triggers:
            yield from read(text)


def _character(digits: str) -> str:
    return chr(int(digits, base=16))


def _once(read: Callable[[str], str]) -> Callable[[str], Iterable[str]]:
    return lambda text: (read(text),)


def _secret(read: Callable[[str], str]) -> Callable[[str], Iterable[str]]:
    """The same, marked where it shows what nobody hides without a reason."""
    return lambda text: (f"{SENTENCE} {opened}" if ciphers.tells(opened) else opened for opened in (read(text),))


def _pieces(pattern: re.Pattern[str], decode: Callable[[str], str]) -> Callable[[str], Iterable[str]]:
    """The pieces of a text that are readable when decoded."""

    def read(text: str) -> Iterator[str]:
        for match in islice(pattern.finditer(text), _MOST_PIECES):
            opened = decode(match.group())
            if opened and _readable(opened):
                yield f"{SENTENCE} {opened}" if _is_sentence(opened) else opened

    return read


def _from_base64(text: str) -> str:
    text = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "replace")
    except (ValueError, binascii.Error):
        return ""


def _from_hex(text: str) -> str:
    marks = re.sub(r"0x|\\x|[^0-9A-Fa-f]", "", text)
    return bytes.fromhex(marks[: len(marks) // 2 * 2]).decode("utf-8", "replace")


def _from_binary(text: str) -> str:
    return bytes(int(byte, 2) for byte in re.findall("[01]{8}", text)).decode("utf-8", "replace")


def _is_sentence(text: str) -> bool:
    letters = sum(mark.isalpha() or mark == " " for mark in text)
    return len(text.split()) >= 4 and letters >= 0.85 * len(text)


def _readable(text: str) -> bool:
    kept = sum(mark.isprintable() or mark in "\n\t" for mark in text)
    return kept >= 0.9 * len(text) and "\ufffd" not in text[: len(text) - 2]


_READINGS: tuple[Callable[[str], Iterable[str]], ...] = (
    _once(lambda text: text.translate(_LEET)),
    _once(lambda text: _SPACED.sub(lambda run: "".join(mark for mark in run.group() if mark.isalpha()), text)),
    _once(unquote),
    _once(html.unescape),
    _once(lambda text: _ESCAPE.sub(lambda escape: _character(escape.group()[2:]), text)),
    _secret(lambda text: codecs.encode(text, "rot13")),
    _pieces(_BASE64, _from_base64),
    _pieces(_HEX, _from_hex),
    _pieces(_BINARY, _from_binary),
    _secret(ciphers.unshifted),
    _secret(lambda text: text[::-1]),
    _pieces(ciphers.MORSE_RUN, ciphers.from_morse),
    _pieces(ciphers.NUMBER_RUN, ciphers.from_numbers),
    _once(ciphers.mended),
)
