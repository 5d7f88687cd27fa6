"""`uri.parse` and `uri.is_valid`, by the rules of Go's package `net/url`."""

from __future__ import annotations

import re
from typing import Final

from gatepost_rego.builtins.encoding import unescape
from gatepost_rego.builtins.operands import string
from gatepost_rego.builtins.registry import BuiltinError, BuiltinHalt, Context
from gatepost_rego.builtins.signature import declare
from gatepost_rego.golang.quoting import quote
from gatepost_rego.values import Value

__all__ = ["BUILTINS"]

_SCHEME: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):(.*)", re.DOTALL)
_LONGEST: Final = 100_000
_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")
_ENCODED: Final = re.compile("%(?:2[fF]|3[fFbB]|23|25)")


def _parse(text: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    rest, mark, fragment = text.partition("#")
    if _CONTROL.search(rest):
        raise BuiltinError("net/url: invalid control character in URL")
    if mark and fragment:
        found["fragment"] = unescape(fragment, plus=False)
    scheme = _SCHEME.match(rest)
    if scheme is not None:
        found["scheme"], rest = scheme.group(1).lower(), scheme.group(2)
    elif rest.startswith(":"):
        raise BuiltinError("missing protocol scheme")
    rest, _, query = rest.partition("?")
    if query:
        found["raw_query"] = query
    if scheme is not None and not rest.startswith("/"):
        return found
    if scheme is None and ":" in rest.split("/", 1)[0]:
        raise BuiltinError("first path segment in URL cannot contain colon")
    if rest.startswith("//") and not (scheme is None and rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        found |= _authority(authority)
        rest = slash + path
    if rest:
        found["path"] = unescape(rest, plus=False)
        found["raw_path"] = rest if _ENCODED.search(rest) else found["path"]
    return found


def _authority(text: str) -> dict[str, Value]:
    host = text.rpartition("@")[2]
    bad = re.search(r"[^A-Za-z0-9\-._~!$&'()*+,;=:<>\"%\[\]\x80-\U0010ffff]", host)
    if bad is not None:
        raise BuiltinError(f"invalid character {quote(bad.group())} in host name")
    port = ""
    if host.startswith("["):
        name, closing, port = host[1:].partition("]")
        if not closing:
            raise BuiltinError("missing ']' in host")
    else:
        name, colon, port = host.rpartition(":")
        name, port = (name, colon + port) if colon else (host, "")
    digits = port[1:].isascii() and port[1:].isdigit()
    if port and port != ":" and not (port[0] == ":" and digits):
        raise BuiltinError(f"invalid port {quote(port)} after host")
    found: dict[str, Value] = {}
    if name:
        found["hostname"] = unescape(name, plus=False)
    if port[1:]:
        found["port"] = port[1:]
    return found


def parse(ctx: Context, value: Value) -> dict[str, Value]:
    """Take a URI apart; what it lacks is left out."""
    text = string(value, 1)
    ctx.charge(1 + len(text) // 4)
    if len(text) > _LONGEST:
        raise BuiltinHalt("text too long for a URI")
    try:
        return _parse(text)
    except BuiltinError as error:
        raise BuiltinError(f"parse {quote(text)}: {error.message}") from error


def is_valid(ctx: Context, value: Value) -> bool:
    """Say whether a string is a URI."""
    if not isinstance(value, str):
        return False
    try:
        parse(ctx, value)
    except BuiltinError:
        return False
    return True


BUILTINS: Final = (
    declare("uri.parse", parse, context=True),
    declare("uri.is_valid", is_valid, context=True),
)
