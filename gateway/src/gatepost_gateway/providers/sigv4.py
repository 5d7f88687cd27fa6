"""AWS Signature Version 4: a request, keys and a moment make the headers that prove who asks. Pure.

Source: AWS IAM User Guide, "Create a signed AWS API request" (canonical request, string to sign, signing key). Services
other than S3 encode the path once more than it is sent: an already encoded `%3A` is signed as `%253A`.
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from msgspec import Struct

from gatepost_gateway.domain.ports import Headers
from gatepost_gateway.domain.secret import Secret

ALGORITHM = "AWS4-HMAC-SHA256"
_UNRESERVED = "-_.~"
_SPACES = re.compile(rb"\s+")
_NOTHING = hashlib.sha256(b"").hexdigest()


class AwsKeys(Struct, frozen=True):
    """What AWS knows a caller by. `session_token`: for temporary keys, such as a role's."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None = None


class SigningScope(Struct, frozen=True):
    """Where a signature is good."""

    region: str
    service: str


class Unsigned(Struct, frozen=True):
    """A request before it is signed. `headers` holds every header to sign, Host among them, in the order sent."""

    method: bytes
    target: bytes
    headers: Headers
    body: bytes


def sign(
    request: Unsigned, keys: AwsKeys, scope: SigningScope, now: int, *, normalize: bool = True
) -> list[tuple[bytes, bytes]]:
    """The headers to add. `now` in microseconds; `normalize` False leaves `.`, `..` and `//` in the path alone."""
    moment = datetime.fromtimestamp(now // 1_000_000, UTC).strftime("%Y%m%dT%H%M%SZ")
    added = [(b"x-amz-date", moment.encode())]
    if keys.session_token is not None:
        added.append((b"x-amz-security-token", keys.session_token.reveal().encode()))
    signed, canonical = canonical_request(request, added, normalize=normalize)
    credential = f"{moment[:8]}/{scope.region}/{scope.service}/aws4_request"
    text = f"{ALGORITHM}\n{moment}\n{credential}\n{hashlib.sha256(canonical).hexdigest()}"
    key = _signing_key(keys.secret_access_key, moment[:8], scope.region, scope.service)
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    proof = f"{ALGORITHM} Credential={keys.access_key_id}/{credential}, SignedHeaders={signed}, Signature={signature}"
    return [*added, (b"authorization", proof.encode())]


def canonical_request(request: Unsigned, added: Headers, *, normalize: bool) -> tuple[str, bytes]:
    """(names of the signed headers, the canonical request)."""
    values: dict[bytes, list[bytes]] = {}
    for name, value in (*request.headers, *added):
        values.setdefault(name.lower(), []).append(_SPACES.sub(b" ", value.strip()))
    names = sorted(values)
    path, _, query = request.target.partition(b"?")
    signed = b";".join(names)
    lines = [request.method, _path(path, normalize=normalize), _query(query)]
    lines += [name + b":" + b",".join(values[name]) for name in names]
    digest = hashlib.sha256(request.body).hexdigest() if request.body else _NOTHING
    return signed.decode("latin-1"), b"\n".join([*lines, b"", signed, digest.encode()])


def _path(path: bytes, *, normalize: bool) -> bytes:
    return quote(_normal(path) if normalize else path, safe="/" + _UNRESERVED).encode()


def _normal(path: bytes) -> bytes:
    """RFC 3986 section 6.2.2.3, and no empty segments."""
    kept: list[bytes] = []
    segments = path.split(b"/")
    for segment in segments:
        if segment == b"..":
            del kept[-1:]
        elif segment not in (b"", b"."):
            kept.append(segment)
    folder = bool(kept) and segments[-1] in (b"", b".", b"..")
    return b"/" + b"/".join(kept) + (b"/" if folder else b"")


def _query(query: bytes) -> bytes:
    pairs: list[tuple[str, str]] = []
    for part in query.split(b"&") if query else ():
        name, _, value = part.partition(b"=")
        pairs.append((_encoded(name), _encoded(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs)).encode()


def _encoded(text: bytes) -> str:
    return quote(unquote(text.decode("utf-8", "surrogateescape")), safe=_UNRESERVED, errors="surrogateescape")


def _signing_key(secret: Secret, day: str, region: str, service: str) -> bytes:
    """The key of a day. Four hashes a call: keeping the outcome would keep secrets that have been rotated."""
    key = ("AWS4" + secret.reveal()).encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
