"""What can go wrong with the files, as types that name the file."""

from pathlib import Path

from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.storage.database import PLACE, DatabaseError


class StorageFault(GatewayFault):
    """A file of the data directory cannot be used: 503, `records_unavailable` unless told.

    `public` names the file without its directory; `str()` gives the whole path, and the offset in bytes where one is
    known, for the operator.
    """

    def __init__(
        self,
        reason: str,
        path: Path,
        *,
        offset: int | None = None,
        hint: str | None = None,
        code: Code = Code.RECORDS_UNAVAILABLE,
    ) -> None:
        where = "" if offset is None else f" at byte {offset}"
        super().__init__(f"`{path.name}`{where} {reason}", code=code, status=503, hint=hint)
        self.path = path
        self.offset = offset
        self.detail = f"`{path}`{where} {reason}" + (f": {hint}" if hint else "")

    def __str__(self) -> str:
        return self.detail


class Corrupt(StorageFault):
    """What stands in the file is not what was written, and it is not a torn tail."""


class Unreadable(StorageFault):
    """The operating system does not let the file be read or written."""


class Locked(StorageFault):
    """Another process works on the same data. `pid` is None when it did not say who it is."""

    def __init__(self, path: Path, pid: int | None) -> None:
        who = f"process {pid}" if pid is not None else "another process"
        super().__init__(f"is held by {who}", path, hint="stop it first, or choose another data directory")
        self.pid = pid


class TooNew(StorageFault):
    """A newer version of the gateway wrote this."""


def unreadable(error: OSError, path: Path) -> Unreadable:
    """`error` with the file that it happened to."""
    reason = (error.strerror or str(error)).lower()
    return Unreadable(f"cannot be used: {reason}", path, hint="check its owner and mode, and the disk")


def unusable(error: DatabaseError | OSError, path: Path) -> Unreadable:
    """What a database, or the file that it is, says."""
    if isinstance(error, OSError):
        words = (error.strerror or str(error)).lower()
        return Unreadable(f"cannot be used: {words}", path, hint="check its owner and mode")
    hint = "check the disk; `gatepost doctor` looks at the file" if path is not PLACE else None
    return Unreadable(f"cannot be used: {error}", path, hint=hint)
