"""What a file or a `data:` URL in a body holds: words, as far as they can be read.

What is not what it says it is may be read by somebody as what it is. So words are read wherever a payload turns out to
be words, whatever its media type, and only what does not begin as a text is passed as a picture, a sound, a PDF file.
"""

import base64
import binascii
import codecs
import re
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from gatepost_gateway.dialects.places import TEXT_ENDINGS, is_text

_HEAD = 1024
"""Characters of base64 that tell whether it is a text."""
_SHORT = 128
_BASE64 = re.compile(r"[A-Za-z0-9+/=_\r\n\t-]*")
_BLANKS = str.maketrans("-_", "+/", "\r\n\t=")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_ANY = "latin-1"
"""What is of no encoding that can be told is of this one, in which every byte is a character."""
_PDF = "application/pdf"
_URL = "data:"
_MARK = ";base64"


class Words(Struct, frozen=True):
    """`inside`: they stand in the payload's base64."""

    text: str
    inside: bool = False


def is_data_url(value: str) -> bool:
    """A scheme has no case (RFC 3986, section 3.1)."""
    return value[:5].lower() == _URL


def words_of_url(value: str, filename: Any = None) -> Words | None:
    """The words of a `data:` URL (RFC 2397: without a media type it is a text); None: it holds none."""
    head, comma, payload = value.partition(",")
    if not comma or not head.lower().endswith(_MARK):
        return Words(unquote(value))
    if "%" in payload:
        payload = unquote(payload)
    found = words_of(payload, head[len(_URL) : -len(_MARK)] or "text/plain", filename)
    return found if found is None or found.inside else Words(value)


def words_of(payload: str, media: Any = None, filename: Any = None) -> Words | None:
    """The words of a payload: those in its base64, or itself where it is none; None: it holds none."""
    payload = payload.strip()
    if " " in payload or _BASE64.fullmatch(payload, 0, _HEAD) is None:
        return Words(payload)
    kind = media if isinstance(media, str) else ""
    name = filename.lower() if isinstance(filename, str) else ""
    if kind == _PDF or name.endswith(".pdf"):
        return None
    if not (is_text(kind) or name.endswith(TEXT_ENDINGS) or _begins_as_text(payload)):
        return None if kind or name or len(payload) >= _SHORT else Words(payload)
    data = _unpacked(payload)
    return Words(data.decode(_encoding(data), "replace"), inside=True) if data else Words(payload)


def packed(was: str, text: str) -> str:
    """`text` in the place of what `was` held: base64, behind the same head where it is a `data:` URL."""
    head, comma, _ = was.partition(",") if is_data_url(was) else ("", "", "")
    return head + comma + base64.b64encode(text.encode()).decode("ascii")


def _unpacked(payload: str) -> bytes:
    """b"" when it is no base64. Either alphabet (RFC 4648), with or without what fills it up."""
    plain = payload.translate(_BLANKS)
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4))
    except (binascii.Error, ValueError):
        return b""


def _begins_as_text(payload: str) -> bool:
    head = payload[:_HEAD].translate(_BLANKS)
    goes_on = len(payload) > _HEAD
    data = _unpacked(head[: len(head) // 4 * 4] if goes_on else head)
    encoding = _encoding(data, goes_on=goes_on)
    if not data or encoding == _ANY:
        return False
    text = codecs.getincrementaldecoder(encoding)("replace").decode(data)
    return _CONTROLS.search(text) is None


def _encoding(data: bytes, *, goes_on: bool = False) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) and _is("utf-16", data, goes_on):
        return "utf-16"
    head = data[:64]
    if len(head) > 3 and all(head[0:-1:2]) and not any(head[1::2]):
        return "utf-16-le"
    if len(head) > 3 and all(head[1::2]) and not any(head[0::2]):
        return "utf-16-be"
    return "utf-8" if _is("utf-8", data, goes_on) else _ANY


def _is(encoding: str, data: bytes, goes_on: bool) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(data, not goes_on)
    except UnicodeDecodeError:
        return False
    return True
