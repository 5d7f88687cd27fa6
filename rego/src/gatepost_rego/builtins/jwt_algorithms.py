"""The signature algorithms of tokens (RFC 7518)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any, Final

from gatepost_rego.builtins.registry import BuiltinError

__all__ = ["ALGORITHMS", "sign", "verify"]

_HASHES: Final = {"256": "sha256", "384": "sha384", "512": "sha512"}
ALGORITHMS: Final = frozenset(
    ["EdDSA", *(kind + size for kind in ("HS", "RS", "PS", "ES") for size in _HASHES)]
)


def _hash(size: str) -> Any:
    from cryptography.hazmat.primitives import hashes

    return {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[size]


def _rsa_padding(kind: str, size: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric import padding

    if kind == "RS":
        return padding.PKCS1v15()
    return padding.PSS(mgf=padding.MGF1(_hash(size)), salt_length=padding.PSS.AUTO)


def verify(alg: str, key: Any, message: bytes, signature: bytes) -> bool:
    """Say whether a signature is the key's; a key of the wrong kind verifies nothing."""
    if alg.startswith("HS"):
        return isinstance(key, bytes) and hmac.compare_digest(
            hmac.digest(key, message, _HASHES[alg[2:]]), signature
        )
    if isinstance(key, bytes):
        return False
    return _verify_asymmetric(alg, key, message, signature)


def _verify_asymmetric(alg: str, key: Any, message: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    try:
        if alg == "EdDSA" and isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        elif alg[:2] in ("RS", "PS") and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, _rsa_padding(alg[:2], alg[2:]), _hash(alg[2:]))
        elif alg[:2] == "ES" and isinstance(key, ec.EllipticCurvePublicKey):
            _verify_ecdsa(key, alg[2:], message, signature)
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True


def _verify_ecdsa(key: Any, size: str, message: bytes, signature: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    length = (key.curve.key_size + 7) // 8
    if len(signature) != 2 * length:
        raise ValueError("wrong length of signature")
    r, s = (int.from_bytes(part, "big") for part in (signature[:length], signature[length:]))
    key.verify(encode_dss_signature(r, s), message, ec.ECDSA(_hash(size)))


def sign(alg: str, key: Any, message: bytes) -> bytes:
    """Sign a message."""
    if alg not in ALGORITHMS:
        raise BuiltinError(f"unknown JWS algorithm: {alg}")
    if alg.startswith("HS"):
        if not isinstance(key, bytes):
            raise BuiltinError("failed to sign: the key is no secret")
        return hmac.digest(key, message, _HASHES[alg[2:]])
    signer = _SIGNERS.get(alg[:2])
    if signer is None or isinstance(key, bytes):
        raise BuiltinError(f"failed to sign: the key is none for {alg}")
    return signer(alg, key, message)


def _sign_rsa(alg: str, key: Any, message: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import rsa

    if not isinstance(key, rsa.RSAPrivateKey):
        raise BuiltinError(f"failed to sign: the key is none for {alg}")
    return key.sign(message, _signing_padding(alg), _hash(alg[2:]))


def _signing_padding(alg: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric import padding

    if alg.startswith("RS"):
        return padding.PKCS1v15()
    digest = _hash(alg[2:])
    return padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)


def _sign_ecdsa(alg: str, key: Any, message: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BuiltinError(f"failed to sign: the key is none for {alg}")
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(_hash(alg[2:]))))
    length = (key.curve.key_size + 7) // 8
    return r.to_bytes(length, "big") + s.to_bytes(length, "big")


def _sign_eddsa(alg: str, key: Any, message: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise BuiltinError(f"failed to sign: the key is none for {alg}")
    return key.sign(message)


_SIGNERS: Final[dict[str, Callable[[str, Any, bytes], bytes]]] = {
    "RS": _sign_rsa, "PS": _sign_rsa, "ES": _sign_ecdsa, "Ed": _sign_eddsa,
}  # fmt: skip
