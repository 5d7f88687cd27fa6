"""The master key as it is kept, and how it is changed: a new key comes in front of the old ones and, when nothing is
sealed with them any more, they go. In between all of them open, so that a start at any moment reads everything.
"""

import base64
import os
from collections.abc import Sequence
from pathlib import Path

from gatepost_gateway.domain.errors import CallerError, Code, GatewayFault
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.vault import FILE, KEY_BYTES, VARIABLE, read_keys, read_private

RETIRED = "master.key.old"
"""Where keys are put aside that are kept for old backups; no gateway reads it."""


class MasterKeys:
    """The keys of a data directory. `given`: what the environment says instead of the file."""

    def __init__(self, data_dir: Path, given: Secret | None) -> None:
        self._path = data_dir / FILE
        self._retired = data_dir / RETIRED
        self._given = given

    @property
    def on_file(self) -> bool:
        """Whether the keys are ours to change."""
        return self._given is None

    def read(self) -> list[bytes]:
        """The one that seals first. Raises GatewayFault."""
        if self._given is not None:
            return read_keys(self._given.reveal(), VARIABLE)
        try:
            return read_keys(read_private(self._path), str(self._path))
        except OSError as error:
            raise _unusable(self._path, error) from error

    def begin(self) -> list[bytes]:
        """The keys with a new one in front. Where there are several a change is under way, and goes on.

        Raises CallerError (409) when the one key is the environment's: the new one must come from there too.
        """
        keys = self.read()
        if len(keys) > 1:
            return keys
        if not self.on_file:
            raise CallerError(
                f"the master key comes from {VARIABLE}: put a new one before it, with a space between, start again,"
                " and repeat this",
                code=Code.CONFLICT,
                status=409,
            )
        keys = [os.urandom(KEY_BYTES), *keys]
        self._write(self._path, keys)
        return keys

    def finish(self, *, keep_old: bool) -> None:
        """Only the first key stays on file. `keep_old`: the others are put aside before.

        Keys of the environment are left to who set them.
        """
        keys = self.read()
        if not self.on_file or len(keys) == 1:
            return
        if keep_old:
            self._write(self._retired, [*keys[1:], *self._put_aside(keys)])
        self._write(self._path, keys[:1])

    def _put_aside(self, but: Sequence[bytes]) -> list[bytes]:
        try:
            return [key for key in read_keys(read_private(self._retired), str(self._retired)) if key not in but]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unusable(self._retired, error) from error

    def _write(self, path: Path, keys: Sequence[bytes]) -> None:
        """Whole or not at all, and on the disk when this returns. Raises GatewayFault."""
        fresh = path.with_name(path.name + ".new")
        try:
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
                target.write(b"".join(base64.b64encode(key) + b"\n" for key in keys))
                target.flush()
                os.fsync(target.fileno())
            fresh.replace(path)
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> GatewayFault:
    return GatewayFault(f"`{path}` cannot be used: {(error.strerror or str(error)).lower()}", status=503)
