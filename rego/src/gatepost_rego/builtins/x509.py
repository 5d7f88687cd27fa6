"""Certificates and keys (OPA policy reference, section Crypto)."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from gatepost_rego.builtins.certificates import certificate_object, request_object
from gatepost_rego.builtins.operands import string
from gatepost_rego.builtins.registry import BuiltinError, BuiltinHalt, Context
from gatepost_rego.builtins.signature import declare
from gatepost_rego.golang.quoting import utf8
from gatepost_rego.values import Value

__all__ = ["BUILTINS"]

_MALFORMED: Final = "x509: malformed certificate"
_BEGIN: Final = b"-----BEGIN "
_LONGEST: Final = 1_000_000
_MOST: Final = 100


def _bytes(ctx: Context, value: Value, malformed: str) -> bytes:
    """Read PEM, or base64 of PEM or DER."""
    data = utf8(string(value, 1))
    ctx.charge(2_000 + len(data))
    ctx.reserve(len(data))
    if len(data) > _LONGEST:
        raise BuiltinHalt("text too long")
    if data.lstrip().startswith(_BEGIN):
        return data
    try:
        return base64.b64decode(b"".join(data.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BuiltinError(malformed) from error


def _certificates(ctx: Context, value: Value) -> list[Any]:
    from cryptography import x509

    data = _bytes(ctx, value, "illegal base64 data")
    try:
        if _BEGIN in data:
            found = x509.load_pem_x509_certificates(data)
        else:
            found = [x509.load_der_x509_certificate(part) for part in _der_parts(data)]
    except ValueError as error:
        raise BuiltinError(_MALFORMED) from error
    if len(found) > _MOST:
        raise BuiltinError("too many certificates")
    ctx.charge(2_000 * len(found))
    return found


def _der_parts(data: bytes) -> list[bytes]:
    """Cut certificates that follow each other without a mark between them."""
    parts: list[bytes] = []
    while data:
        if len(data) < 4 or data[0] != 0x30:
            raise ValueError(_MALFORMED)
        octets = data[1] & 0x7F if data[1] & 0x80 else 0
        length = int.from_bytes(data[2 : 2 + octets], "big") if octets else data[1]
        end = 2 + octets + length
        parts.append(data[:end])
        data = data[end:]
    return parts


def parse(ctx: Context, value: Value) -> list[Value]:
    """Give the certificates in a text."""
    return [_object(found) for found in _certificates(ctx, value)]


def _object(certificate: Any) -> Value:
    try:
        return certificate_object(certificate)
    except (ValueError, AttributeError) as error:
        raise BuiltinError(_MALFORMED) from error


def parse_and_verify(ctx: Context, value: Value) -> list[Value]:
    """Verify a chain that begins with the trusted root and ends with the leaf.

    Gives whether it holds, and the chain from the leaf to the root.
    """
    found = _certificates(ctx, value)
    if len(found) < 2:
        return [False, []]
    now = datetime.fromtimestamp(ctx.now_ns / 1e9, tz=UTC)
    chain = _chain(found[-1], found[1:-1], found[0], now)
    return [bool(chain), [_object(one) for one in chain]]


def _chain(leaf: Any, middle: list[Any], root: Any, now: datetime) -> list[Any]:
    chain = [leaf]
    while len(chain) <= len(middle) + 1:
        last = chain[-1]
        if not _current(last, now):
            return []
        if _issued(last, root):
            return [*chain, root] if _current(root, now) else []
        issuers = [one for one in middle if one not in chain and _issued(last, one)]
        if not issuers:
            return []
        chain.append(issuers[0])
    return []


def _current(certificate: Any, now: datetime) -> bool:
    return bool(certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc)


def _issued(certificate: Any, issuer: Any) -> bool:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    try:
        basic = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return bool(basic.ca)


def parse_request(ctx: Context, value: Value) -> dict[str, Value]:
    """Give the certificate request in a text."""
    from cryptography import x509

    data = _bytes(ctx, value, "illegal base64 data")
    load = x509.load_pem_x509_csr if _BEGIN in data else x509.load_der_x509_csr
    try:
        return request_object(load(data))
    except (ValueError, AttributeError) as error:
        raise BuiltinError("asn1: structure error") from error


def _private(data: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import (
        load_der_private_key,
        load_pem_private_key,
    )

    load = load_pem_private_key if _BEGIN in data else load_der_private_key
    try:
        return load(data, password=None)
    except (ValueError, TypeError) as error:
        raise BuiltinError("failed to parse private key") from error


def parse_rsa_key(ctx: Context, value: Value) -> dict[str, Value]:
    """Give an RSA private key as a JSON Web Key."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = _private(_bytes(ctx, value, "illegal base64 data"))
    if not isinstance(key, rsa.RSAPrivateKey):
        raise BuiltinError("failed to parse private key: not an RSA key")
    numbers = key.private_numbers()
    parts = {
        "n": numbers.public_numbers.n, "e": numbers.public_numbers.e, "d": numbers.d,
        "p": numbers.p, "q": numbers.q, "dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp,
    }  # fmt: skip
    return {"kty": "RSA", **{name: _b64url(number) for name, number in parts.items()}}


def _b64url(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def parse_pair(ctx: Context, certificates: Value, key: Value) -> dict[str, Value]:
    """Give certificates together with the private key of the first of them."""
    from cryptography.hazmat.primitives.serialization import Encoding

    found = _certificates(ctx, certificates)
    private = _private(_bytes(ctx, key, "illegal base64 data"))
    if not found:
        raise BuiltinError("tls: failed to find any PEM data in certificate input")
    if private.public_key() != found[0].public_key():
        raise BuiltinError("tls: private key does not match public key")
    return {
        "Certificate": [
            base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in found
        ],
        "Leaf": _object(found[0]),
        "OCSPStaple": None,
        "PrivateKey": _private_object(private),
        "SignedCertificateTimestamps": None,
        "SupportedSignatureAlgorithms": None,
    }


def _private_object(key: Any) -> Value:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        public = numbers.public_numbers
        return {"N": public.n, "E": public.e, "D": numbers.d, "Primes": [numbers.p, numbers.q]}
    if isinstance(key, ec.EllipticCurvePrivateKey):
        secret = key.private_numbers()
        point = secret.public_numbers
        return {"Curve": {}, "X": point.x, "Y": point.y, "D": secret.private_value}
    raise BuiltinError("failed to parse private key: unknown kind of key")


_declare: Final = partial(declare, context=True, extra="jwt", modules=("cryptography",))

BUILTINS: Final = (
    _declare("crypto.x509.parse_certificates", parse),
    _declare("crypto.x509.parse_and_verify_certificates", parse_and_verify, nondeterministic=True),
    _declare("crypto.x509.parse_certificate_request", parse_request),
    _declare("crypto.x509.parse_rsa_private_key", parse_rsa_key),
    _declare("crypto.x509.parse_keypair", parse_pair),
)
