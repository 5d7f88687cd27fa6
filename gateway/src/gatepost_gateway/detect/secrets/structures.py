"""Secrets that are known by their structure: signed tokens, key files, addresses with a password, private addresses."""

import binascii
import re
from base64 import urlsafe_b64decode
from ipaddress import AddressValueError, IPv4Address

from gatepost_gateway.detect.patterns import Found, Pattern
from gatepost_gateway.detect.pii.near import joins
from gatepost_gateway.detect.secrets.values import entropy, stands_in

_REACH = 4096
_JWT = re.compile(r"eyJ[\w-]{6,}={0,2}\.[\w-]{4,}={0,2}(?:\.[\w-]*={0,2}){0,3}")
_KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,40}-----")


def _jwt_length(text: str) -> int:
    """Two parts or more, the first of which is JSON and names its algorithm: RFC 7515, RFC 7516."""
    match = _JWT.match(text)
    if match is None:
        return 0
    header = match.group().partition(".")[0].rstrip("=")
    try:
        opened = urlsafe_b64decode(header + "=" * (-len(header) % 4))
    except (ValueError, binascii.Error):
        return 0
    return match.end() if opened.startswith(b"{") and opened.rstrip().endswith(b"}") and b'"alg"' in opened else 0


JWT = Pattern(
    "JWT",
    r"eyJ[A-Za-z0-9_-]{6}",
    check=lambda found: 0.0 if joins(found.before[-1:]) else 1.0,
    measure=_jwt_length,
    reach=_REACH,
    margin=1,
    opening="eyJ",
)


def _key_length(text: str) -> int:
    """To the line that ends it, or as far as can be seen."""
    end = _KEY_END.search(text)
    return end.end() if end else len(text)


PRIVATE_KEY = Pattern(
    "PRIVATE_KEY",
    r"-----BEGIN (?:[A-Z0-9]{2,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-\d:",
    measure=_key_length,
    reach=_REACH,
    opening="-----BEGIN |PuTTY-User-Key",
)

_USERINFO = r"[^\s/?#\"'<>@]"


def _is_password(found: Found) -> float:
    text = found.text
    return (
        0.0
        if len(text) < 3
        or text.startswith(("$", "#{", "%"))
        or (stands_in(text) and not text.isalpha())
        or not text.strip("*x")
        else 1.0
    )


CONNECTION = Pattern(
    "CONNECTION_PASSWORD",
    rf"(?i)[a-z][a-z0-9+.-]{{1,20}}://[^\s:/?#\"'<>@\[]{{0,80}}:({_USERINFO}{{3,120}})@[a-z0-9\[]",
    hint=r"://[^\s/:@]{0,80}:[^\s/]{0,100}@?",
    check=_is_password,
    opening=r"(?i)[a-z0-9+.-]{2,21}:",
)
_PAIRED = (
    r"(?:server|data source|host|hostname|driver|dsn|uid|user id|user|username|addr|address|database|initial catalog)"
)
ODBC = Pattern(
    "CONNECTION_PASSWORD",
    rf"(?i)\b{_PAIRED} ?= ?[^=\"'\r\n]{{1,80}}[;,](?:[^=\"'\r\n]{{1,40}}=[^=\"'\r\n]{{0,60}}[;,]){{0,4}}"
    rf"\s{{0,2}}(?:password|pwd) ?= ?([^;,\"'\s]{{3,60}})",
    hint=r"(?i)(?:password|pwd) ?=",
    check=_is_password,
    opening=rf"(?i){_PAIRED} ?=",
)
PGPASS = Pattern(  # https://www.postgresql.org/docs/current/libpq-pgpass.html
    "CONNECTION_PASSWORD",
    r"(?:^|[\s\"'`])(?:\*|[A-Za-z][A-Za-z0-9.-]{1,60}|\d{1,3}(?:\.\d{1,3}){3}):(?:\d{4,5}|\*):(?:\*|[a-z][\w-]{0,40})"
    r":[a-z][\w.@-]{1,40}:([^\s:\"'`]{4,80})",
    hint=r":(?:\d{4,5}|\*):(?:\*|[a-z][\w-]{0,40}):[a-z]",
    check=_is_password,
    opening=r"(?:^|[\s\"'`])[A-Za-z0-9.*-]{1,61}:",
)


def _is_private(found: Found) -> float:
    """RFC 1918. One's own machine is nobody's secret."""
    if joins(found.before[-1:]) or found.before[-1:] in (".", "-") or joins(found.after[:1]):
        return 0.0
    if found.after[:1] == "." and found.after[1:2].isdecimal():
        return 0.0
    try:
        address = IPv4Address(found.text)
    except AddressValueError:
        return 0.0
    return float(
        address.is_private and not address.is_loopback and not address.is_unspecified and not address.is_reserved
    )


SERVICE_ACCOUNT = Pattern(
    "GOOGLE_SERVICE_ACCOUNT",
    r'"type"\s{0,3}:\s{0,3}"service_account"|"private_key_id"\s{0,3}:\s{0,3}"[0-9a-f]{40}"',
)
PASSWORD_HASH = Pattern(
    "PASSWORD_HASH",
    r"\$(?:1|5|6|7|8|9|2[abxy]?|y|gy|argon2(?:i|d|id)|krb5[a-z]{1,6}|scrypt|pbkdf2[a-z0-9-]{0,10})\$[A-Za-z0-9./+=$,@:*_-]{16,400}",
    check=lambda found: float(entropy(found.text) > 3 and any(mark.isdecimal() for mark in found.text[4:])),
    opening=r"\$[a-z0-9]{1,20}\$",
)
PRIVATE_ADDRESS = Pattern(
    "PRIVATE_ADDRESS",
    r"(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}",
    check=_is_private,
    margin=2,
)
INTERNAL_ENDPOINT = Pattern(
    "INTERNAL_ENDPOINT",
    r"(?i)\bhttps?://(?:[a-z0-9-]{1,63}\.){1,4}(?:internal|intranet|corp|lan|local|localdomain|svc\.cluster\.local)(?::\d{1,5})?",
    hint=r"(?i)\.(?:internal|intranet|corp|lan|local)",
    check=lambda found: 0.0 if joins(found.after[:1]) or found.after[:1] in (".", "-") else 1.0,
    margin=1,
    opening="(?i)https?:",
)
PATTERNS = (
    JWT,
    PRIVATE_KEY,
    SERVICE_ACCOUNT,
    PASSWORD_HASH,
    CONNECTION,
    ODBC,
    PGPASS,
    PRIVATE_ADDRESS,
    INTERNAL_ENDPOINT,
)
