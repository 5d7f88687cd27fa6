"""`gatepost licence`: leave to work offline, signed, for test machines that cannot ask the gateway.

The key is the operator's own: it is made on first use, and the SDK is told its public half.
"""

import argparse
import os
import time
from pathlib import Path

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gatepost_gateway.cli.output import note, refuse, say_json

WORDS = b"gatepost offline licence 1\n"
"""What stands before the signed text, so that no other signed thing can pass for a licence."""
LONGEST = 366
_DAY = 24 * 3600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", help="whose tests may work offline")
    parser.add_argument("--days", type=int, default=30, help="how long; 30 unless told, at most 366")
    parser.add_argument(
        "--key", type=Path, default=Path("licence.key"), help="the signing key; made where there is none"
    )
    parser.add_argument("--json", action="store_true", help="complain as JSON")


def run(said: argparse.Namespace) -> int:
    """The licence goes to standard output, the public key to standard error."""
    if not 1 <= said.days <= LONGEST:
        return refuse(
            {"error": f"a licence is for 1 to {LONGEST} days", "code": "validation_failed"}, as_json=said.json
        )
    try:
        key = signing_key(said.key)
    except (ValueError, UnsupportedAlgorithm) as error:
        return refuse({"error": f"`{said.key}` is no signing key: {error}", "code": "invalid_key"}, as_json=said.json)
    say_json(sign(key, said.project, ["offline_testing"], int(time.time()) + said.days * _DAY))
    public = key.public_key().public_bytes_raw().hex()
    note(f"the SDK needs GATEPOST_LICENCE_KEY={public}")
    return 0


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The key in a file; where there is no such file, a new key, readable by its owner alone.

    Raises ValueError when the file holds something else.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        found = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(found, Ed25519PrivateKey):
            raise ValueError("another kind of key") from None  # noqa: TRY004 - of a file, not of an argument
        return found
    key = Ed25519PrivateKey.generate()
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    with os.fdopen(handle, "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return key


def sign(key: Ed25519PrivateKey, project: str, features: list[str], expires_at: int) -> dict[str, str]:
    """A licence: the text that was signed, and the signature in hex."""
    text = msgspec.json.encode({"project": project, "features": features, "expires_at": expires_at})
    return {"licence": text.decode(), "signature": key.sign(WORDS + text).hex()}
