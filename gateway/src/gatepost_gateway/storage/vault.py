"""Secrets at rest: AES-256-GCM under a master key, bound to what they are for.

The master key comes from GATEPOST_MASTER_KEY or from `<data_dir>/master.key`: 32 bytes in base64, more than one when
the key was changed. The first seals, all of them open.
"""

import base64
import binascii
import hashlib
import hmac
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import Sealed

FILE = "master.key"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_ID_BYTES = 6


class Vault:
    """Implements `ports.Vault`. Fails closed: what cannot be opened whole is not opened."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self.current = _key_id(keys[0])
        # Marks must stay what they are when a newer key is put in front: the oldest key makes them.
        self._root = keys[-1]
        self._marking = self.derive("mark")

    def seal(self, secret: Secret, purpose: str) -> Sealed:
        """`secret` as ciphertext that opens only as what it was sealed for."""
        nonce = os.urandom(_NONCE_BYTES)
        box = self._ciphers[self.current].encrypt(nonce, secret.reveal().encode(), _bound("secret", purpose))
        return Sealed(self.current.hex(), nonce + box, purpose)

    def open(self, sealed: Sealed) -> Secret:
        """Raises GatewayFault when the master key is not here or the box was tampered with."""
        try:
            key_id = bytes.fromhex(sealed.master)
        except ValueError:
            key_id = b""
        return Secret(self._decrypt(key_id, sealed.box, _bound("secret", sealed.purpose)).decode())

    def derive(self, label: str) -> bytes:
        """32 bytes for another use, from which the master key cannot be found."""
        return hmac.digest(self._root, b"gatepost derive\0" + label.encode(), "sha256")

    def mark(self, secret: Secret) -> str:
        """A keyed hash: equal for equal secrets, and of no use to who has not the master key."""
        return hmac.new(self._marking, secret.reveal().encode(), hashlib.sha256).hexdigest()[:16]

    def seal_state(self, kind: str, id: str, plain: bytes) -> bytes:
        """Conversation state as ciphertext that opens only under its own kind and id."""
        nonce = os.urandom(_NONCE_BYTES)
        return self.current + nonce + self._ciphers[self.current].encrypt(nonce, plain, _bound(kind, id))

    def open_state(self, kind: str, id: str, box: bytes) -> bytes:
        """Raises GatewayFault as `open` does."""
        return self._decrypt(box[:_ID_BYTES], box[_ID_BYTES:], _bound(kind, id))

    def _decrypt(self, key_id: bytes, box: bytes, bound: bytes) -> bytes:
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise GatewayFault(
                "a stored secret needs a master key that is not here: set GATEPOST_MASTER_KEY or restore the key file"
            )
        try:
            return cipher.decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], bound)
        except (InvalidTag, ValueError) as error:
            raise GatewayFault("a stored secret was changed or damaged: store it again") from error


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"gatepost master key\0" + key).digest()[:_ID_BYTES]


def _bound(kind: str, name: str) -> bytes:
    return f"gatepost\0{kind}\0{name}".encode()


def open_vault(data_dir: Path, given: Secret | None) -> Vault:
    """The vault of a data directory; a master key that is neither `given` nor on file is made.

    Raises GatewayFault when the key is malformed, or others may read its file.
    """
    if given is not None:
        return Vault(_read_keys(given.reveal(), "GATEPOST_MASTER_KEY"))
    path = data_dir / FILE
    try:
        make_private_dir(data_dir)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return Vault(_read_keys(_read_private(path), str(path)))
        with os.fdopen(handle, "wb") as target:
            target.write(base64.b64encode(os.urandom(_KEY_BYTES)) + b"\n")
            target.flush()
            os.fsync(target.fileno())
        return Vault(_read_keys(_read_private(path), str(path)))
    except OSError as error:
        raise GatewayFault(f"`{error.filename or path}` cannot be used: {error.strerror}") from error


def make_private_dir(path: Path) -> None:
    """Makes `path`, which only its owner may enter. An existing directory is left as it is."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def _read_private(path: Path) -> str:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as source:
        mode = stat.S_IMODE(os.fstat(source.fileno()).st_mode)
        if mode & 0o077:
            raise GatewayFault(
                f"`{path}` may be read by others (mode {mode:04o}): run `chmod 600 {path}` and start again"
            )
        return source.read(65_536).decode("ascii", "replace")


def _read_keys(text: str, where: str) -> list[bytes]:
    keys: list[bytes] = []
    for word in text.replace(",", " ").split():
        try:
            key = base64.b64decode(word, validate=True)
        except binascii.Error:
            key = b""
        if len(key) != _KEY_BYTES:
            raise GatewayFault(
                f"{where} must hold {_KEY_BYTES} bytes in base64: `openssl rand -base64 {_KEY_BYTES}` makes some"
            )
        keys.append(key)
    if not keys:
        raise GatewayFault(f"{where} is empty: restore the master key, without it no stored secret can be opened")
    return keys
