"""Tokens (OPA policy reference, section Tokens; RFC 7515 and 7519)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import partial
from typing import Final

from gatepost_rego.builtins.json_text import read_json
from gatepost_rego.builtins.jwt_algorithms import ALGORITHMS, sign, verify
from gatepost_rego.builtins.jwt_keys import Key, b64url, private_key, public_keys
from gatepost_rego.builtins.operands import is_number, object_of, string
from gatepost_rego.builtins.registry import BuiltinError, Context
from gatepost_rego.builtins.signature import declare
from gatepost_rego.golang.quoting import text_of, utf8
from gatepost_rego.show import json_text
from gatepost_rego.values import Value, compare, object_pairs

__all__ = ["BUILTINS"]

_CONSTRAINTS: Final = frozenset({"cert", "secret", "alg", "iss", "aud", "time"})
_UNDERSTOOD: Final = frozenset({"alg", "kid", "typ", "cty", "crit"})
_DEEPEST: Final = 32


@dataclass(frozen=True, slots=True)
class _Token:
    header: dict[str, Value]
    message: bytes
    payload: str
    signature: bytes

    def text(self, name: str) -> str:
        found = self.header.get(name)
        return found if isinstance(found, str) else ""


def _read(ctx: Context, text: str) -> _Token:
    """Cut a token into its three parts and read its header."""
    ctx.charge(1 + len(text) // 8)
    ctx.reserve(len(text) // 4)
    parts = text.split(".")
    if len(parts) == 1:
        raise BuiltinError("encoded JWT had no period separators")
    if len(parts) != 3:
        raise BuiltinError(f"encoded JWT must have 3 sections, found {len(parts)}")
    header = read_json(ctx, text_of(b64url(parts[0])))
    if not isinstance(header, dict):
        raise BuiltinError("encoded JWT header is not an object")
    if "enc" in header:
        raise BuiltinError("JWT is a JWE object, which is not supported")
    message = utf8(f"{parts[0]}.{parts[1]}")
    return _Token(header, message, text_of(b64url(parts[1])), b64url(parts[2]))


def _payload(ctx: Context, token: _Token) -> dict[str, Value]:
    found = read_json(ctx, token.payload)
    if not isinstance(found, dict):
        raise BuiltinError("encoded JWT payload is not an object")
    return found


def _nested(token: _Token) -> bool:
    return token.text("cty").upper() == "JWT"


def decode(ctx: Context, value: Value) -> list[Value]:
    """Give header, payload and signature of a token without verifying it."""
    token = _read(ctx, string(value, 1))
    for _ in range(_DEEPEST):
        if not _nested(token):
            return [token.header, _payload(ctx, token), token.signature.hex()]
        token = _read(ctx, token.payload.strip('"'))
    raise BuiltinError("encoded JWT is nested too deep")


def _verify(alg: str, ctx: Context, value: Value, material: Value) -> bool:
    """Verify a token's signature by a certificate, a public key or JSON Web Keys."""
    text, keys = string(value, 1), _keys(ctx, string(material, 2))
    token = _read(ctx, text)
    ctx.charge(2_000 * len(keys))
    return _trusted(alg, keys, token)


def _trusted(alg: str, keys: list[Key], token: _Token) -> bool:
    kid = token.text("kid")
    if kid:
        for key in keys:
            if key.kid == kid:
                return verify(alg, key.material, token.message, token.signature)
    stated = token.text("alg")
    return any(
        verify(alg, key.material, token.message, token.signature)
        for key in keys
        if not key.alg or key.alg == stated
    )


def _keys(ctx: Context, text: str) -> list[Key]:
    """Read keys once an evaluation."""
    place = ("io.jwt.keys", text)
    if place not in ctx.cache:
        ctx.charge(200 + len(text) // 8)
        ctx.cache[place] = public_keys(text)
    found: list[Key] = ctx.cache[place]
    return found


def _verify_secret(alg: str, ctx: Context, value: Value, secret: Value) -> bool:
    """Verify a token's keyed hash."""
    token = _read(ctx, string(value, 1))
    return verify(alg, utf8(string(secret, 2)), token.message, token.signature)


@dataclass(frozen=True, slots=True)
class _Constraints:
    keys: list[Key] | None
    secret: str
    alg: str
    iss: str
    aud: str
    seconds: Value

    def verified(self, token: _Token) -> bool:
        alg = token.text("alg")
        if alg not in ALGORITHMS:
            raise BuiltinError(f"unknown JWS algorithm: {alg}")
        if self.keys is not None:
            return _trusted(alg, self.keys, token)
        return verify(alg, utf8(self.secret), token.message, token.signature)


def _constraints(ctx: Context, value: Value) -> _Constraints:
    given: dict[str, str] = {}
    nanos: Value = None
    for name, item in object_pairs(object_of(value, 2)):
        if not isinstance(name, str) or name not in _CONSTRAINTS:
            raise BuiltinError(f"unknown constraint: {name}")
        if name == "time":
            nanos = item
        elif isinstance(item, str):
            given[name] = item
        else:
            raise BuiltinError(f"{name}: must be a string")
    if ("cert" in given) == bool(given.get("secret")):
        raise BuiltinError("duplicate key constraints" if "cert" in given else "no key constraint")
    keys = _keys(ctx, given["cert"]) if "cert" in given else None
    return _Constraints(
        keys, given.get("secret", ""), given.get("alg", ""), given.get("iss", ""),
        given.get("aud", ""), _seconds(ctx, nanos),
    )  # fmt: skip


def _seconds(ctx: Context, nanos: Value) -> float:
    if nanos is None:
        return ctx.now_ns / 1e9
    if not is_number(nanos):
        raise BuiltinError("time: must be a number")
    return float(nanos) / 1e9


def decode_verify(ctx: Context, value: Value, constraints: Value) -> list[Value]:
    """Verify a token's signature and claims, then give whether it holds, header and payload."""
    text, wanted = string(value, 1), _constraints(ctx, constraints)
    refused: list[Value] = [False, {}, {}]
    for _ in range(_DEEPEST):
        token = _read(ctx, text)
        ctx.charge(2_000)
        if not _acceptable(token) or (wanted.alg and wanted.alg != token.text("alg")):
            return refused
        if not wanted.verified(token):
            return refused
        if not _nested(token):
            payload = _payload(ctx, token)
            return [True, token.header, payload] if _claims_hold(wanted, payload) else refused
        text = token.payload.strip('"')
    raise BuiltinError("encoded JWT is nested too deep")


def _acceptable(token: _Token) -> bool:
    """Refuse a token without an algorithm or with critical extensions nobody here knows."""
    for name in ("alg", "kid", "typ", "cty"):
        if name in token.header and not isinstance(token.header[name], str):
            raise BuiltinError(f"{name}: must be a string")
    critical = token.header.get("crit", [])
    if not isinstance(critical, list):
        raise BuiltinError("crit: must be a list of strings")
    return bool(token.text("alg")) and all(
        isinstance(name, str) and name in _UNDERSTOOD for name in critical
    )


def _claims_hold(wanted: _Constraints, payload: dict[str, Value]) -> bool:
    if wanted.iss and payload.get("iss") != wanted.iss:
        return False
    if "aud" in payload or wanted.aud:
        audience = payload.get("aud")
        members = audience if isinstance(audience, list) else [audience]
        if not wanted.aud or wanted.aud not in [one for one in members if isinstance(one, str)]:
            return False
    for name, accept in (("exp", (-1,)), ("nbf", (0, 1))):
        if name in payload:
            stamp = payload[name]
            if not is_number(stamp):
                raise BuiltinError(f"{name} value must be a number")
            if compare(wanted.seconds, stamp) not in accept:
                return False
    return True


def encode_sign(ctx: Context, headers: Value, payload: Value, key: Value) -> str:
    """Make a token out of a header, a payload and a JSON Web Key."""
    parts = [json_text(object_of(part, place)) for place, part in
             enumerate((headers, payload, key), start=1)]  # fmt: skip
    return encode_sign_raw(ctx, *parts)


def encode_sign_raw(ctx: Context, headers: Value, payload: Value, key: Value) -> str:
    """Make a token out of the JSON texts of its header, its payload and a JSON Web Key."""
    head, body, secret = string(headers, 1), string(payload, 2), string(key, 3)
    material = private_key(secret)
    header = _header(ctx, head)
    alg = _algorithm(header)
    if header.get("typ", "JWT") == "JWT":
        try:
            read_json(ctx, body)
        except BuiltinError as error:
            raise BuiltinError("type is JWT but payload is not JSON") from error
    ctx.charge(2_000 + len(body) // 8)
    ctx.reserve(len(body) // 4)
    message = f"{_encoded(utf8(head))}.{_encoded(utf8(body))}"
    return f"{message}.{_encoded(sign(alg, material, message.encode()))}"


def _header(ctx: Context, head: str) -> dict[str, Value]:
    if not head:
        raise BuiltinError(
            "missing or invalid 'alg' header: cannot parse JSON: cannot parse empty string"
        )
    try:
        header = read_json(ctx, head)
    except BuiltinError:
        header = None
    return header if isinstance(header, dict) else {}


def _algorithm(header: dict[str, Value]) -> str:
    found = header.get("alg")
    if not isinstance(found, str):
        raise BuiltinError("missing or invalid 'alg' header: jwsbb: header \"alg\" not found")
    return found


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


_PUBLIC: Final = {
    f"io.jwt.verify_{kind.lower()}{size}": f"{kind}{size}"
    for kind in ("RS", "PS", "ES")
    for size in (256, 384, 512)
} | {"io.jwt.verify_eddsa": "EdDSA"}
_EXTRA: Final = {"extra": "jwt", "modules": ("cryptography",)}

BUILTINS: Final = (
    declare("io.jwt.decode", decode, context=True),
    declare("io.jwt.decode_verify", decode_verify, context=True, nondeterministic=True, **_EXTRA),
    declare("io.jwt.encode_sign", encode_sign, context=True, **_EXTRA),
    declare("io.jwt.encode_sign_raw", encode_sign_raw, context=True, **_EXTRA),
    *(
        declare(name, partial(_verify, alg), context=True, **_EXTRA)
        for name, alg in _PUBLIC.items()
    ),
    *(
        declare(f"io.jwt.verify_hs{size}", partial(_verify_secret, f"HS{size}"), context=True)
        for size in (256, 384, 512)
    ),
)
