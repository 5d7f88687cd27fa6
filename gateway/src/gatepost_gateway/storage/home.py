"""Where a gateway keeps configuration and records: in files of its data directory, or with others in one PostgreSQL.

Who shares nothing does not load the driver.
"""

import os
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage import config, records
from gatepost_gateway.storage.database import Database

ID_FILE = "gateway.id"


def config_home(data_dir: Path, url: Secret | None) -> Path | Database:
    """Of the configuration. Raises GatewayFault when the gateway cannot say who it is."""
    return data_dir / config.FILE if url is None else _shared(data_dir, url)


def records_home(data_dir: Path, url: Secret | None) -> Path | Database:
    """Of the records."""
    return data_dir / records.FILE if url is None else _shared(data_dir, url)


def _shared(data_dir: Path, url: Secret) -> Database:
    from gatepost_gateway.storage.postgres_database import PostgresDatabase  # noqa: PLC0415 - as said above

    return PostgresDatabase(url, gateway_id(data_dir))


def books(url: Secret | None) -> Callable[[Sequence[str]], Awaitable[dict[str, tuple[int, int]]]] | None:
    """What asks the ledger at `url` for (settled, held) of accounts; None where there is none."""
    if url is None:
        return None
    from gatepost_gateway.storage.postgres_ledger import used_of  # noqa: PLC0415 - as said above

    return partial(used_of, url)


def gateway_id(data_dir: Path) -> str:
    """Whose journal the one in `data_dir` is, among all that are folded into one database."""
    path = data_dir / ID_FILE
    try:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _read(path)
        with os.fdopen(handle, "w") as target:
            target.write(ids.new() + "\n")
            target.flush()
            os.fsync(target.fileno())
        return _read(path)
    except OSError as error:
        raise GatewayFault(f"`{path}` cannot be used: {(error.strerror or str(error)).lower()}") from error


def _read(path: Path) -> str:
    text = path.read_text(errors="replace").strip()
    if not ids.is_uuid(text):
        raise GatewayFault(f"`{path}` does not say whose journal this is: restore it from a backup, or remove it")
    return text
