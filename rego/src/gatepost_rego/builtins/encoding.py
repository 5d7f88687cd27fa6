"""base64, hex, query strings and URIs (OPA policy reference, section Encoding)."""

from __future__ import annotations

import base64
import binascii
import re
import string as string_module
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote_plus, unquote_to_bytes

from gatepost_rego.builtins.operands import object_of, string
from gatepost_rego.builtins.registry import BuiltinError, Context, operand_error
from gatepost_rego.builtins.signature import declare
from gatepost_rego.golang.quoting import quote, text_of, utf8
from gatepost_rego.values import RegoSet, Value, ordered_pairs

__all__ = ["BUILTINS", "unescape"]

_BREAKS: Final = str.maketrans("", "", "\r\n")
_LETTERS: Final = string_module.ascii_letters + string_module.digits
_STANDARD: Final = str.maketrans("", "", _LETTERS + "+/")
_URL: Final = str.maketrans("", "", _LETTERS + "-_")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)


def _claim(ctx: Context, characters: int) -> None:
    ctx.charge(1 + characters // 16)
    ctx.reserve(characters // 4)


def _padding_error(text: str) -> BuiltinError:
    return BuiltinError(f"illegal base64 data at input byte {len(text) // 4 * 4}")


def _decode(text: str, alphabet: dict[int, int | None]) -> bytes:
    """Decode padded base64 as Go does: line breaks do not count, idle bits may be set."""
    body = text.translate(_BREAKS)
    kept = body.rstrip("=")
    padding = len(body) - len(kept)
    strange = kept.translate(alphabet)
    if strange:
        raise BuiltinError(f"illegal base64 data at input byte {kept.index(strange[0])}")
    if len(body) % 4 or padding > 2 or len(kept) % 4 == 1:
        raise _padding_error(kept)
    plain = body if alphabet is _STANDARD else body.replace("-", "+").replace("_", "/")
    return base64.b64decode(plain)


def base64_encode(ctx: Context, value: Value) -> str:
    """Encode the UTF-8 bytes of a string."""
    text = string(value, 1)
    _claim(ctx, 2 * len(text))
    return base64.b64encode(utf8(text)).decode()


def base64_decode(ctx: Context, value: Value) -> str:
    """Decode into a string."""
    text = string(value, 1)
    _claim(ctx, 8 * len(text))
    return text_of(_decode(text, _STANDARD))


def base64_is_valid(ctx: Context, value: Value) -> bool:
    """Say whether a string can be decoded."""
    if not isinstance(value, str):
        return False
    _claim(ctx, 8 * len(value))
    try:
        _decode(value, _STANDARD)
    except BuiltinError:
        return False
    return True


def base64url_encode(ctx: Context, value: Value) -> str:
    """Encode for URLs."""
    text = string(value, 1)
    _claim(ctx, 2 * len(text))
    return base64.urlsafe_b64encode(utf8(text)).decode()


def base64url_encode_no_pad(ctx: Context, value: Value) -> str:
    """Encode for URLs without padding."""
    return base64url_encode(ctx, value).rstrip("=")


def base64url_decode(ctx: Context, value: Value) -> str:
    """Decode what was encoded for URLs, with or without padding."""
    text = string(value, 1)
    _claim(ctx, 8 * len(text))
    missing = -len(text) % 4 if not text.endswith("=") else 0
    if missing == 3:
        raise _padding_error(text)
    return text_of(_decode(text + "=" * missing, _URL))


def hex_encode(ctx: Context, value: Value) -> str:
    """Write the UTF-8 bytes of a string in hexadecimal."""
    text = string(value, 1)
    _claim(ctx, 2 * len(text))
    return utf8(text).hex()


def hex_decode(ctx: Context, value: Value) -> str:
    """Read bytes in hexadecimal into a string."""
    text = string(value, 1)
    _claim(ctx, len(text))
    bad = re.search("[^0-9A-Fa-f]", text)
    if bad is not None:
        char = bad.group()
        raise BuiltinError(f"encoding/hex: invalid byte: U+{ord(char):04X} {quote(char, chr(39))}")
    try:
        return text_of(binascii.unhexlify(text))
    except binascii.Error as error:
        raise BuiltinError("encoding/hex: odd length hex string") from error


def unescape(text: str, *, plus: bool = True) -> str:
    """Undo percent escapes; a broken one is a built-in error."""
    bad = _BAD_ESCAPE.search(text)
    if bad is not None:
        raise BuiltinError(f"invalid URL escape {quote(bad.group())}")
    return text_of(unquote_to_bytes(utf8(text.replace("+", " ") if plus else text)))


def _escape(text: str) -> str:
    return quote_plus(utf8(text))


def query_encode(ctx: Context, value: Value) -> str:
    """Escape a string for a query."""
    text = string(value, 1)
    _claim(ctx, 3 * len(text))
    return _escape(text)


def query_decode(ctx: Context, value: Value) -> str:
    """Undo the escapes of a query."""
    text = string(value, 1)
    _claim(ctx, len(text))
    return unescape(text)


def query_encode_object(ctx: Context, value: Value) -> str:
    """Write an object as a query, its keys in order."""
    parts: list[str] = []
    for key, item in ordered_pairs(object_of(value, 1)):
        name = string(key, 1)
        if isinstance(item, str):
            items: list[Value] = [item]
        elif isinstance(item, (list, RegoSet)):
            items = item if isinstance(item, list) else item.ordered()
        else:
            raise operand_error(1, item, "string", "array", "set")
        for member in items:
            text = string(member, 1)
            _claim(ctx, 3 * (len(name) + len(text)))
            parts.append(f"{_escape(name)}={_escape(text)}")
    return "&".join(parts)


def query_decode_object(ctx: Context, value: Value) -> dict[str, Value]:
    """Read a query into an object of arrays of strings."""
    text = string(value, 1)
    _claim(ctx, len(text))
    found: dict[str, Value] = {}
    for part in _between(text, "&"):
        ctx.charge(4)
        if ";" in part:
            raise BuiltinError("invalid semicolon separator in query")
        if part:
            name, _, item = part.partition("=")
            values = found.setdefault(unescape(name), [])
            values.append(unescape(item))  # type: ignore[union-attr]
    return found


def _between(text: str, mark: str) -> Iterator[str]:
    """Cut a text at a mark, one part at a time."""
    start = 0
    while (end := text.find(mark, start)) >= 0:
        yield text[start:end]
        start = end + len(mark)
    yield text[start:]


BUILTINS: Final = (
    declare("base64.encode", base64_encode, context=True),
    declare("base64.decode", base64_decode, context=True),
    declare("base64.is_valid", base64_is_valid, context=True),
    declare("base64url.encode", base64url_encode, context=True),
    declare("base64url.encode_no_pad", base64url_encode_no_pad, context=True),
    declare("base64url.decode", base64url_decode, context=True),
    declare("hex.encode", hex_encode, context=True),
    declare("hex.decode", hex_decode, context=True),
    declare("urlquery.encode", query_encode, context=True),
    declare("urlquery.decode", query_decode, context=True),
    declare("urlquery.encode_object", query_encode_object, context=True),
    declare("urlquery.decode_object", query_decode_object, context=True),
)
