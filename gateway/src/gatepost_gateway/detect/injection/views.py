"""A text as a model may read it: without what hides words, and one layer of encoding undone.

Every view is bounded: it is at most as long as its source, and so many pieces are decoded.
"""

import binascii
import codecs
import html
import re
import unicodedata
from base64 import b32decode, b64decode
from collections.abc import Callable, Container, Iterable, Iterator
from itertools import islice
from urllib.parse import unquote

from gatepost_gateway.detect.injection import ciphers

_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһӏкмтвнАВЕКМНОРСТУХІЈЅαοειυνρτκηχΑΒΕΖΗΙΚΜΝΟΡΤΥΧɑɡıᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ",
    "aeopcyxijsdhlkmtbhABEKMHOPCTYXIJSaoeiuvptknxABEZHIKMNOPTYXagiabcdefghijklmnoprstuvwyz",
)
_LEET = (str.maketrans("0134567@$!|89", "oieasgtasiibg"), str.maketrans("0134567@$!|89", "oleasgtasilbg"))
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]"
)
_MARKS = re.compile("(?<=[\x20-\x7e])[\u0300-\u036f]+")
_STROKES = str.maketrans("đłøıħ", "dloih")
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")
_SPACED = re.compile(r"(?<![^\W\d_])(?:[^\W\d_][ .*_\-|/]{1,4}){5,}[^\W\d_](?![^\W\d_])")
_LATIN = re.compile("[A-Za-z]")
_FOREIGN = re.compile("[\u0370-\u052f\u0251\u0261\u0131]")
_SMALL = re.compile("[\u1d00-\u1d25\u029f\u026a\u0299\u0262\u029c\u0274\u0280\u028f\ua730\ua731]")
_FLAGS = re.compile("(?:[\U0001f1e6-\U0001f1ff][\u200b-\u200d ]{0,3}){6,}")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{8,20000}")
_BASE64 = re.compile(
    r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,20000}(?:\r?\n[A-Za-z0-9+/_-]{2,76}){0,400}={0,6}(?![A-Za-z0-9+/=])"
)
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ ,:]?){12,10000}(?![0-9A-Fa-f])")
_BINARY = re.compile(r"(?:[01]{8}\s?){8,5000}")
_ESCAPE = re.compile(
    r"\\u\{([0-9A-Fa-f]{1,5})\}|\\u([0-9A-Fa-f]{4})|\\U000([0-9A-Fa-f]{5})|\\x([0-9A-Fa-f]{2})|\\([0-3]?[0-7]{2})|\\([nrt])"
)
_BASE32 = re.compile("[A-Z2-7]+")
_LEAST_BASE32 = 24
_MOST_PIECES = 32
SENTENCE = "\u2039hidden sentence\u203a"
"""Stands before what was decoded and reads like something somebody says."""


def folded(text: str) -> str:
    """Compatibility forms folded, hidden characters gone, lower case."""
    if text.isascii():
        return text.lower()
    return unaccented(_HIDDEN.sub("", unicodedata.normalize("NFKC", text)).casefold())


def unaccented(text: str) -> str:
    """Latin letters without their marks, however many: people leave these out, and hide words behind them."""
    apart = unicodedata.normalize("NFD", text)
    bare = _MARKS.sub("", apart)
    return unicodedata.normalize("NFC", bare).translate(_STROKES)


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
    r"[a-z][0134567@$!|89][a-z]",
    r"(?:\pL[ .*_|/-]{1,3}){5}\pL",
    "%[0-9a-f]{2}",
    r"&(?:#[0-9x]|[a-z]{2,6};)",
    r"\\[uxnrt]|\\[0-3][0-7]{2}",
    ciphers.ROTATED,
    "[a-z0-9+/_-]{16}",
    "(?:[0-9a-f]{2}[ ,:]?){12}",
    r"(?:[01]{8}\s?){8}",
    ciphers.SHIFTED,
    ciphers.BACKWARDS,
    ciphers.MORSE,
    ciphers.NUMBERS,
    ciphers.BROKEN,
    ciphers.GLUED,
    ciphers.ATBASH,
    ciphers.PIG,
)
"""What must be in a folded text for each of READINGS to differ from it."""


def _hidden_readings(text: str) -> Iterator[str]:
    """What only a text beyond ASCII can hide."""
    if (_FOREIGN.search(text) and _LATIN.search(text)) or _SMALL.search(text):
        yield _HIDDEN.sub("", text).translate(_LOOKALIKES)
    yield from ciphers.upright(text)
    if _FLAGS.search(text):
        yield _FLAGS.sub(_from_flags, text)
    for run in _SELECTORS.findall(text)[:_MOST_PIECES]:
        yield bytes(_selected(mark) for mark in run).decode("utf-8", "replace")
    for tags in _TAGS.findall(text)[:_MOST_PIECES]:
        yield "".join(chr(ord(mark) - 0xE0000) for mark in tags)


def readings(text: str, triggers: Container[int]) -> Iterator[str]:
    """Every reading that differs from `text`, of those whose trigger was met."""
    if not text.isascii():
        yield from _hidden_readings(text)
    for number, read in enumerate(_READINGS):
        if number in triggers:
            yield from read(text)


def _from_flags(run: re.Match[str]) -> str:
    return "".join(chr(ord(mark) - 0x1F1E6 + ord("a")) for mark in run.group() if mark > "\U0001f1e5")


def _selected(mark: str) -> int:
    """The byte that a variation selector carries."""
    return ord(mark) - (0xFE00 if mark < "\U000e0100" else 0xE0100 - 16)


def _unescaped(escape: re.Match[str]) -> str:
    *hexadecimal, octal, blank = escape.groups()
    if blank:
        return " "
    return chr(int(octal, 8) if octal else int(next(filter(None, hexadecimal)), 16))


def _joined(run: re.Match[str]) -> str:
    """Letters that were spaced, as words where some stand further apart."""
    text = run.group()
    wide = "  " if "  " in text else "\0"
    return " ".join("".join(mark for mark in word if mark.isalpha()) for word in text.split(wide))


def _once(read: Callable[[str], str]) -> Callable[[str], Iterable[str]]:
    return lambda text: (read(text),)


def _secret(read: Callable[[str], str]) -> Callable[[str], Iterable[str]]:
    """The same, marked where it shows what nobody hides without a reason."""
    return lambda text: (f"{SENTENCE} {opened}" if ciphers.tells(opened) else opened for opened in (read(text),))


def _pieces(pattern: re.Pattern[str], decode: Callable[[str], str], words: int = 4) -> Callable[[str], Iterable[str]]:
    """The pieces of a text that are readable when decoded; with so many words it is something that somebody says."""

    def read(text: str) -> Iterator[str]:
        for match in islice(pattern.finditer(text), _MOST_PIECES):
            opened = decode(match.group())
            if opened and _readable(opened):
                yield f"{SENTENCE} {opened}" if _is_sentence(opened, words) else opened

    return read


def _from_base64(text: str) -> str:
    """Base 64, or 32 where its alphabet is enough."""
    text = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        if len(text) >= _LEAST_BASE32 and _BASE32.fullmatch(text):
            return b32decode(text + "=" * (-len(text) % 8)).decode("utf-8", "replace")
        return b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "replace")
    except (ValueError, binascii.Error):
        return ""


def _from_hex(text: str) -> str:
    marks = re.sub(r"0x|\\x|[^0-9A-Fa-f]", "", text)
    return bytes.fromhex(marks[: len(marks) // 2 * 2]).decode("utf-8", "replace")


def _from_binary(text: str) -> str:
    return bytes(int(byte, 2) for byte in re.findall("[01]{8}", text)).decode("utf-8", "replace")


def _is_sentence(text: str, words: int) -> bool:
    letters = sum(mark.isalpha() or mark == " " for mark in text)
    return len(text.split()) >= words and letters >= 0.85 * len(text)


def _readable(text: str) -> bool:
    kept = sum(mark.isprintable() or mark in "\n\t" for mark in text)
    return kept >= 0.9 * len(text) and "\ufffd" not in text[: len(text) - 2]


_READINGS: tuple[Callable[[str], Iterable[str]], ...] = (
    lambda text: (text.translate(table) for table in _LEET),
    _once(lambda text: _SPACED.sub(_joined, text)),
    _once(unquote),
    _once(html.unescape),
    _once(lambda text: _ESCAPE.sub(_unescaped, text)),
    _secret(lambda text: codecs.encode(text, "rot13")),
    _pieces(_BASE64, _from_base64),
    _pieces(_HEX, _from_hex),
    _pieces(_BINARY, _from_binary),
    _secret(ciphers.unshifted),
    _secret(lambda text: text[::-1]),
    _pieces(ciphers.MORSE_RUN, ciphers.from_morse, words=2),
    _pieces(ciphers.NUMBER_RUN, ciphers.from_numbers),
    _once(ciphers.mended),
    _once(ciphers.unglued),
    _once(ciphers.atbash),
    lambda text: (f"{SENTENCE} {opened}" for opened in (ciphers.from_pig_latin(text),) if opened),
)
