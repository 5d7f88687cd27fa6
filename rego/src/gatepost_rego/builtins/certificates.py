"""Certificates as the objects Go's `crypto/x509` makes of them when printed as JSON.

The package `cryptography` reads the certificates; it is imported when one is first met.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import Any, Final

from gatepost_rego.values import Value

__all__ = ["certificate_object", "request_object"]

_NAME_FIELDS: Final = {
    (2, 5, 4, 6): "Country", (2, 5, 4, 10): "Organization", (2, 5, 4, 11): "OrganizationalUnit",
    (2, 5, 4, 7): "Locality", (2, 5, 4, 8): "Province", (2, 5, 4, 9): "StreetAddress",
    (2, 5, 4, 17): "PostalCode",
}  # fmt: skip
_SIGNATURES: Final = {
    "1.2.840.113549.1.1.4": 2, "1.2.840.113549.1.1.5": 3, "1.2.840.113549.1.1.11": 4,
    "1.2.840.113549.1.1.12": 5, "1.2.840.113549.1.1.13": 6, "1.2.840.10045.4.1": 9,
    "1.2.840.10045.4.3.2": 10, "1.2.840.10045.4.3.3": 11, "1.2.840.10045.4.3.4": 12,
    "1.3.101.112": 16,
}  # fmt: skip
_PSS: Final = {"sha256": 13, "sha384": 14, "sha512": 15}
_USAGES: Final = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
    "key_agreement", "key_cert_sign", "crl_sign",
)  # fmt: skip
_EXTENDED: Final = {
    "2.5.29.37.0": 0, "1.3.6.1.5.5.7.3.1": 1, "1.3.6.1.5.5.7.3.2": 2, "1.3.6.1.5.5.7.3.3": 3,
    "1.3.6.1.5.5.7.3.4": 4, "1.3.6.1.5.5.7.3.5": 5, "1.3.6.1.5.5.7.3.6": 6,
    "1.3.6.1.5.5.7.3.7": 7, "1.3.6.1.5.5.7.3.8": 8, "1.3.6.1.5.5.7.3.9": 9,
}  # fmt: skip
# Fields of constraints that policies of certificates carry; they are printed as if there were none.
_EMPTY: Final = (
    "ExcludedDNSDomains", "ExcludedEmailAddresses", "ExcludedIPRanges", "ExcludedURIDomains",
    "ExtraExtensions", "PermittedDNSDomains", "PermittedEmailAddresses", "PermittedIPRanges",
    "PermittedURIDomains", "PolicyMappings", "UnhandledCriticalExtensions",
)  # fmt: skip
_ZEROS: Final = ("InhibitAnyPolicy", "InhibitPolicyMapping", "RequireExplicitPolicy")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _oid(found: Any) -> list[Value]:
    return [int(part) for part in found.dotted_string.split(".")]


def _some(items: Iterable[Value]) -> Value:
    """Give a list, or null where Go's slice would be nil."""
    return list(items) or None


def _name(name: Any) -> dict[str, Value]:
    fields: dict[str, list[Value]] = {}
    found: dict[str, Value] = dict.fromkeys(_NAME_FIELDS.values())
    found |= {"CommonName": "", "SerialNumber": "", "ExtraNames": None}
    names: list[Value] = []
    for attribute in name:
        oid = _oid(attribute.oid)
        names.append({"Type": oid, "Value": attribute.value})
        field = _NAME_FIELDS.get(tuple(oid))  # type: ignore[arg-type]
        if field is not None:
            fields.setdefault(field, []).append(attribute.value)
        elif oid == [2, 5, 4, 3]:
            found["CommonName"] = attribute.value
        elif oid == [2, 5, 4, 5]:
            found["SerialNumber"] = attribute.value
    return {**found, **fields, "Names": names or None}


def _public_key(key: Any) -> tuple[Value, int]:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"N": numbers.n, "E": numbers.e}, 1
    if isinstance(key, ec.EllipticCurvePublicKey):
        point = key.public_numbers()
        return {"Curve": {}, "X": point.x, "Y": point.y}, 3
    if isinstance(key, ed25519.Ed25519PublicKey):
        return _b64(key.public_bytes(Encoding.Raw, PublicFormat.Raw)), 4
    return None, 0


def _signature_algorithm(signed: Any) -> int:
    oid = signed.signature_algorithm_oid.dotted_string
    if oid == "1.2.840.113549.1.1.10" and signed.signature_hash_algorithm is not None:
        return _PSS.get(signed.signature_hash_algorithm.name, 0)
    return _SIGNATURES.get(oid, 0)


def _raw(key: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return _b64(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _extensions(signed: Any) -> Value:
    return _some(
        {"Id": _oid(one.oid), "Critical": one.critical, "Value": _b64(one.value.public_bytes())}
        for one in signed.extensions
    )


def _extension(signed: Any, kind: Any) -> Any:
    from cryptography.x509 import ExtensionNotFound

    try:
        return signed.extensions.get_extension_for_class(kind).value
    except ExtensionNotFound:
        return None


def _alternatives(signed: Any) -> dict[str, Value]:
    from cryptography import x509

    names = _extension(signed, x509.SubjectAlternativeName)

    def of(kind: Any, show: Callable[[Any], Value]) -> Value:
        return None if names is None else _some(map(show, names.get_values_for_type(kind)))

    return {
        "DNSNames": of(x509.DNSName, str),
        "EmailAddresses": of(x509.RFC822Name, str),
        "IPAddresses": of(x509.IPAddress, str),
        "URIs": of(x509.UniformResourceIdentifier, _url),
    }


def _url(text: str) -> Value:
    """Print a URL as Go prints its parts."""
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(text)
    return {
        "Scheme": parts.scheme, "Opaque": "", "User": None, "Host": parts.netloc,
        "Path": unquote(parts.path), "RawPath": "", "OmitHost": False, "ForceQuery": False,
        "RawQuery": parts.query, "Fragment": unquote(parts.fragment), "RawFragment": "",
    }  # fmt: skip


def _uri_strings(certificate: Any) -> Value:
    from cryptography import x509

    names = _extension(certificate, x509.SubjectAlternativeName)
    if names is None:
        return None
    return _some(map(str, names.get_values_for_type(x509.UniformResourceIdentifier)))


def _usages(certificate: Any) -> dict[str, Value]:
    from cryptography import x509

    plain = _extension(certificate, x509.KeyUsage)
    bits = 0
    for place, name in enumerate(_USAGES):
        bits |= bool(plain is not None and getattr(plain, name)) << place
    if plain is not None and plain.key_agreement:
        bits |= plain.encipher_only << 7 | plain.decipher_only << 8
    extended = list(_extension(certificate, x509.ExtendedKeyUsage) or ())
    known = [_EXTENDED.get(one.dotted_string) for one in extended]
    return {
        "KeyUsage": bits,
        "ExtKeyUsage": _some(one for one in known if one is not None),
        "UnknownExtKeyUsage": _some(
            _oid(one) for one in extended if one.dotted_string not in _EXTENDED
        ),
    }


def _authority(certificate: Any) -> dict[str, Value]:
    from cryptography import x509

    access = list(_extension(certificate, x509.AuthorityInformationAccess) or ())
    points = list(_extension(certificate, x509.CRLDistributionPoints) or ())
    policies = list(_extension(certificate, x509.CertificatePolicies) or ())
    issuer = _extension(certificate, x509.AuthorityKeyIdentifier)
    subject = _extension(certificate, x509.SubjectKeyIdentifier)
    ocsp, issuers = "1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2"
    return {
        "OCSPServer": _some(
            one.access_location.value for one in access if one.access_method.dotted_string == ocsp
        ),
        "IssuingCertificateURL": _some(
            one.access_location.value
            for one in access
            if one.access_method.dotted_string == issuers
        ),
        "CRLDistributionPoints": _some(
            name.value for point in points for name in point.full_name or ()
        ),
        "PolicyIdentifiers": _some(_oid(one.policy_identifier) for one in policies),
        "Policies": _some(one.policy_identifier.dotted_string for one in policies),
        "AuthorityKeyId": _b64(issuer.key_identifier)
        if issuer is not None and issuer.key_identifier
        else None,
        "SubjectKeyId": _b64(subject.digest) if subject is not None else None,
    }


def _basic(certificate: Any) -> dict[str, Value]:
    from cryptography import x509

    basic = _extension(certificate, x509.BasicConstraints)
    length = -1 if basic is None or basic.path_length is None else basic.path_length
    return {
        "BasicConstraintsValid": basic is not None,
        "IsCA": basic is not None and basic.ca,
        "MaxPathLen": 0 if basic is None else length,
        "MaxPathLenZero": length == 0,
    }


def certificate_object(certificate: Any) -> dict[str, Value]:
    """Print a certificate."""
    from cryptography.hazmat.primitives.serialization import Encoding

    key = certificate.public_key()
    public, algorithm = _public_key(key)
    found: dict[str, Value] = dict.fromkeys(_EMPTY)
    found |= dict.fromkeys(_ZEROS, 0)
    found |= {f"{name}Zero": False for name in _ZEROS}
    found |= {
        "Raw": _b64(certificate.public_bytes(Encoding.DER)),
        "RawTBSCertificate": _b64(certificate.tbs_certificate_bytes),
        "RawIssuer": _b64(certificate.issuer.public_bytes()),
        "RawSubject": _b64(certificate.subject.public_bytes()),
        "RawSubjectPublicKeyInfo": _raw(key),
        "Issuer": _name(certificate.issuer),
        "Subject": _name(certificate.subject),
        "NotBefore": _stamp(certificate.not_valid_before_utc),
        "NotAfter": _stamp(certificate.not_valid_after_utc),
        "PermittedDNSDomainsCritical": False,
        "PublicKey": public,
        "PublicKeyAlgorithm": algorithm,
        "SerialNumber": certificate.serial_number,
        "Signature": _b64(certificate.signature),
        "SignatureAlgorithm": _signature_algorithm(certificate),
        "Version": certificate.version.value + 1,
        "Extensions": _extensions(certificate),
        "URIStrings": _uri_strings(certificate),
    }
    parts = (_alternatives, _usages, _authority, _basic)
    for part in parts:
        found |= part(certificate)
    return found


def _stamp(moment: Any) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def request_object(request: Any) -> dict[str, Value]:
    """Print a certificate request."""
    from cryptography.hazmat.primitives.serialization import Encoding

    key = request.public_key()
    public, algorithm = _public_key(key)
    return {
        "Raw": _b64(request.public_bytes(Encoding.DER)),
        "RawTBSCertificateRequest": _b64(request.tbs_certrequest_bytes),
        "RawSubject": _b64(request.subject.public_bytes()),
        "RawSubjectPublicKeyInfo": _raw(key),
        "Subject": _name(request.subject),
        "PublicKey": public,
        "PublicKeyAlgorithm": algorithm,
        "Signature": _b64(request.signature),
        "SignatureAlgorithm": _signature_algorithm(request),
        "Version": 0,
        "Attributes": None,
        "ExtraExtensions": None,
        "Extensions": _extensions(request),
        **_alternatives(request),
    }
