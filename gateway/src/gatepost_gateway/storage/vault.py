"""Secrets at rest: AES-256-GCM under a master key, bound to what they are for.

The master key comes from GATEPOST_MASTER_KEY or from `<data_dir>/master.key`: 32 bytes in base64, more than one when
the key was changed. The first seals, all of them open; `master.py` changes them.
"""

import base64
import binascii
import hashlib
import hmac
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import structs

from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import Sealed

FILE = "master.key"
VARIABLE = "GATEPOST_MASTER_KEY"
KEY_BYTES = 32
_NONCE_BYTES = 12
ID_BYTES = 6
_DERIVE = b"gatepost derive\0"


class Label(StrEnum):
    """What is derived from the master key."""

    MARK = "mark"
    MARKS = "marks"


class Vault:
    """Implements `ports.Vault`. Fails closed: what cannot be opened whole is not opened.

    `again` reads the keys anew when a box needs one that is not known: another process may have made it.
    """

    def __init__(self, keys: Sequence[bytes], again: Callable[[], Sequence[bytes]] | None = None) -> None:
        self._again = again
        self._ciphers: dict[bytes, AESGCM] = {}
        # What is derived must stay what it is when a newer key is put in front: the oldest key makes it.
        root = keys[-1]
        self._derived = {label.value: hmac.digest(root, _DERIVE + label.encode(), "sha256") for label in Label}
        self.take(keys)

    def take(self, keys: Sequence[bytes]) -> None:
        """From now on the first of `keys` seals. Keys that are known still open, also those that are not among them."""
        self._ciphers |= {_key_id(key): AESGCM(key) for key in keys}
        self.current = _key_id(keys[0])

    def refresh(self) -> None:
        """Takes the keys that stand on file now."""
        if self._again is not None:
            self.take(self._again())

    def forget(self) -> None:
        """Lets go of every key but the one that seals."""
        self._ciphers = {self.current: self._ciphers[self.current]}

    def is_old(self, master: bytes) -> bool:
        """Whether a box names a key that is here and no longer seals."""
        return master != self.current and master in self._ciphers

    @property
    def old(self) -> list[bytes]:
        """The ids of the keys that only open."""
        return [key_id for key_id in self._ciphers if key_id != self.current]

    def knows(self, key_id: bytes) -> bool:
        """Whether a master key is here."""
        return key_id in self._ciphers

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

    def derive(self, label: Label) -> bytes:
        """32 bytes for another use, from which the master key cannot be found."""
        return self._derived[label]

    def sealed_derived(self) -> dict[str, Sealed]:
        """What is derived, sealed: it must outlive the key that it came from."""
        return {
            label: self.seal(Secret(value.hex()), _derived_purpose(label)) for label, value in self._derived.items()
        }

    def adopt(self, kept: Mapping[str, Sealed]) -> None:
        """What was derived by a key that may be gone goes before what this one would derive."""
        for label, sealed in kept.items():
            value = self.open(structs.replace(sealed, purpose=_derived_purpose(label)))
            self._derived[label] = bytes.fromhex(value.reveal())

    def mark(self, secret: Secret) -> str:
        """A keyed hash: equal for equal secrets, and of no use to who has not the master key."""
        return hmac.new(self._derived[Label.MARK], secret.reveal().encode(), hashlib.sha256).hexdigest()[:16]

    def seal_state(self, kind: str, id: str, plain: bytes) -> bytes:
        """Conversation state as ciphertext that opens only under its own kind and id."""
        nonce = os.urandom(_NONCE_BYTES)
        return self.current + nonce + self._ciphers[self.current].encrypt(nonce, plain, _bound(kind, id))

    def open_state(self, kind: str, id: str, box: bytes) -> bytes:
        """Raises GatewayFault as `open` does."""
        return self._decrypt(box[:ID_BYTES], box[ID_BYTES:], _bound(kind, id))

    def _decrypt(self, key_id: bytes, box: bytes, bound: bytes) -> bytes:
        if key_id not in self._ciphers:
            self.refresh()
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
    return hashlib.sha256(b"gatepost master key\0" + key).digest()[:ID_BYTES]


def _derived_purpose(label: str) -> str:
    return f"derived/{label}"


def _bound(kind: str, name: str) -> bytes:
    return f"gatepost\0{kind}\0{name}".encode()


def open_vault(data_dir: Path, given: Secret | None) -> Vault:
    """The vault of a data directory; a master key that is neither `given` nor on file is made.

    Raises GatewayFault when the key is malformed, or others may read its file.
    """
    if given is not None:
        return Vault(read_keys(given.reveal(), VARIABLE))
    path = data_dir / FILE
    try:
        make_private_dir(data_dir)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _over(path)
        with os.fdopen(handle, "wb") as target:
            target.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
            target.flush()
            os.fsync(target.fileno())
        return _over(path)
    except OSError as error:
        raise GatewayFault(f"`{error.filename or path}` cannot be used: {error.strerror}") from error


def _over(path: Path) -> Vault:
    def again() -> list[bytes]:
        return read_keys(read_private(path), str(path))

    return Vault(again(), again)


def make_private_dir(path: Path) -> None:
    """Makes `path`, which only its owner may enter. An existing directory is left as it is."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def read_private(path: Path) -> str:
    """What a file says that only its owner may read. Raises GatewayFault when others may, OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as source:
        mode = stat.S_IMODE(os.fstat(source.fileno()).st_mode)
        if mode & 0o077:
            raise GatewayFault(
                f"`{path}` may be read by others (mode {mode:04o}): run `chmod 600 {path}` and start again"
            )
        return source.read(65_536).decode("ascii", "replace")


def read_keys(text: str, where: str) -> list[bytes]:
    """The keys in `text`, the one that seals first. Raises GatewayFault for what is none."""
    keys: list[bytes] = []
    for word in text.replace(",", " ").split():
        try:
            key = base64.b64decode(word, validate=True)
        except binascii.Error:
            key = b""
        if len(key) != KEY_BYTES:
            raise GatewayFault(
                f"{where} must hold {KEY_BYTES} bytes in base64: `openssl rand -base64 {KEY_BYTES}` makes some"
            )
        keys.append(key)
    if not keys:
        raise GatewayFault(f"{where} is empty: restore the master key, without it no stored secret can be opened")
    return keys
