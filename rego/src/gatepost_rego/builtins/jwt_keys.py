"""Keys for tokens: out of PEM certificates, PEM public keys and JSON Web Keys (RFC 7517).

The package `cryptography` does all arithmetic; it is imported when a key is first read.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Final

from gatepost_rego.builtins.registry import BuiltinError
from gatepost_rego.golang.quoting import utf8

__all__ = ["Key", "b64url", "private_key", "public_keys"]

_CURVES: Final = ("P-256", "P-384", "P-521")
_MOST_KEYS: Final = 256


@dataclass(frozen=True, slots=True)
class Key:
    """A key that can verify or sign: a key of `cryptography`, or the bytes of a secret."""

    material: Any
    alg: str = ""
    kid: str = ""


def b64url(text: str) -> bytes:
    """Decode base64url without padding."""
    try:
        return base64.b64decode(utf8(text + "=" * (-len(text) % 4)), b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BuiltinError(f"illegal base64 data: {error}") from error


def public_keys(text: str) -> list[Key]:
    """Read every key of a PEM certificate, a PEM public key, a JSON Web Key or a set of them."""
    if "-----BEGIN" in text:
        return [Key(_from_pem(text))]
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BuiltinError(f"failed to parse a JWK key (set): {error}") from error
    if not isinstance(document, dict):
        raise BuiltinError("failed to parse a JWK key (set)")
    members = document.get("keys", [document])
    if not isinstance(members, list) or len(members) > _MOST_KEYS:
        raise BuiltinError("failed to parse a JWK key (set)")
    return [_from_jwk(member) for member in members]


def _from_pem(text: str) -> Any:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    data = utf8(text)
    try:
        if "-----BEGIN CERTIFICATE-----" in text:
            return x509.load_pem_x509_certificate(data).public_key()
        return load_pem_public_key(data)
    except ValueError as error:
        raise BuiltinError(f"failed to parse a PEM key: {error}") from error


def _number(member: dict[str, Any], name: str) -> int:
    return int.from_bytes(b64url(_text(member, name)), "big")


def _text(member: dict[str, Any], name: str) -> str:
    found = member.get(name)
    if not isinstance(found, str):
        raise BuiltinError(f"failed to parse a JWK key (set): no {name}")
    return found


def _from_jwk(member: Any) -> Key:
    if not isinstance(member, dict):
        raise BuiltinError("failed to parse a JWK key (set)")
    try:
        material = _material(member)
    except (ValueError, TypeError) as error:
        raise BuiltinError(f"failed to parse a JWK key (set): {error}") from error
    alg, kid = member.get("alg", ""), member.get("kid", "")
    return Key(material, alg if isinstance(alg, str) else "", kid if isinstance(kid, str) else "")


def _material(member: dict[str, Any]) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    kind = _text(member, "kty")
    if kind == "oct":
        return b64url(_text(member, "k"))
    if kind == "RSA":
        return rsa.RSAPublicNumbers(_number(member, "e"), _number(member, "n")).public_key()
    if kind == "EC":
        return ec.EllipticCurvePublicNumbers(
            _number(member, "x"), _number(member, "y"), _curve(member)
        ).public_key()
    if kind == "OKP" and member.get("crv") == "Ed25519":
        return ed25519.Ed25519PublicKey.from_public_bytes(b64url(_text(member, "x")))
    raise BuiltinError(f"failed to parse a JWK key (set): unknown key type {kind}")


def _curve(member: dict[str, Any]) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    name = _text(member, "crv")
    if name not in _CURVES:
        raise BuiltinError("failed to parse a JWK key (set): unknown curve")
    return {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}[name]


def private_key(text: str) -> Any:
    """Read the private key, or the secret's bytes, out of a JSON Web Key."""
    try:
        member = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BuiltinError(f"failed to parse JWK: {error}") from error
    if not isinstance(member, dict):
        raise BuiltinError("failed to parse JWK")
    try:
        return _private(member)
    except (ValueError, TypeError) as error:
        raise BuiltinError(f"failed to parse JWK: {error}") from error


def _private(member: dict[str, Any]) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    kind = _text(member, "kty")
    if kind == "oct":
        return b64url(_text(member, "k"))
    if kind == "RSA":
        return _private_rsa(member)
    if kind == "EC":
        public = ec.EllipticCurvePublicNumbers(
            _number(member, "x"), _number(member, "y"), _curve(member)
        )
        return ec.EllipticCurvePrivateNumbers(_number(member, "d"), public).private_key()
    if kind == "OKP" and member.get("crv") == "Ed25519":
        return ed25519.Ed25519PrivateKey.from_private_bytes(b64url(_text(member, "d")))
    raise BuiltinError(f"failed to parse JWK: unknown key type {kind}")


def _private_rsa(member: dict[str, Any]) -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    public = rsa.RSAPublicNumbers(_number(member, "e"), _number(member, "n"))
    if "p" in member and "q" in member:
        p, q = _number(member, "p"), _number(member, "q")
    else:
        p, q = rsa.rsa_recover_prime_factors(public.n, public.e, _number(member, "d"))
    d = _number(member, "d")
    return rsa.RSAPrivateNumbers(
        p=p, q=q, d=d, dmp1=rsa.rsa_crt_dmp1(d, p), dmq1=rsa.rsa_crt_dmq1(d, q),
        iqmp=rsa.rsa_crt_iqmp(p, q), public_numbers=public,
    ).private_key()  # fmt: skip
