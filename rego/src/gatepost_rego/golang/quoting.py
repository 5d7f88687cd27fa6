"""Strings as Go quotes them, and as the bytes Go holds them in."""

import re
from collections.abc import Callable

__all__ = ["SLICE", "Tick", "quote", "sanitise", "text_of", "utf8"]

Tick = Callable[[int], None]
SLICE = 4_096
_SHORT = {
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
    "\\": "\\\\",
}  # fmt: skip
_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def utf8(text: str) -> bytes:
    """Encode as UTF-8; a byte that `text_of` could not decode comes back as it was."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        kept = re.sub("[\ud800-\udc7f\udd00-\udfff]", _REPLACEMENT, text)
        return kept.encode("utf-8", "surrogateescape")


def text_of(data: bytes) -> str:
    """Decode UTF-8; a byte that is none becomes one character that `utf8` turns back."""
    return data.decode("utf-8", "surrogateescape")


def sanitise(text: str) -> str:
    """Replace what is no character by U+FFFD, as Go does when it prints JSON."""
    return text if text.isascii() else _SURROGATE.sub(_REPLACEMENT, text)


def quote(
    text: str, mark: str = '"', *, ascii_only: bool = False, tick: Tick | None = None
) -> str:
    """Quote as `strconv.Quote` does (`QuoteToASCII` when `ascii_only`).

    `tick` is told of the work before each part of a long text.
    """
    plain = text.isprintable() and mark not in text and "\\" not in text
    if plain and (not ascii_only or text.isascii()):
        return f"{mark}{text}{mark}"
    done: list[str] = []
    for start in range(0, len(text), SLICE):
        if tick is not None:
            tick(SLICE // 4)
        done += [_escape(char, mark, ascii_only) for char in text[start : start + SLICE]]
    return f"{mark}{''.join(done)}{mark}"


def _escape(char: str, mark: str, ascii_only: bool) -> str:
    if char == mark:
        return "\\" + char
    short = _SHORT.get(char)
    if short:
        return short
    if char.isprintable() and (char.isascii() or not ascii_only):
        return char
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if 0xD800 <= code <= 0xDFFF:
        return "\\ufffd"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
